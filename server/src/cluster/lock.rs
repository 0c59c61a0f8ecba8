//! Locks between processes: `flock`, which the kernel takes back when its holder dies, however it dies.

use super::ClusterError;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// Longer than the making, a start or a stop of a cluster should take; recovery after a crash happens outside the lock.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// How often a lock held by another is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// A lock held; dropping it lets go.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Waits until nobody else holds it.
    pub(super) async fn exclusive(path: &Path) -> Result<Self, ClusterError> {
        wait(path, File::try_lock).await
    }

    /// Waits until nobody holds it alone.
    pub(super) async fn shared(path: &Path) -> Result<Self, ClusterError> {
        wait(path, File::try_lock_shared).await
    }

    /// Makes a shared lock an exclusive one; `None`, and the lock is gone, if others hold it as well.
    pub(super) fn alone(self) -> Option<Self> {
        self.0.try_lock().is_ok().then_some(self)
    }
}

async fn wait(
    path: &Path,
    attempt: fn(&File) -> Result<(), TryLockError>,
) -> Result<Lock, ClusterError> {
    let file = open(path)?;
    let since = Instant::now();
    loop {
        match attempt(&file) {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(ClusterError::Busy {
                    patience: PATIENCE,
                    lock: path.to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(ClusterError::file(path)(source)),
        }
    }
}

/// Opens a lock's file, making it when it is missing. Reading is enough for a lock, so a file made by root serves the
/// folder's owner as well.
fn open(path: &Path) -> Result<File, ClusterError> {
    match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path),
        opened => opened,
    }
    .map_err(ClusterError::file(path))
}
