//! Which days and periods a question is about.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::period::{Calendar, Grain, Periods};
use crate::query::ChurnQuery;
use crate::shape::RetentionPlan;

/// The most days that are told apart, 123 years; what is older counts as the first of them.
const MAX_HISTORY: i64 = 45_000;

/// Days and periods, cut in the workspace's calendar.
#[derive(Clone, PartialEq, Debug)]
pub struct ChurnPlan {
    /// Every local day from the first event's to the one that contains the last visible instant.
    pub days: Periods,
    /// The exclusive limit of what is visible.
    pub as_of: Timestamp,
    /// The calendar in which they were cut.
    pub calendar: Calendar,
    /// The number of whole days before as-of: the number of the day that contains it.
    pub today: u32,
    /// The periods asked for and those of the year before them, oldest first.
    pub(super) spans: Vec<Span>,
    /// The first of them that was asked for; it has a year of others before it.
    pub(super) asked: usize,
}

/// A period as days `[from, to)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Span {
    pub(super) start: Date,
    pub(super) last: Date,
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) ended: bool,
}

impl ChurnPlan {
    /// Cuts the days and periods of a question. `periods` is the plan of its population, `first` the first event of all;
    /// without any, nothing before as-of's own day is seen.
    pub fn new(query: &ChurnQuery, periods: &RetentionPlan, first: Option<Timestamp>) -> Self {
        let (calendar, as_of) = (&periods.calendar, periods.as_of);
        let visible = as_of
            .checked_sub(SignedDuration::from_nanos(1))
            .unwrap_or(as_of);
        let newest = calendar.date(visible);
        let first = calendar.date(first.unwrap_or(visible).min(visible));
        let floor = newest.saturating_sub(MAX_HISTORY.days());
        let days = Periods::covering(calendar, Grain::Day, first.max(floor), as_of);
        let day = |at: Timestamp| number(days.bounds.partition_point(|bound| *bound < at));
        let asked = periods.cohort_starts();
        let year = query.periods_a_year();
        let back = -i32::try_from(year).unwrap_or(i32::MAX);
        let start = asked.first().copied().unwrap_or(newest);
        let all = Periods::covering(calendar, query.grain, query.grain.add(start, back), as_of);
        let kept = all
            .starts
            .iter()
            .take_while(|start| Some(*start) <= asked.last())
            .count();
        let spans = all.starts.iter().zip(&all.bounds).zip(&all.bounds[1..]);
        let spans = spans.take(kept).map(|((start, from), to)| Span {
            start: *start,
            last: query.grain.next(*start).saturating_sub(1.days()),
            from: day(*from),
            to: day(*to),
            ended: *to <= as_of,
        });
        // The day that contains as-of has not ended, unless as-of is its very end.
        let whole = days.bounds.partition_point(|bound| *bound <= as_of);
        Self {
            today: number(whole.saturating_sub(1)),
            spans: spans.collect(),
            asked: usize::try_from(year).unwrap_or(usize::MAX),
            as_of,
            calendar: calendar.clone(),
            days,
        }
    }

    /// The local date of a day.
    pub(super) fn date(&self, day: u32) -> Date {
        let place = usize::try_from(day).unwrap_or(usize::MAX);
        self.days.starts.get(place).copied().unwrap_or(Date::MAX)
    }
}

/// Days are fewer than 2¹⁶.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
