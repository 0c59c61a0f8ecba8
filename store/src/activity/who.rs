//! Who is counted: conditions on traits and segments, as bits.

use super::answer::number;
use super::load::{self, ShardState};
use super::memory::{Memory, Sets};
use crate::{Members, StoreError};
use analysis::query::TraitFilter;
use index::Selection;
use index::column::Column;
use sqlx::PgConnection;
use std::sync::{Arc, Mutex, PoisonError};

/// Conditions whose entries are remembered beside the sets of a shard.
const REMEMBERED: usize = 16;

/// A condition with the trait's column in each shard.
type Test = (TraitFilter, Vec<Arc<Column>>);

/// Who is counted.
pub(super) struct Who {
    /// All of these hold.
    filters: Vec<Test>,
    /// None of these does.
    internal: Vec<Test>,
    /// Only these, if not all.
    pub(super) members: Option<Members>,
}

/// What an entry's customer has to be.
#[derive(Clone, PartialEq, Debug)]
enum Condition {
    Passes(TraitFilter),
    /// Nobody who passes any of these.
    External(Vec<TraitFilter>),
}

/// The entries of sets whose customers fulfil a condition.
struct Fulfilled {
    /// Bits by place.
    entries: Vec<u64>,
    /// Customers of the shard, also those without an entry.
    customers: usize,
}

/// What of conditions is remembered beside the sets of a shard, the last used last. A trait does not change without
/// another version of the shard, and other sets.
#[derive(Default)]
pub(super) struct Remembered(Mutex<Vec<(Condition, Arc<Fulfilled>)>>);

impl Remembered {
    /// The most bytes of memory that it takes beside sets of so many entries.
    pub(super) fn most(entries: usize) -> usize {
        REMEMBERED * entries.div_ceil(8)
    }

    fn get(&self, condition: &Condition) -> Option<Arc<Fulfilled>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|(known, _)| known == condition)?;
        known[place..].rotate_left(1);
        known.last().map(|(_, fulfilled)| fulfilled.clone())
    }

    fn put(&self, condition: Condition, fulfilled: Arc<Fulfilled>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == REMEMBERED {
            known.remove(0);
        }
        known.push((condition, fulfilled));
    }
}

impl Who {
    /// Those who pass the first conditions, without those who pass any of the second.
    pub(super) async fn read(
        snapshot: &mut PgConnection,
        memory: &Memory,
        workspace: i32,
        states: &[ShardState],
        (filters, internal): (&[TraitFilter], &[TraitFilter]),
    ) -> Result<Who, StoreError> {
        let mut who = Who {
            filters: Vec::new(),
            internal: Vec::new(),
            members: None,
        };
        for (filters, tests) in [(filters, &mut who.filters), (internal, &mut who.internal)] {
            for filter in filters {
                let columns =
                    load::columns(&mut *snapshot, memory, workspace, states, &filter.name);
                tests.push((filter.clone(), columns.await?));
            }
        }
        Ok(who)
    }

    /// The chosen customers of a shard, if there is a choice, and how many are internal.
    pub(super) fn choose(&self, place: usize, state: &ShardState) -> (Option<Selection>, u64) {
        let customers = state.customers;
        if self.filters.is_empty() && self.internal.is_empty() && self.members.is_none() {
            return (None, 0);
        }
        let mut chosen = self.external(place, customers);
        let internal = number(customers - chosen.len());
        for (filter, columns) in &self.filters {
            chosen.and(&columns[place].select(&filter.test, customers));
        }
        if let Some(members) = self.members.as_ref().and_then(|all| all.shard(state.shard)) {
            chosen.and(members);
        }
        (Some(chosen), internal)
    }

    /// The same as entries of the shard's sets, bits by place.
    pub(super) fn choose_entries(
        &self,
        place: usize,
        state: &ShardState,
        sets: &Sets,
    ) -> (Option<Vec<u64>>, u64) {
        let customers = state.customers;
        let mut chosen: Option<Vec<u64>> = None;
        let mut internal = 0;
        if !self.internal.is_empty() {
            let filters = self.internal.iter().map(|(filter, _)| filter.clone());
            let condition = Condition::External(filters.collect());
            let external = fulfilled(sets, condition, || self.external(place, customers));
            internal = number(customers - external.customers);
            and(&mut chosen, &external.entries);
        }
        for (filter, columns) in &self.filters {
            let condition = Condition::Passes(filter.clone());
            let select = || columns[place].select(&filter.test, customers);
            and(&mut chosen, &fulfilled(sets, condition, select).entries);
        }
        if let Some(members) = self.members.as_ref().and_then(|all| all.shard(state.shard)) {
            and(&mut chosen, &sets.sets.choose(members));
        }
        (chosen, internal)
    }

    /// All but the internal customers of a shard.
    fn external(&self, place: usize, customers: usize) -> Selection {
        let mut external = Selection::all(customers);
        for (filter, columns) in &self.internal {
            external.without(&columns[place].select(&filter.test, customers));
        }
        external
    }
}

/// Whose entries fulfil a condition, remembered or else selected.
fn fulfilled(
    sets: &Sets,
    condition: Condition,
    select: impl FnOnce() -> Selection,
) -> Arc<Fulfilled> {
    sets.remembered.get(&condition).unwrap_or_else(|| {
        let selection = select();
        let found = Arc::new(Fulfilled {
            entries: sets.sets.choose(&selection),
            customers: selection.len(),
        });
        sets.remembered.put(condition, found.clone());
        found
    })
}

/// Keeps of the chosen entries only these.
fn and(chosen: &mut Option<Vec<u64>>, entries: &[u64]) {
    match chosen {
        None => *chosen = Some(entries.to_vec()),
        Some(chosen) => {
            for (word, other) in chosen.iter_mut().zip(entries) {
                *word &= other;
            }
        }
    }
}
