//! The numbers of event names.

use crate::{StoreError, Workspace};
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most names that are remembered.
const MOST: usize = 20_000;

/// Names of workspaces with their numbers. A name keeps its number for ever, so it is asked for once.
#[derive(Debug, Default)]
pub(crate) struct EventNames(Mutex<HashMap<(i32, String), i32>>);

impl EventNames {
    /// The numbers of names, of all when none is named; those that were never stored have none.
    pub(crate) async fn ids(
        &self,
        connection: &mut PgConnection,
        workspace: &Workspace,
        names: &[String],
    ) -> Result<Vec<i32>, StoreError> {
        let known = self.known(workspace, names);
        if let Some(known) = known.filter(|known| !known.is_empty()) {
            return Ok(known);
        }
        let rows = sqlx::query!(
            "select event_name_id, name from event_name
             where workspace_id = $1 and not derived and (cardinality($2::text[]) = 0 or name = any($2))
             order by event_name_id",
            workspace.id.0,
            names
        )
        .fetch_all(connection)
        .await?;
        let ids = rows.iter().map(|row| row.event_name_id).collect();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() + rows.len() > MOST {
            all.clear();
        }
        let rows = rows.into_iter();
        all.extend(rows.map(|row| ((workspace.id.0, row.name), row.event_name_id)));
        Ok(ids)
    }

    /// The numbers, if all names are known.
    fn known(&self, workspace: &Workspace, names: &[String]) -> Option<Vec<i32>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = |name: &String| all.get(&(workspace.id.0, name.clone())).copied();
        let ids: Option<Vec<i32>> = names.iter().map(id).collect();
        let mut ids = ids?;
        ids.sort_unstable();
        ids.dedup();
        Some(ids)
    }
}
