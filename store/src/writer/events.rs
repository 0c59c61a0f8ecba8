//! Events: deduplicated by key, numbered, appended.

use super::copy::{NumberedEvent, copy_events, copy_keys};
use super::key::Key;
use super::partitions::month;
use super::shards::{Customers, Locked, plan_afresh};
use super::{Written, count};
use crate::instant::to_db;
use crate::{Store, StoreError, WorkspaceId};
use intake::EventRecord;
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use time::OffsetDateTime;

/// A row of a set with what is known of it before the data base is asked.
#[derive(Clone, Copy)]
struct Candidate<'a> {
    shard: i16,
    key: Key,
    /// Place among the set's customers.
    customer: usize,
    row: &'a EventRecord,
}

impl Store {
    /// Stores events in one transaction (best in sets of about 50,000). An event whose key its customer has already is
    /// a duplicate, and so is the second of two in the set.
    ///
    /// # Errors
    /// When the data base can't answer, or refuses a row; then nothing of the set is stored.
    pub async fn write_events(
        &self,
        workspace: WorkspaceId,
        batch: i32,
        rows: &[EventRecord],
    ) -> Result<Written, StoreError> {
        if rows.is_empty() {
            return Ok(Written::default());
        }
        let (customers, candidates) = candidates(rows);
        let touched = customers.touched();
        self.make_shards(workspace, &touched).await?;
        let months: BTreeSet<i32> = rows.iter().map(|row| month(row.at)).collect();
        self.make_partitions(&months).await?;

        let mut transaction = self.pool.begin().await?;
        plan_afresh(&mut transaction).await?;
        let names = event_names(&mut transaction, workspace, rows).await?;
        let mut locked = Locked::new(&mut transaction, workspace, &touched).await?;
        let fresh = insert_keys(&mut transaction, workspace, candidates).await?;
        let spans = Spans::of(&fresh, &customers);
        let (numbers, customers_new) = spans
            .write(&mut transaction, workspace, &mut locked)
            .await?;
        locked.keep(&mut transaction).await?;

        let mut events: Vec<(i32, NumberedEvent<'_>)> = fresh
            .iter()
            .map(|candidate| {
                let event = NumberedEvent {
                    workspace: workspace.0,
                    shard: candidate.shard,
                    customer_no: numbers[&candidate.customer],
                    event_name_id: names[candidate.row.name.as_str()],
                    batch_id: batch,
                    at: candidate.row.at,
                    properties: candidate.row.properties.as_ref(),
                };
                (month(candidate.row.at), event)
            })
            .collect();
        // Partition by partition, and within one in the order of its index.
        events.sort_unstable_by_key(|(month, event)| {
            (
                *month,
                event.shard,
                event.customer_no,
                event.at,
                event.event_name_id,
            )
        });
        let stored =
            copy_events(&mut transaction, events.into_iter().map(|(_, event)| event)).await?;
        transaction.commit().await?;
        Ok(Written {
            stored,
            duplicates: count(rows.len()) - stored,
            customers_new,
        })
    }
}

/// The customers of the set, and its rows in the order of shard and key, equal keys once (the first in the set wins).
fn candidates(rows: &[EventRecord]) -> (Customers<'_>, Vec<Candidate<'_>>) {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut ids = Vec::new();
    let customers_of: Vec<usize> = rows
        .iter()
        .map(|row| {
            *places.entry(&row.customer).or_insert_with(|| {
                ids.push(row.customer.as_str());
                ids.len() - 1
            })
        })
        .collect();
    let customers = Customers::new(ids);
    let mut candidates: Vec<Candidate<'_>> = rows
        .iter()
        .zip(customers_of)
        .map(|(row, customer)| Candidate {
            shard: customers.shards[customer],
            key: Key(row.key),
            customer,
            row,
        })
        .collect();
    candidates.sort_by_key(|candidate| (candidate.shard, candidate.key));
    candidates.dedup_by_key(|candidate| (candidate.shard, candidate.key));
    (customers, candidates)
}

/// Keeps the candidates whose keys are new, and their keys. No other writer can add the same keys meanwhile, since all
/// shards are locked: so they are looked up and then copied, which costs less than inserting them with `on conflict`.
/// The lateral subquery has each looked up in the index: a join would read all keys ever stored for every set.
async fn insert_keys<'a>(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    candidates: Vec<Candidate<'a>>,
) -> Result<Vec<Candidate<'a>>, StoreError> {
    let shards: Vec<i16> = candidates.iter().map(|candidate| candidate.shard).collect();
    let keys: Vec<Key> = candidates.iter().map(|candidate| candidate.key).collect();
    let mut known = vec![false; candidates.len()];
    let places = sqlx::query_scalar!(
        r#"select wanted.place as "place!"
           from unnest($2::smallint[], $3::uuid[]) with ordinality as wanted(shard, key, place)
           cross join lateral (
               select 1 from event_key k
               where k.workspace_id = $1 and k.shard = wanted.shard and k.key = wanted.key
               limit 1) known"#,
        workspace.0,
        &shards,
        &keys as _
    )
    .fetch_all(&mut *connection)
    .await?;
    for place in places {
        known[usize::try_from(place - 1).expect("ordinality begins at 1")] = true;
    }
    let fresh: Vec<Candidate<'a>> = candidates
        .into_iter()
        .zip(known)
        .filter_map(|(candidate, known)| (!known).then_some(candidate))
        .collect();
    let new_keys = fresh
        .iter()
        .map(|candidate| (candidate.shard, candidate.key));
    copy_keys(connection, workspace.0, new_keys).await?;
    Ok(fresh)
}

