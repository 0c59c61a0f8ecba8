//! Annotations as a page shows them.
//!
//! The page is made on the server and loads no program, so nothing here is a server function.

use crate::error::AppError;
use crate::error::ssr::answer;
use leptos::prelude::expect_context;
use store::{SavedAnnotation, Store};

/// The annotations of a workspace, the newest day first.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn annotations(slug: &str) -> Result<Vec<SavedAnnotation>, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    answer(store.annotations(workspace.id).await)
}
