//! How fast customers come back, and the inactivity threshold that follows from it.

use serde::{Deserialize, Serialize};

use crate::stats::rate;

/// The threshold in days where the data are too few to propose one.
pub const DEFAULT_THRESHOLD: u32 = 30;
/// A threshold is proposed from at least this many returns.
pub const MIN_RETURNS: u64 = 30;
/// The gap within which this share of returns happens is the proposed threshold.
const SHARE: f64 = 0.9;

/// Returns: activity after a gap. A gap is the number of days from one active day of a customer to his next.
///
/// A gap that has not ended by as-of may be long or for ever. So that long gaps have the same chance to be seen as short
/// ones, only gaps that began at least [`Returns::horizon`] days before as-of are counted, each followed for exactly that
/// long.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Returns {
    /// For how many days each gap was followed: half of the days between the first activity and as-of.
    pub horizon: u32,
    /// Returns after exactly 1, 2, 3 … days, up to the horizon.
    pub after: Vec<u64>,
    /// Gaps that had not ended after the horizon's days: no returns.
    pub open: u64,
    /// Gaps that began too late to be followed for so long, ended or not; they are left out.
    pub too_recent: u64,
}

impl Returns {
    /// The returns counted.
    pub fn total(&self) -> u64 {
        self.after.iter().sum()
    }

    /// The share of returns that came within so many days, 0 to 1; `None` without returns.
    pub fn within(&self, days: u32) -> Option<f64> {
        let days = usize::try_from(days).unwrap_or(usize::MAX);
        rate(self.after.iter().take(days).sum(), self.total())
    }

    /// The least number of days within which 90 % of returns came; `None` with fewer than [`MIN_RETURNS`].
    pub fn proposal(&self) -> Option<u32> {
        let total = self.total();
        if total < MIN_RETURNS {
            return None;
        }
        let mut seen = 0;
        for (count, days) in self.after.iter().zip(1..) {
            seen += count;
            if rate(seen, total).is_some_and(|share| share >= SHARE) {
                return Some(days);
            }
        }
        None
    }
}
