//! What is sent by itself, as pages show it.
//!
//! These pages are made on the server and load no program, so nothing here is a server function.

use crate::api::people::WaysIn;
use crate::error::AppError;
use crate::error::ssr::answer;
use analysis::period::Calendar;
use analysis::query::{ChurnQuery, RetentionQuery, pairs, split_url_query};
use analysis::saved::ReportKind;
use analysis::schedule::Occasion;
use analysis::words;
use jiff::Timestamp;
use leptos::prelude::{expect_context, use_context};
use store::{Notice, Receiver, Store, StoreError, Workspace};

/// A notice in words.
#[derive(Clone, Debug, PartialEq)]
pub struct NoticeView {
    /// Its number.
    pub id: i32,
    /// Its report's number.
    pub report: i32,
    /// What that is called.
    pub name: String,
    /// "Every Monday at 08:00".
    pub when: String,
    /// "Ada and Bob by mail", or the beginning of a webhook's address.
    pub to: String,
    /// "22 Nov 2026 20:45", "paused".
    pub next: String,
    /// When it was last tried, and what became of it.
    pub last: Option<(String, String)>,
    /// Whether it rests.
    pub paused: bool,
    /// Who made it.
    pub maker: String,
}

/// What an alert on a report can watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// A column of retention, counted in this noun: "week".
    Retention(&'static str),
    /// Churn of a period: "month".
    Churn(&'static str),
    /// Nothing: there are no alerts on its kind.
    Nothing,
}

/// A report, and what can be chosen for sending it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportNotices {
    /// What the report is called.
    pub name: String,
    /// What is sent of it.
    pub notices: Vec<NoticeView>,
    /// The members of the workspace: number, name, whether mail can reach them.
    pub members: Vec<(i32, String, bool)>,
    /// Whether mail is sent here.
    pub mail: bool,
    /// Whether anything may be sent to other programs.
    pub sharing: bool,
    /// What an alert can watch.
    pub watched: Watched,
}

/// Everything that a workspace sends.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn notices(slug: &str) -> Result<Vec<NoticeView>, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    answer(views(&store, &workspace, None).await)
}

/// What is sent of a report, and what can be.
///
/// # Errors
/// As [`notices`].
pub async fn report_notices(slug: &str, report: i32) -> Result<ReportNotices, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let report = answer(store.report(workspace.id, report).await)?;
    let people = answer(store.people_of(workspace.id).await)?;
    let people = people.into_iter().map(|line| line.person);
    let members = people.map(|one| (one.id.0, one.called(), one.email.is_some()));
    let parts = split_url_query(&report.question);
    Ok(ReportNotices {
        notices: answer(views(&store, &workspace, Some(report.id)).await)?,
        members: members.collect(),
        mail: use_context::<WaysIn>().is_some_and(|ways| ways.by_mail),
        sharing: answer(store.sharing(workspace.id).await)?.allowed,
        watched: match report.kind {
            ReportKind::Retention => {
                Watched::Retention(RetentionQuery::parse(pairs(&parts)).0.grain.noun(1))
            }
            ReportKind::Churn => Watched::Churn(ChurnQuery::parse(pairs(&parts)).0.grain.noun(1)),
            ReportKind::Features | ReportKind::Segments => Watched::Nothing,
        },
        name: report.label.name,
    })
}

async fn views(
    store: &Store,
    workspace: &Workspace,
    report: Option<i32>,
) -> Result<Vec<NoticeView>, StoreError> {
    let calendar = Calendar::new(&workspace.zone, workspace.week_start)
        .map_err(|_| StoreError::Zone(workspace.zone.clone()))?;
    let notices = store.notices(workspace.id, report).await?;
    Ok(notices.iter().map(|one| view(&calendar, one)).collect())
}

fn view(calendar: &Calendar, one: &Notice) -> NoticeView {
    let at = |at: Timestamp| words::date_time(calendar.datetime(at));
    let last = one.last_at.map(at);
    NoticeView {
        id: one.id,
        report: one.report,
        name: one.name.clone(),
        when: words::capital(&words::occasion(one.occasion, one.kind, &one.question)),
        to: match &one.to {
            Receiver::Members(members) if members.is_empty() => "nobody any more".to_owned(),
            Receiver::Members(members) => {
                let names: Vec<&str> = members.iter().map(|one| one.name.as_str()).collect();
                format!("{} by mail", words::list(&names, "and"))
            }
            Receiver::Webhook { address, .. } => site(address).to_owned(),
        },
        next: match (one.paused, one.occasion, one.attempts) {
            (true, _, _) => "paused".to_owned(),
            (_, Occasion::Alert(_), 0) => "looked at every hour".to_owned(),
            (_, _, 0) => at(one.try_at),
            _ => format!("tried again on {}", at(one.try_at)),
        },
        last: last.map(|last| (last, one.outcome.clone().unwrap_or_default())),
        paused: one.paused,
        maker: one.maker.clone().unwrap_or_else(|| "–".to_owned()),
    }
}

/// The beginning of an address, up to its path: what follows is often as good as a password.
fn site(address: &str) -> &str {
    let start = address.find("//").map_or(0, |slashes| slashes + 2);
    let end = address[start..].find(['/', '?']);
    end.map_or(address, |end| &address[..start + end])
}
