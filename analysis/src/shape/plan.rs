//! Which periods a question is about.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::period::{Calendar, Grain, Periods};
use crate::query::{AsOf, CohortRange, MAX_PERIODS, QueryError, RetentionQuery};

/// The periods of a report, cut in the workspace's calendar.
#[derive(Clone, PartialEq, Debug)]
pub struct RetentionPlan {
    /// From the first cohort's period to the one that contains the last visible instant. Never empty.
    pub periods: Periods,
    /// The first this many periods are cohorts; at least 1.
    pub cohort_count: u32,
    /// The exclusive limit of what is visible: as asked, but never later than now.
    pub as_of: Timestamp,
    /// The calendar in which the periods were cut.
    pub calendar: Calendar,
}

impl RetentionPlan {
    /// Cuts the periods of a question asked at `now`. Fails if the question breaks a limit, if its cohorts begin after
    /// as-of, or if there would be more than [`MAX_PERIODS`] periods.
    pub fn new(
        query: &RetentionQuery,
        calendar: &Calendar,
        now: Timestamp,
    ) -> Result<RetentionPlan, QueryError> {
        query.validate()?;
        let as_of = match query.as_of {
            AsOf::Now => now,
            AsOf::Date(date) => calendar.midnight(date).min(now),
            AsOf::Instant(at) => at.min(now),
        };
        let last = last_period(query.grain, calendar, as_of);
        let week_start = calendar.week_start();
        let first = match query.cohorts {
            CohortRange::Last(count) => newest(query.grain, calendar, last, count),
            CohortRange::Between { from, .. } => query.grain.floor(from, week_start),
        };
        let given = query.grain.count_between(first, last) + 1;
        if given > i64::from(MAX_PERIODS) {
            let given = u64::try_from(given).unwrap_or(u64::MAX);
            let noun = query.grain.noun(given);
            return Err(QueryError::TooManyPeriods { given, noun });
        }
        let periods = Periods::covering(calendar, query.grain, first, as_of);
        let cohorts = match query.cohorts {
            CohortRange::Between { to: Some(to), .. } => {
                let last = query.grain.floor(to, week_start);
                periods.starts.partition_point(|start| *start <= last)
            }
            _ => periods.len(),
        };
        if cohorts == 0 {
            let as_of = calendar.datetime(as_of);
            return Err(QueryError::RangeAhead { from: first, as_of });
        }
        Ok(RetentionPlan {
            periods,
            cohort_count: u32::try_from(cohorts).unwrap_or(u32::MAX),
            as_of,
            calendar: calendar.clone(),
        })
    }

    /// First dates of the cohorts.
    pub fn cohort_starts(&self) -> &[Date] {
        let count = usize::try_from(self.cohort_count).unwrap_or(usize::MAX);
        &self.periods.starts[..count.min(self.periods.len())]
    }

    /// The number of the cohort that begins on a date.
    pub fn cohort_of(&self, start: Date) -> Option<u32> {
        let place = self.cohort_starts().binary_search(&start).ok()?;
        u32::try_from(place).ok()
    }

    /// How many periods, its own included, had begun at as-of for the earliest entry that cohort `own` can have.
    pub fn reach(&self, own: usize) -> usize {
        self.periods.len().saturating_sub(own)
    }

    /// How many periods, its own included, had ended at as-of for the latest entry that cohort `own` can have.
    pub fn ended(&self, own: usize) -> usize {
        (own..self.periods.len())
            .take_while(|period| self.has_ended(*period))
            .count()
    }

    /// Whether a period lies wholly before as-of.
    pub fn has_ended(&self, period: usize) -> bool {
        let end = self.periods.bounds.get(period + 1);
        end.is_some_and(|end| *end <= self.as_of)
    }
}

/// First date of the period that contains the last visible instant.
fn last_period(grain: Grain, calendar: &Calendar, as_of: Timestamp) -> Date {
    let nanosecond = SignedDuration::from_nanos(1);
    let last_visible = as_of.checked_sub(nanosecond).unwrap_or(as_of);
    calendar.floor(grain, last_visible)
}

/// First date of the first of `count` periods that end with `last`.
fn newest(grain: Grain, calendar: &Calendar, last: Date, count: u32) -> Date {
    let mut first = last;
    let mut found = 1;
    while found < count && first > Date::MIN {
        let later = first;
        first = grain.previous(first);
        // A day that the zone skipped is no period.
        if calendar.midnight(first) < calendar.midnight(later) {
            found += 1;
        }
    }
    first
}
