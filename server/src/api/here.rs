//! The workspace that an address names.

use super::error::ApiError;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::Deserialize;
use store::{Store, StoreError, Workspace};

/// The workspace of a request. Whoever has shown a key of it was told it with the key's use; else it is looked up.
pub(super) struct Here(pub(super) Workspace);

/// What all these addresses name.
#[derive(Deserialize)]
struct Named {
    workspace: String,
}

impl FromRequestParts<Store> for Here {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, store: &Store) -> Result<Self, ApiError> {
        if let Some(known) = parts.extensions.remove() {
            return Ok(Self(known));
        }
        let named = Path::<Named>::from_request_parts(parts, store).await;
        let Path(Named { workspace }) = named.map_err(|_| StoreError::NotFound)?;
        Ok(Self(store.workspace(&workspace).await?))
    }
}
