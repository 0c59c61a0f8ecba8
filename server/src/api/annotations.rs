//! Annotations, for other programs: whoever releases can say so.

use super::error::ApiError;
use super::here::Here;
use crate::access;
use analysis::annotation::Annotation;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Response};
use store::Store;

/// `GET /api/v1/workspaces/{workspace}/annotations`.
pub(super) async fn list(
    State(store): State<Store>,
    Here(workspace): Here,
) -> Result<Response, ApiError> {
    let all = store.annotations(workspace.id).await?.into_iter();
    let all: Vec<Annotation> = all.map(|one| one.annotation).collect();
    Ok(Json(all).into_response())
}

/// `POST /api/v1/workspaces/{workspace}/annotations`.
pub(super) async fn add(
    State(store): State<Store>,
    Here(workspace): Here,
    annotation: Result<Json<Annotation>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(annotation) = annotation?;
    let author = access::caller().map(|caller| caller.person.id);
    let annotation = annotation.checked().map_err(store::StoreError::from)?;
    store
        .annotate(workspace.id, annotation.clone(), author)
        .await?;
    Ok(Json(annotation).into_response())
}
