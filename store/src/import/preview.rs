//! Between a file's arrival and its import: a look at it with a person's answers, and the ways out.

use super::ImportId;
use crate::{Store, StoreError, WorkspaceId};
use analysis::import::{ColumnRole, FileKind, ImportPreview};
use intake::{ColumnChoice, DateOrder, IntakeError, Mapping, Options, preview};
use std::fs::File;
use std::path::{Path, PathBuf};

/// What a person says of a file beyond what it says itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Events or customers; none: told by the columns.
    pub kind: Option<FileKind>,
    /// Roles of the columns, in the order of the file; none: told by their names.
    pub roles: Vec<ColumnRole>,
    /// Which part of a date is the day.
    pub dates: Option<DateOrder>,
    /// The event that every row is, for files without a column of event names.
    pub event: Option<String>,
}

/// A file as it will be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// What was found in it.
    pub preview: ImportPreview,
    /// How it is read; none while the preview has problems.
    pub mapping: Option<Mapping>,
}

/// Looks at the beginning of a file.
///
/// `zone`: IANA zone of times without offset, the workspace's.
///
/// # Errors
/// When the file as a whole can't be read. What a person can answer is in the preview's problems instead.
pub async fn look(file: PathBuf, zone: String, said: Said) -> Result<Look, IntakeError> {
    tokio::task::spawn_blocking(move || look_at(&file, &zone, said))
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error).into()))
}

fn look_at(file: &Path, zone: &str, said: Said) -> Result<Look, IntakeError> {
    let mut options = Options {
        kind: said.kind,
        dates: said.dates,
        event: said.event,
        ..Options::new(zone)
    };
    if !said.roles.is_empty() {
        // Roles are said by place and applied by name: the names have to be read first.
        let columns = preview(File::open(file)?, &options)?.columns;
        options.columns = columns
            .into_iter()
            .zip(said.roles)
            .filter(|(column, _)| !column.name.is_empty())
            .map(|(column, role)| ColumnChoice {
                column: column.name,
                role,
            })
            .collect();
    }
    let preview = preview(File::open(file)?, &options)?;
    let mapping = match Mapping::new(&preview, &options) {
        Ok(mapping) => Some(mapping),
        Err(IntakeError::Unanswered(_)) => None,
        Err(error) => return Err(error),
    };
    Ok(Look { preview, mapping })
}

impl Store {
    /// Forgets an import that nobody confirmed. Its file is the caller's to remove.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such import, or it was confirmed.
    pub async fn discard_import(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let discarded = sqlx::query!(
            "delete from import where workspace_id = $1 and import_id = $2 and phase = 'uploaded'",
            workspace.0,
            id.0
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        match discarded.rows_affected() {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }

    /// Notes why an import ended that could not say so itself. One that has ended stays as it is.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn break_import(
        &self,
        workspace: WorkspaceId,
        id: ImportId,
        why: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "update import set phase = 'failed', error = $3, ended_at = now()
             where workspace_id = $1 and import_id = $2 and phase in ('queued', 'running')",
            workspace.0,
            id.0,
            why
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}
