//! Do those who use a feature more leave less? Groups by usage, what became of them, and what can be said about it.
//!
//! Usage is counted in the exposure window, leaving in the outcome window after it; the two never overlap. The rules of
//! the groups and of the verdict are written down in `docs/DEFINITIONS.md`.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

#[cfg(all(feature = "inference", feature = "zones"))]
mod answer;
mod bins;
#[cfg(feature = "inference")]
mod choice;
#[cfg(feature = "inference")]
mod count;
mod cut;
mod facts;
#[cfg(feature = "inference")]
mod reading;
mod sets;
mod verdict;

#[cfg(all(feature = "inference", feature = "zones"))]
pub use answer::{Wanted, answer};
pub use bins::{Bar, Bars, Part, bars};
#[cfg(feature = "inference")]
pub use choice::interesting;
#[cfg(feature = "inference")]
pub use count::{Customers, Unit};
pub use cut::{Cuts, cut};
pub use facts::{FactRow, Facts};
#[cfg(feature = "inference")]
pub use reading::{read, scan};
pub use sets::FeatureSet;
pub use verdict::{Needed, Pace, Single, Verdict, verdict};

use crate::query::QuartileQuery;
use crate::stats::{Interval, newcombe, rate, wilson};

/// Customers who are counted together.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Group {
    /// Their number.
    pub customers: u64,
    /// Of these, customers without any activity in the outcome window.
    pub left: u64,
    /// Of these, customers active in each period of the outcome window.
    pub active: Vec<u64>,
}

impl Group {
    /// The share that left, 0 to 1; `None` without customers.
    pub fn attrition(&self) -> Option<f64> {
        rate(self.left, self.customers)
    }

    /// Wilson's 95 % interval of the attrition; `None` without customers.
    pub fn interval(&self) -> Option<Interval> {
        wilson(self.left, self.customers)
    }

    /// The share active in the outcome window's `period`-th period from 0, with Wilson's 95 % interval.
    pub fn retention(&self, period: usize) -> Option<(f64, Interval)> {
        let active = *self.active.get(period)?;
        Some((
            rate(active, self.customers)?,
            wilson(active, self.customers)?,
        ))
    }
}

/// Users in three groups by how often they used the feature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quartiles {
    /// Where the groups end.
    pub cuts: Cuts,
    /// At most the bottom cut.
    pub infrequent: Group,
    /// Between the cuts; may be empty.
    pub moderate: Group,
    /// At least the top cut.
    pub high: Group,
}

/// A difference of attrition, highly active minus infrequently active.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Effect {
    /// From -1 to 1; negative where heavy users leave less.
    pub difference: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// The two-sided p-value of no difference at all.
    pub p: f64,
}

/// A trend of attrition over infrequently, moderately and highly active.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trend {
    /// The Cochran-Armitage statistic; negative where attrition falls with usage.
    pub z: f64,
    /// Its two-sided p-value.
    pub p: f64,
}

/// One way to read the data: with or without the landmark.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Reading {
    /// Whether only customers count who were active in the last exposure period.
    pub landmark: bool,
    /// Customers counted.
    pub customers: u64,
    /// Customers left out by the landmark.
    pub gone: u64,
    /// All customers counted, as one group.
    pub all: Group,
    /// Those who never used the feature; `None` where they are zeros inside the quartiles.
    pub never: Option<Group>,
    /// The others; `None` when usage does not vary enough to split.
    pub quartiles: Option<Quartiles>,
    /// Numbers of uses, ascending, with the customers who had exactly that many; of those in the quartiles.
    pub usage: Vec<(u32, u64)>,
    /// The difference as it is.
    pub raw: Option<Effect>,
    /// The difference that remains between customers whose other activity is alike; `None` where heavy and light users
    /// have nobody in common there.
    pub adjusted: Option<Effect>,
    /// How many of the strata of other activity hold both heavy and light users.
    pub strata: u32,
    /// The trend over the three groups; `None` where all or none left.
    pub trend: Option<Trend>,
    /// What can be said.
    pub verdict: Verdict,
}

impl Reading {
    /// One of the groups; `None` where there is none.
    pub fn group(&self, part: Part) -> Option<&Group> {
        let quartiles = self.quartiles.as_ref();
        match part {
            Part::High => quartiles.map(|of| &of.high),
            Part::Moderate => quartiles.map(|of| &of.moderate),
            Part::Infrequent => quartiles.map(|of| &of.infrequent),
            Part::Never => self.never.as_ref(),
        }
    }

