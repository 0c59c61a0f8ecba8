//! One writer at a time in a shard, and dense numbers for its customers.

use super::memory::{Known, NO_EVENT};
use crate::instant::{from_db, micros_to_db, stored_micros};
use crate::{Store, StoreError, WorkspaceId, shard};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Customers of a set, each once, with their shards.
pub(super) struct Customers<'a> {
    pub(super) ids: Vec<&'a str>,
    pub(super) shards: Vec<i16>,
}

impl<'a> Customers<'a> {
    pub(super) fn new(ids: Vec<&'a str>) -> Self {
        let shards = ids.iter().map(|id| shard(id)).collect();
        Self { ids, shards }
    }

    /// The ids, to be bound.
    pub(super) fn owned_ids(&self) -> Vec<String> {
        self.ids.iter().map(|&id| id.to_owned()).collect()
    }

    /// The shards, each once and in order.
    pub(super) fn touched(&self) -> Vec<i16> {
        let mut touched = self.shards.clone();
        touched.sort_unstable();
        touched.dedup();
        touched
    }
}

/// Customers as they are stored; none for those seen for the first time. The lateral subquery has each looked up in the
/// index: a join would read all customers for every set. So would another index that begins with the workspace, which
/// looks as good while nothing is known of this workspace's size: only the right one gives the order that is asked for
/// (see [`plan_afresh`]).
pub(super) async fn look_up(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    shards: &[i16],
    ids: &[String],
) -> Result<Vec<Option<Known>>, StoreError> {
    let found = sqlx::query!(
        r#"select wanted.place as "place!", c.customer_no, c.first_event_at
           from unnest($2::smallint[], $3::text[]) with ordinality as wanted(shard, external_id, place)
           cross join lateral (
               select customer_no, first_event_at from customer k
               where k.workspace_id = $1 and k.shard = wanted.shard
                 and k.external_id between wanted.external_id and wanted.external_id
               order by k.external_id limit 1) c"#,
        workspace.0,
        shards,
        ids
    )
    .fetch_all(connection)
    .await?;
    let mut customers = vec![None; ids.len()];
    for row in found {
        let place = usize::try_from(row.place - 1).expect("ordinality begins at 1");
        customers[place] = Some(Known {
            customer_no: row.customer_no,
            first: row.first_event_at.map_or(NO_EVENT, stored_micros),
        });
    }
    Ok(customers)
}

/// The locked shards of a transaction.
pub(super) struct Locked {
    workspace: WorkspaceId,
    shards: BTreeMap<i16, Shard>,
}

/// A locked shard.
struct Shard {
    /// The next free number of a customer.
    next: i32,
    /// Between which instants its events lie; none: it has none.
    span: Option<(Timestamp, Timestamp)>,
}

/// What the index has to know of a shard's new rows.
pub(super) struct Journalled {
    pub(super) segment: Vec<u8>,
    /// First and last of its events, in microseconds since 1970; none: it has none.
    pub(super) span: Option<(i64, i64)>,
}

impl Locked {
    /// Locks the shards in their order; waits for their present writers.
    pub(super) async fn new(
        connection: &mut PgConnection,
        workspace: WorkspaceId,
        shards: &[i16],
    ) -> Result<Self, StoreError> {
        let rows = sqlx::query!(
            "select shard, next_customer_no, oldest_at, newest_at from shard
             where workspace_id = $1 and shard = any($2)
             order by shard for update",
            workspace.0,
            shards
        )
        .fetch_all(connection)
        .await?;
        Ok(Self {
            workspace,
            shards: rows
                .into_iter()
                .map(|row| {
                    let shard = Shard {
                        next: row.next_customer_no,
                        span: row.oldest_at.map(from_db).zip(row.newest_at.map(from_db)),
                    };
                    (row.shard, shard)
                })
                .collect(),
        })
    }

    /// Whether the shard has events both at or before this instant and at or after it.
    pub(super) fn may_hold(&self, shard: i16, at: Timestamp) -> bool {
        let at = at.as_microsecond();
        let span = self.shards.get(&shard).and_then(|shard| shard.span);
        span.is_some_and(|(oldest, newest)| {
            oldest.as_microsecond() <= at && at <= newest.as_microsecond()
        })
    }

