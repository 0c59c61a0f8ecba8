//! Running an import: one thread reads the file, two tasks write sets of rows, between them channels that hold one set.
//! So memory stays the same for any file, and reading and writing go on side by side.

mod reader;
mod writers;

use super::{ImportId, RUNNING_LOCK, Speed, to_count};
use crate::instant::to_db;
use crate::writer::relax;
use crate::{Store, StoreError, WorkspaceId};
use analysis::import::{ImportPhase, ImportProgress, ImportSummary};
use intake::{IntakeError, Mapping, Rejected};
use jiff::Timestamp;
use reader::read_sets;
use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;
use tokio::sync::mpsc;
use writers::{SetDone, Writers};

/// Why an import ended before the file did.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file's fault.
    #[error(transparent)]
    File(#[from] IntakeError),
    /// The data base's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is running already, or its columns are not confirmed.
    #[error("the import is not waiting to be run")]
    NotQueued,
    /// The reading thread broke off: an error in this program.
    #[error("the import broke off: {0}")]
    Broken(String),
}

/// What is needed of an import's row to run it.
struct Job {
    workspace: WorkspaceId,
    file_name: String,
    mapping: Mapping,
    bytes_total: u64,
}

/// What an import stored.
#[derive(Default)]
struct Stored {
    /// Events by the number of their name.
    events: BTreeMap<i32, i64>,
    /// Whether there were rows of customers.
    customers: bool,
}

impl Store {
    /// Runs a queued import to its end, and says how far it is after each set of rows. Rows stored before an error stay
    /// stored; the import can be queued and run again.
    ///
    /// # Errors
    /// Why the import failed; the same is kept with it as a sentence.
    pub async fn run_import(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
        file: &Path,
        mut progress: impl FnMut(&ImportProgress),
    ) -> Result<ImportSummary, ImportError> {
        let lock = self.lock_import(id).await?;
        let mut stored = Stored::default();
        let outcome = match self.start_import(workspace, id).await {
            Ok(job) => {
                self.read_and_write(id, &job, file, (&mut progress, &mut stored))
                    .await
            }
            Err(error) => {
                unlock(lock, id).await;
                return Err(error);
            }
        };
        let derive = async {
            // Nothing depends on it but the speed of the first question.
            if let Err(error) = self.fold_activity(workspace, 1).await {
                tracing::warn!(%error, "the activity index was not folded after an import");
            }
            // Streams that are not kept now are kept by the next server.
            if let Err(error) = self.keep_activities(workspace, |_, _| {}).await {
                tracing::warn!(%error, "definitions of activity were not filled in after an import");
            }
        };
        // Before the end is told: whoever hears of it looks at what came. Also when it failed, for what was stored.
        let count = async {
            match &outcome {
                Ok(_) => self.count(workspace, &stored).await,
                // What was stored of its last set is not known.
                Err(_) => self.refresh_summaries(workspace).await,
            }
        };
        let ((), counted) = tokio::join!(derive, count);
        let ended = match &outcome {
            Ok(_) => self.end_import(workspace, id, None).await,
            Err(error) => {
                self.end_import(workspace, id, Some(&error.to_string()))
                    .await
            }
        };
        unlock(lock, id).await;
        let summary = outcome?;
        ended?;
        counted?;
        Ok(summary)
    }

    /// Takes the lock that tells a running import from an interrupted one. It lives in a connection of its own, which
    /// closes, and so unlocks, whatever becomes of this process.
    async fn lock_import(&self, id: ImportId) -> Result<PgConnection, ImportError> {
        let mut connection = self
            .pool
            .acquire()
            .await
            .map_err(StoreError::from)?
            .detach();
        let locked = sqlx::query_scalar!(
            r#"select pg_try_advisory_lock($1, $2) as "locked!""#,
            RUNNING_LOCK,
            id.0
        )
        .fetch_one(&mut connection)
        .await
        .map_err(StoreError::from)?;
        if locked {
            Ok(connection)
        } else {
            Err(ImportError::NotQueued)
        }
    }

    async fn start_import(&self, workspace: WorkspaceId, id: ImportId) -> Result<Job, ImportError> {
        let job = self.begin_import(workspace, id).await?;
        job.ok_or(ImportError::NotQueued)
    }

