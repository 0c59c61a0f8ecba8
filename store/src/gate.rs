//! Heavy work waits its turn, so that light questions need not.
//!
//! A turn is taken before a connection: however many heavy questions wait, the pool is free for the others. Whoever goes
//! away while he waits or works gives his turn back.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many times at once the events themselves are gone through, each by a process of Postgres.
const SCANS: usize = 2;

/// Questions about features and segments at once: of most of them little is left to do, of some much.
const FEATURES: usize = 3;

/// Work of which only so much is done at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    /// Making many sets of the activity index: one at a time, since it uses all processors.
    Build,
    /// SQL over raw events.
    Scan,
    /// A question about features or segments.
    Features,
}

/// The turns of one store; shared by its clones.
#[derive(Debug)]
pub(crate) struct Gate {
    builds: Arc<Semaphore>,
    scans: Arc<Semaphore>,
    features: Arc<Semaphore>,
}

/// The right to do work, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    work: Work,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self {
            builds: Arc::new(Semaphore::new(1)),
            scans: Arc::new(Semaphore::new(SCANS)),
            features: Arc::new(Semaphore::new(FEATURES)),
        }
    }

    fn turns(&self, work: Work) -> Arc<Semaphore> {
        match work {
            Work::Build => self.builds.clone(),
            Work::Scan => self.scans.clone(),
            Work::Features => self.features.clone(),
        }
    }

    /// A turn, if one is free.
    pub(crate) fn free(&self, work: Work) -> Option<Turn> {
        let permit = self.turns(work).try_acquire_owned().ok()?;
        Some(Turn {
            work,
            _permit: Some(permit),
        })
    }

    /// Waits for a turn; who came first has his first.
    pub(crate) async fn turn(&self, work: Work) -> Turn {
        // It is closed never; if it were, nobody would have to wait.
        let _permit = self.turns(work).acquire_owned().await.ok();
        Turn { work, _permit }
    }
}

impl Turn {
    /// Whether the turn is for such work.
    pub(crate) fn is_for(&self, work: Work) -> bool {
        self.work == work
    }
}
