//! Events: deduplicated by key, numbered, appended.

use super::append::{NumberedEvent, append_events};
use super::content::{distinct, unknown};
use super::key::Key;
use super::keys::{Keyed, claim};
use super::memory::Memory;
use super::partitions::month;
use super::people::People;
use super::shards::{Journalled, Locked, plan_afresh, relax};
use super::{Written, count};
use crate::{Store, StoreError, WorkspaceId};
use index::segment::Segment;
use intake::EventRecord;
use std::collections::BTreeMap;

/// A row of a set with what is known of it before the data base is asked.
#[derive(Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) shard: i16,
    /// Place among the set's customers.
    pub(super) customer: usize,
    /// Number of the event's name.
    pub(super) name: i32,
    pub(super) row: &'a EventRecord,
}

impl Store {
    /// Stores events in one transaction (best in sets of some 10,000). An event whose key its customer has already is a
    /// duplicate, and so is one without a key when its customer has one alike in name, instant and properties; of the set's
    /// own rows the first counts.
    ///
    /// # Errors
    /// When the data base can't answer, or refuses a row; then nothing of the set is stored.
    pub async fn write_events(
        &self,
        workspace: WorkspaceId,
        batch: i32,
        rows: &[EventRecord],
    ) -> Result<Written, StoreError> {
        self.write_more_events(workspace, batch, rows, &mut Memory::default())
            .await
    }

    /// [`Self::write_events`] for one who writes many sets: what was learnt from one need not be asked for the next.
    pub(crate) async fn write_more_events(
        &self,
        workspace: WorkspaceId,
        batch: i32,
        rows: &[EventRecord],
        memory: &mut Memory,
    ) -> Result<Written, StoreError> {
        if rows.is_empty() {
            return Ok(Written::default());
        }
        let names = self.number_names(workspace, rows, memory).await?;
        let (mut people, mut keyed, mut keyless) = candidates(rows, &names, memory);
        let touched = people.touched();
        let new_shards = memory.unknown_shards(&touched);
        self.make_shards(workspace, &new_shards).await?;
        memory.keep_shards(new_shards);
        let new_months = memory.unknown_months(rows);
        self.make_partitions(&new_months).await?;
        memory.keep_months(new_months);

        let mut transaction = self.tenant(workspace).await?;
        plan_afresh(&mut transaction).await?;
        if memory.relaxed {
            relax(&mut transaction).await?;
        }
        let mut locked = Locked::new(&mut transaction, workspace, &touched).await?;
        people.look_up(&mut transaction, workspace).await?;
        keyed.retain(|(_, told)| !people.is_erased(told.customer));
        keyless.retain(|told| !people.is_erased(told.customer));
        let keys = keyed.len();
        let claimed = claim(&mut transaction, workspace, keyed, memory.duplicates).await?;
        let duplicates = claimed.len() < keys;
        let mut fresh = unknown(&mut transaction, workspace, keyless, &people, &locked).await?;
        fresh.extend(claimed);
        for candidate in &fresh {
            people.meet(candidate.customer, candidate.row.at);
        }
        let customers_new = people
            .write(&mut transaction, workspace, &mut locked)
            .await?;

        let mut events: Vec<(i32, NumberedEvent<'_>, bool)> = fresh
            .iter()
            .map(|candidate| {
                let event = NumberedEvent {
                    shard: candidate.shard,
                    customer_no: people.number(candidate.customer),
                    event_name_id: candidate.name,
                    // cut here, and not by sqlx, which cuts towards the year 2000
                    at: candidate.row.at.as_microsecond(),
                    properties: candidate.row.properties.as_ref(),
                };
                (month(candidate.row.at), event, candidate.row.key.is_none())
            })
            .collect();
        // Partition by partition, and within one in the order of its index.
        events.sort_unstable_by_key(|(month, event, keyless)| {
            (
                *month,
                event.shard,
                event.customer_no,
                event.event_name_id,
                event.at,
                *keyless,
            )
        });
        let events = events.into_iter();
        let events = distinct(events.map(|(_, event, keyless)| (event, keyless)));
        locked
            .keep(&mut transaction, segments(&events), false)
            .await?;
        let stored = append_events(&mut transaction, workspace, batch, &events).await?;
        transaction.commit().await?;
        for event in &events {
            *memory.stored.entry(event.event_name_id).or_default() += 1;
        }
        memory.duplicates = duplicates;
        people.remember(memory);
        let erased = people.of_erased(rows);
        Ok(Written {
            stored,
            duplicates: count(rows.len()) - stored - erased,
            erased,
            customers_new,
        })
    }
}

/// The customers of the set, its rows with keys in the order of shard and key, equal keys once (the first in the set
/// wins), and its rows without.
fn candidates<'a>(
    rows: &'a [EventRecord],
    names: &[i32],
    memory: &Memory,
) -> (People<'a>, Vec<Keyed<'a>>, Vec<Candidate<'a>>) {
    let mut people = People::new();
    let mut keyed: Vec<Keyed<'_>> = Vec::new();
    let mut keyless = Vec::with_capacity(rows.len());
    for (row, &name) in rows.iter().zip(names) {
        let customer = people.place(&row.customer, memory);
        let candidate = Candidate {
            shard: people.shard(customer),
            customer,
            name,
            row,
        };
        match row.key {
            Some(key) => keyed.push((Key(key), candidate)),
            None => keyless.push(candidate),
        }
    }
    keyed.sort_by_key(|(key, candidate)| (candidate.shard, *key));
    keyed.dedup_by_key(|(key, candidate)| (candidate.shard, *key));
    (people, keyed, keyless)
}

/// What the index has to know, by shard, and between which instants the events lie.
fn segments(events: &[NumberedEvent<'_>]) -> BTreeMap<i16, Journalled> {
    let mut shards: BTreeMap<i16, Vec<(i32, index::chunk::Event)>> = BTreeMap::new();
    for event in events {
        let kept = index::chunk::Event {
            customer: event.customer_no.unsigned_abs(),
            at: event.at,
        };
        shards
            .entry(event.shard)
            .or_default()
            .push((event.event_name_id, kept));
    }
    shards
        .into_iter()
        .map(|(shard, events)| {
            let instants = events.iter().map(|(_, event)| event.at);
            let span = instants.clone().min().zip(instants.max());
            let segment = Segment::new(events, Vec::new()).to_bytes();
            (shard, Journalled { segment, span })
        })
        .collect()
}
