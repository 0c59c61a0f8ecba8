//! People as pages show them, and who asks for a page.
//!
//! These pages are made on the server and load no program, so nothing here is a server function.

use crate::error::AppError;
use crate::error::ssr::answer;
use analysis::period::{Calendar, WeekStart};
use analysis::words;
use jiff::Timestamp;
use leptos::prelude::{expect_context, use_context};
use store::{AuditEntry, Caller, KeyKind, Person, Role, Store, StoreError};

/// Lines of the log on a page.
const AUDIT_PAGE: u32 = 100;

/// Why another page than the one asked for is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Stopped {
    /// Too little a role; this one is needed.
    Forbidden(Role),
    /// Not one who may make workspaces.
    NotAdmin,
    /// No such workspace, or none that the caller is in.
    NoWorkspace,
    /// No such page.
    NothingThere,
    /// It could not be found out.
    Failed(AppError),
}

impl Stopped {
    /// The status of its page.
    pub fn status(&self) -> http::StatusCode {
        match self {
            Self::Forbidden(_) | Self::NotAdmin => http::StatusCode::FORBIDDEN,
            Self::NoWorkspace | Self::NothingThere => http::StatusCode::NOT_FOUND,
            Self::Failed(error) => error.status(),
        }
    }
}

/// What a link that leads in once is for, as its page says it.
#[derive(Clone, Debug, PartialEq)]
pub enum Entrance {
    /// It was used, has expired, was taken back, or never was.
    Nowhere,
    /// The first owner's.
    First,
    /// An invitation.
    Invite {
        /// The workspace's name.
        workspace: String,
        /// As what.
        role: Role,
        /// For whom.
        email: String,
        /// Whether he may sign in already.
        known: bool,
        /// Whether he has.
        signed_in: bool,
        /// Why the form was refused, or nothing.
        refused: String,
    },
    /// A lost password.
    Reset {
        /// Whose.
        email: String,
        /// Why the form was refused, or nothing.
        refused: String,
    },
}

/// Which ways in there are beside a password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaysIn {
    /// Whether a link is mailed to whoever forgot it.
    pub by_mail: bool,
    /// What the provider is called that says who people are, if there is one.
    pub elsewhere: Option<String>,
}

/// A link was asked for by mail; whether one was sent is not said.
#[derive(Clone, Copy, Debug)]
pub struct AskedByMail;

/// A secret that this page alone shows: a key.
#[derive(Clone)]
pub struct Shown(pub String);

/// An invitation that was just made.
#[derive(Clone)]
pub struct Invited {
    /// Its link, which this page alone shows.
    pub link: String,
    /// Whether it was mailed, in words; nothing where no mail is sent.
    pub mailed: String,
}

/// One's own account.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountView {
    /// Who one is.
    pub person: Person,
    /// Where one is signed in: number, browser, since when, last used, whether it is here.
    pub sessions: Vec<SessionLine>,
    /// The workspaces one is in: name, slug, role.
    pub workspaces: Vec<(String, String, Role)>,
}

/// A session in the list of one's own.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionLine {
    /// Its number.
    pub id: i32,
    /// What the browser calls itself.
    pub agent: String,
    /// Since when.
    pub since: String,
    /// When it was last used.
    pub seen: String,
    /// Whether it is the one that asks.
    pub here: bool,
}

/// Who is in a workspace, and who is invited.
#[derive(Clone, Debug, PartialEq)]
pub struct PeopleView {
    /// Those in it.
    pub people: Vec<PersonRow>,
    /// Invitations: number, address, role, until when.
    pub invitations: Vec<(i32, String, Role, String)>,
}

/// Somebody in a workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonRow {
    /// The number.
    pub id: i32,
    /// What he is called.
    pub name: String,
    /// His address, if he gave one.
    pub email: String,
    /// As what he is in it.
    pub role: Role,
    /// When he was last here.
    pub seen: String,
    /// Whether it is the person who asks.
    pub me: bool,
}

/// A key in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRow {
    /// Its number.
    pub id: i32,
    /// What it is for.
    pub label: String,
    /// What it opens.
    pub kind: KeyKind,
    /// Its beginning.
    pub prefix: String,
    /// Who made it, and when.
    pub made: String,
    /// When it was last used.
    pub used: String,
    /// When it was revoked, if it was.
    pub revoked: Option<String>,
}

/// A page of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditView {
    /// When, who, what.
    pub lines: Vec<(String, String, String)>,
    /// The line before which the next page begins, if there is one.
    pub older: Option<i64>,
}

/// Who asks for the page that is being made, if he is signed in.
pub fn caller() -> Option<Caller> {
    use_context::<http::request::Parts>()?
        .extensions
        .get()
        .cloned()
}

/// Whether he may do what this role may, in the workspace of the address.
pub fn may(role: Role) -> bool {
    caller().is_some_and(|caller| caller.may(role))
}

