//! Which period an instant falls in, answered from as few of its bytes as possible.

use crate::Broken;
use crate::chunk::{Depth, Instants};
use crate::month::{DAY, DAYS, Month, QUARTER, QUARTERS, micros};
use analysis::period::Periods;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// In no period that is looked at.
const OUTSIDE: i32 = -1;
/// In more than one: a finer plane has to tell.
const MIXED: i32 = -2;

/// How an entry's periods are laid.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Window {
    /// The calendar periods after the cohort's own.
    Calendar,
    /// Spans of this many microseconds from the entry's own start.
    Rolling(i64),
}

/// What the bits of [`crate::sets::ShardSets`] mean. Equal frames over the same data give equal bits.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The bounds of the calendar periods, from the first cohort's to the last's end.
    pub(crate) bounds: Vec<i64>,
    /// Nothing before this instant is seen.
    from: i64,
    /// Nothing at or after this instant is seen.
    pub(crate) limit: i64,
    pub(crate) window: Window,
    /// How many events make a period active.
    pub(crate) at_least: u32,
    /// Whether period 0 is exact. It seldom matters, and it is the only one for which an event on the day of its
    /// customer's signup has to be read to the microsecond.
    pub(crate) own: bool,
    /// Made when they are first asked for: a question whose sets are in memory goes without.
    months: OnceLock<BTreeMap<Month, Table>>,
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        (
            &self.bounds,
            self.from,
            self.limit,
            self.window,
            self.at_least,
            self.own,
        ) == (
            &other.bounds,
            other.from,
            other.limit,
            other.window,
            other.at_least,
            other.own,
        )
    }
}

impl Eq for Frame {}

/// The periods of a month's days and quarter hours.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    first_day: i32,
    /// One more than there are, so that five bits are always a place.
    days: [i32; 32],
    quarters: Vec<i32>,
}

impl Frame {
    /// A frame for these periods, where nothing from `as_of` on is seen and `at_least` events (0 means 1) make a period
    /// active. `newest` is no earlier than all events and starts there are: an as-of after it hides nothing, so that
    /// "now" gives the same frame from one moment to the next.
    pub fn new(
        periods: &Periods,
        as_of: Timestamp,
        newest: i64,
        window: Window,
        at_least: u32,
        own: bool,
    ) -> Frame {
        let bounds: Vec<i64> = periods.bounds.iter().map(|&bound| micros(bound)).collect();
        let end = bounds.last().copied().unwrap_or(i64::MIN);
        let as_of = micros(as_of);
        Frame {
            from: bounds.first().copied().unwrap_or(i64::MAX),
            limit: if as_of > newest { end } else { as_of.min(end) },
            bounds,
            window: match window {
                Window::Rolling(length) => Window::Rolling(length.max(1)),
                calendar => calendar,
            },
            at_least: at_least.max(1),
            own,
            months: OnceLock::new(),
        }
    }

    /// The first instant of the first calendar period; `None` if there is no period.
    pub fn first(&self) -> Option<i64> {
        self.bounds.first().copied()
    }

    /// The last calendar period: its first instant and its end; `None` if there is no period.
    pub fn last_period(&self) -> Option<(i64, i64)> {
        let last = self.bounds.len().checked_sub(2)?;
        Some((self.bounds[last], self.bounds[last + 1]))
    }

    /// The months whose events are seen: the first and the last of them; `None` if there is nothing to see.
    pub fn months(&self) -> Option<(Month, Month)> {
        let seen = self.from < self.limit;
        seen.then(|| (Month::of(self.from), Month::of(self.limit - 1)))
    }

    /// How much of the instants has to be at hand. Less is enough for whoever is lucky.
    pub fn depth(&self) -> Depth {
        if self.own || self.window != Window::Calendar {
            return Depth::Exact;
        }
        let inside = |bound: &&i64| (self.from..self.limit).contains(*bound);
        let limits = self.bounds.iter().filter(inside).chain([&self.limit]);
        let all = |unit: i64| limits.clone().all(|limit| limit % unit == 0);
        if all(DAY) {
            Depth::Days
        } else if all(QUARTER) {
            Depth::Quarters
        } else {
            Depth::Exact
        }
    }

    /// Whether events of a month can be seen at all.
    pub fn sees(&self, month: Month) -> bool {
        month.start() < self.limit && month.next().start() > self.from
    }

