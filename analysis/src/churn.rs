//! Who leaves: churn by period, the threshold of inactivity behind it, how customers come and go, how often they are
//! there, and how they fade. Everything follows from the local days on which each customer was active.
//!
//! A customer is active at an instant when one of the days within the inactivity threshold before it was an active one;
//! what the numbers mean is written down in `docs/DEFINITIONS.md`.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

#[cfg(feature = "zones")]
mod answer;
#[cfg(feature = "zones")]
mod history;
#[cfg(feature = "zones")]
mod plan;
mod returns;

#[cfg(feature = "zones")]
pub use answer::{Answer, Lost, Quiet, answer};
#[cfg(feature = "zones")]
pub use history::{Days, History};
#[cfg(feature = "zones")]
pub use plan::ChurnPlan;
pub use returns::{DEFAULT_THRESHOLD, MIN_RETURNS, Returns};

use crate::annotation::Annotation;
use crate::period::WeekStart;
use crate::query::{AsOf, ChurnQuery};
use crate::stats::{Interval, float, newcombe, rate, wilson};

/// Weeks before the end of a period over which its customers' activity is shown.
pub const FADING_WEEKS: u32 = 26;
/// The days before as-of that are compared with a customer's own earlier pace.
pub const RECENT_DAYS: u32 = 28;
/// The days before those, from which that pace is taken.
pub const EARLIER_DAYS: u32 = 84;
/// Active days in each [`RECENT_DAYS`] that make a pace: of less, a fall by half can't be told from nothing.
pub const MIN_PACE: u32 = 3;

/// What became of customers in a period that has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Churn {
    /// Active at its start.
    pub opening: u64,
    /// Of these, no longer active at its end.
    pub lost: u64,
    /// Active at its end and never before its start.
    pub new: u64,
    /// Active at its end and some time before, but not at its start.
    pub returned: u64,
}

impl Churn {
    /// Active at the end.
    pub fn closing(&self) -> u64 {
        self.opening.saturating_sub(self.lost) + self.new + self.returned
    }

    /// Gross churn: lost / opening, 0 to 1; `None` when nobody was active at the start.
    pub fn gross(&self) -> Option<f64> {
        rate(self.lost, self.opening)
    }

    /// Wilson's 95 % interval of the gross churn.
    pub fn interval(&self) -> Option<Interval> {
        wilson(self.lost, self.opening)
    }

    /// Net churn: (lost − new − returned) / opening. Negative where more came than left; `None` when nobody was active at
    /// the start.
    pub fn net(&self) -> Option<f64> {
        (self.opening > 0)
            .then(|| (float(self.opening) - float(self.closing())) / float(self.opening))
    }

    /// Gross churn minus another's, with Newcombe's 95 % interval for independent samples; `None` when one has none.
    pub fn difference(&self, other: &Churn) -> Option<(f64, Interval)> {
        let interval = newcombe((self.lost, self.opening), (other.lost, other.opening))?;
        Some((self.gross()? - other.gross()?, interval))
    }
}

/// How customers came and went from one calendar period to the next. Only activity within the periods counts here, not
/// the threshold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Lifecycle {
    /// Active in the period for the first time ever.
    pub new: u64,
    /// Active in the period and in the one before.
    pub retained: u64,
    /// Active in the period and some time ago, but not in the one before.
    pub returned: u64,
    /// Active in the period before and not in this one; `None` while it runs.
    pub dormant: Option<u64>,
}

impl Lifecycle {
    /// Active in the period.
    pub fn active(&self) -> u64 {
        self.new + self.retained + self.returned
    }

    /// The growth ratio, (new + returned) / dormant: above 1 where more come than go. `None` while the period runs and
    /// when nobody became dormant.
    pub fn growth(&self) -> Option<f64> {
        let dormant = self.dormant.filter(|dormant| *dormant > 0)?;
        Some(float(self.new + self.returned) / float(dormant))
    }
}

/// On how many of so many days customers were active.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Stickiness {
    /// Customers active on exactly 1, 2, 3 … of the days, up to all of them.
    pub days: Vec<u64>,
}

impl Stickiness {
    /// Customers active on at least one of the days.
    pub fn customers(&self) -> u64 {
        self.days.iter().sum()
    }

    /// The mean number of active days of those customers; `None` without any.
    pub fn mean_days(&self) -> Option<f64> {
        let customers = self.customers();
        let days: u64 = self.days.iter().zip(1..).map(|(count, n)| count * n).sum();
        (customers > 0).then(|| float(days) / float(customers))
    }

    /// The mean share of the days on which they were active, 0 to 1; `None` without any.
    pub fn mean_share(&self) -> Option<f64> {
        let length = u64::try_from(self.days.len()).unwrap_or(u64::MAX);
        self.mean_days().map(|mean| mean / float(length))
    }

    /// Customers active on at least `least` and at most `most` of the days.
    pub fn between(&self, least: usize, most: usize) -> u64 {
        let counts = self.days.iter().zip(1..);
        counts
            .filter(|(_, n)| (least..=most).contains(n))
            .map(|(count, _)| count)
            .sum()
    }
}

