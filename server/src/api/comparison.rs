//! Segments side by side: their retention, or how long their customers stayed.

use super::error::ApiError;
use super::here::Here;
use super::written::{Cells, asked, written};
use analysis::comparison::ComparisonReport;
use analysis::document::{Detail, RetentionDocument, SegmentsDocument, SurvivalDocument};
use analysis::query::ComparisonQuery;
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::value::{RawValue, to_raw_value};
use std::sync::Arc;
use store::{Store, Workspace};
use tokio::task::spawn_blocking;

/// `POST /api/v1/workspaces/{workspace}/reports/segments`.
pub(super) async fn segments(
    State(store): State<Store>,
    Here(workspace): Here,
    cells: Result<Query<Cells>, QueryRejection>,
    query: Result<Json<ComparisonQuery>, JsonRejection>,
) -> Result<Response, ApiError> {
    let detail = asked(cells)?;
    let report = Arc::new(report(&store, &workspace, query).await?);
    let matrices = matrices(&report, detail).await?;
    let cells = report.cells();
    written((cells, detail), move |json| {
        let mut matrices = matrices.into_iter();
        let document = SegmentsDocument::with(&report, |_| matrices.next());
        serde_json::to_writer(json, &document)
    })
    .await
}

/// The matrices of a report, written side by side: ten of them are megabytes.
async fn matrices(
    report: &Arc<ComparisonReport>,
    detail: Detail,
) -> Result<Vec<Box<RawValue>>, ApiError> {
    let writers: Vec<_> = (0..report.reports().count())
        .map(|place| {
            let report = report.clone();
            spawn_blocking(move || {
                let matrix = report.reports().nth(place);
                to_raw_value(&matrix.map(|matrix| RetentionDocument::of(matrix, detail)))
            })
        })
        .collect();
    let mut matrices = Vec::with_capacity(writers.len());
    for writer in writers {
        let matrix = writer.await.map_err(ApiError::broken)?;
        matrices.push(matrix.map_err(ApiError::broken)?);
    }
    Ok(matrices)
}

/// `POST /api/v1/workspaces/{workspace}/reports/survival`.
pub(super) async fn survival(
    State(store): State<Store>,
    Here(workspace): Here,
    query: Result<Json<ComparisonQuery>, JsonRejection>,
) -> Result<Response, ApiError> {
    let report = report(&store, &workspace, query).await?;
    Ok(Json(SurvivalDocument::new(&report)).into_response())
}

async fn report(
    store: &Store,
    workspace: &Workspace,
    query: Result<Json<ComparisonQuery>, JsonRejection>,
) -> Result<ComparisonReport, ApiError> {
    let Json(query) = query?;
    Ok(store.compare(workspace, &query, Timestamp::now()).await?)
}
