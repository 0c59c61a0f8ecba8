//! Saved segments for other programs.

use super::error::ApiError;
use super::here::Here;
use crate::slug::slug;
use analysis::segment::{Condition, Segment, SegmentCount};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Members, NewSegment, Store, StoreError, Workspace};

/// A saved segment, with how many belong to it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CountedSegment {
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
pub(crate) struct SegmentToSave {
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

impl CountedSegment {
    /// All that are saved, by name.
    pub(crate) async fn all(store: &Store, workspace: &Workspace) -> Result<Vec<Self>, StoreError> {
        let all = store.segment_counts(workspace, Timestamp::now()).await?;
        let all = all.into_iter();
        Ok(all
            .map(|(segment, count)| Self { segment, count })
            .collect())
    }

    /// One, with its members.
    pub(crate) async fn one(
        store: &Store,
        workspace: &Workspace,
        slug: &str,
    ) -> Result<(Self, Members), StoreError> {
        let segment = store.segment(workspace.id, slug).await?;
        let now = Timestamp::now();
        let (members, count) = store.segment_population(workspace, slug, now).await?;
        Ok((Self { segment, count }, members))
    }
}

impl SegmentToSave {
    /// Saves it, and says who belongs to it.
    pub(crate) async fn save(
        self,
        store: &Store,
        workspace: &Workspace,
    ) -> Result<CountedSegment, StoreError> {
        let new = NewSegment {
            slug: match self.slug {
                Some(slug) => slug,
                None => slug(&self.name, "segment"),
            },
            name: self.name,
            description: self.description,
        };
        store
            .save_segment(workspace.id, &new, &self.condition)
            .await?;
        if self.frozen {
            let now = Timestamp::now();
            store.freeze_segment(workspace, &new.slug, now).await?;
        }
        Ok(CountedSegment::one(store, workspace, &new.slug).await?.0)
    }
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
    Here(workspace): Here,
) -> Result<Response, ApiError> {
    let all = CountedSegment::all(&store, &workspace).await?;
    Ok(Json(all).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/segments`.
pub(super) async fn save(
    State(store): State<Store>,
    Here(workspace): Here,
    segment: Result<Json<SegmentToSave>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(segment) = segment?;
    let saved = segment.save(&store, &workspace).await?;
    Ok(Json(saved).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/segments/count`.
pub(super) async fn count(
    State(store): State<Store>,
    Here(workspace): Here,
    asked: Result<Json<ToCount>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(asked) = asked?;
    let now = Timestamp::now();
    let count = store
        .count_condition(&workspace, &asked.condition, now)
        .await?;
    Ok(Json(count).into_response())
}
