//! Saved reports and links as pages show them.
//!
//! These pages are made on the server and load no program, so nothing here is a server function.

use crate::api::imports::count;
use crate::error::AppError;
use crate::error::ssr::answer;
use analysis::period::Calendar;
use analysis::query::{Split, split_url_query};
use analysis::saved::{Answer, Question, ReportKind};
use analysis::words;
use jiff::Timestamp;
use leptos::prelude::expect_context;
use store::{Pinned, SavedReport, SharedLink, Sharing, Store, StoreError, Workspace};

/// A link that has just been made or got another address: told on the page once, as the token is kept nowhere.
#[derive(Clone, Debug)]
pub struct NewAddress {
    /// What the link is called.
    pub name: String,
    /// The whole address.
    pub address: String,
    /// Whether it asks for a password.
    pub password: bool,
}

/// A saved report with its dates in words.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportView {
    /// Itself.
    pub report: SavedReport,
    /// "22 Nov 2026 20:45", in the workspace's zone.
    pub changed: String,
}

/// A link with its dates in words, in the workspace's zone.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkView {
    /// Itself.
    pub link: SharedLink,
    /// Whether it answers while sharing is allowed.
    pub answers: bool,
    /// "Pinned on 22 Nov 2026 20:45", "Live".
    pub state: String,
    /// "until 20 Feb 2027 20:45", "without end", "revoked on …", "ended on …".
    pub ends: String,
    /// "12, last on 22 Nov 2026 20:45", "none".
    pub views: String,
    /// "22 Nov 2026 20:45, by Ada".
    pub made: String,
    /// "the address before works until …"
    pub old: Option<String>,
}

/// Everything that is public in a workspace, and what was.
#[derive(Clone, Debug, PartialEq)]
pub struct LinksView {
    /// The links, the newest first.
    pub links: Vec<LinkView>,
    /// Whether they answer at all.
    pub sharing: Sharing,
}

/// A pinned answer and the same question of the same instant, asked again.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangesView {
    /// What the link is called.
    pub name: String,
    /// When it was pinned, in words.
    pub pinned: String,
    /// The answer that it keeps.
    pub before: Answer,
    /// Today's.
    pub after: Answer,
    /// What may have changed it, in words; empty when nothing is known of.
    pub reasons: Vec<String>,
}

struct Desk {
    store: Store,
    workspace: Workspace,
    calendar: Calendar,
}

impl Desk {
    async fn open(slug: &str) -> Result<Self, StoreError> {
        let store = expect_context::<Store>();
        let workspace = store.workspace(slug).await?;
        let calendar = Calendar::new(&workspace.zone, workspace.week_start)
            .map_err(|_| StoreError::Zone(workspace.zone.clone()))?;
        Ok(Self {
            store,
            workspace,
            calendar,
        })
    }

    fn at(&self, at: Timestamp) -> String {
        words::date_time(self.calendar.datetime(at))
    }

    fn report(&self, report: SavedReport) -> ReportView {
        ReportView {
            changed: self.at(report.changed_at),
            report,
        }
    }

    fn link(&self, link: SharedLink, now: Timestamp) -> LinkView {
        let ends = match (link.revoked_at, link.expires_at) {
            (Some(at), _) => format!("revoked on {}", self.at(at)),
            (None, Some(at)) if at <= now => format!("ended on {}", self.at(at)),
            (None, Some(at)) => format!("until {}", self.at(at)),
            (None, None) => "without end".to_owned(),
        };
        let count = words::thousands(link.views);
        LinkView {
            answers: link.answers(now),
            state: match link.pinned_at {
                Some(at) => format!("pinned on {}", self.at(at)),
                None => "live".to_owned(),
            },
            ends,
            views: match link.last_view_at {
                Some(at) => format!("{count}, last on {}", self.at(at)),
                None => "none".to_owned(),
            },
            made: match &link.maker {
                Some(maker) => format!("{}, by {maker}", self.at(link.created_at)),
                None => self.at(link.created_at),
            },
            old: link
                .old_until
                .map(|at| format!("the address before works until {}", self.at(at))),
            link,
        }
    }
}

/// The saved reports of a workspace, by folder and name.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn reports(slug: &str) -> Result<Vec<ReportView>, AppError> {
    let desk = answer(Desk::open(slug).await)?;
    let all = answer(desk.store.reports(desk.workspace.id).await)?;
    Ok(all.into_iter().map(|one| desk.report(one)).collect())
}

/// The saved reports of one folder, by name.
///
/// # Errors
/// As [`reports`].
pub async fn folder(slug: &str, folder: &str) -> Result<Vec<ReportView>, AppError> {
    let mut all = reports(slug).await?;
    all.retain(|one| one.report.label.folder == folder);
    Ok(all)
}

