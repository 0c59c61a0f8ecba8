//! Which periods a question is about.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::period::{Calendar, Grain, Periods};
use crate::query::{AsOf, CohortRange, MAX_PERIODS, QueryError, RetentionQuery, Window};

/// The periods of a report, cut in the workspace's calendar.
#[derive(Clone, PartialEq, Debug)]
pub struct RetentionPlan {
    /// From the first cohort's period to the one that contains the last visible instant. Never empty.
    pub periods: Periods,
    /// The first this many periods are cohorts; at least 1.
    pub cohort_count: u32,
    /// The exclusive limit of what is visible: as asked, but never later than now.
    pub as_of: Timestamp,
    /// Whether the periods of an entry are those of the calendar or its own. Cohorts are always cut by the calendar.
    pub window: Window,
    /// The calendar in which the periods were cut.
    pub calendar: Calendar,
    /// How many of the periods had ended at as-of: asked for every cohort of every shard.
    ended: usize,
}

/// How many periods of an entry, its first included, had begun and ended at as-of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Those with at least one visible instant.
    pub begun: usize,
    /// Those that lie wholly before as-of.
    pub ended: usize,
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
        // Events are stored to the microsecond: what is finer would be rounded one way or the other by each engine.
        let as_of = Timestamp::from_microsecond(as_of.as_microsecond()).unwrap_or(as_of);
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
        let passed = periods.bounds.partition_point(|bound| *bound <= as_of);
        Ok(RetentionPlan {
            ended: passed.saturating_sub(1),
            periods,
            cohort_count: u32::try_from(cohorts).unwrap_or(u32::MAX),
            as_of,
            window: query.window,
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

    /// How far time has gone for the entry of cohort `own` that started at `start`.
    pub fn seen(&self, own: usize, start: Timestamp) -> Seen {
        if let Some(seen) = self.seen_by_all(own) {
            return seen;
        }
        if start >= self.as_of {
            return Seen { begun: 0, ended: 0 };
        }
        let grain = self.periods.grain;
        let period = |at| self.calendar.rolling_period(grain, start, at);
        Seen {
            begun: period(last_visible(self.as_of)) + 1,
            ended: period(self.as_of),
        }
    }

    /// The same where it is one for all entries of a cohort; `None` where each has periods of its own.
    pub fn seen_by_all(&self, own: usize) -> Option<Seen> {
        (self.window == Window::Calendar).then(|| Seen {
            begun: self.periods.len().saturating_sub(own),
            ended: self.ended.saturating_sub(own),
        })
    }

    /// How far time has gone for a cohort without entries: begun as for the earliest that it could have, ended as for
    /// the latest.
    pub fn seen_by_none(&self, own: usize) -> Seen {
        let bound = |period: usize| self.periods.bounds.get(period).copied();
        let (first, last) = (bound(own), bound(own + 1));
        Seen {
            begun: first.map_or(0, |first| self.seen(own, first).begun),
            ended: last.map_or(0, |last| self.seen(own, last).ended),
        }
    }

    /// The most periods that can have begun for an entry of cohort `own`.
    pub fn reach(&self, own: usize) -> usize {
        // Where clocks change, an anniversary can come a little earlier for a start that is a little later.
        self.seen_by_none(own).begun + usize::from(self.window == Window::Rolling)
    }

    /// Whether a period lies wholly before as-of.
    pub fn has_ended(&self, period: usize) -> bool {
        let end = self.periods.bounds.get(period + 1);
        end.is_some_and(|end| *end <= self.as_of)
    }
}

/// First date of the period that contains the last visible instant.
fn last_period(grain: Grain, calendar: &Calendar, as_of: Timestamp) -> Date {
    calendar.floor(grain, last_visible(as_of))
}

fn last_visible(as_of: Timestamp) -> Timestamp {
    as_of
        .checked_sub(SignedDuration::from_nanos(1))
        .unwrap_or(as_of)
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
