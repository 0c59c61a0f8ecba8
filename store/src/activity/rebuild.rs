//! Makes the index anew from events and customers, and compares it with them.

use super::fold::{Folded, lock};
use super::kept;
use super::load::{self, ALL_MONTHS, Part, ShardState};
use crate::instant::from_db;
use crate::{Store, StoreError, WorkspaceId};
use futures::TryStreamExt;
use index::chunk::{Depth, Event};
use index::month::micros;
use index::segment::Segment;
use index::starts::Starts;
use sqlx::PgConnection;
use std::collections::BTreeSet;

/// A shard whose index is not what its events say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardDoubt {
    /// The shard.
    pub shard: i16,
    /// What is wrong, as a sentence.
    pub problem: String,
}

impl Store {
    /// Makes the whole index of a workspace anew, shard by shard; `progress` is told how many are done, and of how many.
    /// Writers of a shard wait while theirs is made; readers go on with what they have.
    ///
    /// # Errors
    /// The data base's; shards that were done stay done.
    pub async fn reindex(
        &self,
        workspace: WorkspaceId,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<(), StoreError> {
        let shards = self.shards_of(workspace).await?;
        for (done, &shard) in shards.iter().enumerate() {
            progress(done, shards.len());
            self.reindex_shard(workspace, shard).await?;
        }
        progress(shards.len(), shards.len());
        Ok(())
    }

    /// Indexes the shards of all workspaces that the index does not have, as after an update from a version without it.
    ///
    /// # Errors
    /// The data base's.
    pub async fn index_missing(&self) -> Result<(), StoreError> {
        for workspace in self.workspaces().await? {
            let missing = sqlx::query_scalar!(
                "select shard from shard where workspace_id = $1 and not indexed order by shard",
                workspace.id.0
            )
            .fetch_all(&mut *self.tenant(workspace.id).await?)
            .await?;
            for shard in missing {
                self.reindex_shard(workspace.id, shard).await?;
            }
        }
        Ok(())
    }

    /// Compares the index with the events: all shards, or every `step`-th. Returns those that differ.
    ///
    /// # Errors
    /// The data base's.
    pub async fn verify_activity(
        &self,
        workspace: WorkspaceId,
        step: usize,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Vec<ShardDoubt>, StoreError> {
        let shards: Vec<i16> = self
            .shards_of(workspace)
            .await?
            .into_iter()
            .step_by(step.max(1))
            .collect();
        let mut doubts = Vec::new();
        for (done, &shard) in shards.iter().enumerate() {
            progress(done, shards.len());
            if let Some(problem) = self.verify_shard(workspace, shard).await? {
                doubts.push(ShardDoubt { shard, problem });
            }
        }
        progress(shards.len(), shards.len());
        Ok(doubts)
    }

    async fn shards_of(&self, workspace: WorkspaceId) -> Result<Vec<i16>, StoreError> {
        let shards = sqlx::query_scalar!(
            "select shard from shard where workspace_id = $1 order by shard",
            workspace.0
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        Ok(shards)
    }

    async fn reindex_shard(&self, workspace: WorkspaceId, shard: i16) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        make_anew(&mut transaction, workspace, shard).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// What is wrong with the index of a shard.
    async fn verify_shard(
        &self,
        workspace: WorkspaceId,
        shard: i16,
    ) -> Result<Option<String>, StoreError> {
        let mut snapshot = self.snapshot(workspace).await?;
        let states = load::shards_of(&mut snapshot, workspace.0).await?.indexed();
        let state = states
            .into_iter()
            .flatten()
            .find(|state| state.shard == shard);
        let Some(state) = state else {
            return Ok(Some("it is not indexed".to_owned()));
        };
        let (mut events, starts) = raw(&mut snapshot, workspace, shard).await?;
        let (mut kept, kept_starts) = match kept(&mut snapshot, workspace, &state).await {
            Err(StoreError::Index(broken)) => return Ok(Some(broken.to_string())),
            kept => kept?,
        };
        snapshot.end();
        events.sort_unstable();
        kept.sort_unstable();
        if events != kept {
            let (events, kept): (BTreeSet<_>, BTreeSet<_>) =
                (events.into_iter().collect(), kept.into_iter().collect());
            let missing = events.difference(&kept).count();
            let more = kept.difference(&events).count();
            return Ok(Some(format!(
                "it lacks {missing} different events and has {more} that are not stored"
            )));
        }
        let customers = u32::try_from(state.customers).unwrap_or(u32::MAX);
        let differ = (0..customers)
            .filter(|&customer| starts.signup(customer) != kept_starts.signup(customer));
        match differ.count() {
            0 => Ok(None),
            n => Ok(Some(format!("it has other signups for {n} customers"))),
        }
    }
}

/// Makes the index of a shard anew from its events and customers, as its next version.
pub(crate) async fn make_anew(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
) -> Result<(), StoreError> {
    // What it holds is to be replaced, and may be damaged.
    lock(connection, workspace, shard).await?;
    let version = sqlx::query_scalar!(
        "update shard set version = version + 1, traits_version = version + 1, indexed = true
         where workspace_id = $1 and shard = $2 returning version",
        workspace.0,
        shard
    )
    .fetch_one(&mut *connection)
    .await?;
    kept::forget(&mut *connection, workspace, shard).await?;
    let (events, starts) = raw(connection, workspace, shard).await?;
    let newest = events.iter().map(|(_, event)| event.at).max();
    sqlx::query!(
        "delete from activity_journal where workspace_id = $1 and shard = $2",
        workspace.0,
        shard
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from activity_chunk where workspace_id = $1 and shard = $2",
        workspace.0,
        shard
    )
    .execute(&mut *connection)
    .await?;
    let folded = Folded {
        newest: newest.max(starts.newest()),
        starts,
        chunks: Segment::new(events, Vec::new()).parts,
    };
    folded.write(connection, workspace, shard, version).await
}

/// An event with the number of its name.
type Named = (i32, Event);

/// A shard's events and starts from the tables of events and customers.
async fn raw(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
) -> Result<(Vec<Named>, Starts), StoreError> {
    let mut starts = Starts::default();
    let customers = sqlx::query!(
        "select customer_no, signup_given, first_event_at from customer where workspace_id = $1 and shard = $2",
        workspace.0,
        shard
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in customers {
        let customer = row.customer_no.unsigned_abs();
        let at = |at| Event {
            customer,
            at: micros(from_db(at)),
        };
        if let Some(given) = row.signup_given {
            starts.give(at(given));
        }
        if let Some(first) = row.first_event_at {
            starts.see(at(first));
        }
    }
    let mut rows = sqlx::query!(
        "select event_name_id, customer_no, at from event where workspace_id = $1 and shard = $2",
        workspace.0,
        shard
    )
    .fetch(connection);
    let mut events = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let event = Event {
            customer: row.customer_no.unsigned_abs(),
            at: micros(from_db(row.at)),
        };
        events.push((row.event_name_id, event));
    }
    Ok((events, starts))
}

/// The same from the index.
async fn kept(
    snapshot: &mut PgConnection,
    workspace: WorkspaceId,
    state: &ShardState,
) -> Result<(Vec<Named>, Starts), StoreError> {
    let nothing = super::Memory::new(0);
    let streams = sqlx::query_scalar!(
        "select distinct event_name_id from activity_chunk where workspace_id = $1 and shard = $2",
        workspace.0,
        state.shard
    )
    .fetch_all(&mut *snapshot)
    .await?;
    let data = load::shards(
        snapshot,
        &nothing,
        workspace.0,
        &[*state],
        Part {
            streams: &streams,
            months: ALL_MONTHS,
            depth: Depth::Exact,
            keep: false,
        },
    )
    .await?;
    let mut events = Vec::new();
    let mut starts = Starts::default();
    for data in data {
        starts = (*data.starts).clone();
        for (number, stream) in streams.iter().zip(&data.streams) {
            for (month, chunk) in &stream.chunks {
                let decoded = chunk.decode(*month)?;
                events.extend(decoded.into_iter().map(|event| (*number, event)));
            }
        }
        for bytes in &data.journal {
            let segment = Segment::parse(bytes)?;
            starts.fold(&segment)?;
            for ((number, month), chunk) in &segment.parts {
                let decoded = chunk.decode(*month)?;
                events.extend(decoded.into_iter().map(|event| (*number, event)));
            }
        }
    }
    Ok((events, starts))
}
