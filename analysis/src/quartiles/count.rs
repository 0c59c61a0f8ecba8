//! Counting customers for one feature: first how often it was used, then what became of whom.

use std::collections::BTreeMap;

use super::{Cuts, Group};
use crate::query::Zeros;
use crate::stats::Stratum;

/// Strata of other activity: quarters.
pub(super) const STRATA: usize = 4;
/// Values below this are counted in a list, others in a map: hardly anybody does something more often in a window.
const USUAL: usize = 1024;

/// A customer, as far as one feature is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unit {
    /// How often he used the feature in the exposure window.
    pub uses: u32,
    /// How many other events he sent in it.
    pub other: u32,
    /// In which periods of the outcome window he was active: bit k for the k-th from 0.
    pub active: u64,
}

/// Who knows what customers did whose outcome window was over: any engine that counts.
pub trait Customers {
    /// Names of events; the place of a name stands for it.
    fn names(&self) -> &[String];

    /// How many there are; with `landmark` only those who were active in the last period of the exposure window.
    fn size(&self, landmark: bool) -> u64;

    /// Customers asked for whose outcome window was not over.
    fn not_over(&self) -> u64;

    /// By place of the name: how many sent that event in the exposure window at least once.
    fn users(&self, landmark: bool) -> Vec<u64>;

    /// Adds up all customers, in any order and perhaps on several threads: those alike at once, with their number.
    /// `feature` are places of names.
    fn fold<A: Send>(
        &self,
        feature: &[u32],
        landmark: bool,
        zero: impl Fn() -> A + Sync,
        add: impl Fn(&mut A, &Unit, u64) + Sync,
        merge: impl Fn(&mut A, A),
    ) -> A;
}

/// Values with the customers who have them.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Histogram {
    few: Vec<u64>,
    many: BTreeMap<u32, u64>,
}

impl Histogram {
    fn new() -> Self {
        Self {
            few: vec![0; USUAL],
            many: BTreeMap::new(),
        }
    }

    #[inline]
    fn add(&mut self, value: u32, customers: u64) {
        let usual = usize::try_from(value).ok();
        match usual.and_then(|value| self.few.get_mut(value)) {
            Some(count) => *count += customers,
            None => *self.many.entry(value).or_default() += customers,
        }
    }

    fn merge(&mut self, other: Self) {
        for (count, more) in self.few.iter_mut().zip(other.few) {
            *count += more;
        }
        for (value, customers) in other.many {
            *self.many.entry(value).or_default() += customers;
        }
    }

    /// The values that occur, ascending, with their customers.
    fn values(self) -> Vec<(u32, u64)> {
        let few = (0..).zip(self.few).filter(|(_, customers)| *customers > 0);
        few.chain(self.many).collect()
    }
}

/// How often the customers of the quartiles used the feature, and how much else they did.
pub(super) struct Spread {
    /// Numbers of uses, ascending, each with its customers.
    pub(super) usage: Vec<(u32, u64)>,
    /// The values at one, two and three quarters of all customers in ascending order of other activity: where the strata
    /// begin.
    pub(super) limits: [u32; STRATA - 1],
}

impl Spread {
    pub(super) fn of(
        customers: &impl Customers,
        feature: &[u32],
        landmark: bool,
        zeros: Zeros,
    ) -> Self {
        let inside = zeros == Zeros::Inside;
        let (usage, other) = customers.fold(
            feature,
            landmark,
            || (Histogram::new(), Histogram::new()),
            |(usage, other), unit, customers| {
                if unit.uses > 0 || inside {
                    usage.add(unit.uses, customers);
                    other.add(unit.other, customers);
                }
            },
            |(usage, other), (more_usage, more_other)| {
                usage.merge(more_usage);
                other.merge(more_other);
            },
        );
        Self {
            usage: usage.values(),
            limits: limits(&other.values()),
        }
    }
}

/// The values at one, two and three quarters of all customers in ascending order; 0 without customers.
fn limits(values: &[(u32, u64)]) -> [u32; STRATA - 1] {
    let total: u64 = values.iter().map(|(_, customers)| customers).sum();
    [total / 4, total / 2, total * 3 / 4].map(|place| {
        let mut so_far = 0;
        let found = values.iter().find(|(_, customers)| {
            so_far += customers;
            place < so_far
        });
        found.map_or(0, |(value, _)| *value)
    })
}

/// What became of the customers of each group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Counts {
    /// Those who never used it; nobody where they are zeros inside the quartiles.
    pub(super) never: Group,
    /// Infrequently, moderately and highly active; without cuts all are in the first.
    pub(super) parts: [Group; 3],
    /// Highly and infrequently active customers by other activity.
    pub(super) strata: [Stratum; STRATA],
}

impl Counts {
    /// Counts groups; their activity by period only where `periods` are asked for.
    pub(super) fn of(
        customers: &impl Customers,
        (feature, landmark, zeros): (&[u32], bool, Zeros),
        (cuts, limits): (Option<Cuts>, [u32; STRATA - 1]),
        periods: u32,
    ) -> Self {
        let inside = zeros == Zeros::Inside;
        customers.fold(
            feature,
            landmark,
            || Counts::none(periods),
            |counts, unit, customers| {
                if unit.uses == 0 && !inside {
                    counts.never.add(unit.active, customers);
                    return;
                }
                let place = match cuts {
                    Some(cuts) if unit.uses >= cuts.top => 2,
                    Some(cuts) if unit.uses > cuts.bottom => 1,
                    _ => 0,
                };
                counts.parts[place].add(unit.active, customers);
                // A stratum begins at its limit, so equal activity is never split.
                let stratum = limits.iter().filter(|limit| unit.other >= **limit).count();
                let stratum = &mut counts.strata[stratum];
                let side = match place {
                    2 => &mut stratum.a,
                    0 => &mut stratum.b,
                    _ => return,
                };
                side.1 += customers;
                if unit.active == 0 {
                    side.0 += customers;
                }
            },
            Counts::merge,
        )
    }

    fn none(periods: u32) -> Self {
        Self {
            never: Group::empty(periods),
            parts: [(); 3].map(|()| Group::empty(periods)),
            strata: [Stratum::default(); STRATA],
        }
    }

    fn merge(&mut self, other: Self) {
        self.never.merge(&other.never);
        for (part, more) in self.parts.iter_mut().zip(&other.parts) {
            part.merge(more);
        }
        for (stratum, more) in self.strata.iter_mut().zip(&other.strata) {
            for (side, more) in [(&mut stratum.a, more.a), (&mut stratum.b, more.b)] {
                side.0 += more.0;
                side.1 += more.1;
            }
        }
    }
}

impl Group {
    pub(super) fn empty(periods: u32) -> Self {
        let periods = usize::try_from(periods).unwrap_or_default();
        Group {
            active: vec![0; periods],
            ..Group::default()
        }
    }

    #[inline]
    fn add(&mut self, active: u64, customers: u64) {
        self.customers += customers;
        if active == 0 {
            self.left += customers;
        } else if !self.active.is_empty() {
            let mut bits = active;
            while bits != 0 {
                let period = usize::try_from(bits.trailing_zeros()).unwrap_or(usize::MAX);
                if let Some(count) = self.active.get_mut(period) {
                    *count += customers;
                }
                bits &= bits - 1;
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Group) {
        self.customers += other.customers;
        self.left += other.left;
        for (count, more) in self.active.iter_mut().zip(&other.active) {
            *count += more;
        }
    }
}
