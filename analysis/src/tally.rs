//! Counting entries: from each one's set of active periods to the counts of every cohort.
//!
//! Whoever finds the sets (the reference by SQL, an index from its own bytes) hands them over here, so that there is
//! one meaning of every kind of retention.

use jiff::Timestamp;

use crate::rule::Rule;
use crate::shape::{RetentionPlan, Seen};

/// Entries of one cohort that were active in the same periods.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entries {
    /// How many; at least 1.
    pub count: u32,
    /// Of these, entries whose signup was given rather than taken from their first event.
    pub given: u32,
    /// The most periods begun, and the fewest ended, among them.
    pub seen: Seen,
}

/// Counts of one cohort.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CohortTally {
    /// Its entries.
    pub size: u32,
    /// Of these, entries whose signup was given.
    pub given: u32,
    /// Entries that count as retained, by column; as many as could have begun for the cohort's earliest entry.
    pub retained: Vec<u32>,
    /// Entries in the denominator, by column; empty when it is everywhere the cohort's size.
    pub base: Vec<u32>,
    /// The most periods begun, and the fewest ended, among its entries; `None` when it has none.
    pub seen: Option<Seen>,
}

/// Counts of all cohorts of a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tally {
    /// When an entry counts.
    pub rule: Rule,
    /// One for each of the plan's cohorts, in their order.
    pub cohorts: Vec<CohortTally>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(rule: Rule, plan: &RetentionPlan) -> Tally {
        let cohorts = (0..plan.cohort_starts().len()).map(|own| {
            let columns = rule.columns(plan.reach(own));
            CohortTally {
                size: 0,
                given: 0,
                retained: vec![0; columns],
                base: vec![0; if rule.has_bases() { columns } else { 0 }],
                seen: None,
            }
        });
        Tally {
            cohorts: cohorts.collect(),
            rule,
        }
    }

    /// Counts one entry of a cohort of the plan (by the number of its period). `active` is its set of periods, as
    /// [`crate::rule::Need::holds`] takes it: those with at least the minimum number of events from its start on and before as-of.
    /// Entries of cohorts outside the plan are left out.
    pub fn add(
        &mut self,
        plan: &RetentionPlan,
        cohort: usize,
        start: Timestamp,
        given: bool,
        active: &[u64],
    ) {
        let entry = Entries {
            count: 1,
            given: u32::from(given),
            seen: plan.seen(cohort, start),
        };
        self.add_all(cohort, entry, active);
    }

    /// Counts several entries of a cohort that share their set of periods.
    pub fn add_all(&mut self, cohort: usize, entries: Entries, active: &[u64]) {
        let Some(cohort) = self.cohorts.get_mut(cohort) else {
            return;
        };
        cohort.size += entries.count;
        cohort.given += entries.given;
        cohort.see(Some(entries.seen));
        for (column, retained) in cohort.retained.iter_mut().enumerate() {
            if self.rule.retained(column).holds(active) {
                *retained += entries.count;
            }
        }
        for (column, base) in cohort.base.iter_mut().enumerate() {
            if self.rule.base(column).is_none_or(|need| need.holds(active)) {
                *base += entries.count;
            }
        }
    }

    /// Adds what was counted elsewhere by the same rule for the same plan.
    pub fn merge(&mut self, other: &Tally) {
        for (cohort, other) in self.cohorts.iter_mut().zip(&other.cohorts) {
            cohort.size += other.size;
            cohort.given += other.given;
            cohort.see(other.seen);
            let retained = cohort.retained.iter_mut().zip(&other.retained);
            for (count, other) in retained.chain(cohort.base.iter_mut().zip(&other.base)) {
                *count += other;
            }
        }
    }
}

impl CohortTally {
    /// Takes in how far time has gone for more entries.
    pub fn see(&mut self, more: Option<Seen>) {
        self.seen = match (self.seen, more) {
            (Some(known), Some(more)) => Some(Seen {
                begun: known.begun.max(more.begun),
                ended: known.ended.min(more.ended),
            }),
            (known, more) => known.or(more),
        };
    }
}

/// The set of periods with the given numbers, as [`Tally::add`] takes it.
pub fn periods_set(periods: impl IntoIterator<Item = usize>) -> Vec<u64> {
    let mut set = Vec::new();
    for period in periods {
        let word = period / 64;
        if set.len() <= word {
            set.resize(word + 1, 0);
        }
        set[word] |= 1 << (period % 64);
    }
    set
}
