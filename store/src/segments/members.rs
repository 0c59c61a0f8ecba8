//! Customers as a set.

use crate::SHARDS;
use index::Selection;
use std::collections::BTreeMap;

/// Customers of a workspace as a set: for each shard a bit for each of its customers' numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Members {
    shards: Vec<Selection>,
}

impl Default for Members {
    fn default() -> Self {
        let nobody = || Selection::of([]);
        Self {
            shards: (0..SHARDS).map(|_| nobody()).collect(),
        }
    }
}

impl Members {
    /// From the chosen of each shard; nobody of shards that are not among them.
    pub(crate) fn from_shards(shards: impl IntoIterator<Item = (i16, Selection)>) -> Self {
        let mut members = Self::default();
        for (shard, chosen) in shards {
            if let Some(place) = members.shards.get_mut(usize::from(shard.unsigned_abs())) {
                place.or(&chosen);
            }
        }
        members
    }

    /// Whether a customer belongs to it, by shard and number in it.
    pub fn has(&self, shard: i16, customer: u32) -> bool {
        let shard = self.shards.get(usize::from(shard.unsigned_abs()));
        shard.is_some_and(|chosen| chosen.has(customer))
    }

    /// How many belong to it.
    pub fn len(&self) -> u64 {
        let lengths = self.shards.iter().map(Selection::len);
        lengths.map(|n| u64::try_from(n).unwrap_or(u64::MAX)).sum()
    }

    /// Whether nobody belongs to it.
    pub fn is_empty(&self) -> bool {
        self.shards.iter().all(Selection::is_empty)
    }

    /// Keeps only those whom the other has as well.
    pub fn and(&mut self, other: &Members) {
        for (mine, other) in self.shards.iter_mut().zip(&other.shards) {
            mine.and(other);
        }
    }

    /// Adds those whom the other has.
    pub fn or(&mut self, other: &Members) {
        for (mine, other) in self.shards.iter_mut().zip(&other.shards) {
            mine.or(other);
        }
    }

    /// Removes those whom the other has.
    pub fn without(&mut self, other: &Members) {
        for (mine, other) in self.shards.iter_mut().zip(&other.shards) {
            mine.without(other);
        }
    }

    /// The chosen of a shard.
    pub(crate) fn shard(&self, shard: i16) -> Option<&Selection> {
        self.shards.get(usize::from(shard.unsigned_abs()))
    }

    /// As Postgres' `is_member` reads it: a string of bits for each shard, from shard 0 on.
    pub fn bytes(&self) -> Vec<Vec<u8>> {
        self.shards.iter().map(Selection::bytes).collect()
    }

    /// From such strings with the numbers of their shards.
    pub(crate) fn from_bytes(rows: impl IntoIterator<Item = (i16, Vec<u8>)>) -> Self {
        let shards = rows.into_iter();
        Self::from_shards(shards.map(|(shard, bytes)| (shard, Selection::from_bytes(&bytes))))
    }

    /// These customers, by shard and number in it.
    pub(crate) fn of(customers: impl IntoIterator<Item = (i16, i32)>) -> Self {
        let mut shards: BTreeMap<i16, Vec<i32>> = BTreeMap::new();
        for (shard, number) in customers {
            shards.entry(shard).or_default().push(number);
        }
        Self::from_numbers(shards)
    }

    /// From the numbers of customers by shard.
    pub(crate) fn from_numbers(rows: impl IntoIterator<Item = (i16, Vec<i32>)>) -> Self {
        let shards = rows.into_iter().map(|(shard, numbers)| {
            let numbers = numbers.into_iter().map(i32::unsigned_abs);
            (shard, Selection::of(numbers))
        });
        Self::from_shards(shards)
    }
}
