//! Saved sets of events as features, for other programs.

use super::error::ApiError;
use super::here::Here;
use crate::features::numbered;
use analysis::quartiles::FeatureSet;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use store::Store;

/// Events to be saved as a feature.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFeature {
    /// Its name on pages; its name in questions is made of it.
    name: String,
    /// Names of its events.
    events: Vec<String>,
}

/// `GET /api/v1/workspaces/{workspace}/features`.
pub(super) async fn list(
    State(store): State<Store>,
    Here(workspace): Here,
) -> Result<Response, ApiError> {
    Ok(Json(store.feature_sets(workspace.id).await?).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/features`.
pub(super) async fn save(
    State(store): State<Store>,
    Here(workspace): Here,
    feature: Result<Json<NewFeature>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(NewFeature { name, events }) = feature?;
    let slug = String::new();
    let set = FeatureSet { slug, name, events };
    let saved = numbered(&store, workspace.id, set).await?;
    Ok(Json(saved).into_response())
}
