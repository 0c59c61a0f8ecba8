//! Forms that save and delete sets of events as features; they work without any program in the browser.

use crate::failure::Failure;
use crate::slug::{self, SLUGS};
use analysis::quartiles::FeatureSet;
use analysis::query::split_url_query;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use store::{Store, StoreError, WorkspaceId};

/// Most bytes of a form: fifty events fit many times.
const FORM: usize = 64 * 1024;

/// The routes of this module.
pub(crate) fn routes(store: Store) -> Router {
    Router::new()
        .route("/w/{workspace}/features/save", post(save))
        .route("/w/{workspace}/features/delete", post(delete))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(store)
}

/// `POST …/save`: events (`feature`) under a `name`.
async fn save(
    State(store): State<Store>,
    Path(workspace): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let workspace = store.workspace(&workspace).await?;
    let mut set = FeatureSet {
        slug: String::new(),
        name: String::new(),
        events: Vec::new(),
    };
    for (name, value) in split_url_query(&String::from_utf8_lossy(&body)) {
        match name.as_str() {
            "name" => set.name = value.trim().to_owned(),
            "feature" => set.events.push(value),
            _ => {}
        }
    }
    let saved = numbered(&store, workspace.id, set).await?;
    let page = format!("/w/{}/features?set={}", workspace.slug, saved.slug);
    Ok(Redirect::to(&page).into_response())
}

/// `POST …/delete`: the set that `slug` names.
async fn delete(
    State(store): State<Store>,
    Path(workspace): Path<String>,
    body: Bytes,
) -> Result<Response, Failure> {
    let workspace = store.workspace(&workspace).await?;
    let params = split_url_query(&String::from_utf8_lossy(&body));
    let named = params.into_iter().find(|(name, _)| name == "slug");
    // Postgres would refuse some of what can't be one as text.
    let named = named.filter(|(_, slug)| analysis::query::is_slug(slug));
    let (_, slug) = named.ok_or(StoreError::NotFound)?;
    store.delete_feature_set(workspace.id, &slug).await?;
    Ok(Redirect::to(&format!("/w/{}/features", workspace.slug)).into_response())
}

/// Saves a set under its name's slug, or the next with a number that is free.
pub(crate) async fn numbered(
    store: &Store,
    workspace: WorkspaceId,
    set: FeatureSet,
) -> Result<FeatureSet, StoreError> {
    let base = slug::slug(&set.name, "feature");
    for number in 1..=SLUGS {
        let new = FeatureSet {
            slug: slug::numbered(&base, number),
            ..set.clone()
        };
        match store.save_feature_set(workspace, &new).await {
            // Taken: the next number.
            Err(StoreError::Conflict(_)) => {}
            saved => return saved,
        }
    }
    Err(StoreError::Conflict("feature_set".to_owned()))
}