    /// The place of `first` among the bounds: how many cohorts of this frame come before a question's first one. `None`
    /// if the frame does not begin that early.
    pub fn offset(&self, first: Timestamp) -> Option<usize> {
        self.offset_of(micros(first))
    }

    /// [`Frame::offset`] of an instant in microseconds.
    pub fn offset_of(&self, first: i64) -> Option<usize> {
        self.bounds.binary_search(&first).ok()
    }

    /// This frame with further periods before its own; `None` if its own are not the last of these bounds. Only for frames
    /// that see the whole last period.
    pub(crate) fn reaching_back(&self, bounds: Vec<i64>) -> Option<Frame> {
        let fits = bounds.ends_with(&self.bounds) && bounds.is_sorted();
        (fits && self.bounds.last() == Some(&self.limit)).then(|| Frame {
            from: bounds[0],
            limit: self.limit,
            window: self.window,
            at_least: self.at_least,
            own: self.own,
            months: OnceLock::new(),
            bounds,
        })
    }

    /// The number of calendar periods.
    pub(crate) fn periods(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// The calendar period of an instant that is seen.
    pub(crate) fn period(&self, at: i64) -> Option<usize> {
        if at < self.from || at >= self.limit {
            return None;
        }
        self.bounds
            .partition_point(|bound| *bound <= at)
            .checked_sub(1)
    }

    /// How many periods an entry of a cohort has that began at `start`.
    pub(crate) fn reach(&self, cohort: usize, start: i64) -> usize {
        match self.window {
            Window::Calendar => self.periods() - cohort,
            Window::Rolling(length) => {
                let last = (self.limit - 1 - start).max(0) / length;
                usize::try_from(last).map_or(0, |last| last + 1)
            }
        }
    }

    pub(crate) fn table(&self, month: Month) -> Option<&Table> {
        let months = self.months.get_or_init(|| {
            let mut months = BTreeMap::new();
            if let Some((mut month, last)) = self.months() {
                while month <= last {
                    months.insert(month, Table::new(self, month));
                    month = month.next();
                }
            }
            months
        });
        months.get(&month)
    }
}

impl Table {
    fn new(frame: &Frame, month: Month) -> Table {
        let start = month.start();
        let mut table = Table {
            first_day: i32::try_from(month.first_day()).unwrap_or(i32::MAX - 31),
            days: [OUTSIDE; 32],
            quarters: vec![OUTSIDE; DAYS * QUARTERS],
        };
        let mut from = start;
        for (day, period) in table.days.iter_mut().take(DAYS).enumerate() {
            *period = within(frame, from, from + DAY);
            let quarters = &mut table.quarters[day * QUARTERS..(day + 1) * QUARTERS];
            for period in quarters {
                *period = within(frame, from, from + QUARTER);
                from += QUARTER;
            }
        }
        table
    }

    /// The day, counted from 1970-01-01, of a day of the month.
    #[inline]
    pub(crate) fn day(&self, day: u8) -> i32 {
        self.first_day.wrapping_add(i32::from(day))
    }

    /// The calendar period of a day of the month; negative when it is none or several.
    #[inline]
    pub(crate) fn at(&self, day: u8) -> i32 {
        self.days[usize::from(day & 31)]
    }

    /// The calendar period of an event, given its day and its place in the chunk.
    #[inline]
    pub(crate) fn period(
        &self,
        frame: &Frame,
        instants: Instants<'_>,
        event: usize,
        day: u8,
    ) -> Result<Option<u32>, Broken> {
        let mut period = self.at(day);
        if period == MIXED {
            let quarter = usize::from(day) * QUARTERS + usize::from(instants.quarter(event)?);
            period = self.quarters[quarter];
            if period == MIXED {
                let exact = frame.period(instants.exact(event, day)?);
                return Ok(exact.and_then(|period| u32::try_from(period).ok()));
            }
        }
        Ok(u32::try_from(period).ok())
    }
}

/// The one period of a span of instants, or that there is none, or that there are several.
fn within(frame: &Frame, from: i64, until: i64) -> i32 {
    if until <= frame.from || from >= frame.limit {
        return OUTSIDE;
    }
    if from < frame.from || until > frame.limit {
        return MIXED;
    }
    let (one, other) = (frame.period(from), frame.period(until - 1));
    match one {
        Some(period) if one == other => i32::try_from(period).unwrap_or(OUTSIDE),
        _ => MIXED,
    }
}
