//! Read-only views of one moment.

use crate::activity::Shards;
use crate::annotations;
use crate::tenant::begin_in;
use crate::{Store, StoreError, WorkspaceId};
use analysis::annotation::Annotation;
use futures::TryStreamExt;
use jiff::civil::Date;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Either, PgConnection, Postgres};
use std::ops::{Deref, DerefMut};

/// A connection in a read-only transaction that sees one moment.
///
/// If it is dropped before it was ended, its question was given up, and a statement may still be running: the connection
/// is closed then, at which Postgres stops within a second (see `client_connection_check_interval` in
/// [`Store::connect_lazily`]) instead of going on for nobody.
pub(crate) struct Snapshot {
    /// There until it is ended or dropped.
    connection: Option<PoolConnection<Postgres>>,
}

const EXPECT: &str = "a snapshot has its connection until it ends";

impl Deref for Snapshot {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection.as_ref().expect(EXPECT)
    }
}

impl DerefMut for Snapshot {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect(EXPECT)
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(connection.detach());
        }
    }
}

impl Snapshot {
    /// Ends it and gives the connection back. The answer is there already, so nobody waits for that.
    pub(crate) fn end(mut self) {
        tokio::spawn(async move {
            if sqlx::query!("commit").execute(&mut *self).await.is_ok() {
                // Back to the pool, as it is clean; else it is closed.
                drop(self.connection.take());
            }
        });
    }
}

impl Store {
    /// A read-only view of one moment of a workspace, so that the numbers of a report belong together.
    ///
    /// What is asked in it is given up after two minutes: whoever asked has gone, and others wait.
    pub(crate) async fn snapshot(&self, workspace: WorkspaceId) -> Result<Snapshot, StoreError> {
        Ok(self.snapshot_and(workspace, "").await?.0)
    }

    /// The same with what a matrix needs of it besides its counts, on the same way to the data base: the shards as they
    /// are in it, which the index is asked for first, and the annotations of the days from the first to the last.
    pub(crate) async fn snapshot_with_shards(
        &self,
        workspace: WorkspaceId,
        days: (Date, Date),
    ) -> Result<(Snapshot, Shards, Vec<Annotation>), StoreError> {
        let shards = Shards::asked_of(workspace.0);
        let annotations = annotations::asked_of(workspace, days);
        let more = format!("; {shards}; {annotations}");
        let (snapshot, mut rows) = self.snapshot_and(workspace, &more).await?;
        let annotations = rows.pop().unwrap_or_default();
        let shards = rows.pop().unwrap_or_default();
        Ok((
            snapshot,
            Shards::read(&shards)?,
            annotations::read(&annotations)?,
        ))
    }

    /// A snapshot, and the rows of each statement that is sent with its beginning.
    async fn snapshot_and(
        &self,
        workspace: WorkspaceId,
        more: &str,
    ) -> Result<(Snapshot, Vec<Vec<PgRow>>), StoreError> {
        let connection = self.pool.acquire().await?;
        let mut snapshot = Snapshot {
            connection: Some(connection),
        };
        let begin = "begin isolation level repeatable read, read only; set local statement_timeout = '120s'";
        let begin = begin_in(begin, workspace) + more;
        let mut told = vec![Vec::new()];
        let mut answers = sqlx::raw_sql(AssertSqlSafe(begin)).fetch_many(&mut *snapshot);
        while let Some(answer) = answers.try_next().await? {
            match (answer, told.last_mut()) {
                (Either::Right(row), Some(rows)) => rows.push(row),
                _ => told.push(Vec::new()),
            }
        }
        drop(answers);
        // After the end of the last one there is none.
        told.pop();
        Ok((snapshot, told))
    }
}
