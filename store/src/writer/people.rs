//! The customers of a set of events: their numbers and their first events.

use super::count;
use super::memory::{Known, Memory};
use super::shards::{Locked, look_up};
use crate::erasure::Erased;
use crate::instant::micros_to_db;
use crate::shard::Fingerprint;
use crate::{StoreError, WorkspaceId};
use foldhash::{HashMap, HashMapExt};
use intake::EventRecord;
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::hash_map::Entry;
use time::OffsetDateTime;

/// Customers of a set, each once.
pub(super) struct People<'a> {
    places: HashMap<&'a str, usize>,
    people: Vec<Person<'a>>,
}

/// A customer of a set.
struct Person<'a> {
    id: &'a str,
    fingerprint: Fingerprint,
    /// As he is stored.
    known: Option<Known>,
    /// The first of his events in the set that are stored now, in microseconds since 1970.
    first: Option<i64>,
    /// Whether the memory does not know him as he is stored.
    news: bool,
    /// Whether he was erased.
    erased: bool,
}

impl<'a> People<'a> {
    pub(super) fn new() -> Self {
        Self {
            places: HashMap::new(),
            people: Vec::new(),
        }
    }

    /// The place of a customer, a new one at his first mention.
    pub(super) fn place(&mut self, id: &'a str, memory: &Memory) -> usize {
        match self.places.entry(id) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let fingerprint = Fingerprint::of(id);
                let known = memory.customer(fingerprint);
                self.people.push(Person {
                    id,
                    fingerprint,
                    known,
                    first: None,
                    news: known.is_none(),
                    erased: false,
                });
                *entry.insert(self.people.len() - 1)
            }
        }
    }

    pub(super) fn shard(&self, place: usize) -> i16 {
        self.people[place].fingerprint.shard()
    }

    /// The number of a customer who is stored.
    pub(super) fn number(&self, place: usize) -> i32 {
        let known = self.people[place].known;
        known.expect("only of those who are stored").customer_no
    }

    /// The shards, each once and in order.
    pub(super) fn touched(&self) -> Vec<i16> {
        let shards = self.people.iter().map(|person| person.fingerprint.shard());
        let mut touched: Vec<i16> = shards.collect();
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// Whether the customer is not stored, once all were looked up.
    pub(super) fn is_new(&self, place: usize) -> bool {
        self.people[place].known.is_none()
    }

    /// Whether rows of the customer are left out, once all were looked up.
    pub(super) fn is_erased(&self, place: usize) -> bool {
        self.people[place].erased
    }

    /// Of rows, those that name somebody who was erased.
    pub(super) fn of_erased(&self, rows: &[EventRecord]) -> u64 {
        let erased = |row: &&EventRecord| {
            let place = self.places.get(row.customer.as_str());
            place.is_some_and(|&place| self.is_erased(place))
        };
        match self.people.iter().any(|person| person.erased) {
            true => count(rows.iter().filter(erased).count()),
            false => 0,
        }
    }

    /// Looks up those whom the memory does not know, and who of them was erased.
    pub(super) async fn look_up(
        &mut self,
        connection: &mut PgConnection,
        workspace: WorkspaceId,
    ) -> Result<(), StoreError> {
        let mut strangers: Vec<&mut Person<'a>> = self
            .people
            .iter_mut()
            .filter(|person| person.known.is_none())
            .collect();
        if strangers.is_empty() {
            return Ok(());
        }
        let shards = strangers.iter().map(|person| person.fingerprint.shard());
        let shards: Vec<i16> = shards.collect();
        let ids: Vec<String> = strangers
            .iter()
            .map(|person| person.id.to_owned())
            .collect();
        let found = look_up(&mut *connection, workspace, &shards, &ids).await?;
        let erased = Erased::of(connection, workspace, &shards).await?;
        for (person, found) in strangers.iter_mut().zip(found) {
            person.known = found;
            person.erased = erased.has(person.id);
        }
        Ok(())
    }

    /// Notes an event that is stored now.
    pub(super) fn meet(&mut self, place: usize, at: Timestamp) {
        let (person, at) = (&mut self.people[place], at.as_microsecond());
        person.first = Some(person.first.map_or(at, |first| first.min(at)));
    }

    /// Adds those met who are new, and moves the first events of the others to where they are now. Returns how many are
    /// new.
    pub(super) async fn write(
        &mut self,
        connection: &mut PgConnection,
        workspace: WorkspaceId,
        locked: &mut Locked,
    ) -> Result<u64, StoreError> {
        let mut new = Columns::default();
        let mut earlier = Columns::default();
        for person in &mut self.people {
            let Some(first) = person.first else {
                continue;
            };
            let columns = match person.known {
                None => &mut new,
                Some(known) if first < known.first => &mut earlier,
                Some(_) => continue,
            };
            let shard = person.fingerprint.shard();
            let customer_no = match person.known {
                Some(known) => known.customer_no,
                None => {
                    columns.ids.push(person.id.to_owned());
                    locked.take(shard)
                }
            };
            person.news = true;
            person.known = Some(Known { customer_no, first });
            columns.shards.push(shard);
            columns.numbers.push(customer_no);
            columns.firsts.push(micros_to_db(first));
        }
        earlier.update(connection, workspace).await?;
        new.insert(connection, workspace).await?;
        Ok(count(new.numbers.len()))
    }

    /// Tells the memory, after the commit.
    pub(super) fn remember(&self, memory: &mut Memory) {
        for person in self.people.iter().filter(|person| person.news) {
            if let Some(known) = person.known {
                memory.keep_customer(person.fingerprint, known);
            }
        }
    }
}

/// Customers to be written, column by column.
#[derive(Default)]
struct Columns {
    /// Of new customers only.
    ids: Vec<String>,
    shards: Vec<i16>,
    numbers: Vec<i32>,
    firsts: Vec<OffsetDateTime>,
}

impl Columns {
    async fn update(
        &self,
        connection: &mut PgConnection,
        workspace: WorkspaceId,
    ) -> Result<(), StoreError> {
        if self.numbers.is_empty() {
            return Ok(());
        }
        // compared again: another writer may have stored an earlier one since this one was remembered
        sqlx::query!(
            "update customer c set first_event_at = told.first
             from unnest($2::smallint[], $3::integer[], $4::timestamptz[]) as told(shard, customer_no, first)
             where c.workspace_id = $1 and c.shard = told.shard and c.customer_no = told.customer_no
               and (c.first_event_at is null or told.first < c.first_event_at)",
            workspace.0,
            &self.shards,
            &self.numbers,
            &self.firsts
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn insert(
        &self,
        connection: &mut PgConnection,
        workspace: WorkspaceId,
    ) -> Result<(), StoreError> {
        if self.numbers.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "insert into customer (workspace_id, shard, customer_no, external_id, first_event_at)
             select $1, told.*
             from unnest($2::smallint[], $3::integer[], $4::text[], $5::timestamptz[])
                  as told(shard, customer_no, external_id, first)
             order by shard, customer_no",
            workspace.0,
            &self.shards,
            &self.numbers,
            &self.ids,
            &self.firsts
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}
