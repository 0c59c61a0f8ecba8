//! What was done in a workspace, for its owners. Rows are only ever added; they hold no secret.

use super::PersonId;
use crate::instant::from_db;
use crate::{Store, StoreError, WorkspaceId};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::PgConnection;

/// What can be noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// Signed in with a password or a link.
    SignedIn,
    /// Gave a wrong password.
    FailedToSignIn,
    /// Set a password.
    ChangedPassword,
    /// Made a link for somebody who lost his password.
    MadeLink,
    /// Invited somebody.
    Invited,
    /// Took an invitation back.
    WithdrewInvitation,
    /// Came in by an invitation, or was added.
    Joined,
    /// Gave somebody another role.
    ChangedRole,
    /// Took somebody out of the workspace.
    Removed,
    /// Made a key.
    MadeKey,
    /// Revoked a key.
    RevokedKey,
    /// Changed something else; the subject is where.
    Changed,
}

impl Did {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::FailedToSignIn => "failed_to_sign_in",
            Self::ChangedPassword => "changed_password",
            Self::MadeLink => "made_link",
            Self::Invited => "invited",
            Self::WithdrewInvitation => "withdrew_invitation",
            Self::Joined => "joined",
            Self::ChangedRole => "changed_role",
            Self::Removed => "removed",
            Self::MadeKey => "made_key",
            Self::RevokedKey => "revoked_key",
            Self::Changed => "changed",
        }
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Its number; later ones are higher.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who, as pages call him; `None`: the command line, or nobody who was signed in.
    pub who: Option<String>,
    /// [`Did`], as it is stored.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// More about it, such as a role.
    pub details: Value,
}

/// A note to be made.
pub(super) struct Note<'a> {
    pub(super) person: Option<PersonId>,
    pub(super) did: Did,
    pub(super) subject: &'a str,
    pub(super) details: Value,
}

impl Store {
    /// Notes that somebody changed something: `subject` says where.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn note_change(
        &self,
        workspace: WorkspaceId,
        person: PersonId,
        subject: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let changed = Note {
            person: Some(person),
            did: Did::Changed,
            subject,
            details: json!({}),
        };
        note(&mut transaction, workspace, changed).await?;
        Ok(transaction.commit().await?)
    }

    /// The log, newest first: at most `limit` lines, those before the line `before` if it is given.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn audit(
        &self,
        workspace: WorkspaceId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let rows = sqlx::query!(
            r#"select a.audit_id, a.at, a.action, a.subject, a.details,
                      coalesce(nullif(p.name, ''), p.email) as who, p.person_id as "person_id?"
               from audit a left join person p using (person_id)
               where a.workspace_id = $1 and ($2::bigint is null or a.audit_id < $2)
               order by a.audit_id desc limit $3"#,
            workspace.0,
            before,
            i64::from(limit)
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let entries = rows.into_iter().map(|row| AuditEntry {
            id: row.audit_id,
            at: from_db(row.at),
            who: row
                .person_id
                .map(|_| row.who.unwrap_or_else(|| "the first owner".to_owned())),
            action: row.action,
            subject: row.subject,
            details: row.details,
        });
        Ok(entries.collect())
    }
}

/// Notes something in a transaction of its workspace.
pub(super) async fn note(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    note: Note<'_>,
) -> Result<(), StoreError> {
    let subject: String = note.subject.chars().take(300).collect();
    sqlx::query!(
        "insert into audit (workspace_id, person_id, action, subject, details) values ($1, $2, $3, $4, $5)",
        workspace.0,
        note.person.map(|person| person.0),
        note.did.as_str(),
        subject,
        note.details
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes something about a person in each of his workspaces, which the transaction enters one after another.
pub(super) async fn note_everywhere(
    connection: &mut PgConnection,
    person: PersonId,
    did: Did,
) -> Result<(), StoreError> {
    let workspaces = sqlx::query_scalar!(
        "select workspace_id from membership where person_id = $1 order by workspace_id",
        person.0
    )
    .fetch_all(&mut *connection)
    .await?;
    for workspace in workspaces.into_iter().map(WorkspaceId) {
        crate::tenant::enter(connection, workspace).await?;
        let noted = Note {
            person: Some(person),
            did,
            subject: "",
            details: json!({}),
        };
        note(connection, workspace, noted).await?;
    }
    Ok(())
}
