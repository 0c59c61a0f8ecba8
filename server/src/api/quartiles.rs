//! Features: one with its groups, or all of them.

use super::error::ApiError;
use super::here::Here;
use analysis::document::{QuartileDocument, ScanDocument};
use analysis::quartiles::{QuartileReport, Wanted};
use analysis::query::QuartileQuery;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use store::{Store, Workspace};

/// `POST /api/v1/workspaces/{workspace}/reports/quartiles`.
pub(super) async fn quartiles(
    State(store): State<Store>,
    Here(workspace): Here,
    query: Result<Json<QuartileQuery>, JsonRejection>,
) -> Result<Response, ApiError> {
    let report = report(&store, &workspace, query, Wanted::Feature).await?;
    Ok(Json(QuartileDocument::new(&report)).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/reports/scan`.
pub(super) async fn scan(
    State(store): State<Store>,
    Here(workspace): Here,
    query: Result<Json<QuartileQuery>, JsonRejection>,
) -> Result<Response, ApiError> {
    let report = report(&store, &workspace, query, Wanted::Scan).await?;
    Ok(Json(ScanDocument::new(&report)).into_response())
}

async fn report(
    store: &Store,
    workspace: &Workspace,
    query: Result<Json<QuartileQuery>, JsonRejection>,
    wanted: Wanted,
) -> Result<QuartileReport, ApiError> {
    let Json(query) = query?;
    Ok(store
        .quartiles(workspace, &query, wanted, Timestamp::now())
        .await?)
}
