//! What a writer of many sets need not ask again.

use super::partitions::month;
use crate::shard::Fingerprint;
use foldhash::HashMap;
use intake::EventRecord;
use std::collections::{BTreeMap, BTreeSet};

/// Customers remembered: as many as fill a table of 2²⁰ places, which takes some 35 MB. Above that all are forgotten and
/// met again, each by a look into an index, which is half of all work then.
const CUSTOMERS: usize = (1 << 20) / 8 * 7;

/// Event names remembered; a file whose names are ids would hold one for every row.
const NAMES: usize = 10_000;

/// What the data base has said to a writer of one workspace, as far as it stays true: numbers are given for ever, first
/// events only become earlier, shards and partitions are not taken away. Told only after a transaction was committed.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    customers: HashMap<Fingerprint, Known>,
    names: HashMap<String, i32>,
    shards: BTreeSet<i16>,
    months: BTreeSet<i32>,
    /// How many events of each name were stored.
    pub(crate) stored: BTreeMap<i32, i64>,
    /// See [`Self::relaxed`]: an import waits for the disk once, at its end.
    pub(super) relaxed: bool,
    /// Whether the last set held keys that were stored before: then the next one probably does, too.
    pub(super) duplicates: bool,
}

/// A customer who is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) customer_no: i32,
    /// His first event is no later than this, in microseconds since 1970; [`NO_EVENT`]: he had none when he was looked
    /// up.
    pub(super) first: i64,
}

/// Later than any.
pub(super) const NO_EVENT: i64 = i64::MAX;

impl Memory {
    /// Of one whose sets need not be on the disk when they are told to be stored.
    pub(crate) fn relaxed() -> Self {
        Self {
            relaxed: true,
            ..Self::default()
        }
    }

    pub(super) fn customer(&self, id: Fingerprint) -> Option<Known> {
        self.customers.get(&id).copied()
    }

    pub(super) fn name(&self, name: &str) -> Option<i32> {
        self.names.get(name).copied()
    }

    /// Remembers numbers of names that are committed.
    pub(super) fn keep_names(&mut self, names: HashMap<String, i32>) {
        if self.names.len() + names.len() > NAMES {
            self.names.clear();
        }
        self.names.extend(names);
    }

    /// Of these shards, those that may not be there.
    pub(super) fn unknown_shards(&self, shards: &[i16]) -> Vec<i16> {
        let unknown = |shard: &i16| !self.shards.contains(shard);
        shards.iter().copied().filter(unknown).collect()
    }

    /// Of the rows' months, those whose partitions may not be there.
    pub(super) fn unknown_months(&self, rows: &[EventRecord]) -> BTreeSet<i32> {
        let months: BTreeSet<i32> = rows.iter().map(|row| month(row.at)).collect();
        months.difference(&self.months).copied().collect()
    }

    pub(super) fn keep_shards(&mut self, shards: Vec<i16>) {
        self.shards.extend(shards);
    }

    pub(super) fn keep_months(&mut self, months: BTreeSet<i32>) {
        self.months.extend(months);
    }

    pub(super) fn keep_customer(&mut self, id: Fingerprint, known: Known) {
        if self.customers.len() == CUSTOMERS {
            self.customers.clear();
        }
        self.customers.insert(id, known);
    }
}
