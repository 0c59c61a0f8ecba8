//! Saving, choosing and deleting definitions of activity: forms that work without any program in the browser.

use crate::failure::Failure;
use analysis::query::{Draft, append_params, pairs, split_url_query};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use store::{SaveActivity, Store, StoreError};

/// Most bytes of a form: fifty events and twenty conditions fit many times.
const FORM: usize = 64 * 1024;

/// The routes of this module.
pub(crate) fn routes(store: Store) -> Router {
    Router::new()
        .route("/w/{workspace}/activity/save", post(save))
        .route("/w/{workspace}/activity/own", post(own))
        .route("/w/{workspace}/activity/delete", post(delete))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(store)
}

/// `POST …/save`: the definition as the form has it. One that can't be saved is shown again with the reason.
async fn save(
    State(store): State<Store>,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let workspace = store.workspace(&slug).await?;
    let params = split_url_query(&String::from_utf8_lossy(&body));
    let (draft, problems) = Draft::parse(pairs(&params));
    let (definition, default) = (draft.definition.clone(), draft.default);
    if !problems.is_empty() || definition.validate().is_err() {
        let mut address = String::new();
        let mut params = draft.params();
        params.push(("refused".to_owned(), "1".to_owned()));
        append_params(&mut address, params);
        return Ok(Redirect::to(&format!("/w/{slug}/activity/edit{address}")).into_response());
    }
    let save = SaveActivity {
        definition,
        slug: draft.slug,
        default,
    };
    store.save_activity(workspace.id, &save).await?;
    let then = params
        .iter()
        .any(|(name, value)| name == "then" && value == "retention");
    let page = if then { "retention" } else { "activity" };
    Ok(Redirect::to(&format!("/w/{slug}/{page}")).into_response())
}

/// `POST …/own`: from now on it holds where a question names nothing else.
async fn own(
    State(store): State<Store>,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let workspace = store.workspace(&slug).await?;
    store.set_own_activity(workspace.id, &named(&body)?).await?;
    Ok(Redirect::to(&format!("/w/{slug}/activity")).into_response())
}

/// `POST …/delete`.
async fn delete(
    State(store): State<Store>,
    Path(slug): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let workspace = store.workspace(&slug).await?;
    store.delete_activity(workspace.id, &named(&body)?).await?;
    Ok(Redirect::to(&format!("/w/{slug}/activity")).into_response())
}

/// The definition that a form names.
fn named(body: &Bytes) -> Result<String, StoreError> {
    let pairs = split_url_query(&String::from_utf8_lossy(body));
    let slug = pairs.into_iter().find(|(name, _)| name == "slug");
    let slug = slug.map(|(_, slug)| slug);
    // Postgres would refuse some of what can't be one as text.
    slug.filter(|slug| analysis::query::is_slug(slug))
        .ok_or(StoreError::NotFound)
}
