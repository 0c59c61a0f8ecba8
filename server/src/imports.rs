//! Runs the imports that pages queue: one at a time, so that two files never compete for the disk.

use analysis::import::ImportPhase;
use app::api::imports::Uploads;
use futures::FutureExt;
use std::any::Any;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use store::{ImportError, ImportId, Store, StoreError, WorkspaceId};
use tokio::sync::{Mutex, MutexGuard, Notify, watch};
use tokio::task::JoinHandle;

/// Pause before the queue is looked at again when the data base is away.
const PAUSE: Duration = Duration::from_secs(5);

/// Kept with an import that a panic ended.
const BROKE_OFF: &str = "an error in Holdfast ended it; the server's log has the details";

/// Ends the name of a file that is still being received.
pub(crate) const PARTIAL: &str = ".part";

/// The one who runs imports. It stops when this is dropped; an import it then leaves unfinished is marked so at the
/// next start.
#[derive(Debug)]
pub struct Imports {
    queue: Queue,
    task: JoinHandle<()>,
}

/// A way to tell of a queued import, and to hear of ended ones.
#[derive(Clone, Debug)]
pub struct Queue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    uploads: Uploads,
    wake: Notify,
    ended: watch::Sender<u64>,
    confirming: Mutex<()>,
}

impl Imports {
    /// Starts with what was queued before, and waits for more. Files that were being received when an earlier server
    /// ended are removed.
    pub fn start(store: Store, uploads: Uploads) -> Self {
        remove_partial(&uploads);
        let queue = Queue {
            shared: Arc::new(Shared {
                uploads,
                wake: Notify::new(),
                ended: watch::Sender::new(0),
                confirming: Mutex::new(()),
            }),
        };
        let runner = Runner {
            store,
            queue: queue.clone(),
            sorted_out: false,
        };
        Self {
            task: tokio::spawn(runner.run()),
            queue,
        }
    }

    /// A way to the queue.
    pub fn queue(&self) -> Queue {
        self.queue.clone()
    }
}

impl Drop for Imports {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Queue {
    /// Says that an import was queued.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// How many imports came to an end since the start, good or bad; changes with each.
    pub fn ended(&self) -> watch::Receiver<u64> {
        self.shared.ended.subscribe()
    }

    /// Where uploaded files wait.
    pub fn uploads(&self) -> &Uploads {
        &self.shared.uploads
    }

    /// Held while an import's phase is looked at and changed: the second of two clicks must see what the first did.
    pub(crate) async fn confirming(&self) -> MutexGuard<'_, ()> {
        self.shared.confirming.lock().await
    }
}

struct Runner {
    store: Store,
    queue: Queue,
    /// Whether imports that another process left unfinished are marked as such.
    sorted_out: bool,
}

impl Runner {
    async fn run(mut self) {
        loop {
            let waken = self.queue.clone();
            let waken = waken.shared.wake.notified();
            match self.run_queued().await {
                Ok(()) => waken.await,
                Err(error) => {
                    tracing::warn!(%error, "imports wait");
                    // An import that lost its data base can't say so itself.
                    self.sorted_out = false;
                    tokio::select! {
                        () = waken => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
            }
        }
    }

    /// Runs what is queued, the oldest first. An import whose file is elsewhere is another process's.
    async fn run_queued(&mut self) -> Result<(), StoreError> {
        if !self.sorted_out {
            let interrupted = self.store.fail_interrupted_imports().await?;
            if interrupted > 0 {
                tracing::warn!(imports = interrupted, "imports were interrupted");
            }
            self.sorted_out = true;
        }
        let mut tried = BTreeSet::new();
        loop {
            let queued = self.store.queued_imports().await?;
            let next = queued
                .into_iter()
                .find(|(_, id)| self.queue.uploads().holds(*id) && !tried.contains(&id.0));
            let Some((workspace, id)) = next else {
                return Ok(());
            };
            tried.insert(id.0);
            let outcome = self.run_one(workspace, id).await;
            self.queue.shared.ended.send_modify(|ended| *ended += 1);
            outcome?;
        }
    }

    /// Runs one import; its own failures are kept with it, only those of the data base are the runner's concern.
    async fn run_one(&self, workspace: WorkspaceId, id: ImportId) -> Result<(), StoreError> {
        tracing::info!(import = id.0, "import started");
        let file = self.queue.uploads().file(id);
        let work = self.store.run_import(workspace, id, &file, |_| {});
        match AssertUnwindSafe(work).catch_unwind().await {
            Ok(Ok(summary)) => tracing::info!(
                import = id.0,
                rows.stored = summary.stored,
                rows.rejected = summary.rejected,
                "import done"
            ),
            Ok(Err(ImportError::Store(error @ StoreError::Unavailable(_)))) => return Err(error),
            Ok(Err(error)) => tracing::warn!(import = id.0, %error, "import stopped"),
            Err(panic) => {
                tracing::error!(
                    import = id.0,
                    panic.message = words(&*panic),
                    "import panicked"
                );
                self.store.break_import(workspace, id, BROKE_OFF).await?;
            }
        }
        // Kept while there is something to start again.
        if self.store.import(workspace, id).await?.progress.phase == ImportPhase::Done
            && let Err(error) = tokio::fs::remove_file(&file).await
        {
            tracing::warn!(import = id.0, %error, "the file of an import that is done can't be removed");
        }
        Ok(())
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without words")
}

fn remove_partial(uploads: &Uploads) {
    let Ok(files) = std::fs::read_dir(uploads.folder()) else {
        return;
    };
    for file in files.flatten() {
        if file.file_name().to_string_lossy().ends_with(PARTIAL)
            && let Err(error) = std::fs::remove_file(file.path())
        {
            tracing::warn!(%error, "a file that was never wholly received can't be removed");
        }
    }
}
