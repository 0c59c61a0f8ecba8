//! Counting customers for one feature: first how often it was used, then what became of whom.

use super::{Cuts, Group};
use crate::query::Zeros;
use crate::stats::Stratum;

/// Strata of other activity: quarters.
const STRATA: usize = 4;
/// Uses below this and other events below [`OTHER`] are counted in cells; hardly anybody does something more often.
const USES: u32 = 64;
/// The other side of the cells.
const OTHER: u32 = 256;

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

    /// Adds up customers, in any order and perhaps on several threads: those alike at once, with their number.
    /// `feature` are places of names; where only its users are asked for, others may come all the same.
    fn fold<A: Send>(
        &self,
        feature: &[u32],
        landmark: bool,
        only_users: bool,
        zero: impl Fn() -> A + Sync,
        add: impl Fn(&mut A, &Unit, u64) + Sync,
        merge: impl Fn(&mut A, A),
    ) -> A;
}

/// Uses, other events, whether they left.
type Kind = (u32, u32, bool);

/// The customers of the quartiles by how often they used the feature, how much else they did, and whether they left.
pub(super) struct Table {
    /// All kinds that occur, some of them perhaps more than once.
    kinds: Vec<(Kind, u64)>,
}

/// A table while it is filled.
struct Cells {
    /// By uses, then other events, then whether they left.
    cells: Vec<u64>,
    /// Those beyond the cells.
    rest: Vec<(Kind, u64)>,
}

impl Table {
    pub(super) fn of(
        customers: &impl Customers,
        feature: &[u32],
        landmark: bool,
        zeros: Zeros,
    ) -> Self {
        let inside = zeros == Zeros::Inside;
        let cells = customers.fold(
            feature,
            landmark,
            !inside,
            Cells::none,
            |cells, unit, customers| {
                if unit.uses > 0 || inside {
                    cells.add(unit, customers);
                }
            },
            |cells, more| {
                for (cell, more) in cells.cells.iter_mut().zip(more.cells) {
                    *cell += more;
                }
                cells.rest.extend(more.rest);
            },
        );
        Self {
            kinds: cells.kinds(),
        }
    }

    fn kinds(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.kinds.iter().copied()
    }

    /// Customers who used the feature at all.
    pub(super) fn users(&self) -> u64 {
        let users = self.kinds().filter(|((uses, ..), _)| *uses > 0);
        users.map(|(_, customers)| customers).sum()
    }

    /// Numbers of uses, ascending, each with its customers.
    pub(super) fn usage(&self) -> Vec<(u32, u64)> {
        histogram(
            self.kinds()
                .map(|((uses, ..), customers)| (uses, customers)),
        )
    }

    /// Highly, moderately and infrequently active customers and how many of them left, as (left, customers); and the
    /// highly (a) and infrequently active ones (b) by quarters of other activity.
    pub(super) fn split(&self, cuts: Cuts) -> ([(u64, u64); 3], [Stratum; STRATA]) {
        let other = self
            .kinds()
            .map(|((_, other, _), customers)| (other, customers));
        let limits = limits(&histogram(other));
        let mut parts = [(0, 0); 3];
        let mut strata = [Stratum::default(); STRATA];
        for ((uses, other, left), customers) in self.kinds() {
            // A stratum begins at its limit, so equal activity is never split.
            let stratum = limits.iter().filter(|limit| other >= **limit).count();
            let stratum = &mut strata[stratum];
            let place = part(uses, cuts);
            let own = match place {
                0 => Some(&mut stratum.a),
                2 => Some(&mut stratum.b),
                _ => None,
            };
            for side in [Some(&mut parts[place]), own].into_iter().flatten() {
                side.0 += if left { customers } else { 0 };
                side.1 += customers;
            }
        }
        (parts, strata)
    }
}

impl Cells {
    fn none() -> Self {
        let cells = usize::try_from(USES * OTHER * 2).unwrap_or_default();
        Self {
            cells: vec![0; cells],
            rest: Vec::new(),
        }
    }

    #[inline]
    fn add(&mut self, unit: &Unit, customers: u64) {
        let left = unit.active == 0;
        if unit.uses < USES && unit.other < OTHER {
            let cell = (unit.uses * OTHER + unit.other) * 2 + u32::from(left);
            let cell = usize::try_from(cell).ok();
            if let Some(count) = cell.and_then(|cell| self.cells.get_mut(cell)) {
                *count += customers;
            }
        } else {
            self.rest.push(((unit.uses, unit.other, left), customers));
        }
    }

    fn kinds(self) -> Vec<(Kind, u64)> {
        let cells = (0_u32..).zip(&self.cells);
        let used = cells.filter(|(_, customers)| **customers > 0);
        let mut kinds: Vec<(Kind, u64)> = used
            .map(|(cell, customers)| {
                let (place, left) = (cell / 2, cell % 2 == 1);
                ((place / OTHER, place % OTHER, left), *customers)
            })
            .collect();
        kinds.extend(self.rest);
        kinds
    }
}

/// Highly, moderately or infrequently active.
fn part(uses: u32, cuts: Cuts) -> usize {
    if uses >= cuts.top {
        0
    } else if uses > cuts.bottom {
        1
    } else {
        2
    }
}

/// Values in ascending order, each with its customers.
fn histogram(counts: impl Iterator<Item = (u32, u64)>) -> Vec<(u32, u64)> {
    let mut values: Vec<(u32, u64)> = counts.collect();
    values.sort_unstable();
    values.dedup_by(|(value, customers), (before, sum)| {
        let same = value == before;
        if same {
            *sum += *customers;
        }
        same
    });
    values
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

/// What became of the customers of each group, period by period.
pub(super) struct Groups {
    /// Those who never used it; nobody where they are zeros inside the quartiles.
    pub(super) never: Group,
    /// Highly, moderately and infrequently active; without cuts all are in the last.
    pub(super) parts: [Group; 3],
}

impl Groups {
    pub(super) fn of(
        customers: &impl Customers,
        (feature, landmark, zeros): (&[u32], bool, Zeros),
        cuts: Option<Cuts>,
        periods: u32,
    ) -> Self {
        let inside = zeros == Zeros::Inside;
        customers.fold(
            feature,
            landmark,
            false,
            || Groups {
                never: Group::empty(periods),
                parts: [(); 3].map(|()| Group::empty(periods)),
            },
            |groups, unit, customers| {
                let group = match cuts {
                    _ if unit.uses == 0 && !inside => &mut groups.never,
                    Some(cuts) => &mut groups.parts[part(unit.uses, cuts)],
                    None => &mut groups.parts[2],
                };
                group.add(unit.active, customers);
            },
            |groups, more| {
                groups.never.merge(&more.never);
                for (part, more) in groups.parts.iter_mut().zip(&more.parts) {
                    part.merge(more);
                }
            },
        )
    }
}

impl Group {
    fn empty(periods: u32) -> Self {
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
        } else {
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
