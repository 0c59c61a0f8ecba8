//! What the numbers allow to be said.

use serde::{Deserialize, Serialize};

use super::Effect;
use crate::stats::{Interval, float, whole};

/// How much more it takes until something can be said, if the difference stays as it looks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Needed {
    /// So many more customers; `None` when more than there are people.
    pub customers: Option<u64>,
    /// So many more periods at the pace of today; `None` when it is more than 500.
    pub periods: Option<u32>,
}

/// What one difference says by itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Single {
    /// Attrition falls with usage.
    Confirmed,
    /// Attrition rises with usage.
    Reverse,
    /// Whatever difference there is, it is not material.
    NoMaterialDifference,
    /// Neither can be told, or there is nothing to tell it from.
    TooLittleData,
}

/// What can be said about a feature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Those who use it more leave less, also among customers who are alike otherwise.
    Confirmed,
    /// Those who use it more leave more, also among customers who are alike otherwise.
    Reverse,
    /// Those who use it more leave about as often.
    NoMaterialDifference,
    /// None of these can be told yet.
    TooLittleData {
        /// What would settle it.
        needed: Needed,
    },
    /// There is a difference as it is or after adjusting, but not the same in both.
    Confounded {
        /// The difference as it is.
        raw: Single,
        /// The difference between customers who are alike otherwise.
        adjusted: Single,
    },
    /// Usage does not vary enough to split.
    NotEnoughVariation,
}

/// How many customers there were to learn from, and in how many periods they signed up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    /// Customers counted.
    pub customers: u64,
    /// Periods in which they signed up, at least 1.
    pub periods: u32,
}

/// More periods than this are no plan.
const MOST_PERIODS: u64 = 500;
/// More customers than this are no plan: about as many as there are people.
const MOST_CUSTOMERS: u64 = 10_000_000_000;

impl Pace {
    /// Periods in which so many more sign up; `None` when it is more than 500.
    pub(super) fn periods_for(self, customers: u64) -> Option<u32> {
        let a_period = float(self.customers) / f64::from(self.periods.max(1));
        let periods = whole(float(customers) / a_period)?;
        (periods <= MOST_PERIODS).then(|| u32::try_from(periods).ok())?
    }
}

/// What one difference says; `material` in points.
pub(super) fn single(effect: Option<&Effect>, material: u32) -> Single {
    let limit = f64::from(material) / 100.0;
    match effect.map(|effect| effect.interval) {
        Some(Interval { high, .. }) if high < 0.0 => Single::Confirmed,
        Some(Interval { low, .. }) if low > 0.0 => Single::Reverse,
        Some(Interval { low, high }) if -limit <= low && high <= limit => {
            Single::NoMaterialDifference
        }
        _ => Single::TooLittleData,
    }
}

/// What the difference as it is and the adjusted one say together; `material` in points.
///
/// A finding (confirmed or reverse) stands only if both make it, and is confounded if just one does. Without a finding,
/// there is no material difference only if both say so; else it is too little data.
pub fn verdict(
    raw: Option<&Effect>,
    adjusted: Option<&Effect>,
    material: u32,
    pace: Pace,
) -> Verdict {
    if raw.is_none() {
        return Verdict::NotEnoughVariation;
    }
    let finding = |single| matches!(single, Single::Confirmed | Single::Reverse);
    match (single(raw, material), single(adjusted, material)) {
        (Single::Confirmed, Single::Confirmed) => Verdict::Confirmed,
        (Single::Reverse, Single::Reverse) => Verdict::Reverse,
        (Single::NoMaterialDifference, Single::NoMaterialDifference) => {
            Verdict::NoMaterialDifference
        }
        (raw, adjusted) if finding(raw) || finding(adjusted) => {
            Verdict::Confounded { raw, adjusted }
        }
        _ => {
            let effects = raw.into_iter().chain(adjusted);
            let factors = effects.map(|effect| factor(effect, material));
            let needed = needed(factors.fold(1.0, f64::max), pace);
            Verdict::TooLittleData { needed }
        }
    }
}

/// How many times as many customers it takes until the interval around the same difference either leaves 0 out or stays
/// within what is immaterial. Intervals shrink with the root of the number of customers.
fn factor(effect: &Effect, material: u32) -> f64 {
    let half = (effect.interval.high - effect.interval.low) / 2.0;
    let difference = effect.difference.abs();
    let settled = difference.max(f64::from(material) / 100.0 - difference);
    (half / settled).powi(2)
}

fn needed(factor: f64, pace: Pace) -> Needed {
    let more = whole(float(pace.customers) * (factor - 1.0).max(0.0));
    let customers = more
        .filter(|more| *more <= MOST_CUSTOMERS)
        .map(|more| more.max(1));
    Needed {
        customers,
        periods: customers.and_then(|more| pace.periods_for(more)),
    }
}