/// One's own account.
///
/// # Errors
/// [`AppError::SignedOut`], or when the data base can't answer.
pub async fn account() -> Result<AccountView, AppError> {
    let caller = caller().ok_or(AppError::SignedOut)?;
    let store = expect_context::<Store>();
    let sessions = answer(store.sessions(caller.person.id).await)?;
    let workspaces = answer(store.memberships(caller.person.id).await)?;
    let calendar = answer(calendar("UTC", WeekStart::Monday))?;
    Ok(AccountView {
        sessions: sessions
            .into_iter()
            .map(|one| SessionLine {
                id: one.id,
                agent: browser(&one.agent),
                since: moment(&calendar, one.since),
                seen: moment(&calendar, one.seen),
                here: one.id == caller.session,
            })
            .collect(),
        workspaces: workspaces
            .into_iter()
            .map(|one| (one.name, one.slug, one.role))
            .collect(),
        person: caller.person,
    })
}

/// Who is in a workspace.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn people(slug: &str) -> Result<PeopleView, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let people = answer(store.people_of(workspace.id).await)?;
    let invitations = answer(store.invitations(workspace.id).await)?;
    let calendar = answer(calendar(&workspace.zone, workspace.week_start))?;
    let me = caller().map(|caller| caller.person.id);
    Ok(PeopleView {
        people: people
            .into_iter()
            .map(|line| PersonRow {
                id: line.person.id.0,
                name: line.person.called(),
                me: me == Some(line.person.id),
                email: line.person.email.unwrap_or_default(),
                role: line.role,
                seen: line
                    .seen
                    .map_or_else(|| "not signed in".to_owned(), |at| moment(&calendar, at)),
            })
            .collect(),
        invitations: invitations
            .into_iter()
            .map(|one| (one.id, one.email, one.role, moment(&calendar, one.until)))
            .collect(),
    })
}

/// The keys of a workspace.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn keys(slug: &str) -> Result<Vec<KeyRow>, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let keys = answer(store.keys(workspace.id).await)?;
    let calendar = answer(calendar(&workspace.zone, workspace.week_start))?;
    let day = |at: Timestamp| words::date(calendar.date(at));
    let rows = keys.into_iter().map(|key| KeyRow {
        id: key.id,
        label: key.label,
        kind: key.kind,
        prefix: format!("{}…", key.prefix),
        made: format!(
            "{}, {}",
            day(key.made),
            key.by.unwrap_or_else(|| "on the command line".to_owned())
        ),
        used: key
            .used
            .map_or_else(|| "never".to_owned(), |at| moment(&calendar, at)),
        revoked: key.revoked.map(day),
    });
    Ok(rows.collect())
}

/// A page of a workspace's log, newest first.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn audit(slug: &str, before: Option<i64>) -> Result<AuditView, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let entries = answer(store.audit(workspace.id, before, AUDIT_PAGE + 1).await)?;
    let calendar = answer(calendar(&workspace.zone, workspace.week_start))?;
    let page = usize::try_from(AUDIT_PAGE).unwrap_or(usize::MAX);
    let more = entries.len() > page;
    let shown = &entries[..entries.len().min(page)];
    let older = shown.last().filter(|_| more).map(|last| last.id);
    let lines = shown.iter().map(|entry| {
        let who = entry.who.clone();
        (
            moment(&calendar, entry.at),
            who.unwrap_or_else(|| "command line".to_owned()),
            deed(entry),
        )
    });
    Ok(AuditView {
        lines: lines.collect(),
        older,
    })
}

/// "6 Jan 2025 09:05", in the calendar's zone.
fn moment(calendar: &Calendar, at: Timestamp) -> String {
    words::date_time(calendar.datetime(at))
}

/// A line of the log in words.
fn deed(entry: &AuditEntry) -> String {
    let subject = &entry.subject;
    let detail = |name: &str| entry.details[name].as_str().unwrap_or("?").to_owned();
    match entry.action.as_str() {
        "signed_in" => "signed in".to_owned(),
        "failed_to_sign_in" => "was refused: a wrong password was given".to_owned(),
        "changed_password" => "set a password".to_owned(),
        "made_link" => "got a link for setting a password".to_owned(),
        "invited" => format!("invited {subject} as {}", detail("role")),
        "withdrew_invitation" => format!("took the invitation of {subject} back"),
        "joined" => format!("{subject} joined as {}", detail("role")),
        "changed_role" => format!(
            "made {subject} {} instead of {}",
            detail("role"),
            detail("from")
        ),
        "removed" => format!("removed {subject}"),
        "made_key" => format!(
            "made the {} key “{subject}” ({}…)",
            detail("kind"),
            detail("key")
        ),
        "revoked_key" => format!("revoked the key “{subject}” ({}…)", detail("key")),
        "changed" => format!("changed {subject}"),
        other => format!("{other} {subject}"),
    }
}

fn calendar(zone: &str, week_start: WeekStart) -> Result<Calendar, StoreError> {
    Calendar::new(zone, week_start).map_err(|_| StoreError::Zone(zone.to_owned()))
}

/// Which browser on what, as far as it says; what it says is its own claim.
fn browser(agent: &str) -> String {
    let name = [
        ("Firefox/", "Firefox"),
        ("Edg/", "Edge"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]
    .into_iter()
    .find(|(mark, _)| agent.contains(mark));
    let system = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]
    .into_iter()
    .find(|(mark, _)| agent.contains(mark));
    match (name, system) {
        (Some((_, name)), Some((_, system))) => format!("{name} on {system}"),
        (Some((_, name)), None) => name.to_owned(),
        _ if agent.is_empty() => "a browser that does not say which".to_owned(),
        _ => agent.chars().take(60).collect(),
    }
}
