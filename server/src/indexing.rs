//! Keeps the activity index small and complete while the server runs.
//!
//! Writers index their own events in their own transaction, so the index is never behind; what is left to do here is
//! to fold their many small segments together, and to index what was stored by a version without an index. The streams
//! of saved definitions of activity are kept here as well, first, while the segments still tell who did something.

use std::time::Duration;
use store::{Store, StoreError};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// Segments that a part of the index may have before they are folded together.
const SEGMENTS: u32 = 16;

/// Looks after the index until it is dropped.
pub(crate) async fn keep(store: Store) {
    let mut complete = false;
    loop {
        if let Err(error) = look(&store, &mut complete).await {
            // The pages say when the data base is away; anything else is the operator's to know.
            if !matches!(error, StoreError::Unavailable(_)) {
                tracing::warn!(error = %error, "the activity index can't be folded");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn look(store: &Store, complete: &mut bool) -> Result<(), StoreError> {
    if !*complete {
        store.index_missing().await?;
        *complete = true;
    }
    for workspace in store.workspaces().await? {
        // A file being brought in ends with a look at all of it, which is less work than many looks.
        if store.loading(workspace.id).await?.is_none() {
            store.keep_activities(workspace.id, |_, _| {}).await?;
        }
        store.fold_activity(workspace.id, SEGMENTS).await?;
    }
    Ok(())
}
