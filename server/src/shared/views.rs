//! How often links are looked at. Counted in memory and written together, so that many readers are no load.

use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Store, WorkspaceId};

/// How long views are gathered before they are written. Those of a program that is killed meanwhile are not counted.
const PAUSE: Duration = Duration::from_secs(2);

type Counts = HashMap<(WorkspaceId, i32), (u32, Timestamp)>;

/// Views that are not written yet.
#[derive(Clone)]
pub(super) struct Views {
    store: Store,
    waiting: Arc<Mutex<Counts>>,
}

impl Views {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            waiting: Arc::default(),
        }
    }

    /// Counts one.
    pub(super) fn count(&self, workspace: WorkspaceId, link: i32, now: Timestamp) {
        let first = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let first = waiting.is_empty();
            let (count, last) = waiting.entry((workspace, link)).or_insert((0, now));
            *count = count.saturating_add(1);
            *last = now.max(*last);
            first
        };
        if first {
            let views = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(PAUSE).await;
                views.write().await;
            });
        }
    }

    /// Writes what was counted.
    async fn write(&self) {
        let counts = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        for ((workspace, link), (count, last)) in counts {
            if let Err(error) = self.store.count_views(workspace, link, count, last).await {
                tracing::warn!(%error, "views of a link were not counted");
            }
        }
    }
}
