//! The form that erases a customer. It works without any program in the browser.

use crate::failure::Failure;
use crate::reports::{Desk, FORM};
use crate::router::Pages;
use analysis::query::append_params;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;
use store::{Store, StoreError};

/// The routes of this module.
pub(crate) fn routes(store: Store, pages: Pages) -> Router {
    Router::new()
        .route("/w/{workspace}/erase", post(erase))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(Desk { store, pages })
}

#[derive(Deserialize)]
struct Erase {
    customer: String,
}

/// `POST …/erase`. The log tells that somebody was erased, and not who.
async fn erase(
    State(desk): State<Desk>,
    Path(workspace): Path<String>,
    form: Result<Form<Erase>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let workspace = desk.store.workspace(&workspace).await?;
    let page = format!("/w/{}/erase", workspace.slug);
    let erased = desk.store.erase_customer(workspace.id, &form.customer);
    let erased = erased.await;
    let mut named = String::new();
    append_params(&mut named, vec![("customer", form.customer)]);
    match erased {
        Ok(()) => Ok(Redirect::to(&(page + "?erased=1")).into_response()),
        Err(StoreError::Refused(why)) => Ok(desk.refuse(&(page + &named), why.to_owned()).await),
        // Somebody was quicker, or it was never an id: the page says so.
        Err(StoreError::NotFound) => Ok(Redirect::to(&(page + &named)).into_response()),
        Err(error) => Err(error.into()),
    }
}
