//! Forms that annotate days. They work without any program in the browser.

use crate::access;
use crate::failure::Failure;
use crate::reports::{Desk, FORM, number};
use crate::router::Pages;
use analysis::annotation::Annotation;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;
use store::{Store, StoreError, Workspace};

/// The routes of this module.
pub(crate) fn routes(store: Store, pages: Pages) -> Router {
    Router::new()
        .route("/w/{workspace}/annotations/add", post(add))
        .route(
            "/w/{workspace}/annotations/{annotation}/delete",
            post(delete),
        )
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(Desk { store, pages })
}

#[derive(Deserialize)]
struct Add {
    date: String,
    text: String,
}

/// `POST …/add`: what happened on a day.
async fn add(
    State(desk): State<Desk>,
    Path(workspace): Path<String>,
    form: Result<Form<Add>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let workspace = desk.store.workspace(&workspace).await?;
    let page = page(&workspace);
    let Ok(date) = form.date.parse() else {
        let sentence = format!(
            "“{}” is no day. Days are written as in 2026-01-31.",
            form.date
        );
        return Ok(desk.refuse(&page, sentence).await);
    };
    let annotation = Annotation {
        date,
        text: form.text,
    };
    let author = access::caller().map(|caller| caller.person.id);
    match desk.store.annotate(workspace.id, annotation, author).await {
        Ok(_) => Ok(Redirect::to(&page).into_response()),
        Err(StoreError::Query(error)) => Ok(desk.refuse(&page, error.to_string()).await),
        Err(error) => Err(error.into()),
    }
}

/// `POST …/delete`.
async fn delete(
    State(desk): State<Desk>,
    Path((workspace, annotation)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    desk.store
        .delete_annotation(workspace.id, number(&annotation))
        .await?;
    Ok(Redirect::to(&page(&workspace)).into_response())
}

fn page(workspace: &Workspace) -> String {
    format!("/w/{}/annotations", workspace.slug)
}
