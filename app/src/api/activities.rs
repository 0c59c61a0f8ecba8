//! Saved definitions of activity as their pages show them.
//!
//! The pages are made on the server and load no program, so nothing here is a server function.

use crate::error::AppError;
use crate::error::ssr::answer;
use analysis::candidates;
use analysis::period::Calendar;
use analysis::query::{ActivityDefinition, ActivityRule, Draft};
use analysis::words;
use leptos::prelude::expect_context;
use store::{Activity, FillProgress, Preview, Store, StoreError, Workspace};

/// About so many events are looked at for each definition of a list, and for the one that is being made.
const IN_A_LIST: i64 = 100_000;
const IN_THE_MAKING: i64 = 1_000_000;

/// Proposals that are shown.
const PROPOSED: usize = 5;

/// The definitions of a workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivitiesView {
    /// Who is active here, as a sentence.
    pub finding: String,
    /// What that means.
    pub evidence: String,
    /// The saved definitions, by age.
    pub lines: Vec<ActivityLine>,
    /// Whether one is being filled in.
    pub busy: bool,
}

/// A saved definition in the list.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityLine {
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it says.
    pub words: String,
    /// Whether it is the workspace's own.
    pub own: bool,
    /// How far it is.
    pub state: String,
    /// Customers who did it lately, and how often it was done.
    pub counts: [String; 2],
}

/// What is proposed to a workspace that has no definition of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposalsView {
    /// The best first: the event, and why.
    pub events: Vec<(String, String)>,
    /// What is never proposed, and why; empty when there is nothing of the sort.
    pub left_out: String,
}

/// A definition in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftView {
    /// As far as it is made.
    pub draft: Draft,
    /// Names of the workspace's events, most frequent first.
    pub events: Vec<String>,
    /// How many customers and events match, in words; or why it can't be said.
    pub preview: Result<[String; 2], String>,
}

/// The saved definitions.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn activities(slug: &str) -> Result<ActivitiesView, AppError> {
    let store = expect_context::<Store>();
    answer(list(&store, slug).await)
}

/// What to propose.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn proposals(slug: &str) -> Result<ProposalsView, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let found = answer(store.propose_activities(&workspace).await)?;
    let events = found.candidates.into_iter().take(PROPOSED);
    Ok(ProposalsView {
        events: events.map(|one| (one.event.clone(), one.words())).collect(),
        left_out: candidates::left_out(found.left_out.iter().map(String::as_str)),
    })
}

/// A definition in the making; an empty draft of a saved one is that one.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn draft(slug: &str, draft: Draft) -> Result<DraftView, AppError> {
    let store = expect_context::<Store>();
    answer(made(&store, slug, draft).await)
}

async fn list(store: &Store, slug: &str) -> Result<ActivitiesView, StoreError> {
    let workspace = store.workspace(slug).await?;
    let filling = store.fill_progress(workspace.id).await?;
    let own = workspace.own_activity();
    let mut lines = Vec::new();
    for activity in &workspace.activities {
        let preview = store
            .preview_activity(&workspace, &activity.definition, IN_A_LIST)
            .await?;
        lines.push(ActivityLine {
            slug: activity.slug.clone(),
            name: activity.definition.name.clone(),
            words: words::definition(&activity.definition),
            own: own.is_some_and(|own| own.id == activity.id),
            state: state(activity, &filling),
            counts: [preview.lately.customers, preview.lately.times]
                .map(|count| about(count, preview.sampled)),
        });
    }
    let (finding, evidence) = match own {
        Some(own) => (
            format!("Active here: “{}”.", own.definition.name),
            format!(
                "{}. It holds wherever a question names nothing else.",
                words::capital(&words::definition(&own.definition))
            ),
        ),
        None => (
            "Nothing counts as active here yet.".to_owned(),
            "Say what shows that a customer got value; every question about who stays rests on it."
                .to_owned(),
        ),
    };
    Ok(ActivitiesView {
        finding,
        evidence,
        lines,
        busy: !filling.is_empty(),
    })
}

/// "ready", "filling in, 12 of 64 parts", "ready; a change is being filled in, 12 of 64 parts".
fn state(activity: &Activity, filling: &[FillProgress]) -> String {
    let progress = filling.iter().rfind(|one| one.slug == activity.slug);
    let parts = progress.map(|one| format!("filling in, {} of {} parts", one.done, one.all));
    match (activity.ready, parts) {
        (true, None) => "ready".to_owned(),
        (true, Some(parts)) => format!("ready; a change is {parts}"),
        (false, parts) => parts.unwrap_or_else(|| "filling in".to_owned()),
    }
}

async fn made(store: &Store, slug: &str, mut draft: Draft) -> Result<DraftView, StoreError> {
    let workspace = store.workspace(slug).await?;
    if let Some(saved) = draft
        .slug
        .as_deref()
        .and_then(|slug| workspace.activity(slug))
        && draft.definition.rule.events().is_empty()
    {
        let newest = saved.next.as_ref().unwrap_or(&saved.definition);
        draft = Draft::of(newest.clone(), draft.slug.clone());
        draft.default = workspace
            .own_activity()
            .is_some_and(|own| own.id == saved.id);
    }
    let preview = store
        .preview_activity(&workspace, &draft.definition, IN_THE_MAKING)
        .await;
    let preview = match preview {
        Ok(preview) => Ok(matched(&workspace, &draft.definition, &preview)?),
        Err(StoreError::Query(cause)) => Err(cause.to_string()),
        Err(StoreError::TooLong) => Err(StoreError::TooLong.to_string()),
        Err(error) => return Err(error),
    };
    let events = store.event_counts(workspace.id).await?;
    Ok(DraftView {
        draft,
        events: events.into_iter().map(|one| one.name).collect(),
        preview,
    })
}

/// How many customers and events match, and how many of them lately.
fn matched(
    workspace: &Workspace,
    definition: &ActivityDefinition,
    preview: &Preview,
) -> Result<[String; 2], StoreError> {
    let calendar = Calendar::new(&workspace.zone, workspace.week_start)
        .map_err(|_| StoreError::Zone(workspace.zone.clone()))?;
    let Some(newest) = preview.newest else {
        let nothing = "There are no events yet to count.".to_owned();
        return Ok([nothing, String::new()]);
    };
    let number = |count| about(count, preview.sampled);
    let what = match (&definition.rule, preview.ever.times) {
        (ActivityRule::AnyOf(_), 1) => "event matches",
        (ActivityRule::AnyOf(_), _) => "events match",
        (ActivityRule::Workflow { .. }, 1) => "completion in all",
        (ActivityRule::Workflow { .. }, _) => "completions in all",
    };
    let ever = format!(
        "{} of {} customers did this; {} {what}.",
        number(preview.ever.customers),
        words::thousands(preview.customers),
        number(preview.ever.times)
    );
    let sampled = match preview.sampled {
        true => " Projected from a part of the customers.",
        false => "",
    };
    let lately = format!(
        "In the 90 days up to the newest event, on {}: {} customers, {} times.{sampled}",
        words::date(calendar.date(newest)),
        number(preview.lately.customers),
        number(preview.lately.times)
    );
    Ok([ever, lately])
}

/// "1,234", "about 1,200" when it is projected.
fn about(count: u64, projected: bool) -> String {
    if !projected {
        return words::thousands(count);
    }
    let digits = count.checked_ilog10().unwrap_or(0);
    let step = 10_u64.pow(digits.saturating_sub(1));
    format!("about {}", words::thousands(count / step * step))
}