/// One period of the report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChurnPeriod {
    /// Its first local date.
    pub start: Date,
    /// Its last local date.
    pub last: Date,
    /// Customers active at its start.
    pub opening: u64,
    /// What became of them; `None` while it runs: nobody is lost before the end.
    pub churn: Option<Churn>,
    /// The same period a year earlier; `None` where nobody was active at its start, or while this one runs.
    pub before: Option<Churn>,
    /// Who came and went.
    pub lifecycle: Lifecycle,
    /// Active days in the days up to its end; `None` while it runs.
    pub stickiness: Option<Stickiness>,
}

/// The activity of some customers in a week.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Week {
    /// Of the customers, those who had been active by its end.
    pub customers: u64,
    /// Days in it on which they were active, all together.
    pub days: u64,
}

impl Week {
    /// Active days a customer; `None` before anybody was active.
    pub fn mean(&self) -> Option<f64> {
        (self.customers > 0).then(|| float(self.days) / float(self.customers))
    }
}

/// Customers' activity in the [`FADING_WEEKS`] up to the end of a period.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Fading {
    /// Those active at its start and at its end, week by week, the last ends with the period.
    pub regular: Vec<Week>,
    /// Those who were active at its end for the first time.
    pub new: Vec<Week>,
    /// Those lost in it.
    pub lost: Vec<Week>,
}

/// Customers who are still active and have known better times.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Quietly {
    /// Customers active at as-of who have a pace of their own: active for the first time at least [`RECENT_DAYS`] before
    /// the recent days, and on at least [`MIN_PACE`] days in each [`RECENT_DAYS`] of the earlier ones.
    pub known: u64,
    /// Of these, customers whose recent days fell below the chosen share of that pace.
    pub leaving: u64,
}

/// A customer lost in a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LostCustomer {
    /// External id.
    pub customer: String,
    /// His last active day before the period's end.
    pub last_active: Date,
    /// His active days before the period's end.
    pub active_days: u32,
    /// The day on which he came back after all.
    pub back: Option<Date>,
}

/// A customer who is quietly leaving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuietCustomer {
    /// External id.
    pub customer: String,
    /// His last active day.
    pub last_active: Date,
    /// Active days in the last 28 days before as-of's own day.
    pub recent: u32,
    /// Active days in so many days before, at his own pace.
    pub pace: f64,
}

/// The answer to a [`ChurnQuery`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChurnReport {
    /// The question as asked, with the definition or the events that were used.
    pub query: ChurnQuery,
    /// What counts as active on a day, in words.
    pub activity: String,
    /// The inactivity threshold that was used, in days.
    pub threshold: u32,
    /// How fast customers come back, and what threshold that proposes.
    pub returns: Returns,
    /// IANA name of the zone in which days and periods were cut.
    pub zone: String,
    /// The weekday on which weeks begin.
    pub week_start: WeekStart,
    /// The exclusive limit of what was visible.
    pub as_of: Timestamp,
    /// What a clock in the zone showed at `as_of`.
    pub as_of_local: DateTime,
    /// The newest event stored.
    pub watermark: Option<Timestamp>,
    /// What a clock in the zone showed at the newest event stored.
    pub watermark_local: Option<DateTime>,
    /// The first local date on which any of the customers was active.
    pub first: Option<Date>,
    /// Customers who were ever active before as-of.
    pub customers: u64,
    /// Customers of the workspace left out as internal.
    pub internal: u64,
    /// Periods, oldest first, from the first that ended after anybody was active.
    pub periods: Vec<ChurnPeriod>,
    /// First date of the period whose lost customers are listed and drawn; `None` when there is none.
    pub picked: Option<Date>,
    /// How the customers of that period were active before its end.
    pub fading: Option<Fading>,
    /// Who is quietly leaving at as-of.
    pub quiet: Quietly,
    /// What happened on the days of its periods, in their order.
    pub annotations: Vec<Annotation>,
}

impl ChurnReport {
    /// The periods that have ended, with what became of their customers; only those at whose start somebody was active.
    pub fn ended(&self) -> impl DoubleEndedIterator<Item = (&ChurnPeriod, Churn)> {
        let periods = self.periods.iter();
        periods.filter_map(|period| Some((period, period.churn.filter(|of| of.opening > 0)?)))
    }

    /// The period that is picked.
    pub fn picked_period(&self) -> Option<(&ChurnPeriod, Churn)> {
        let period = self
            .periods
            .iter()
            .find(|one| Some(one.start) == self.picked)?;
        Some((period, period.churn?))
    }

    /// Whether the period picked is the one asked for, which may lie outside the report or not have ended.
    pub fn shows_period_asked_for(&self) -> bool {
        let asked = self.query.period;
        asked.is_none_or(|date| Some(self.query.grain.floor(date, self.week_start)) == self.picked)
    }

    /// Whether the question asked for an as-of that had not come yet.
    pub fn as_of_was_ahead(&self) -> bool {
        match self.query.as_of {
            AsOf::Now => false,
            AsOf::Date(day) => day > self.as_of_local.date(),
            AsOf::Instant(at) => at > self.as_of,
        }
    }
}
