//! Rows in Postgres' binary `COPY` format: the shortest way from a value in memory to a row.

use super::append::NumberedEvent;
use crate::StoreError;
use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use sqlx::postgres::PgCopyIn;

/// Bytes sent at a time.
const PIECE: usize = 256 * 1024;

/// The signature, no flags, no further header.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Ends the rows.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// 2000-01-01, where Postgres' clock begins.
const POSTGRES_EPOCH: Timestamp = Timestamp::constant(946_684_800, 0);

const COPY: &str = "copy arriving_event (shard, customer_no, event_name_id, at, properties)
    from stdin (format binary)";

/// Streams events into a writer's own table.
pub(super) async fn copy_events(
    connection: &mut PgConnection,
    events: &[NumberedEvent<'_>],
) -> Result<(), StoreError> {
    let mut copy = connection.copy_in_raw(COPY).await?;
    match send(&mut copy, events).await {
        Ok(()) => copy.finish().await.map(drop)?,
        Err(error) => {
            copy.abort("the rows could not be sent").await?;
            return Err(error);
        }
    }
    Ok(())
}

async fn send(
    copy: &mut PgCopyIn<&mut PgConnection>,
    events: &[NumberedEvent<'_>],
) -> Result<(), StoreError> {
    let mut rows = Rows(HEADER.to_vec());
    for event in events {
        rows.begin(5);
        rows.put(&event.shard.to_be_bytes())?;
        rows.put(&event.customer_no.to_be_bytes())?;
        rows.put(&event.event_name_id.to_be_bytes())?;
        let at = event.at - POSTGRES_EPOCH.as_microsecond();
        rows.put(&at.to_be_bytes())?;
        rows.put_json(event.properties)?;
        if rows.0.len() >= PIECE {
            copy.send(rows.0.as_slice()).await?;
            rows.0.clear();
        }
    }
    rows.0.extend_from_slice(&TRAILER);
    copy.send(rows.0.as_slice()).await?;
    Ok(())
}

/// Rows being written.
struct Rows(Vec<u8>);

impl Rows {
    fn begin(&mut self, columns: i16) {
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