    /// Marks a queued import as running; `None` if it is not queued.
    async fn begin_import(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
    ) -> Result<Option<Job>, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let row = sqlx::query!(
            "update import set phase = 'running', started_at = now()
             where workspace_id = $1 and import_id = $2 and phase = 'queued'
             returning file_name, mapping, bytes_total",
            workspace.0,
            id.0
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        // what an earlier attempt set aside is met again
        sqlx::query!(
            "delete from quarantine where workspace_id = $1 and import_id = $2",
            workspace.0,
            id.0
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let mapping = row
            .mapping
            .and_then(|mapping| serde_json::from_value(mapping).ok());
        Ok(mapping.map(|mapping| Job {
            workspace,
            file_name: row.file_name,
            mapping,
            bytes_total: row.bytes_total.unsigned_abs(),
        }))
    }

    async fn read_and_write(
        &self,
        id: ImportId,
        job: &Job,
        file: &Path,
        (progress, stored): (&mut impl FnMut(&ImportProgress), &mut Stored),
    ) -> Result<ImportSummary, ImportError> {
        let source = format!("import {}: {}", id.0, job.file_name);
        let batch = self.open_batch(job.workspace, &source).await?;
        self.name_batch(job.workspace, id, batch).await?;
        let started = Instant::now();
        let (sender, mut sets) = mpsc::channel(1);
        let (path, mapping, now) = (file.to_owned(), job.mapping.clone(), Timestamp::now());
        let (give_back, spare) = mpsc::unbounded_channel();
        let read = move || read_sets(&path, &mapping, now, &sender, spare);
        let reading = tokio::task::spawn_blocking(read);
        let mut writers = Writers::start(self, job.workspace, batch, give_back);
        let mut summary = ImportSummary::default();
        let mut open = true;
        while open {
            match sets.recv().await {
                Some(set) => {
                    stored.customers |= set.customers.iter().any(|half| !half.is_empty());
                    writers.write(set).await?;
                }
                None => {
                    writers.close();
                    open = false;
                }
            }
            while let Some(done) = writers.done().await? {
                for (&name, events) in &done.events {
                    *stored.events.entry(name).or_default() += events;
                }
                self.set_aside(job.workspace, id, &done.rejected).await?;
                add(&mut summary, &done);
                self.note_progress(job.workspace, id, done.bytes, &summary)
                    .await?;
                let speed = Speed {
                    seconds: started.elapsed().as_secs_f64(),
                    rows: summary.rows,
                    bytes_done: done.bytes,
                    bytes_total: job.bytes_total,
                };
                progress(&ImportProgress {
                    phase: ImportPhase::Running,
                    bytes_done: speed.bytes_done,
                    bytes_total: speed.bytes_total,
                    rows: speed.rows,
                    rejected: summary.rejected,
                    rows_per_second: speed.rows_per_second(),
                    seconds_left: speed.seconds_left(),
                    error: None,
                    summary: None,
                });
            }
        }
        reading
            .await
            .map_err(|error| ImportError::Broken(error.to_string()))??;
        Ok(summary)
    }

    /// Counts what the choosers offer, as far as an import changed it.
    async fn count(&self, workspace: WorkspaceId, stored: &Stored) -> Result<(), StoreError> {
        self.count_more_events(workspace, &stored.events).await?;
        if stored.customers {
            self.refresh_traits(workspace).await?;
        }
        Ok(())
    }

    async fn set_aside(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
        rejected: &[Rejected],
    ) -> Result<(), StoreError> {
        if rejected.is_empty() {
            return Ok(());
        }
        let lines: Vec<i64> = rejected.iter().map(|row| to_count(row.line)).collect();
        let reasons: Vec<String> = rejected.iter().map(|row| row.reason.to_string()).collect();
        let raws: Vec<String> = rejected.iter().map(|row| row.raw.clone()).collect();
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "insert into quarantine (workspace_id, import_id, line, reason, raw)
             select $1, $2, line, reason, raw
             from unnest($3::bigint[], $4::text[], $5::text[]) as bad(line, reason, raw)",
            workspace.0,
            id.0,
            &lines,
            &reasons,
            &raws
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn name_batch(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
        batch: i32,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "update import set batch_id = $2 where import_id = $1",
            id.0,
            batch
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn note_progress(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
        bytes_done: u64,
        summary: &ImportSummary,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        relax(&mut transaction).await?;
        sqlx::query!(
            "update import
             set bytes_done = $2, rows = $3, stored = $4, duplicates = $5, rejected = $6, customers_new = $7,
                 first_at = $8, last_at = $9, erased = $10
             where import_id = $1",
            id.0,
            to_count(bytes_done),
            to_count(summary.rows),
            to_count(summary.stored),
            to_count(summary.duplicates),
            to_count(summary.rejected),
            to_count(summary.customers_new),
            summary.from.map(to_db),
            summary.until.map(to_db),
            to_count(summary.erased)
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn end_import(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "update import
             set phase = case when $2::text is null then 'done' else 'failed' end, error = $2, ended_at = now(),
                 bytes_done = case when $2::text is null then bytes_total else bytes_done end
             where import_id = $1",
            id.0,
            error
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Adds what became of a set.
fn add(summary: &mut ImportSummary, set: &SetDone) {
    summary.rows += set.rows;
    summary.rejected += u64::try_from(set.rejected.len()).expect("lengths fit 64 bits");
    summary.stored += set.written.stored;
    summary.duplicates += set.written.duplicates;
    summary.erased += set.written.erased;
    summary.customers_new += set.written.customers_new;
    if let Some((from, until)) = set.span {
        summary.from = summary.from.into_iter().chain([from]).min();
        summary.until = summary.until.max(Some(until));
    }
}

/// Gives the lock back. Closing alone would do it, too, but only when the server gets round to it, and an import may be
/// queued and run again at once.
async fn unlock(mut connection: PgConnection, id: ImportId) {
    let unlocked = sqlx::query_scalar!(
        r#"select pg_advisory_unlock($1, $2) as "unlocked!""#,
        RUNNING_LOCK,
        id.0
    )
    .fetch_one(&mut connection)
    .await;
    let closed = match unlocked {
        Ok(_) => connection.close().await,
        Err(error) => Err(error),
    };
    if let Err(error) = closed {
        tracing::debug!(%error, "the import's lock was released by a broken connection");
    }
}
