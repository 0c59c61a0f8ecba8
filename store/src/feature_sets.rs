//! Events that are one feature together, saved under a name.

use crate::{Store, StoreError, WorkspaceId};
use analysis::quartiles::FeatureSet;
use sqlx::PgConnection;

impl Store {
    /// The saved features of a workspace, by name.
    ///
    /// # Errors
    /// When the data base can't answer.
    pub async fn feature_sets(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<FeatureSet>, StoreError> {
        all(&mut *self.tenant(workspace).await?, workspace).await
    }

    /// Saves events as a feature; its events are put in order.
    ///
    /// # Errors
    /// [`StoreError::Query`] for what breaks a limit, [`StoreError::Conflict`] for a slug that is taken.
    pub async fn save_feature_set(
        &self,
        workspace: WorkspaceId,
        set: &FeatureSet,
    ) -> Result<FeatureSet, StoreError> {
        let mut set = set.clone();
        set.events.sort();
        set.events.dedup();
        set.validate()?;
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "insert into feature_set (workspace_id, slug, name, events) values ($1, $2, $3, $4)",
            workspace.0,
            set.slug,
            set.name,
            &set.events
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(set)
    }

    /// Deletes a saved feature. The events stay.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_feature_set(
        &self,
        workspace: WorkspaceId,
        slug: &str,
    ) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let deleted = sqlx::query!(
            "delete from feature_set where workspace_id = $1 and slug = $2",
            workspace.0,
            slug
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        match deleted.rows_affected() {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }
}

/// All of a workspace, by name.
pub(crate) async fn all(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
) -> Result<Vec<FeatureSet>, StoreError> {
    Ok(sqlx::query_as!(
        FeatureSet,
        "select slug, name, events from feature_set where workspace_id = $1 order by lower(name), slug",
        workspace.0
    )
    .fetch_all(connection)
    .await?)
}
