//! Imports: a file on its way in, from upload to summary.
//!
//! An import is *uploaded* (a person still has to confirm its columns), *queued* with a mapping, *running*, and in the
//! end *done* or *failed*. Running it again is always safe, since nothing is stored twice.

mod preview;
mod run;

pub use preview::{Look, Said, look};
pub use run::ImportError;

use crate::instant::from_db;
use crate::{Store, StoreError, WorkspaceId};
use analysis::import::{FileKind, ImportPhase, ImportProgress, ImportSummary};
use intake::Mapping;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// An import's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImportId(pub i32);

/// An import as a page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Its number.
    pub id: ImportId,
    /// Where its rows go.
    pub workspace: WorkspaceId,
    /// The file's name as it was given.
    pub file_name: String,
    /// What its rows are.
    pub kind: FileKind,
    /// When the file came.
    pub created_at: Timestamp,
    /// How it is read, once that is confirmed.
    pub mapping: Option<Mapping>,
    /// How far it is.
    pub progress: ImportProgress,
}

/// A row in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// Why it could not be stored.
    pub reason: String,
    /// The row as it stands in the file.
    pub raw: String,
}

/// Rows in quarantine for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedCount {
    /// Why they could not be stored.
    pub reason: String,
    /// How many.
    pub rows: u64,
}

/// Said of an import whose process ended before it did.
const INTERRUPTED: &str = "interrupted: start it again, nothing is stored twice";

/// Set beside an import's number in the advisory lock that its process holds while it runs.
const RUNNING_LOCK: i32 = 0x696d_706f;

struct ImportRow {
    import_id: i32,
    workspace_id: i32,
    file_name: String,
    kind: String,
    phase: String,
    bytes_total: i64,
    bytes_done: i64,
    rows: i64,
    stored: i64,
    duplicates: i64,
    erased: i64,
    rejected: i64,
    customers_new: i64,
    first_at: Option<OffsetDateTime>,
    last_at: Option<OffsetDateTime>,
    mapping: Option<serde_json::Value>,
    error: Option<String>,
    created_at: OffsetDateTime,
    seconds: Option<f64>,
}

impl ImportRow {
    fn phase(&self) -> ImportPhase {
        match self.phase.as_str() {
            "uploaded" => ImportPhase::Uploaded,
            "queued" => ImportPhase::Queued,
            "running" => ImportPhase::Running,
            "done" => ImportPhase::Done,
            // the column's check admits nothing else
            _ => ImportPhase::Failed,
        }
    }

    fn summary(&self) -> ImportSummary {
        ImportSummary {
            rows: self.rows.unsigned_abs(),
            stored: self.stored.unsigned_abs(),
            duplicates: self.duplicates.unsigned_abs(),
            erased: self.erased.unsigned_abs(),
            rejected: self.rejected.unsigned_abs(),
            customers_new: self.customers_new.unsigned_abs(),
            from: self.first_at.map(from_db),
            until: self.last_at.map(from_db),
        }
    }

    fn progress(&self) -> ImportProgress {
        let phase = self.phase();
        let speed = Speed {
            seconds: self.seconds.unwrap_or(0.0),
            rows: self.rows.unsigned_abs(),
            bytes_done: self.bytes_done.unsigned_abs(),
            bytes_total: self.bytes_total.unsigned_abs(),
        };
        ImportProgress {
            phase,
            bytes_done: speed.bytes_done,
            bytes_total: speed.bytes_total,
            rows: speed.rows,
            rejected: self.rejected.unsigned_abs(),
            rows_per_second: speed.rows_per_second(),
            seconds_left: speed
                .seconds_left()
                .filter(|_| phase == ImportPhase::Running),
            error: self.error.clone(),
            summary: (phase == ImportPhase::Done).then(|| self.summary()),
        }
    }
}

impl From<ImportRow> for Import {
    fn from(row: ImportRow) -> Self {
        Self {
            id: ImportId(row.import_id),
            workspace: WorkspaceId(row.workspace_id),
            kind: if row.kind == "customers" {
                FileKind::Customers
            } else {
                FileKind::Events
            },
            created_at: from_db(row.created_at),
            progress: row.progress(),
            // A mapping of an older version that can't be read is asked for again.
            mapping: row
                .mapping
                .and_then(|mapping| serde_json::from_value(mapping).ok()),
            file_name: row.file_name,
        }
    }
}

/// How fast an import goes.
struct Speed {
    seconds: f64,
    rows: u64,
    bytes_done: u64,
    bytes_total: u64,
}

impl Speed {
    fn rows_per_second(&self) -> f64 {
        if self.seconds > 0.0 {
            approximate(self.rows) / self.seconds
        } else {
            0.0
        }
    }

    /// At the speed so far, when there is one.
    fn seconds_left(&self) -> Option<f64> {
        let left = approximate(self.bytes_total.saturating_sub(self.bytes_done));
        (self.bytes_done > 0).then(|| self.seconds * left / approximate(self.bytes_done))
    }
}

#[expect(
    clippy::as_conversions,
    reason = "only for speeds, where the nearest double is good enough"
)]
fn approximate(count: u64) -> f64 {
    count as f64
}

fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Events => "events",
        FileKind::Customers => "customers",
    }
}

