//! Appends rows, a set at a time.

use super::copy::copy_events;
use super::key::Key;
use crate::{StoreError, WorkspaceId};
use serde_json::{Map, Value};
use sqlx::PgConnection;

/// An event whose names have become numbers.
pub(crate) struct NumberedEvent<'a> {
    pub(crate) shard: i16,
    pub(crate) customer_no: i32,
    pub(crate) event_name_id: i32,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) properties: Option<&'a Map<String, Value>>,
}

/// Appends events to `event`, once a transaction: they are copied into a table of the connection's own, which its end
/// empties, and inserted from there. `COPY` into the table itself is refused, since it has row-level security.
pub(crate) async fn append_events(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    batch: i32,
    events: &[NumberedEvent<'_>],
) -> Result<u64, StoreError> {
    sqlx::raw_sql(ARRIVING).execute(&mut *connection).await?;
    copy_events(&mut *connection, events).await?;
    // Not checked when it is compiled: the table is there only while a writer is.
    let appended = sqlx::query(
        "insert into event (workspace_id, batch_id, shard, customer_no, event_name_id, at, properties)
         select $1, $2, shard, customer_no, event_name_id, at, properties from arriving_event",
    )
    .bind(workspace.0)
    .bind(batch)
    .execute(connection)
    .await?;
    Ok(appended.rows_affected())
}

/// A writer's own table, made by his first set. He need not hear each time that it is there.
const ARRIVING: &str = "set local client_min_messages = warning;
    create temporary table if not exists arriving_event (
        shard smallint, customer_no integer, event_name_id integer, at timestamptz, properties jsonb
    ) on commit delete rows";

/// Appends keys to `event_key`.
pub(super) async fn append_keys(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    keys: impl Iterator<Item = (i16, Key)>,
) -> Result<(), StoreError> {
    let (shards, keys): (Vec<i16>, Vec<Key>) = keys.unzip();
    sqlx::query!(
        "insert into event_key (workspace_id, shard, key)
         select $1, told.* from unnest($2::smallint[], $3::uuid[]) as told",
        workspace.0,
        &shards,
        &keys as _
    )
    .execute(connection)
    .await?;
    Ok(())
}
