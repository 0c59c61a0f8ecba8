//! Event names and their numbers.

use super::memory::Memory;
use crate::{StoreError, WorkspaceId};
use intake::EventRecord;
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The numbers of all names of the rows; new names are added.
pub(super) async fn event_names<'a>(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    rows: &'a [EventRecord],
    memory: &Memory,
) -> Result<HashMap<&'a str, i32>, StoreError> {
    let all: HashSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let mut numbers = HashMap::with_capacity(all.len());
    // in order, so that two writers that add the same names don't wait for each other
    let mut wanted = BTreeSet::new();
    for name in all {
        match memory.name(name) {
            Some(number) => {
                numbers.insert(name, number);
            }
            None => {
                wanted.insert(name);
            }
        }
    }
    if wanted.is_empty() {
        return Ok(numbers);
    }
    let mut known = known_names(connection, workspace, &wanted).await?;
    let missing: Vec<String> = wanted
        .iter()
        .filter(|name| !known.contains_key(*name))
        .map(|&name| name.to_owned())
        .collect();
    if !missing.is_empty() {
        sqlx::query!(
            "insert into event_name (workspace_id, name)
             select $1, name from unnest($2::text[]) as name order by name
             on conflict do nothing",
            workspace.0,
            &missing
        )
        .execute(&mut *connection)
        .await?;
        known = known_names(connection, workspace, &wanted).await?;
    }
    numbers.extend(known);
    Ok(numbers)
}

async fn known_names<'a>(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    wanted: &BTreeSet<&'a str>,
) -> Result<HashMap<&'a str, i32>, StoreError> {
    let names: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
    let rows = sqlx::query!(
        "select name, event_name_id from event_name where workspace_id = $1 and name = any($2)",
        workspace.0,
        &names
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((*wanted.get(row.name.as_str())?, row.event_name_id)))
        .collect())
}
