//! Makes and keeps the derived streams of definitions, shard by shard.
//!
//! A pass of a shard is one transaction: it holds the shard's lock, so that no one writes to it meanwhile, looks at the
//! customers who did something since the stream's last pass (or at all of them, when the journal does not reach back so
//! far), and puts right what is stored. What is new goes into the journal of the index as a write of its own. The version
//! of the shard that the stream has now seen is kept in the same transaction, so a crash at any instant leaves a pass
//! done or not begun.

use super::rows::Wanted;
use crate::activity::{clear_streams, lock_shard, next_segment, touched_customers};
use crate::instant::from_db;
use crate::writer::{NumberedEvent, append_events};
use crate::{Store, StoreError, WorkspaceId};
use analysis::query::{ActivityDefinition, ActivityRule};
use index::chunk::Event;
use index::month::micros;
use sqlx::PgConnection;
use sqlx::types::Json;

/// Derived events belong to no batch.
const NO_BATCH: i32 = 0;

/// How far the stream of a definition is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillProgress {
    /// The definition's name in addresses.
    pub slug: String,
    /// Parts that are done.
    pub done: u32,
    /// Of so many.
    pub all: u32,
}

/// A stream that is not what the events say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamDoubt {
    /// The definition's number of a stream.
    pub stream: i32,
    /// The shard.
    pub shard: i16,
    /// What is wrong, as a sentence.
    pub problem: String,
}

/// A derived stream.
struct Stream {
    id: i32,
    /// What it is made from; none when it is to be cleared away.
    rule: Option<ActivityRule>,
}

/// A customer's number and an instant in microseconds since 1970.
type Instant = (i32, i64);

