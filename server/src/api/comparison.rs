//! Segments side by side: their retention, or how long their customers stayed.

use super::error::ApiError;
use analysis::comparison::ComparisonReport;
use analysis::document::{SegmentsDocument, SurvivalDocument};
use analysis::query::ComparisonQuery;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use store::Store;

/// `POST /api/v1/workspaces/{workspace}/reports/segments`.
pub(super) async fn segments(
    State(store): State<Store>,
    Path(workspace): Path<String>,
    query: Result<Json<ComparisonQuery>, JsonRejection>,
) -> Result<Response, ApiError> {
    let report = report(&store, &workspace, query).await?;
    Ok(Json(SegmentsDocument::new(&report)).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/reports/survival`.
pub(super) async fn survival(
    State(store): State<Store>,
    Path(workspace): Path<String>,
    query: Result<Json<ComparisonQuery>, JsonRejection>,
) -> Result<Response, ApiError> {
    let report = report(&store, &workspace, query).await?;
    Ok(Json(SurvivalDocument::new(&report)).into_response())
}

async fn report(
    store: &Store,
    workspace: &str,
    query: Result<Json<ComparisonQuery>, JsonRejection>,
) -> Result<ComparisonReport, ApiError> {
    let Json(query) = query?;
    let workspace = store.workspace(workspace).await?;
    Ok(store.compare(&workspace, &query, Timestamp::now()).await?)
}
