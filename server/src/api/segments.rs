//! Saved segments for other programs.

use super::error::ApiError;
use crate::slug::slug;
use analysis::segment::{Condition, Segment, SegmentCount};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{NewSegment, Store};

/// A saved segment, with how many belong to it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CountedSegment {
    /// The segment.
    #[serde(flatten)]
    segment: Segment,
    /// How many belong to it now.
    #[serde(flatten)]
    count: SegmentCount,
}

/// A segment to be saved.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SegmentToSave {
    /// Its name on pages.
    name: String,
    /// Its name in addresses and questions; made of its name when not given.
    #[serde(default)]
    slug: Option<String>,
    /// What it is for.
    #[serde(default)]
    description: String,
    /// Who belongs to it.
    condition: Condition,
    /// Whether it keeps the customers who belong to it now.
    #[serde(default)]
    frozen: bool,
}

/// A condition to be counted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ToCount {
    /// Who is counted.
    condition: Condition,
}

/// `GET /api/v1/workspaces/{workspace}/segments`.
pub(super) async fn list(
    State(store): State<Store>,
    Path(workspace): Path<String>,
) -> Result<Response, ApiError> {
    let workspace = store.workspace(&workspace).await?;
    let all = store.segment_counts(&workspace, Timestamp::now()).await?;
    let all = all
        .into_iter()
        .map(|(segment, count)| CountedSegment { segment, count });
    Ok(Json(all.collect::<Vec<_>>()).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/segments`.
pub(super) async fn save(
    State(store): State<Store>,
    Path(workspace): Path<String>,
    segment: Result<Json<SegmentToSave>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(segment) = segment?;
    let workspace = store.workspace(&workspace).await?;
    let new = NewSegment {
        slug: match segment.slug {
            Some(slug) => slug,
            None => slug(&segment.name, "segment"),
        },
        name: segment.name,
        description: segment.description,
    };
    store
        .save_segment(workspace.id, &new, &segment.condition)
        .await?;
    let now = Timestamp::now();
    if segment.frozen {
        store.freeze_segment(&workspace, &new.slug, now).await?;
    }
    let segment = store.segment(workspace.id, &new.slug).await?;
    let (_, count) = store.segment_population(&workspace, &new.slug, now).await?;
    Ok(Json(CountedSegment { segment, count }).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/segments/count`.
pub(super) async fn count(
    State(store): State<Store>,
    Path(workspace): Path<String>,
    asked: Result<Json<ToCount>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(asked) = asked?;
    let workspace = store.workspace(&workspace).await?;
    let now = Timestamp::now();
    let count = store
        .count_condition(&workspace, &asked.condition, now)
        .await?;
    Ok(Json(count).into_response())
}