/// What rests on something saved by naming it in a question: saved reports and live links, as "the saved report “Trial”".
///
/// # Errors
/// As [`reports`].
pub async fn naming(slug: &str, (params, name): (&[&str], &str)) -> Result<Vec<String>, AppError> {
    let Desk {
        store, workspace, ..
    } = answer(Desk::open(slug).await)?;
    let names = |question: &str| {
        let pairs = split_url_query(question);
        let mut pairs = pairs.iter();
        pairs.any(|(param, value)| params.contains(&&param[..]) && value == name)
    };
    let reports = answer(store.reports(workspace.id).await)?.into_iter();
    let reports = reports.filter(|one| names(&one.question));
    let reports = reports.map(|one| format!("the saved report “{}”", one.label.name));
    let now = Timestamp::now();
    let links = answer(store.shared_links(workspace.id, None).await)?.into_iter();
    // A pinned one keeps its answer.
    let links = links.filter(|one| one.pinned_at.is_none() && one.answers(now));
    let links = links.filter(|one| names(&one.question));
    let links = links.map(|one| format!("the link “{}”", one.name));
    Ok(reports.chain(links).collect())
}

/// The saved reports of one kind, by number and name.
///
/// # Errors
/// As [`reports`].
pub async fn of_kind(slug: &str, kind: ReportKind) -> Result<Vec<(i32, String)>, AppError> {
    let all = reports(slug).await?.into_iter().map(|one| one.report);
    let alike = all.filter(|one| one.kind == kind);
    Ok(alike.map(|one| (one.id, one.label.name)).collect())
}

/// A saved report with the links that were made from it.
///
/// # Errors
/// As [`reports`].
pub async fn report(slug: &str, id: i32) -> Result<(ReportView, Vec<LinkView>), AppError> {
    let desk = answer(Desk::open(slug).await)?;
    let report = answer(desk.store.report(desk.workspace.id, id).await)?;
    let links = answer(desk.store.shared_links(desk.workspace.id, Some(id)).await)?;
    let now = Timestamp::now();
    let links = links.into_iter().map(|link| desk.link(link, now)).collect();
    Ok((desk.report(report), links))
}

/// Everything that is public in a workspace.
///
/// # Errors
/// As [`reports`].
pub async fn links(slug: &str) -> Result<LinksView, AppError> {
    let desk = answer(Desk::open(slug).await)?;
    let links = answer(desk.store.shared_links(desk.workspace.id, None).await)?;
    let sharing = answer(desk.store.sharing(desk.workspace.id).await)?;
    let now = Timestamp::now();
    let links = links.into_iter().map(|link| desk.link(link, now)).collect();
    Ok(LinksView { links, sharing })
}

/// What has changed of a pinned answer since.
///
/// # Errors
/// [`AppError::NotFound`], also for a live link; otherwise as a question of its kind.
pub async fn changes(slug: &str, id: i32) -> Result<ChangesView, AppError> {
    let desk = answer(Desk::open(slug).await)?;
    answer(desk.changes(id).await)
}

impl Desk {
    async fn changes(&self, id: i32) -> Result<ChangesView, StoreError> {
        let workspace = self.workspace.id;
        let link = self.store.shared_link(workspace, id).await?;
        let pinned = self.store.pinned(workspace, id).await?;
        let mut question = Question::parse(link.kind, &link.question);
        question.again(&pinned.answer);
        let now = Timestamp::now();
        let after = self.store.answer(&self.workspace, &question, now).await?;
        Ok(ChangesView {
            name: link.name,
            pinned: self.at(pinned.at),
            reasons: self.reasons(&pinned, &question, &after).await?,
            before: pinned.answer,
            after,
        })
    }

    /// What is known to have happened since that can change an answer.
    async fn reasons(
        &self,
        pinned: &Pinned,
        question: &Question,
        after: &Answer,
    ) -> Result<Vec<String>, StoreError> {
        let mut reasons = Vec::new();
        let since = self
            .store
            .written_since(self.workspace.id, pinned.batch, pinned.at)
            .await?;
        if since.batches > 0 {
            reasons.push(format!(
                "Late events: {} of rows came in after it was pinned. Events among them that lie before its as-of are \
                 counted now.",
                match since.batches {
                    1 => "1 batch".to_owned(),
                    many => format!("{} batches", words::thousands(many)),
                }
            ));
        }
        if since.erased > 0 {
            reasons.push(format!(
                "Erased customers: {} asked to be forgotten after it was pinned.",
                count(since.erased, "customer")
            ));
        }
        let population = question.population();
        if self.workspace.answering(&population) != pinned.activity {
            reasons.push(
                "Changed definition: what counts as active is not what it was when it was pinned."
                    .to_owned(),
            );
        }
        if let (Answer::Features(before), Answer::Features(after)) = (&pinned.answer, after)
            && before.query.feature != after.query.feature
        {
            reasons.push(
                "Changed feature: other events belong to it than when it was pinned.".to_owned(),
            );
        }
        let split = match question {
            Question::Segments(query) => matches!(query.split, Some(Split::Saved(_))),
            _ => false,
        };
        if (split || !population.segments.is_empty()) && since.segments > 0 {
            reasons.push(
                "Changed segments: at least one segment was changed after it was pinned."
                    .to_owned(),
            );
        }
        Ok(reasons)
    }
}
