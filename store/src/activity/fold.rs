//! Folds the journal into chunks.

use super::load::{Journal, journal};
use crate::{Store, StoreError, WorkspaceId};
use futures::{StreamExt, TryStreamExt, stream};
use index::Broken;
use index::chunk::Chunk;
use index::month::Month;
use index::segment::{Part, Segment};
use index::starts::Starts;
use sqlx::PgConnection;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Shards folded at a time.
const AT_ONCE: usize = 2;

impl Store {
    /// Folds the journals that have at least so many segments into the chunks, each shard in a transaction of its own.
    /// Readers see the same events before and after. Returns how many segments were folded.
    ///
    /// # Errors
    /// The data base's, or that the index is damaged; what was folded before stays folded.
    pub async fn fold_activity(
        &self,
        workspace: WorkspaceId,
        at_least: u32,
    ) -> Result<u64, StoreError> {
        let shards = sqlx::query_scalar!(
            "select shard from activity_journal where workspace_id = $1
             group by shard having count(*) >= $2 order by shard",
            workspace.0,
            i64::from(at_least)
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        // One is read and written while another is folded.
        let shards = stream::iter(shards).map(|shard| self.fold_shard(workspace, shard));
        let folded = shards.buffer_unordered(AT_ONCE);
        folded
            .try_fold(0, |sum, own| async move { Ok(sum + own) })
            .await
    }

    async fn fold_shard(&self, workspace: WorkspaceId, shard: i16) -> Result<u64, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let (newest, starts) = lock(&mut transaction, workspace, shard).await?;
        let starts = Starts::parse(&starts)?;
        // Writers of a shard come one after the other, so what is seen of its journal has no gaps; and it is looked at
        // once, for a second look might see more.
        let mut journals = journal(&mut transaction, workspace.0, &[shard]).await?;
        let Some(Journal { version, segments }) = journals.remove(&shard) else {
            return Ok(0);
        };
        let count = segments.len();
        let touched = touched(&segments)?;
        let chunks = chunks(&mut transaction, workspace, shard, &touched).await?;
        let work = tokio::task::spawn_blocking(move || fold(newest, starts, chunks, &segments));
        let folded = work.await.map_err(|_| Broken("the work was given up"))??;
        folded
            .write(&mut transaction, workspace, shard, version)
            .await?;
        sqlx::query!(
            "delete from activity_journal where workspace_id = $1 and shard = $2 and version <= $3",
            workspace.0,
            shard,
            version
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

/// A shard's chunks and starts as they are to be written.
pub(super) struct Folded {
    pub(super) starts: Starts,
    /// Their newest event.
    pub(super) newest: Option<i64>,
    pub(super) chunks: BTreeMap<Part, Chunk<'static>>,
}

/// Locks what is folded of a shard, so that one folds at a time, and reads it. Who locks the shard as well locks it
/// afterwards.
pub(super) async fn lock(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
) -> Result<(Option<i64>, Vec<u8>), StoreError> {
    sqlx::query!(
        "insert into activity_shard (workspace_id, shard, version, starts) values ($1, $2, 0, $3) on conflict do nothing",
        workspace.0,
        shard,
        Starts::default().to_bytes()
    )
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query!(
        "select newest, starts from activity_shard where workspace_id = $1 and shard = $2 for update",
        workspace.0,
        shard
    )
    .fetch_one(connection)
    .await?;
    Ok((row.newest, row.starts))
}

/// The parts that segments have something of.
fn touched(segments: &[Vec<u8>]) -> Result<Vec<Part>, Broken> {
    let mut parts = Vec::new();
    for bytes in segments {
        parts.extend(Segment::parse(bytes)?.parts.into_keys());
    }
    parts.sort_unstable();
    parts.dedup();
    Ok(parts)
}

/// The chunks of these parts as they are.
async fn chunks(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
    parts: &[Part],
) -> Result<BTreeMap<Part, Chunk<'static>>, StoreError> {
    let (streams, months): (Vec<i32>, Vec<i32>) = parts
        .iter()
        .map(|(stream, month)| (*stream, month.0))
        .unzip();
    let rows = sqlx::query!(
        "select c.event_name_id, c.month, c.days, c.quarters, c.rest
         from unnest($3::integer[], $4::integer[]) as part(event_name_id, month)
         join activity_chunk c on c.workspace_id = $1 and c.shard = $2
                              and c.event_name_id = part.event_name_id and c.month = part.month",
        workspace.0,
        shard,
        &streams,
        &months
    )
    .fetch_all(connection)
    .await?;
    let chunks = rows.into_iter().map(|row| {
        let chunk = Chunk {
            days: Cow::Owned(row.days),
            quarters: Some(Cow::Owned(row.quarters)),
            rest: Some(Cow::Owned(row.rest)),
        };
        ((row.event_name_id, Month(row.month)), chunk)
    });
    Ok(chunks.collect())
}

fn fold(
    newest: Option<i64>,
    mut starts: Starts,
    mut chunks: BTreeMap<Part, Chunk<'static>>,
    segments: &[Vec<u8>],
) -> Result<Folded, Broken> {
    let mut newest = newest;
    let mut added: BTreeMap<Part, Vec<Chunk<'_>>> = BTreeMap::new();
    for bytes in segments {
        let segment = Segment::parse(bytes)?;
        newest = newest.max(starts.fold(&segment)?);
        for (part, chunk) in segment.parts {
            added.entry(part).or_default().push(chunk);
        }
    }
    for (part, added) in added {
        let before = chunks.remove(&part);
        let merged = Chunk::merge(part.1, before.iter().chain(&added))?;
        chunks.insert(part, merged);
    }
    Ok(Folded {
        newest: newest.max(starts.newest()),
        starts,
        chunks,
    })
}

impl Folded {
    /// Writes starts and chunks in the place of those before.
    pub(super) async fn write(
        self,
        connection: &mut PgConnection,
        workspace: WorkspaceId,
        shard: i16,
        version: i64,
    ) -> Result<(), StoreError> {
        let mut streams = Vec::new();
        let mut months = Vec::new();
        let mut planes: [Vec<Vec<u8>>; 3] = Default::default();
        for ((stream, month), chunk) in self.chunks {
            streams.push(stream);
            months.push(month.0);
            let finer = [chunk.quarters, chunk.rest].map(|plane| plane.ok_or(Broken::UNREAD));
            let [quarters, rest] = finer;
            planes[0].push(chunk.days.into_owned());
            planes[1].push(quarters?.into_owned());
            planes[2].push(rest?.into_owned());
        }
        let [days, quarters, rest] = planes;
        sqlx::query!(
            "insert into activity_chunk (workspace_id, shard, event_name_id, month, days, quarters, rest)
             select $1, $2, event_name_id, month, days, quarters, rest
             from unnest($3::integer[], $4::integer[], $5::bytea[], $6::bytea[], $7::bytea[])
                  as chunk(event_name_id, month, days, quarters, rest)
             on conflict (workspace_id, shard, event_name_id, month) do update
             set days = excluded.days, quarters = excluded.quarters, rest = excluded.rest",
            workspace.0,
            shard,
            &streams,
            &months,
            &days,
            &quarters,
            &rest
        )
        .execute(&mut *connection)
        .await?;
        sqlx::query!(
            "insert into activity_shard (workspace_id, shard, version, newest, starts) values ($1, $2, $3, $4, $5)
             on conflict (workspace_id, shard) do update
             set version = excluded.version, newest = excluded.newest, starts = excluded.starts",
            workspace.0,
            shard,
            version,
            self.newest,
            self.starts.to_bytes()
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}