/// The numbers of all names of the rows; new names are added.
async fn event_names<'a>(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    rows: &'a [EventRecord],
) -> Result<HashMap<&'a str, i32>, StoreError> {
    // in order, so that two writers that add the same names don't wait for each other
    let wanted: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let mut known = known_names(connection, workspace, &wanted).await?;
    let missing: Vec<String> = wanted
        .iter()
        .filter(|name| !known.contains_key(*name))
        .map(|&name| name.to_owned())
        .collect();
    if !missing.is_empty() {
        sqlx::query!(
            "insert into event_name (workspace_id, name)
             select $1, name from unnest($2::text[]) as name order by name
             on conflict do nothing",
            workspace.0,
            &missing
        )
        .execute(&mut *connection)
        .await?;
        known = known_names(connection, workspace, &wanted).await?;
    }
    Ok(known)
}

async fn known_names<'a>(
    connection: &mut PgConnection,
    workspace: WorkspaceId,
    wanted: &BTreeSet<&'a str>,
) -> Result<HashMap<&'a str, i32>, StoreError> {
    let names: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
    let rows = sqlx::query!(
        "select name, event_name_id from event_name where workspace_id = $1 and name = any($2)",
        workspace.0,
        &names
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((*wanted.get(row.name.as_str())?, row.event_name_id)))
        .collect())
}

/// First and last new event of each customer that has one.
struct Spans<'a> {
    /// Places among the set's customers.
    places: Vec<usize>,
    customers: Customers<'a>,
    first: Vec<OffsetDateTime>,
    last: Vec<OffsetDateTime>,
}

impl<'a> Spans<'a> {
    fn of(fresh: &[Candidate<'_>], all: &Customers<'a>) -> Self {
        let mut spans: BTreeMap<usize, (Timestamp, Timestamp)> = BTreeMap::new();
        for candidate in fresh {
            let at = candidate.row.at;
            let (first, last) = spans.entry(candidate.customer).or_insert((at, at));
            *first = at.min(*first);
            *last = at.max(*last);
        }
        let ids = spans.keys().map(|&place| all.ids[place]).collect();
        Self {
            places: spans.keys().copied().collect(),
            customers: Customers::new(ids),
            first: spans.values().map(|(first, _)| to_db(*first)).collect(),
            last: spans.values().map(|(_, last)| to_db(*last)).collect(),
        }
    }

    /// Widens the spans of known customers and adds the new ones. Returns the number of each by his place among the
    /// set's customers, and how many are new.
    async fn write(
        self,
        connection: &mut PgConnection,
        workspace: WorkspaceId,
        locked: &mut Locked,
    ) -> Result<(HashMap<usize, i32>, u64), StoreError> {
        let known = self.customers.numbers(connection, workspace).await?;
        let numbers: Vec<i32> = known
            .iter()
            .zip(&self.customers.shards)
            .map(|(known, &shard)| known.unwrap_or_else(|| locked.take(shard)))
            .collect();
        let new: Vec<bool> = known.iter().map(Option::is_none).collect();
        let customers_new = count(new.iter().filter(|&&new| new).count());
        if customers_new < count(new.len()) {
            self.widen(connection, workspace, &numbers, &new).await?;
        }
        if customers_new > 0 {
            self.add(connection, workspace, &numbers, &new).await?;
        }
        Ok((
            self.places.into_iter().zip(numbers).collect(),
            customers_new,
        ))
    }

    async fn widen(
        &self,
        connection: &mut PgConnection,
        workspace: WorkspaceId,
        numbers: &[i32],
        new: &[bool],
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "update customer c
             set first_event_at = least(c.first_event_at, span.first),
                 last_event_at = greatest(c.last_event_at, span.last)
             from unnest($2::smallint[], $3::integer[], $4::timestamptz[], $5::timestamptz[], $6::boolean[])
                  as span(shard, customer_no, first, last, new)
             where not span.new
               and c.workspace_id = $1 and c.shard = span.shard and c.customer_no = span.customer_no
               and (c.first_event_at is null or span.first < c.first_event_at or span.last > c.last_event_at)",
            workspace.0,
            &self.customers.shards,
            numbers,
            &self.first,
            &self.last,
            new
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn add(
        &self,
        connection: &mut PgConnection,
        workspace: WorkspaceId,
        numbers: &[i32],
        new: &[bool],
    ) -> Result<(), StoreError> {
        let ids: Vec<String> = self.customers.ids.iter().map(|&id| id.to_owned()).collect();
        sqlx::query!(
            "insert into customer (workspace_id, shard, customer_no, external_id, first_event_at, last_event_at)
             select $1, shard, customer_no, external_id, first, last
             from unnest($2::smallint[], $3::integer[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::boolean[])
                  as span(shard, customer_no, external_id, first, last, new)
             where new
             order by shard, customer_no",
            workspace.0,
            &self.customers.shards,
            numbers,
            &ids,
            &self.first,
            &self.last,
            new
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}
