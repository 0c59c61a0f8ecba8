//! Events in Postgres' binary `COPY` format: the shortest way from a value in memory to a row.

use crate::StoreError;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use sqlx::postgres::PgCopyIn;

/// An event whose names have become numbers.
pub(super) struct NumberedEvent<'a> {
    pub(super) workspace: i32,
    pub(super) shard: i16,
    pub(super) customer_no: i32,
    pub(super) event_name_id: i32,
    pub(super) batch_id: i32,
    pub(super) at: Timestamp,
    pub(super) properties: Option<&'a Map<String, Value>>,
}

/// Bytes sent at a time.
const CHUNK: usize = 256 * 1024;

/// The signature, no flags, no further header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Columns of a row.
const COLUMNS: i16 = 7;

/// Ends the rows.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// 2000-01-01, where Postgres' clock begins.
const POSTGRES_EPOCH: Timestamp = Timestamp::constant(946_684_800, 0);

/// Appends events to `event`.
pub(super) async fn copy_events<'a>(
    connection: &mut PgConnection,
    events: impl Iterator<Item = NumberedEvent<'a>>,
) -> Result<u64, StoreError> {
    let mut copy = connection
        .copy_in_raw(
            "copy event (workspace_id, shard, customer_no, event_name_id, batch_id, at, properties)
             from stdin (format binary)",
        )
        .await?;
    match send(&mut copy, events).await {
        Ok(()) => Ok(copy.finish().await?),
        Err(error) => {
            copy.abort("the rows could not be sent").await?;
            Err(error)
        }
    }
}

async fn send<'a>(
    copy: &mut PgCopyIn<&mut PgConnection>,
    events: impl Iterator<Item = NumberedEvent<'a>>,
) -> Result<(), StoreError> {
    let mut buffer = HEADER.to_vec();
    for event in events {
        put_row(&mut buffer, &event)?;
        if buffer.len() >= CHUNK {
            copy.send(buffer.as_slice()).await?;
            buffer.clear();
        }
    }
    buffer.extend_from_slice(&TRAILER);
    copy.send(buffer.as_slice()).await?;
    Ok(())
}

fn put_row(buffer: &mut Vec<u8>, event: &NumberedEvent<'_>) -> Result<(), StoreError> {
    let at = event.at.as_microsecond() - POSTGRES_EPOCH.as_microsecond();
    buffer.extend_from_slice(&COLUMNS.to_be_bytes());
    put(buffer, &event.workspace.to_be_bytes())?;
    put(buffer, &event.shard.to_be_bytes())?;
    put(buffer, &event.customer_no.to_be_bytes())?;
    put(buffer, &event.event_name_id.to_be_bytes())?;
    put(buffer, &event.batch_id.to_be_bytes())?;
    put(buffer, &at.to_be_bytes())?;
    match event.properties {
        None => buffer.extend_from_slice(&(-1_i32).to_be_bytes()),
        Some(properties) => {
            let start = buffer.len();
            // the length, known afterwards, and the version of jsonb's text form
            buffer.extend_from_slice(&[0, 0, 0, 0, 1]);
            serde_json::to_writer(&mut *buffer, properties).map_err(unsendable)?;
            let length = i32::try_from(buffer.len() - start - 4).map_err(unsendable)?;
            buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
        }
    }
    Ok(())
}

fn put(buffer: &mut Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
    let length = i32::try_from(value.len()).map_err(unsendable)?;
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(value);
    Ok(())
}

fn unsendable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Other(sqlx::Error::Encode(Box::new(error)))
}
