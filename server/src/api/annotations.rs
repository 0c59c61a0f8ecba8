//! Annotations, for other programs: whoever releases can say so.

use super::error::ApiError;
use crate::access;
use analysis::annotation::Annotation;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use store::Store;

/// `GET /api/v1/workspaces/{workspace}/annotations`.
pub(super) async fn list(
    State(store): State<Store>,
    Path(workspace): Path<String>,
) -> Result<Response, ApiError> {
    let workspace = store.workspace(&workspace).await?;
    let all = store.annotations(workspace.id).await?.into_iter();
    let all: Vec<Annotation> = all.map(|one| one.annotation).collect();
    Ok(Json(all).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/annotations`.
pub(super) async fn add(
    State(store): State<Store>,
    Path(workspace): Path<String>,
    annotation: Result<Json<Annotation>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(annotation) = annotation?;
    let workspace = store.workspace(&workspace).await?;
    let author = access::caller().map(|caller| caller.person.id);
    let annotation = annotation.checked().map_err(store::StoreError::from)?;
    store
        .annotate(workspace.id, annotation.clone(), author)
        .await?;
    Ok(Json(annotation).into_response())
}
