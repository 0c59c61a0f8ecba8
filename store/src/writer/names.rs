//! Event names and their numbers.

use super::memory::Memory;
use crate::{Store, StoreError, WorkspaceId};
use foldhash::{HashMap, HashMapExt};
use intake::EventRecord;
use sqlx::PgConnection;
use std::collections::BTreeSet;

impl Store {
    /// The number of each row's name, row by row; new names are added. In statements of their own: two writers that add
    /// the same name in their transactions would wait for each other's whole sets.
    pub(super) async fn number_names(
        &self,
        workspace: WorkspaceId,
        rows: &[EventRecord],
        memory: &mut Memory,
    ) -> Result<Vec<i32>, StoreError> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut names = Vec::new();
        let of_rows: Vec<usize> = rows
            .iter()
            .map(|row| {
                *places.entry(&row.name).or_insert_with(|| {
                    names.push(row.name.as_str());
                    names.len() - 1
                })
            })
            .collect();
        // in order, so that two writers that add the same names don't wait in a circle
        let wanted: BTreeSet<&str> = names
            .iter()
            .copied()
            .filter(|name| memory.name(name).is_none())
            .collect();
        let mut known = HashMap::new();
        if !wanted.is_empty() {
            let mut transaction = self.tenant(workspace).await?;
            known = known_names(&mut transaction, workspace, &wanted).await?;
            let missing: Vec<String> = wanted
                .iter()
                .filter(|&&name| !known.contains_key(name))
                .map(|&name| name.to_owned())
                .collect();
            if !missing.is_empty() {
                add_names(&mut transaction, workspace, &missing).await?;
                known = known_names(&mut transaction, workspace, &wanted).await?;
            }
            transaction.commit().await?;
        }
        let numbers: Vec<i32> = names
            .iter()
            .map(|&name| {
                let number = known.get(name).copied().or_else(|| memory.name(name));
                number.expect("each is known or was added")
            })
            .collect();
        memory.keep_names(known);
        Ok(of_rows.into_iter().map(|place| numbers[place]).collect())
    }
}

async fn add_names(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    names: &[String],
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into event_name (workspace_id, name)
         select $1, name from unnest($2::text[]) as name order by name
         on conflict do nothing",
        workspace.0,
        names
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn known_names(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    wanted: &BTreeSet<&str>,
) -> Result<HashMap<String, i32>, StoreError> {
    let names: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
    let rows = sqlx::query!(
        "select name, event_name_id from event_name where workspace_id = $1 and not derived and name = any($2)",
        workspace.0,
        &names
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.name, row.event_name_id))
        .collect())
}
