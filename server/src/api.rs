//! The interface for other programs: `/api/v1/…`, JSON in and out, described by `/api/v1/openapi.json`.
//!
//! Every question is checked as strictly as it can be: an unknown field is an error, not a wish that is passed over.

mod activities;
mod annotations;
mod churn;
mod comparison;
pub(crate) mod error;
mod export;
mod features;
mod here;
mod openapi;
mod quartiles;
pub(crate) mod segments;
mod written;

use analysis::document::RetentionDocument;
use analysis::query::RetentionQuery;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use error::ApiError;
use here::Here;
use jiff::Timestamp;
use store::Store;
use written::{Cells, asked, written};

/// Most bytes of a question: fifty events and twenty filters of fifty values fit many times.
const QUESTION: usize = 256 * 1024;

/// Files that belong to pages: whole lists of customers, and the pages themselves.
pub(crate) fn files(store: Store) -> Router {
    churn::files(store.clone()).merge(export::files(store))
}

/// The routes below `/api/v1`.
pub(crate) fn routes(store: Store) -> Router {
    let description = openapi::description();
    Router::new()
        .route("/workspaces/{workspace}/reports/retention", post(retention))
        .route(
            "/workspaces/{workspace}/activities",
            get(activities::list).post(activities::save),
        )
        .route(
            "/workspaces/{workspace}/reports/quartiles",
            post(quartiles::quartiles),
        )
        .route(
            "/workspaces/{workspace}/reports/scan",
            post(quartiles::scan),
        )
        .route(
            "/workspaces/{workspace}/features",
            get(features::list).post(features::save),
        )
        .merge(churn::routes())
        .route(
            "/workspaces/{workspace}/annotations",
            get(annotations::list).post(annotations::add),
        )
        .route(
            "/workspaces/{workspace}/segments",
            get(segments::list).post(segments::save),
        )
        .route(
            "/workspaces/{workspace}/segments/count",
            post(segments::count),
        )
        .route(
            "/workspaces/{workspace}/reports/segments",
            post(comparison::segments),
        )
        .route(
            "/workspaces/{workspace}/reports/survival",
            post(comparison::survival),
        )
        .route(
            "/openapi.json",
            get(async move || Json(description.clone())),
        )
        .fallback(async || ApiError::nothing_there())
        .method_not_allowed_fallback(async || ApiError::wrong_method())
        .layer(DefaultBodyLimit::max(QUESTION))
        .with_state(store)
}

/// `POST /api/v1/workspaces/{workspace}/reports/retention`.
async fn retention(
    State(store): State<Store>,
    Here(workspace): Here,
    cells: Result<Query<Cells>, QueryRejection>,
    query: Result<Json<RetentionQuery>, JsonRejection>,
) -> Result<Response, ApiError> {
    let detail = asked(cells)?;
    let Json(query) = query?;
    let report = store
        .retention(&workspace, &query, Timestamp::now())
        .await?;
    written((report.cells(), detail), move |json| {
        serde_json::to_writer(json, &RetentionDocument::of(&report, detail))
    })
    .await
}
