//! Saved definitions of activity for other programs.

use super::error::ApiError;
use super::here::Here;
use analysis::query::ActivityDefinition;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{SaveActivity, Store};

/// A saved definition.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SavedActivity {
    /// Its name in addresses and in the `activity` of a question.
    slug: String,
    /// What it says: the version that answers, or when there is none yet the newest.
    definition: ActivityDefinition,
    /// The number of that version, from 1.
    version: u32,
    /// Whether it is the workspace's own.
    default: bool,
    /// Whether questions can be answered with it.
    ready: bool,
    /// A newer version that is still being filled in.
    next: Option<ActivityDefinition>,
    /// How far the newest version is filled in, 0 to 1; 1 when there is nothing to do.
    filled: f64,
}

/// A definition to be saved.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewActivity {
    /// What it says.
    definition: ActivityDefinition,
    /// The saved definition that it replaces, or the name in addresses of a new one; made of its name when not given.
    #[serde(default)]
    slug: Option<String>,
    /// Whether it becomes the workspace's own.
    #[serde(default)]
    default: bool,
}

/// Under which name it was saved.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Saved {
    /// Its name in addresses and in the `activity` of a question.
    slug: String,
}

/// `GET /api/v1/workspaces/{workspace}/activities`.
pub(super) async fn list(
    State(store): State<Store>,
    Here(workspace): Here,
) -> Result<Response, ApiError> {
    let filling = store.fill_progress(workspace.id).await?;
    let own = workspace.own_activity().map(|own| own.id);
    let activities = workspace.activities.into_iter().map(|one| {
        let progress = filling.iter().rfind(|progress| progress.slug == one.slug);
        SavedActivity {
            default: own == Some(one.id),
            filled: progress.map_or(1.0, |progress| {
                f64::from(progress.done) / f64::from(progress.all.max(1))
            }),
            slug: one.slug,
            definition: one.definition,
            version: one.version,
            ready: one.ready,
            next: one.next,
        }
    });
    let activities: Vec<SavedActivity> = activities.collect();
    Ok(Json(activities).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/activities`.
pub(super) async fn save(
    State(store): State<Store>,
    Here(workspace): Here,
    activity: Result<Json<NewActivity>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(activity) = activity?;
    let save = SaveActivity {
        definition: activity.definition,
        slug: activity.slug,
        default: activity.default,
    };
    let slug = store.save_activity(workspace.id, &save).await?;
    Ok(Json(Saved { slug }).into_response())
}
