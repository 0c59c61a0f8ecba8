//! The private Postgres cluster: made, started, watched and stopped by Holdfast itself, for when no `DATABASE_URL` is
//! given. Durable, on a socket only, never run by root, and the application is no superuser in it.
//!
//! Any number of Holdfasts may use one cluster at a time (a server, and an import beside it): the first starts it, the
//! last stops it. Postgres does not die with the process that started it; the next one finds it running. Nothing here
//! knows what is stored in it.

mod account;
mod control;
mod error;
mod init;
mod lock;
mod place;
mod programs;
mod settings;
mod supervise;

pub use error::ClusterError;
pub use programs::Programs;

use control::Control;
use lock::Lock;
use place::Place;
use sqlx::postgres::PgConnectOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use supervise::Supervisor;

/// The oldest major version of Postgres that will do.
pub const OLDEST_POSTGRES: u32 = 15;

/// Where a private cluster lies and what runs it.
#[derive(Clone, Debug)]
pub struct ClusterConfig {
    /// The data folder; it must exist. The cluster lies in `postgres` in it.
    pub data: PathBuf,
    /// The folder of Postgres's programs; `None`: they are looked for.
    pub programs: Option<PathBuf>,
    /// Where the cluster goes instead when we are root and the account that runs Postgres can't enter the data folder.
    pub shelter: PathBuf,
}

/// A running private cluster.
#[derive(Debug)]
pub struct Cluster {
    control: Arc<Control>,
    /// Held by everybody who uses the cluster; whoever gets it alone is the last.
    in_use: Lock,
    started: bool,
    supervisor: Option<Supervisor>,
}

impl Cluster {
    /// Whether a cluster was made for this data folder.
    pub fn exists(data: &Path) -> bool {
        // It gets this name when it is complete.
        data.join("postgres").join("cluster").exists()
    }

    /// Joins the running cluster of a data folder, or starts it; the first time, makes it.
    ///
    /// # Errors
    /// [`ClusterError`], in words for the operator.
    pub async fn open(config: &ClusterConfig) -> Result<Self, ClusterError> {
        let place = Place::find(&config.data, &config.shelter).await?;
        let root = place.root.clone();
        // While this is held nobody stops the cluster; while the last user stops it, this waits.
        let in_use = Lock::shared(&root.join("in-use.lock")).await?;
        let find = async |wanted| {
            Programs::find(config.programs.as_deref(), wanted, &place.cluster()).await
        };
        let mut version = place.version()?;
        let mut programs = find(version).await?;
        if version.is_none() {
            let _alone = Lock::exclusive(&root.join("start.lock")).await?;
            version = place.version()?;
            if version.is_none() {
                init::make(&place, &programs).await?;
            } else {
                programs = find(version).await?;
            }
        }
        let control = Arc::new(Control { place, programs });
        let started = control.ensure_running().await?;
        Ok(Self {
            control,
            in_use,
            started,
            supervisor: None,
        })
    }

    /// How to connect, as the application's role. The operating system vouches for us: there is no password.
    pub fn options(&self) -> PgConnectOptions {
        self.control.options()
    }

    /// Whether it had to be started.
    pub fn started(&self) -> bool {
        self.started
    }

    /// Postgres's own data folder.
    pub fn folder(&self) -> PathBuf {
        self.control.place.cluster()
    }

    /// The folder of the socket.
    pub fn socket(&self) -> &Path {
        &self.control.place.socket
    }

    /// The account that runs Postgres.
    pub fn account(&self) -> &str {
        &self.control.place.account.name
    }

    /// The programs that run it.
    pub fn programs(&self) -> &Programs {
        &self.control.programs
    }

    /// From now on starts Postgres again whenever it dies.
    pub fn supervise(&mut self) {
        if self.supervisor.is_none() {
            self.supervisor = Some(Supervisor::start(Arc::clone(&self.control)));
        }
    }

    /// Leaves the cluster; whoever is the last to leave stops it. Connections should be closed before.
    ///
    /// # Errors
    /// [`ClusterError::Stop`] when it does not stop in time.
    pub async fn close(self) -> Result<(), ClusterError> {
        if let Some(supervisor) = self.supervisor {
            supervisor.end().await;
        }
        match self.in_use.alone() {
            // Those who come now wait until it has stopped, and start it again.
            Some(_alone) => self.control.stop().await,
            None => Ok(()),
        }
    }
}
