//! The Postgres a command works on: the operator's, or the private cluster.

use crate::cluster::{Cluster, ClusterConfig, ClusterError};
use crate::config::DatabaseConfig;
use crate::folder::DataFolder;
use anyhow::Context;
use sqlx::postgres::PgConnectOptions;
use std::path::PathBuf;

/// Where private clusters go whose data folder is out of reach of the account that runs Postgres.
const SHELTER: &str = "/var/lib/holdfast";

/// A Postgres in use.
#[derive(Debug)]
pub enum Database {
    /// The operator's, by `DATABASE_URL`.
    External(Box<PgConnectOptions>),
    /// Our own.
    Private(Box<Cluster>),
}

impl Database {
    /// Reads `DATABASE_URL`, or joins or starts the private cluster.
    ///
    /// # Errors
    /// An address that can't be read, a data folder that can't be used, or a cluster that can't be started.
    pub async fn open(config: &DatabaseConfig) -> anyhow::Result<Self> {
        if let Some(options) = external(config)? {
            return Ok(Self::External(Box::new(options)));
        }
        let folder = DataFolder::open(&config.data_dir())?;
        let cluster = Cluster::open(&private(config, &folder)).await?;
        Ok(Self::Private(Box::new(cluster)))
    }

    /// How to connect.
    pub fn options(&self) -> PgConnectOptions {
        match self {
            Self::External(options) => options.as_ref().clone(),
            Self::Private(cluster) => cluster.options(),
        }
    }

    /// Leaves it; the last to leave the private cluster stops it.
    ///
    /// # Errors
    /// [`ClusterError::Stop`].
    pub async fn close(self) -> Result<(), ClusterError> {
        match self {
            Self::External(_) => Ok(()),
            Self::Private(cluster) => cluster.close().await,
        }
    }
}

/// How to connect to the operator's Postgres, if one is given.
pub(super) fn external(config: &DatabaseConfig) -> anyhow::Result<Option<PgConnectOptions>> {
    config
        .database_url()
        .map(|url| {
            url.secret()
                .parse()
                .context("DATABASE_URL can't be read; write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE")
        })
        .transpose()
}

/// The private cluster of a data folder.
pub(super) fn private(config: &DatabaseConfig, folder: &DataFolder) -> ClusterConfig {
    ClusterConfig {
        data: folder.path().to_owned(),
        programs: config.pg_bindir.clone(),
        shelter: PathBuf::from(SHELTER),
    }
}
