//! Workspaces as pages see them.

#![expect(
    missing_docs,
    reason = "the fields that the macro makes are the parameters below it"
)]

use crate::error::AppError;
use analysis::period::WeekStart;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

/// A workspace in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkspaceLink {
    /// Its name in addresses.
    pub slug: String,
    /// Its name on pages.
    pub name: String,
}

/// A workspace with what its choosers offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkspaceView {
    /// Its name in addresses.
    pub slug: String,
    /// Its name on pages.
    pub name: String,
    /// IANA zone.
    pub zone: String,
    /// First day of its weeks.
    pub week_start: WeekStart,
    /// Its saved definitions of activity, by age.
    pub activities: Vec<ActivityLink>,
    /// Its own, by its name in addresses; `None`: to be asked for.
    pub own_activity: Option<String>,
    /// Event names with how often they are stored, most frequent first.
    pub events: Vec<(String, u64)>,
    /// Traits with their most frequent values.
    pub traits: Vec<TraitView>,
    /// Its saved segments, by name.
    pub segments: Vec<SegmentLink>,
    /// Percent done of what is being loaded just now, if anything is.
    pub loading: Option<u32>,
}

/// A saved segment in a list of choices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentLink {
    /// Its name in addresses.
    pub slug: String,
    /// Its name on pages.
    pub name: String,
}

/// A saved definition of activity to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityLink {
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it says.
    pub words: String,
    /// Its events, if it is no more than these.
    pub events: Vec<String>,
}

impl WorkspaceView {
    /// The saved definition of this name in addresses, or the workspace's own.
    pub fn activity(&self, slug: Option<&str>) -> Option<&ActivityLink> {
        let slug = slug.or(self.own_activity.as_deref())?;
        self.activities.iter().find(|one| one.slug == slug)
    }
}

/// A trait and values to choose from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraitView {
    /// The trait's name.
    pub name: String,
    /// Values with their customers, most frequent first.
    pub values: Vec<(String, u64)>,
}

/// The workspaces that the caller is in.
///
/// # Errors
/// [`AppError::SignedOut`], or when the data base can't answer.
#[server(endpoint = "workspaces", input = Json)]
pub async fn workspaces() -> Result<Vec<WorkspaceLink>, AppError> {
    use crate::error::ssr::answer;
    let caller = super::people::caller().ok_or(AppError::SignedOut)?;
    let store = expect_context::<store::Store>();
    let all = answer(store.memberships(caller.person.id).await)?;
    Ok(all
        .into_iter()
        .map(|one| WorkspaceLink {
            slug: one.slug,
            name: one.name,
        })
        .collect())
}

/// One workspace.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
#[server(endpoint = "workspace", input = Json)]
pub async fn workspace(slug: String) -> Result<WorkspaceView, AppError> {
    use crate::error::ssr::answer;
    let store = expect_context::<store::Store>();
    answer(view(&store, &slug).await)
}

/// Sets what counts as active when a question names no event.
///
/// # Errors
/// [`AppError::BadRequest`] for names that the workspace does not have.
#[server(endpoint = "set_activity", input = Json)]
pub async fn set_activity(slug: String, events: Vec<String>) -> Result<(), AppError> {
    use crate::error::ssr::{answer, refuse};
    let store = expect_context::<store::Store>();
    let workspace = answer(store.workspace(&slug).await)?;
    let known = answer(store.event_counts(workspace.id).await)?;
    if let Some(unknown) = events
        .iter()
        .find(|&name| known.iter().all(|event| event.name != *name))
    {
        return Err(refuse(format!(
            "This workspace has no event called “{unknown}”."
        )));
    }
    let names: Vec<&str> = events.iter().map(String::as_str).collect();
    answer(store.set_active_events(workspace.id, &names).await)
}

#[cfg(feature = "ssr")]
async fn view(store: &store::Store, slug: &str) -> Result<WorkspaceView, store::StoreError> {
    let workspace = store.workspace(slug).await?;
    let events = store.event_counts(workspace.id).await?;
    let traits = store.trait_values(workspace.id).await?;
    let segments = store.segments(workspace.id).await?;
    let loading = store.loading(workspace.id).await?;
    let own_activity = workspace.own_activity().map(|own| own.slug.clone());
    let activities = workspace.activities.into_iter().map(|one| {
        let definition = one.definition;
        let events = match definition.rule.is_plain() {
            true => definition.rule.names(),
            false => Vec::new(),
        };
        ActivityLink {
            slug: one.slug,
            words: analysis::words::definition(&definition),
            name: definition.name,
            events,
        }
    });
    let activities = activities.collect();
    Ok(WorkspaceView {
        slug: workspace.slug,
        name: workspace.name,
        zone: workspace.zone,
        week_start: workspace.week_start,
        own_activity,
        activities,
        events: events
            .into_iter()
            .map(|one| (one.name, one.events))
            .collect(),
        traits: traits
            .into_iter()
            .map(|one| TraitView {
                name: one.name,
                values: one.values,
            })
            .collect(),
        segments: segments
            .into_iter()
            .map(|one| SegmentLink {
                slug: one.slug,
                name: one.name,
            })
            .collect(),
        loading,
    })
}
