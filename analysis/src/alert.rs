//! Alerts: whether the newest number that can't change any more lies where it should, chance allowed for.
//!
//! What is looked at is final: the newest cohort whose period has ended for all of its members, the newest period of
//! churn that has ended, and each only once events from after it are stored. Definitions are in `docs/DEFINITIONS.md`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::churn::ChurnReport;
use crate::period::Grain;
use crate::query::Window;
use crate::report::{CellState, Cohort, RetentionReport};
use crate::rule::Rule;
use crate::stats::{Interval, Z_99, newcombe_at, rate, wilson};

/// A rate that is watched, in whole thousandths: from 0.1 to 99.9 %.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Threshold(u16);

/// A text that is no [`Threshold`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A threshold lies between 0.1 and 99.9 %, with at most one decimal.")]
pub struct ThresholdError;

impl Threshold {
    /// So many thousandths.
    ///
    /// # Errors
    /// For nothing, everything and what is beyond: no rate falls below 0 %.
    pub fn permille(permille: u16) -> Result<Self, ThresholdError> {
        match permille {
            1..=999 => Ok(Self(permille)),
            _ => Err(ThresholdError),
        }
    }

    /// In thousandths.
    pub fn as_permille(self) -> u16 {
        self.0
    }

    /// As a rate from 0 to 1.
    pub fn rate(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }
}

/// From a number of percent: "40", "37.5".
impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let (whole, tenths) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(tenths) || tenths.len() != 1 || whole.len() > 2 {
            return Err(ThresholdError);
        }
        let number = |text: &str| text.parse::<u16>().map_err(|_| ThresholdError);
        Self::permille(number(whole)? * 10 + number(tenths)?)
    }
}

/// As a number of percent, as [`FromStr`] reads it.
impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 10, self.0 % 10) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, tenths) => write!(f, "{whole}.{tenths}"),
        }
    }
}

/// When an alert is to say something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// When the rate's 95 % interval lies below the threshold as a whole.
    Below(Threshold),
    /// When it lies above the threshold as a whole.
    Above(Threshold),
    /// When the 99 % interval of the difference from all that came before leaves out 0.
    Differs,
}

/// What is watched for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Alert {
    /// The column of a retention report; of no meaning for churn.
    pub period: u32,
    /// When it is to say something.
    pub condition: Condition,
}

/// All that came before the number that is looked at, pooled.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Before {
    /// Retained, or lost.
    pub count: u64,
    /// Of so many.
    pub size: u64,
    /// In so many cohorts, or periods.
    pub pooled: u32,
    /// The number looked at minus this, with 99 % confidence.
    pub difference: Interval,
}

/// The number that an alert looks at.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reading {
    /// First date of its cohort, or of its period of churn.
    pub start: Date,
    /// Retained, or lost.
    pub count: u64,
    /// Of so many customers.
    pub size: u64,
    /// `count / size`, from 0 to 1.
    pub rate: f64,
    /// Wilson's 95 % interval of the rate.
    pub interval: Interval,
    /// What it is compared with; `None` when there is nothing before it.
    pub before: Option<Before>,
    /// Whether the alert's condition is met.
    pub met: bool,
}

impl Reading {
    /// The last of these numbers, (first date, count, size), oldest first, against those before it.
    fn of(condition: Condition, numbers: &[(Date, u64, u64)]) -> Option<Self> {
        let (&(start, count, size), earlier) = numbers.split_last()?;
        let interval = wilson(count, size)?;
        let sum = |of: fn(&(Date, u64, u64)) -> u64| earlier.iter().map(of).sum::<u64>();
        let pooled = (sum(|one| one.1), sum(|one| one.2));
        let before = newcombe_at(Z_99, (count, size), pooled).map(|difference| Before {
            count: pooled.0,
            size: pooled.1,
            pooled: u32::try_from(earlier.len()).unwrap_or(u32::MAX),
            difference,
        });
        let met = match condition {
            Condition::Below(threshold) => interval.high < threshold.rate(),
            Condition::Above(threshold) => interval.low > threshold.rate(),
            Condition::Differs => before
                .is_some_and(|before| before.difference.low > 0.0 || before.difference.high < 0.0),
        };
        Some(Self {
            start,
            count,
            size,
            rate: rate(count, size)?,
            interval,
            before,
            met,
        })
    }
}

/// What an alert sees in a retention report; `None` while no cohort has finished the period.
pub fn read_retention(alert: Alert, report: &RetentionReport) -> Option<Reading> {
    let rule = Rule::new(&report.query);
    let column = usize::try_from(alert.period).ok()?;
    if column < report.first_column() {
        return None;
    }
    let numbers: Vec<_> = report
        .cohorts
        .iter()
        .filter(|cohort| is_final(report, &rule, cohort, column))
        .filter_map(|cohort| {
            let (retained, size) = cohort.settled(&rule, column)?;
            Some((cohort.start, u64::from(retained), u64::from(size)))
        })
        .collect();
    Reading::of(alert.condition, &numbers)
}

/// What an alert sees in a report of churn; `None` while no period has ended.
pub fn read_churn(condition: Condition, report: &ChurnReport) -> Option<Reading> {
    let newest = report.watermark_local?.date();
    let numbers: Vec<_> = report
        .ended()
        .filter(|(period, _)| period.last < newest)
        .map(|(period, churn)| (period.start, churn.lost, churn.opening))
        .collect();
    Reading::of(condition, &numbers)
}

/// Whether cells of a column ever become final: *on or after* without an end can rise for ever.
pub fn becomes_final(report: &crate::query::RetentionQuery, period: u32) -> bool {
    let column = usize::try_from(period).unwrap_or(usize::MAX);
    Rule::new(report).settled(column) == CellState::Complete
}

/// Whether a cell's count can't change any more: its periods have ended for all members, and events are stored from
/// after them, so that none of theirs is still to come in.
fn is_final(report: &RetentionReport, rule: &Rule, cohort: &Cohort, column: usize) -> bool {
    let complete = cohort
        .cells
        .get(column)
        .is_some_and(|cell| cell.state == CellState::Complete);
    let end = rule.span(column).to.and_then(|last| {
        // Who signs up last in a cohort ends his periods up to a period later where they begin with himself.
        let own = usize::from(report.query.window == Window::Rolling);
        after(report.query.grain, cohort.start, last + 1 + own)
    });
    let newest = report.watermark_local.map(|at| at.date());
    complete && newest >= end && end.is_some()
}

fn after(grain: Grain, start: Date, periods: usize) -> Option<Date> {
    Some(grain.add(start, i32::try_from(periods).ok()?))
}
