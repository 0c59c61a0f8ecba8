//! Counting entries: from each one's set of active periods to the counts of every cohort.
//!
//! Whoever finds the sets (the reference by SQL, an index from its own bytes) hands them over here, so that there is
//! one meaning of every kind of retention.

use jiff::Timestamp;

use crate::rule::Rule;
use crate::shape::RetentionPlan;

/// Entries of one cohort that were active in the same periods.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entries {
    /// How many; at least 1.
    pub count: u32,
    /// Of these, entries whose signup was given rather than taken from their first event.
    pub given: u32,
    /// The earliest start instant among them.
    pub first_start: Timestamp,
    /// The latest start instant among them.
    pub last_start: Timestamp,
}

impl Entries {
    /// A single entry.
    pub fn one(start: Timestamp, given: bool) -> Entries {
        Entries {
            count: 1,
            given: u32::from(given),
            first_start: start,
            last_start: start,
        }
    }
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
    /// The earliest start instant of its entries; `None` when it has none.
    pub first_start: Option<Timestamp>,
    /// The latest start instant of its entries; `None` when it has none.
    pub last_start: Option<Timestamp>,
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
                first_start: None,
                last_start: None,
            }
        });
        Tally {
            cohorts: cohorts.collect(),
            rule,
        }
    }

    /// Counts one entry of a cohort (by the number of its period). `active` is its set of periods, as [`crate::rule::Need::holds`]
    /// takes it: at least the minimum number of events in that period, none before it may count or from as-of on.
    /// Entries of cohorts outside the plan are left out.
    pub fn add(&mut self, cohort: usize, start: Timestamp, given: bool, active: &[u64]) {
        self.add_all(cohort, Entries::one(start, given), active);
    }

    /// Counts several entries of a cohort that share their set of periods.
    pub fn add_all(&mut self, cohort: usize, entries: Entries, active: &[u64]) {
        let Some(cohort) = self.cohorts.get_mut(cohort) else {
            return;
        };
        cohort.size += entries.count;
        cohort.given += entries.given;
        cohort.span(Some(entries.first_start), Some(entries.last_start));
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
            cohort.span(other.first_start, other.last_start);
            let retained = cohort.retained.iter_mut().zip(&other.retained);
            for (count, other) in retained.chain(cohort.base.iter_mut().zip(&other.base)) {
                *count += other;
            }
        }
    }
}

impl CohortTally {
    /// Widens the span of start instants.
    fn span(&mut self, first: Option<Timestamp>, last: Option<Timestamp>) {
        self.first_start = self.first_start.into_iter().chain(first).min();
        self.last_start = self.last_start.max(last);
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
