//! Rows in Postgres' binary `COPY` format: the shortest way from a value in memory to a row.

use super::key::Key;
use crate::StoreError;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use sqlx::postgres::PgCopyIn;

/// An event whose names have become numbers.
pub(crate) struct NumberedEvent<'a> {
    pub(crate) workspace: i32,
    pub(crate) shard: i16,
    pub(crate) customer_no: i32,
    pub(crate) event_name_id: i32,
    pub(crate) batch_id: i32,
    pub(crate) at: Timestamp,
    pub(crate) properties: Option<&'a Map<String, Value>>,
}

/// Bytes sent at a time.
const CHUNK: usize = 256 * 1024;

/// The signature, no flags, no further header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Ends the rows.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// 2000-01-01, where Postgres' clock begins.
const POSTGRES_EPOCH: Timestamp = Timestamp::constant(946_684_800, 0);

/// Appends events to `event`.
pub(crate) async fn copy_events<'a>(
    connection: &mut PgConnection,
    events: impl Iterator<Item = NumberedEvent<'a>>,
) -> Result<u64, StoreError> {
    let statement =
        "copy event (workspace_id, shard, customer_no, event_name_id, batch_id, at, properties)
                     from stdin (format binary)";
    copy(connection, statement, events, |row, event| {
        row.columns(7);
        row.put(&event.workspace.to_be_bytes())?;
        row.put(&event.shard.to_be_bytes())?;
        row.put(&event.customer_no.to_be_bytes())?;
        row.put(&event.event_name_id.to_be_bytes())?;
        row.put(&event.batch_id.to_be_bytes())?;
        let at = event.at.as_microsecond() - POSTGRES_EPOCH.as_microsecond();
        row.put(&at.to_be_bytes())?;
        row.put_json(event.properties)
    })
    .await
}

/// Appends keys to `event_key`.
pub(super) async fn copy_keys(
    connection: &mut PgConnection,
    workspace: i32,
    keys: impl Iterator<Item = (i16, Key)>,
) -> Result<u64, StoreError> {
    let statement = "copy event_key (workspace_id, shard, key) from stdin (format binary)";
    copy(connection, statement, keys, |row, (shard, key)| {
        row.columns(3);
        row.put(&workspace.to_be_bytes())?;
        row.put(&shard.to_be_bytes())?;
        row.put(&key.0)
    })
    .await
}

async fn copy<T>(
    connection: &mut PgConnection,
    statement: &'static str,
    rows: impl Iterator<Item = T>,
    write: impl Fn(&mut Buffer, T) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let mut copy = connection.copy_in_raw(statement).await?;
    match send(&mut copy, rows, write).await {
        Ok(()) => Ok(copy.finish().await?),
        Err(error) => {
            copy.abort("the rows could not be sent").await?;
            Err(error)
        }
    }
}

async fn send<T>(
    copy: &mut PgCopyIn<&mut PgConnection>,
    rows: impl Iterator<Item = T>,
    write: impl Fn(&mut Buffer, T) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut buffer = Buffer(HEADER.to_vec());
    for row in rows {
        write(&mut buffer, row)?;
        if buffer.0.len() >= CHUNK {
            copy.send(buffer.0.as_slice()).await?;
            buffer.0.clear();
        }
    }
    buffer.0.extend_from_slice(&TRAILER);
    copy.send(buffer.0.as_slice()).await?;
    Ok(())
}

/// Rows being written.
struct Buffer(Vec<u8>);

impl Buffer {
    /// Begins a row.
    fn columns(&mut self, columns: i16) {
        self.0.extend_from_slice(&columns.to_be_bytes());
    }

    fn put(&mut self, value: &[u8]) -> Result<(), StoreError> {
        let length = i32::try_from(value.len()).map_err(unsendable)?;
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value);
        Ok(())
    }

    fn put_json(&mut self, value: Option<&Map<String, Value>>) -> Result<(), StoreError> {
        let Some(value) = value else {
            self.0.extend_from_slice(&(-1_i32).to_be_bytes());
            return Ok(());
        };
        let start = self.0.len();
        // the length, known afterwards, and the version of jsonb's text form
        self.0.extend_from_slice(&[0, 0, 0, 0, 1]);
        serde_json::to_writer(&mut self.0, value).map_err(unsendable)?;
        let length = i32::try_from(self.0.len() - start - 4).map_err(unsendable)?;
        self.0[start..start + 4].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }
}

fn unsendable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Other(sqlx::Error::Encode(Box::new(error)))
}
