//! Features: one with its groups, or all of them.

use super::error::ApiError;
use analysis::document::{QuartileDocument, ScanDocument};
use analysis::quartiles::{QuartileReport, Wanted};
use analysis::query::QuartileQuery;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use store::Store;

/// `POST /api/v1/workspaces/{workspace}/reports/quartiles`.
pub(super) async fn quartiles(
    State(store): State<Store>,
    Path(workspace): Path<String>,
    query: Result<Json<QuartileQuery>, JsonRejection>,
) -> Result<Response, ApiError> {
    let report = report(&store, &workspace, query, Wanted::Feature).await?;
    Ok(Json(QuartileDocument::new(&report)).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/reports/scan`.
pub(super) async fn scan(
    State(store): State<Store>,
    Path(workspace): Path<String>,
    query: Result<Json<QuartileQuery>, JsonRejection>,
) -> Result<Response, ApiError> {
    let report = report(&store, &workspace, query, Wanted::Scan).await?;
    Ok(Json(ScanDocument::new(&report)).into_response())
}

async fn report(
    store: &Store,
    workspace: &str,
    query: Result<Json<QuartileQuery>, JsonRejection>,
    wanted: Wanted,
) -> Result<QuartileReport, ApiError> {
    let Json(query) = query?;
    let workspace = store.workspace(workspace).await?;
    Ok(store
        .quartiles(&workspace, &query, wanted, Timestamp::now())
        .await?)
}
