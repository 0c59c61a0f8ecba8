//! Saved reports: questions under a name.

use crate::instant::from_db;
use crate::{PersonId, Store, StoreError, WorkspaceId};
use analysis::saved::{Label, ReportKind};
use jiff::Timestamp;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A saved report.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedReport {
    /// Its number in the workspace.
    pub id: i32,
    /// What it is called and where it lies.
    pub label: Label,
    /// The page that answers it.
    pub kind: ReportKind,
    /// The question as that page's address has it: "" or "?grain=month".
    pub question: String,
    /// Whose it is, by name or address; `None`: nobody's any more.
    pub owner: Option<String>,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// Links that were made from it and still answer.
    pub links: u64,
}

struct ReportRow {
    report_id: i32,
    name: String,
    description: String,
    folder: String,
    kind: String,
    question: String,
    owner: Option<String>,
    changed_at: OffsetDateTime,
    links: i64,
}

impl TryFrom<ReportRow> for SavedReport {
    type Error = StoreError;

    fn try_from(row: ReportRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.report_id,
            label: Label {
                name: row.name,
                description: row.description,
                folder: row.folder,
            },
            kind: kind(&row.kind)?,
            question: row.question,
            owner: row.owner,
            changed_at: from_db(row.changed_at),
            links: row.links.unsigned_abs(),
        })
    }
}

/// The kind that a row names; the column's check admits no other.
pub(crate) fn kind(name: &str) -> Result<ReportKind, StoreError> {
    name.parse().map_err(|_| StoreError::NotFound)
}

impl Store {
    /// The saved reports of a workspace, by folder and name.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn reports(&self, workspace: WorkspaceId) -> Result<Vec<SavedReport>, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let rows = rows(&mut transaction, workspace, None).await?;
        transaction.commit().await?;
        rows.into_iter().map(SavedReport::try_from).collect()
    }

    /// A saved report.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn report(&self, workspace: WorkspaceId, id: i32) -> Result<SavedReport, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let found = rows(&mut transaction, workspace, Some(id)).await?;
        transaction.commit().await?;
        let row = found.into_iter().next().ok_or(StoreError::NotFound)?;
        SavedReport::try_from(row)
    }

    /// Saves a question under a name, as a person's, and gives its number.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn save_report(
        &self,
        workspace: WorkspaceId,
        label: &Label,
        (kind, question): (ReportKind, &str),
        person: Option<PersonId>,
    ) -> Result<i32, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let id = sqlx::query_scalar!(
            "insert into report (workspace_id, name, description, folder, kind, question, person_id)
             values ($1, $2, $3, $4, $5, $6, $7)
             returning report_id",
            workspace.0,
            label.name,
            label.description,
            label.folder,
            kind.as_str(),
            question,
            person.map(|person| person.0)
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// Gives a report another name, description and folder.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn label_report(
        &self,
        workspace: WorkspaceId,
        id: i32,
        label: &Label,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query_scalar!(
            "update report set name = $3, description = $4, folder = $5, changed_at = now()
             where workspace_id = $1 and report_id = $2
             returning report_id",
            workspace.0,
            id,
            label.name,
            label.description,
            label.folder
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Puts another question of the same kind in a report's place. Links made from it keep theirs.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for a report of another kind.
    pub async fn change_report(
        &self,
        workspace: WorkspaceId,
        id: i32,
        (kind, question): (ReportKind, &str),
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query_scalar!(
            "update report set question = $4, changed_at = now()
             where workspace_id = $1 and report_id = $2 and kind = $3
             returning report_id",
            workspace.0,
            id,
            kind.as_str(),
            question
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Deletes a report, and with it the links that were made from it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_report(&self, workspace: WorkspaceId, id: i32) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query_scalar!(
            "delete from report where workspace_id = $1 and report_id = $2 returning report_id",
            workspace.0,
            id
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

async fn rows(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    only: Option<i32>,
) -> Result<Vec<ReportRow>, StoreError> {
    Ok(sqlx::query_as!(
        ReportRow,
        r#"select r.report_id, r.name, r.description, r.folder, r.kind, r.question, r.changed_at,
                  coalesce(nullif(p.name, ''), p.email) as "owner?",
                  (select count(*) from link l
                   where l.workspace_id = r.workspace_id and l.report_id = r.report_id and l.revoked_at is null
                     and (l.expires_at is null or l.expires_at > now())) as "links!"
           from report r
           left join person p using (person_id)
           where r.workspace_id = $1 and ($2::integer is null or r.report_id = $2)
           order by lower(r.folder), lower(r.name), r.report_id"#,
        workspace.0,
        only
    )
    .fetch_all(connection)
    .await?)
}
