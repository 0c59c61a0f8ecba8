//! Appends rows by one statement a set, column by column: `COPY` is refused where row-level security is.

use super::key::Key;
use crate::instant::micros_to_db;
use crate::{StoreError, WorkspaceId};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;

/// An event whose names have become numbers.
pub(crate) struct NumberedEvent<'a> {
    pub(crate) shard: i16,
    pub(crate) customer_no: i32,
    pub(crate) event_name_id: i32,
    pub(crate) at: Timestamp,
    pub(crate) properties: Option<&'a Map<String, Value>>,
}

/// Appends events to `event`.
pub(crate) async fn append_events(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    batch: i32,
    events: &[NumberedEvent<'_>],
) -> Result<u64, StoreError> {
    let shards: Vec<i16> = events.iter().map(|event| event.shard).collect();
    let customers: Vec<i32> = events.iter().map(|event| event.customer_no).collect();
    let names: Vec<i32> = events.iter().map(|event| event.event_name_id).collect();
    let instants: Vec<_> = events.iter().map(|event| stored_at(event.at)).collect();
    let properties = stored_properties(events.iter().map(|event| event.properties));
    let appended = sqlx::query!(
        // Side by side in the list of columns, arrays are read as rows are made; as a table they would be stored first.
        "insert into event (workspace_id, batch_id, shard, customer_no, event_name_id, at, properties)
         select $1, $2, unnest($3::smallint[]), unnest($4::integer[]), unnest($5::integer[]),
                unnest($6::timestamptz[]), unnest($7::jsonb[])",
        workspace.0,
        batch,
        &shards,
        &customers,
        &names,
        &instants,
        &properties as _
    )
    .execute(connection)
    .await?;
    Ok(appended.rows_affected())
}

/// Cut to microseconds here, as the index does it, and not by sqlx, which cuts towards the year 2000.
pub(super) fn stored_at(at: Timestamp) -> OffsetDateTime {
    micros_to_db(at.as_microsecond())
}

/// Properties as a column. Mostly there are none: then an empty array says so of all.
pub(super) fn stored_properties<'a>(
    all: impl Iterator<Item = Option<&'a Map<String, Value>>> + Clone,
) -> Vec<Option<Json<&'a Map<String, Value>>>> {
    match all.clone().any(|one| one.is_some()) {
        true => all.map(|one| one.map(Json)).collect(),
        false => Vec::new(),
    }
}

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
