//! What the index does for streams that are derived from events: it tells who did something lately, takes what is new,
//! and forgets what is to be made anew.

use super::fold::lock;
use super::kept;
use crate::{StoreError, WorkspaceId};
use index::chunk::Event;
use index::segment::Segment;
use sqlx::PgConnection;

/// A shard that nobody else writes to or folds until the transaction ends.
pub(crate) struct LockedShard {
    /// Its last write.
    pub(crate) version: i64,
    /// The last write that is in its chunks; the journal tells of all later ones.
    pub(crate) folded: i64,
}

/// Locks what is folded of a shard, then the shard.
pub(crate) async fn lock_shard(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
) -> Result<LockedShard, StoreError> {
    lock(&mut *connection, workspace, shard).await?;
    let row = sqlx::query!(
        "select s.version, a.version as folded
         from shard s join activity_shard a using (workspace_id, shard)
         where s.workspace_id = $1 and s.shard = $2 for update of s",
        workspace.0,
        shard
    )
    .fetch_one(connection)
    .await?;
    Ok(LockedShard {
        version: row.version,
        folded: row.folded,
    })
}

/// The customers of a shard who did one of these events by a write after `since`, by number. The journal has to reach
/// back so far.
pub(crate) async fn touched_customers(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
    since: i64,
    events: &[i32],
) -> Result<Vec<i32>, StoreError> {
    let segments = sqlx::query_scalar!(
        "select segment from activity_journal where workspace_id = $1 and shard = $2 and version > $3",
        workspace.0,
        shard,
        since
    )
    .fetch_all(connection)
    .await?;
    let mut customers = Vec::new();
    for bytes in segments {
        for ((stream, month), chunk) in &Segment::parse(&bytes)?.parts {
            if events.contains(stream) {
                let did = chunk.decode(*month)?.into_iter();
                customers.extend(did.map(|event| event.customer.cast_signed()));
            }
        }
    }
    customers.sort_unstable();
    customers.dedup();
    Ok(customers)
}

/// Takes streams out of a locked shard's chunks and journal.
pub(crate) async fn clear_streams(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
    streams: &[i32],
) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from activity_chunk where workspace_id = $1 and shard = $2 and event_name_id = any($3)",
        workspace.0,
        shard,
        streams
    )
    .execute(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        "select version, segment from activity_journal where workspace_id = $1 and shard = $2",
        workspace.0,
        shard
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in rows {
        let mut segment = Segment::parse(&row.segment)?;
        let before = segment.parts.len();
        segment
            .parts
            .retain(|(stream, _), _| !streams.contains(stream));
        if segment.parts.len() < before {
            sqlx::query!(
                "update activity_journal set segment = $4
                 where workspace_id = $1 and shard = $2 and version = $3",
                workspace.0,
                shard,
                row.version,
                segment.to_bytes()
            )
            .execute(&mut *connection)
            .await?;
        }
    }
    // Chunks are remembered by the version that they were folded at: they get one of their own.
    sqlx::query!(
        "with next as (
             update shard set version = version + 1 where workspace_id = $1 and shard = $2 returning version
         )
         update activity_shard a set version = next.version from next
         where a.workspace_id = $1 and a.shard = $2",
        workspace.0,
        shard
    )
    .execute(&mut *connection)
    .await?;
    kept::forget(connection, workspace, shard).await
}

/// Adds events to a locked shard's journal as its next write, and returns that write's version.
pub(crate) async fn next_segment(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
    events: Vec<(i32, Event)>,
) -> Result<i64, StoreError> {
    let version = sqlx::query_scalar!(
        "update shard set version = version + 1 where workspace_id = $1 and shard = $2 returning version",
        workspace.0,
        shard
    )
    .fetch_one(&mut *connection)
    .await?;
    kept::forget(&mut *connection, workspace, shard).await?;
    if !events.is_empty() {
        sqlx::query!(
            "insert into activity_journal (workspace_id, shard, version, segment) values ($1, $2, $3, $4)",
            workspace.0,
            shard,
            version,
            Segment::new(events, Vec::new()).to_bytes()
        )
        .execute(connection)
        .await?;
    }
    Ok(version)
}