    /// Customers in the quartiles.
    pub fn users(&self) -> u64 {
        self.usage.iter().map(|(_, customers)| customers).sum()
    }
}

/// A feature among all others.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ScanRow {
    /// The event's name, or that of a saved set of events.
    pub feature: String,
    /// The set, if it is one.
    pub set: Option<FeatureSet>,
    /// Customers counted who used it at least once.
    pub users: u64,
    /// Its highly, moderately and infrequently active customers, as (left, customers); `None` when usage does not vary
    /// enough to split.
    pub groups: Option<[(u64, u64); 3]>,
    /// The difference as it is.
    pub raw: Option<Effect>,
    /// The difference that remains between customers whose other activity is alike.
    pub adjusted: Option<Effect>,
    /// The p-value of the adjusted difference, corrected for the number of features by Holm.
    pub holm: Option<f64>,
    /// What can be said about the feature for itself.
    pub verdict: Verdict,
}

impl ScanRow {
    /// Whether a finding is one that chance among so many features does not explain.
    pub fn stands(&self) -> bool {
        self.holm.is_some_and(|p| p < 0.05)
    }
}

/// What it takes to tell a difference, from the base rate of today.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plan {
    /// The attrition that is compared with, 0 to 1.
    pub base: f64,
    /// The difference to be told, 0 to 1.
    pub difference: f64,
    /// Customers on each side, for a power of 80 % at the 5 % level.
    pub per_side: u64,
    /// Periods until so many have signed up and can be observed, at the pace of today; `None` when it is more than 500.
    pub periods: Option<u32>,
}

/// What a feature that is still to be launched needs before it can be told whether it keeps customers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Launch {
    /// The attrition of all customers counted, 0 to 1.
    pub base: f64,
    /// Customers counted for each period in which they signed up.
    pub arrivals: f64,
    /// By the difference between the highest and the lowest quarter of its users, ascending.
    pub plans: Vec<Plan>,
}

/// The answer to a [`QuartileQuery`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct QuartileReport {
    /// The question as asked, with `feature` and `active` resolved to the names that were used, also those of a set.
    pub query: QuartileQuery,
    /// The saved set of events that was looked at, if it was one.
    pub set: Option<FeatureSet>,
    /// IANA name of the zone in which periods were cut.
    pub zone: String,
    /// The exclusive limit of what was visible.
    pub as_of: Timestamp,
    /// What a clock in the zone showed at `as_of`.
    pub as_of_local: DateTime,
    /// First date of the first and of the last cohort asked for.
    pub cohorts: (Date, Date),
    /// What a clock in the zone showed at the newest event stored.
    pub watermark_local: Option<DateTime>,
    /// Customers in the cohorts whose outcome window had not ended at as-of.
    pub not_over: u64,
    /// Customers of the workspace with neither a signup nor an event.
    pub no_start: u64,
    /// Customers of the workspace left out as internal.
    pub internal: u64,
    /// The reading that was asked for.
    pub reading: Reading,
    /// The reading with the other landmark.
    pub other: Reading,
    /// Every feature, those that keep customers most first, those without an adjusted difference last; empty where it was
    /// not asked for.
    pub scan: Vec<ScanRow>,
    /// Features that were left out of the scan, being used by the fewest.
    pub not_scanned: u32,
    /// What an experiment takes to find the difference that remains; `None` where there is no difference.
    pub experiment: Option<Plan>,
    /// What a feature that is still to be launched needs; `None` without customers.
    pub launch: Option<Launch>,
}

impl QuartileReport {
    /// Whether a row of the scan is the feature that was looked at.
    pub fn shows(&self, row: &ScanRow) -> bool {
        match (&self.set, &row.set) {
            (Some(own), Some(its)) => own.slug == its.slug,
            (None, None) => self.query.feature == [row.feature.as_str()],
            _ => false,
        }
    }
}

/// Newcombe's difference of the attrition of two groups, first minus second; `None` when one is empty.
pub fn difference(first: &Group, second: &Group) -> Option<(f64, Interval)> {
    let interval = newcombe(
        (first.left, first.customers),
        (second.left, second.customers),
    )?;
    Some((first.attrition()? - second.attrition()?, interval))
}
