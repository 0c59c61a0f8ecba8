//! How many customers a workspace has.

use crate::{Store, StoreError, WorkspaceId};

impl Store {
    /// Customers of a workspace. They are numbered densely inside their shards, so the numbers to come next are their
    /// count, whatever its size.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn customers(&self, workspace: WorkspaceId) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"select coalesce(sum(next_customer_no), 0)::bigint as "count!" from shard where workspace_id = $1"#,
            workspace.0
        )
        .fetch_one(&mut *self.tenant(workspace).await?)
        .await?;
        Ok(count.unsigned_abs())
    }
}