/// A count of the program as one of the data base.
fn to_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Store {
    /// Notes a file that has come.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn create_import(
        &self,
        workspace: WorkspaceId,
        file_name: &str,
        kind: FileKind,
        bytes_total: u64,
    ) -> Result<ImportId, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let id = sqlx::query_scalar!(
            "insert into import (workspace_id, file_name, kind, phase, bytes_total)
             values ($1, $2, $3, 'uploaded', $4) returning import_id",
            workspace.0,
            file_name,
            kind_name(kind),
            to_count(bytes_total)
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(ImportId(id))
    }

    /// Puts an import into the queue with the columns a person confirmed; one that failed or is done may be queued
    /// again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such import, or it runs.
    pub async fn queue_import(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
        mapping: &Mapping,
    ) -> Result<(), StoreError> {
        let stored = serde_json::to_value(mapping)
            .map_err(|error| StoreError::Other(sqlx::Error::Encode(Box::new(error))))?;
        let mut transaction = self.tenant(workspace).await?;
        let queued = sqlx::query!(
            "update import
             set phase = 'queued', mapping = $3, kind = $4, error = null, bytes_done = 0, rows = 0, stored = 0,
                 duplicates = 0, erased = 0, rejected = 0, customers_new = 0, first_at = null, last_at = null,
                 started_at = null, ended_at = null
             where workspace_id = $1 and import_id = $2 and phase <> 'running'",
            workspace.0,
            id.0,
            stored,
            kind_name(mapping.kind())
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        match queued.rows_affected() {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }

    /// Imports that wait for their turn, the oldest first, with their workspaces.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn queued_imports(&self) -> Result<Vec<(WorkspaceId, ImportId)>, StoreError> {
        let rows = sqlx::query!(
            "select workspace_id, import_id from import where phase = 'queued' order by import_id"
        )
        .fetch_all(&mut *self.system().await?)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| (WorkspaceId(row.workspace_id), ImportId(row.import_id)))
            .collect())
    }

    /// One import of a workspace.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn import(&self, workspace: WorkspaceId, id: ImportId) -> Result<Import, StoreError> {
        let row = sqlx::query_as!(
            ImportRow,
            r#"select import_id, workspace_id, file_name, kind, phase, bytes_total, bytes_done, rows, stored, duplicates, erased,
                      rejected, customers_new, first_at, last_at, mapping, error, created_at,
                      extract(epoch from coalesce(ended_at, now()) - started_at)::float8 as "seconds?"
               from import where workspace_id = $1 and import_id = $2"#,
            workspace.0,
            id.0
        )
        .fetch_one(&mut *self.tenant(workspace).await?)
        .await?;
        Ok(row.into())
    }

    /// A workspace's imports, the newest first.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn imports(
        &self,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Import>, StoreError> {
        let rows = sqlx::query_as!(
            ImportRow,
            r#"select import_id, workspace_id, file_name, kind, phase, bytes_total, bytes_done, rows, stored, duplicates, erased,
                      rejected, customers_new, first_at, last_at, mapping, error, created_at,
                      extract(epoch from coalesce(ended_at, now()) - started_at)::float8 as "seconds?"
               from import where workspace_id = $1 order by import_id desc limit $2"#,
            workspace.0,
            i64::from(limit)
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        Ok(rows.into_iter().map(Import::from).collect())
    }

    /// The next rows of an import in quarantine behind a line of the file (0: from the beginning), in its order. For
    /// going through all of them: the last page costs no more than the first.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn rejected_after(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
        line: u64,
        limit: u32,
    ) -> Result<Vec<RejectedRow>, StoreError> {
        let rows = sqlx::query!(
            "select line, reason, raw from quarantine
             where workspace_id = $1 and import_id = $2 and line > $3 order by line limit $4",
            workspace.0,
            id.0,
            to_count(line),
            i64::from(limit)
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| RejectedRow {
                line: row.line.unsigned_abs(),
                reason: row.reason,
                raw: row.raw,
            })
            .collect())
    }

    /// Why rows of an import are in quarantine, the most frequent reason first.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn rejected_counts(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
    ) -> Result<Vec<RejectedCount>, StoreError> {
        let rows = sqlx::query!(
            r#"select reason, count(*) as "rows!" from quarantine where workspace_id = $1 and import_id = $2
               group by reason order by count(*) desc, reason"#,
            workspace.0,
            id.0
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| RejectedCount {
                reason: row.reason,
                rows: row.rows.unsigned_abs(),
            })
            .collect())
    }

    /// Marks imports as failed whose process ended before they did, and says how many. To be called when a server
    /// starts; imports that another process runs at this moment hold a lock and are left alone.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn fail_interrupted_imports(&self) -> Result<u64, StoreError> {
        let running = sqlx::query!(
            "select workspace_id, import_id from import where phase = 'running' order by import_id"
        )
        .fetch_all(&mut *self.system().await?)
        .await?;
        let mut count = 0;
        for row in running {
            let mut transaction = self.tenant(WorkspaceId(row.workspace_id)).await?;
            let failed = sqlx::query!(
                "update import set phase = 'failed', error = $3, ended_at = now()
                 where workspace_id = $1 and import_id = $2 and phase = 'running'
                   and pg_try_advisory_xact_lock($4, import_id)",
                row.workspace_id,
                row.import_id,
                INTERRUPTED,
                RUNNING_LOCK
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            if failed.rows_affected() > 0 {
                // It counts its events when it ends.
                self.count_all_events(WorkspaceId(row.workspace_id)).await?;
            }
            count += failed.rows_affected();
        }
        Ok(count)
    }
}

/// Whether a process brings rows into a workspace at this moment.
pub(crate) async fn is_importing(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
) -> Result<bool, StoreError> {
    let running = sqlx::query_scalar!(
        r#"select coalesce(bool_or(not pg_try_advisory_xact_lock($2, import_id)), false) as "running!"
           from import where workspace_id = $1 and phase = 'running'"#,
        workspace.0,
        RUNNING_LOCK
    )
    .fetch_one(connection)
    .await?;
    Ok(running)
}
