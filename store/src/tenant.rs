//! Whose rows a transaction may touch. Row-level security in the data base hides all others (migration 0009), so a
//! statement that forgot its workspace finds nothing instead of a neighbour's rows.

use crate::{Store, StoreError, WorkspaceId};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

impl Store {
    /// A transaction that sees and writes the rows of one workspace and no other's. One that only reads need not be
    /// ended: what is dropped is rolled back.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub(crate) async fn tenant(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Transaction<'static, Postgres>, StoreError> {
        let begin = begin_in("begin", workspace);
        Ok(self.pool.begin_with(AssertSqlSafe(begin)).await?)
    }

    /// Whether row-level security binds the role that this store connects as. It does not bind superusers, nor roles that
    /// may pass it by.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn is_bound(&self) -> Result<bool, StoreError> {
        let bound = sqlx::query_scalar!(
            r#"select not (rolsuper or rolbypassrls) as "bound!" from pg_roles where rolname = current_user"#
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(bound)
    }

    /// A transaction that sees the directories of all workspaces (their names and definitions, who is in them, one-time
    /// links, waiting imports) and none of their data. For what has to be asked before it is known which workspace is
    /// meant, and for work in the background.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub(crate) async fn system(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let begin = "begin; set local holdfast.scope = 'system'";
        Ok(self.pool.begin_with(begin).await?)
    }
}

/// The statements that begin a transaction and have it see one workspace only, on one way to the data base: of a warm
/// question's time, half is such ways.
pub(crate) fn begin_in(begin: &str, workspace: WorkspaceId) -> String {
    format!("{begin}; set local holdfast.workspace = '{}'", workspace.0)
}

/// Has the rest of a connection's transaction see one workspace only.
pub(crate) async fn enter(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "select set_config('holdfast.workspace', $1::integer::text, true)",
        workspace.0
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