impl Store {
    /// Brings the derived streams of a workspace up to date: makes those of new definitions, looks again at what was
    /// written since, and clears away those that no definition needs. `progress` is told how many shards are done of
    /// those that had something to do. What was done before an error, or before the process ended, stays done.
    ///
    /// # Errors
    /// The data base's.
    pub async fn keep_activities(
        &self,
        workspace: WorkspaceId,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<(), StoreError> {
        loop {
            let mut connection = self.tenant(workspace).await?;
            let streams = streams(&mut connection, workspace).await?;
            drop(connection);
            if streams.is_empty() {
                return Ok(());
            }
            let ids: Vec<i32> = streams.iter().map(|stream| stream.id).collect();
            let stale = sqlx::query_scalar!(
                "select s.shard from shard s
                 where s.workspace_id = $1 and exists (
                     select from unnest($2::integer[]) as stream(id)
                     where not exists (
                         select from activity_fill f
                         where f.workspace_id = $1 and f.shard = s.shard and f.event_name_id = stream.id
                           and f.version = s.version))
                 order by s.shard",
                workspace.0,
                &ids
            )
            .fetch_all(&mut *self.tenant(workspace).await?)
            .await?;
            for (done, &shard) in stale.iter().enumerate() {
                progress(done, stale.len());
                self.pass(workspace, shard).await?;
            }
            progress(stale.len(), stale.len());
            if !self.settle(workspace).await? {
                return Ok(());
            }
        }
    }

    /// How far the streams are that are being made.
    ///
    /// # Errors
    /// The data base's.
    pub async fn fill_progress(
        &self,
        workspace: WorkspaceId,
    ) -> Result<Vec<FillProgress>, StoreError> {
        let rows = sqlx::query!(
            r#"select a.slug,
                      (select count(*) from shard s where s.workspace_id = $1) as "all!",
                      (select count(*) from activity_fill f
                       where f.workspace_id = $1 and f.event_name_id = v.event_name_id) as "done!"
               from activity a join activity_version v using (workspace_id, activity_id)
               where a.workspace_id = $1 and v.filled_at is null
               order by a.activity_id, v.version"#,
            workspace.0
        )
        .fetch_all(&mut *self.tenant(workspace).await?)
        .await?;
        let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        let progress = rows.into_iter().map(|row| FillProgress {
            slug: row.slug,
            done: number(row.done),
            all: number(row.all),
        });
        Ok(progress.collect())
    }

    /// Compares the streams that are complete with the events: all shards, or every `step`-th. Returns those that differ.
    /// Shards that were written since a stream's last pass are passed over.
    ///
    /// # Errors
    /// The data base's.
    pub async fn verify_activities(
        &self,
        workspace: WorkspaceId,
        step: usize,
    ) -> Result<Vec<StreamDoubt>, StoreError> {
        let mut doubts = Vec::new();
        let mut snapshot = self.snapshot(workspace).await?;
        for stream in streams(&mut snapshot, workspace).await? {
            let Some(rule) = stream.rule else { continue };
            let shards = sqlx::query_scalar!(
                "select s.shard from shard s join activity_fill f using (workspace_id, shard, version)
                 where s.workspace_id = $1 and f.event_name_id = $2 order by s.shard",
                workspace.0,
                stream.id
            )
            .fetch_all(&mut *snapshot)
            .await?;
            let wanted = Wanted::new(&mut snapshot, workspace, &rule).await?;
            for shard in shards.into_iter().step_by(step.max(1)) {
                let now = wanted
                    .occurrences(&mut snapshot, workspace, &[shard], None)
                    .await?;
                let now = instants(now);
                let kept = stored(&mut snapshot, workspace, shard, stream.id, None).await?;
                let Change { gone, fresh } = Change::between(&kept, &now);
                if !(gone.is_empty() && fresh.is_empty()) {
                    let problem = format!(
                        "it lacks {} occurrences and has others of {} customers",
                        fresh.len(),
                        gone.len()
                    );
                    doubts.push(StreamDoubt {
                        stream: stream.id,
                        shard,
                        problem,
                    });
                }
            }
        }
        snapshot.end();
        Ok(doubts)
    }

    /// One pass of a shard, for all streams that have not seen its last write.
    async fn pass(&self, workspace: WorkspaceId, shard: i16) -> Result<(), StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        // What a stream is to hold stays so until the pass is done.
        sqlx::query!(
            "select from workspace where workspace_id = $1 for share",
            workspace.0
        )
        .fetch_one(&mut *transaction)
        .await?;
        let streams = streams(&mut transaction, workspace).await?;
        let state = lock_shard(&mut transaction, workspace, shard).await?;
        let seen = sqlx::query!(
            "select event_name_id, version from activity_fill where workspace_id = $1 and shard = $2",
            workspace.0,
            shard
        )
        .fetch_all(&mut *transaction)
        .await?;
        let mut arriving = Vec::new();
        let mut added: Vec<(i32, Event)> = Vec::new();
        let mut rewritten = Vec::new();
        let mut passed = Vec::new();
        for stream in streams {
            let before = seen.iter().find(|one| one.event_name_id == stream.id);
            let before = before.map(|one| one.version);
            passed.push(stream.id);
            if before == Some(state.version) {
                continue;
            }
            // What was written before the last fold is no longer told apart.
            let since = before.filter(|&before| state.folded <= before);
            let change = change(&mut transaction, (workspace, shard), &stream, since).await?;
            let Change { gone, fresh } = change;
            remove(&mut transaction, (workspace, shard), stream.id, &gone).await?;
            arriving.extend(fresh.iter().map(|&one| (stream.id, one)));
            if gone.is_empty() {
                added.extend(fresh.into_iter().map(|one| (stream.id, event(one))));
            } else {
                rewritten.push(stream.id);
            }
        }
        insert(&mut transaction, (workspace, shard), arriving).await?;
        if !rewritten.is_empty() {
            clear_streams(&mut transaction, workspace, shard, &rewritten).await?;
            for &stream in &rewritten {
                let all = stored(&mut transaction, workspace, shard, stream, None).await?;
                added.extend(all.into_iter().map(|one| (stream, event(one))));
            }
        }
        let version = match rewritten.is_empty() && added.is_empty() {
            true => state.version,
            false => next_segment(&mut transaction, workspace, shard, added).await?,
        };
        sqlx::query!(
            "insert into activity_fill (workspace_id, shard, event_name_id, version)
             select $1, $2, stream, $4 from unnest($3::integer[]) stream
             on conflict (workspace_id, shard, event_name_id) do update set version = excluded.version",
            workspace.0,
            shard,
            &passed,
            version
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Lets versions answer whose streams are complete, and says goodbye to streams that no version needs: first they are
    /// marked, to be emptied by the next passes, then they go. Returns whether there are passes to make.
    async fn settle(&self, workspace: WorkspaceId) -> Result<bool, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "select from workspace where workspace_id = $1 for no key update",
            workspace.0
        )
        .fetch_one(&mut *transaction)
        .await?;
        sqlx::query!(
            "update activity_version v set filled_at = now()
             where v.workspace_id = $1 and v.filled_at is null and not exists (
                 select from shard s
                 where s.workspace_id = $1 and not exists (
                     select from activity_fill f
                     where f.workspace_id = $1 and f.shard = s.shard and f.event_name_id = v.event_name_id))",
            workspace.0
        )
        .execute(&mut *transaction)
        .await?;
        let emptied = sqlx::query_scalar!(
            "delete from event_name n
             where n.workspace_id = $1 and n.retired and not exists (
                 select from shard s
                 where s.workspace_id = $1 and not exists (
                     select from activity_fill f
                     where f.workspace_id = $1 and f.shard = s.shard and f.event_name_id = n.event_name_id))
             returning n.event_name_id",
            workspace.0
        )
        .fetch_all(&mut *transaction)
        .await?;
        let retired = sqlx::query_scalar!(
            "update event_name n set retired = true
             where n.workspace_id = $1 and n.derived and not n.retired and not exists (
                 select from activity_version v
                 where v.workspace_id = $1 and v.event_name_id = n.event_name_id and not exists (
                     select from activity_version later
                     where later.workspace_id = $1 and later.activity_id = v.activity_id
                       and later.version > v.version and later.filled_at is not null
                       and later.event_name_id is distinct from v.event_name_id))
             returning n.event_name_id",
            workspace.0
        )
        .fetch_all(&mut *transaction)
        .await?;
        let unseen = [&emptied[..], &retired[..]].concat();
        sqlx::query!(
            "delete from activity_fill where workspace_id = $1 and event_name_id = any($2)",
            workspace.0,
            &unseen
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(!retired.is_empty())
    }
}

/// The streams of a workspace with what they are made from.
async fn streams(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
) -> Result<Vec<Stream>, StoreError> {
    let rows = sqlx::query!(
        r#"select n.event_name_id, v.definition as "definition?: Json<ActivityDefinition>"
           from event_name n left join lateral (
               select v.definition from activity_version v
               where v.workspace_id = n.workspace_id and v.event_name_id = n.event_name_id and not n.retired
               order by v.version desc limit 1) v on true
           where n.workspace_id = $1 and n.derived order by n.event_name_id"#,
        workspace.0
    )
    .fetch_all(connection)
    .await?;
    let streams = rows.into_iter().map(|row| Stream {
        id: row.event_name_id,
        rule: row.definition.map(|definition| definition.0.rule),
    });
    Ok(streams.collect())
}

/// What has to be changed of a stored stream.
struct Change {
    /// Customers who have occurrences too many.
    gone: Vec<i32>,
    /// What is to be stored, once nothing of those customers is.
    fresh: Vec<Instant>,
}

impl Change {
    /// Both lists are in order.
    fn between(kept: &[Instant], now: &[Instant]) -> Self {
        let customer = |list: &[Instant]| list.first().map(|(customer, _)| *customer);
        let (mut kept, mut now) = (kept, now);
        let mut change = Change {
            gone: Vec::new(),
            fresh: Vec::new(),
        };
        while let Some(next) = [customer(kept), customer(now)].into_iter().flatten().min() {
            let (before, rest) = kept.split_at(kept.partition_point(|(one, _)| *one == next));
            kept = rest;
            let (after, rest) = now.split_at(now.partition_point(|(one, _)| *one == next));
            now = rest;
            match additions(before, after) {
                Some(fresh) => change.fresh.extend(fresh),
                None => {
                    change.gone.push(next);
                    change.fresh.extend(after);
                }
            }
        }
        change
    }
}

/// What has to be added to one list for the other; `None` when something would have to go. Both are in order.
fn additions(before: &[Instant], after: &[Instant]) -> Option<Vec<Instant>> {
    let mut before = before.iter().peekable();
    let fresh = after.iter().filter(|one| before.next_if_eq(one).is_none());
    let fresh: Vec<Instant> = fresh.copied().collect();
    before.next().is_none().then_some(fresh)
}

/// What has to be changed of a shard's stream: of the customers who did something since a version, or of all.
async fn change(
    connection: &mut PgConnection,
    (workspace, shard): (WorkspaceId, i16),
    stream: &Stream,
    since: Option<i64>,
) -> Result<Change, StoreError> {
    let Some(rule) = &stream.rule else {
        let kept = stored(connection, workspace, shard, stream.id, None).await?;
        return Ok(Change::between(&kept, &[]));
    };
    let wanted = Wanted::new(&mut *connection, workspace, rule).await?;
    let customers = match since {
        None => None,
        Some(since) => {
            let events = &wanted.ids;
            Some(touched_customers(&mut *connection, workspace, shard, since, events).await?)
        }
    };
    let customers = customers.as_deref();
    if customers.is_some_and(<[i32]>::is_empty) {
        return Ok(Change::between(&[], &[]));
    }
    let now = wanted
        .occurrences(&mut *connection, workspace, &[shard], customers)
        .await?;
    let now = instants(now);
    let kept = stored(connection, workspace, shard, stream.id, customers).await?;
    Ok(Change::between(&kept, &now))
}

fn instants(occurrences: Vec<super::rows::Occurrence>) -> Vec<Instant> {
    let instants = occurrences
        .into_iter()
        .map(|(_, customer, at)| (customer, at));
    instants.collect()
}

fn event((customer, at): Instant) -> Event {
    Event {
        customer: customer.unsigned_abs(),
        at,
    }
}

/// A shard's stored occurrences, of some customers or of all, in order.
async fn stored(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shard: i16,
    stream: i32,
    customers: Option<&[i32]>,
) -> Result<Vec<Instant>, StoreError> {
    let rows = sqlx::query!(
        "select customer_no, at from event
         where workspace_id = $1 and shard = $2 and event_name_id = $3
           and ($4::integer[] is null or customer_no = any($4))
         order by customer_no, at",
        workspace.0,
        shard,
        stream,
        customers
    )
    .fetch_all(connection)
    .await?;
    let instants = rows.into_iter();
    let instants = instants.map(|row| (row.customer_no, micros(from_db(row.at))));
    Ok(instants.collect())
}

async fn remove(
    connection: &mut PgConnection,
    (workspace, shard): (WorkspaceId, i16),
    stream: i32,
    customers: &[i32],
) -> Result<(), StoreError> {
    if customers.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "delete from event
         where workspace_id = $1 and shard = $2 and event_name_id = $3 and customer_no = any($4)",
        workspace.0,
        shard,
        stream,
        customers
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds occurrences of streams. Their months have partitions: each is the instant of an event.
async fn insert(
    connection: &mut PgConnection,
    (workspace, shard): (WorkspaceId, i16),
    mut arriving: Vec<(i32, Instant)>,
) -> Result<(), StoreError> {
    if arriving.is_empty() {
        return Ok(());
    }
    arriving.sort_unstable_by_key(|(stream, (customer, at))| (*at, *customer, *stream));
    let rows: Vec<NumberedEvent<'_>> = arriving
        .into_iter()
        .map(|(stream, (customer_no, at))| NumberedEvent {
            shard,
            customer_no,
            event_name_id: stream,
            at,
            properties: None,
        })
        .collect();
    append_events(connection, workspace, NO_BATCH, &rows).await?;
    Ok(())
}