    /// The next number of a shard.
    pub(super) fn take(&mut self, shard: i16) -> i32 {
        let shard = self
            .shards
            .get_mut(&shard)
            .expect("a touched shard is locked");
        let number = shard.next;
        shard.next += 1;
        number
    }

    /// Keeps the numbers that were taken, and what the index has to know: shards that were written get their next
    /// version, the segments go into the journal under it, and sets of the version before leave the disk. `traits`: whether customers changed.
    pub(super) async fn keep(
        self,
        connection: &mut PgConnection,
        mut segments: BTreeMap<i16, Journalled>,
        traits: bool,
    ) -> Result<(), StoreError> {
        let mut shards = Vec::new();
        let mut next = Vec::new();
        let (mut written, mut oldest, mut newest) = (Vec::new(), Vec::new(), Vec::new());
        for (number, shard) in self.shards {
            let journalled = segments.remove(&number);
            if traits || journalled.is_some() {
                shards.push(number);
                next.push(shard.next);
                let span = journalled.as_ref().and_then(|told| told.span);
                oldest.push(span.map(|(first, _)| micros_to_db(first)));
                newest.push(span.map(|(_, last)| micros_to_db(last)));
                written.push(journalled.map(|told| told.segment));
            }
        }
        if shards.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "with told as (
                 select * from unnest($2::smallint[], $3::integer[], $4::bytea[], $6::timestamptz[], $7::timestamptz[])
                               as told(shard, next, segment, oldest, newest)
             ), moved as (
                 update shard s
                 set next_customer_no = told.next, version = s.version + 1,
                     oldest_at = least(s.oldest_at, told.oldest), newest_at = greatest(s.newest_at, told.newest),
                     traits_version = case when $5 then s.version + 1 else s.traits_version end
                 from told where s.workspace_id = $1 and s.shard = told.shard
                 returning s.shard, s.version, told.segment
             ), outdated as (
                 delete from activity_sets k using told where k.workspace_id = $1 and k.shard = told.shard
             )
             insert into activity_journal (workspace_id, shard, version, segment)
             select $1, shard, version, segment from moved where segment is not null",
            self.workspace.0,
            &shards,
            &next,
            &written as _,
            traits,
            &oldest as _,
            &newest as _
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

impl Store {
    /// Makes the rows that are locked later. In a statement of its own: locking and making in one transaction could
    /// make two writers wait for each other.
    pub(super) async fn make_shards(
        &self,
        workspace: WorkspaceId,
        shards: &[i16],
    ) -> Result<(), StoreError> {
        if shards.is_empty() {
            return Ok(());
        }
        let mut transaction = self.tenant(workspace).await?;
        sqlx::query!(
            "insert into shard (workspace_id, shard)
             select $1, wanted.shard from unnest($2::smallint[]) as wanted(shard)
             where not exists (select 1 from shard s where s.workspace_id = $1 and s.shard = wanted.shard)
             order by wanted.shard
             on conflict do nothing",
            workspace.0,
            shards
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// Lets this transaction commit before it is on the disk. After a crash it is there or not, whole, and so are all before
/// it; the next commit that does wait waits for it, too.
pub(crate) async fn relax(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select set_config('synchronous_commit', 'off', true)")
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Has each statement of this transaction planned for the arrays it is given and the tables as they are now. A plan kept
/// from the first sets of an import takes arrays for five rows and the tables for empty. Nothing is sorted that an index
/// has in order; and what belongs to an array is looked up in an index, row by row: while the tables grow, hashing all
/// customers for some hundred of them looks as cheap.
pub(super) async fn plan_afresh(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(
        "select set_config('plan_cache_mode', 'force_custom_plan', true) as plans,
                set_config('enable_sort', 'off', true) as sorts,
                set_config('enable_hashjoin', 'off', true) as hashes"
    )
    .fetch_one(connection)
    .await?;
    Ok(())
}
