//! Calendar periods: days, weeks, months, quarters and years, each named by its first local date.
//!
//! Pure date arithmetic lives here; `Calendar` and `Periods` (feature `zones`) turn dates into instants.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};

pub use crate::names::UnknownName;
use crate::names::named;

#[cfg(feature = "zones")]
mod calendar;
#[cfg(feature = "zones")]
mod rolling;
#[cfg(feature = "zones")]
pub use calendar::{Calendar, Periods, UnknownZone};
#[cfg(feature = "zones")]
pub use rolling::{Length, ZoneSpan};

/// The length of a period, and so of a matrix row and column.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// A local calendar day, 23 to 25 hours where clocks change.
    Day,
    /// Seven local days from the workspace's week start.
    #[default]
    Week,
    /// A calendar month.
    Month,
    /// Three calendar months from January, April, July or October.
    Quarter,
    /// A calendar year.
    Year,
}

named!(Grain: Day = "day", Week = "week", Month = "month", Quarter = "quarter", Year = "year");

/// The weekday on which weeks begin.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WeekStart {
    /// ISO 8601 weeks.
    #[default]
    Monday,
    /// Weeks as used in the United States.
    Sunday,
}

named!(WeekStart: Monday = "monday", Sunday = "sunday");

impl WeekStart {
    fn weekday(self) -> Weekday {
        match self {
            WeekStart::Monday => Weekday::Monday,
            WeekStart::Sunday => Weekday::Sunday,
        }
    }
}

impl Grain {
    /// The noun for a number of periods: "week" for 1, else "weeks".
    pub fn noun(self, n: u64) -> &'static str {
        match (self, n) {
            (Grain::Day, 1) => "day",
            (Grain::Day, _) => "days",
            (Grain::Week, 1) => "week",
            (Grain::Week, _) => "weeks",
            (Grain::Month, 1) => "month",
            (Grain::Month, _) => "months",
            (Grain::Quarter, 1) => "quarter",
            (Grain::Quarter, _) => "quarters",
            (Grain::Year, 1) => "year",
            (Grain::Year, _) => "years",
        }
    }

    /// First local date of the period that contains `date`; [`Date::MIN`] if the period began before it.
    pub fn floor(self, date: Date, week_start: WeekStart) -> Date {
        match self {
            Grain::Day => date,
            Grain::Week => {
                let days_in = date.weekday().since(week_start.weekday());
                date.saturating_sub(i64::from(days_in).days())
            }
            Grain::Month => date.first_of_month(),
            Grain::Quarter => {
                let months_in = (date.month() - 1) % 3;
                date.first_of_month()
                    .saturating_sub(i64::from(months_in).months())
            }
            Grain::Year => date.first_of_year(),
        }
    }

    /// First date of the next period, given the first date of one. Stops at [`Date::MAX`].
    pub fn next(self, start: Date) -> Date {
        self.add(start, 1)
    }

    /// First date of the previous period, given the first date of one. Stops at [`Date::MIN`].
    pub fn previous(self, start: Date) -> Date {
        self.add(start, -1)
    }

    /// First date of the period `n` periods later (earlier when negative). Stops at the ends of the calendar.
    pub fn add(self, start: Date, n: i32) -> Date {
        match self.span(n) {
            Some(span) => start.saturating_add(span),
            None if n < 0 => Date::MIN,
            None => Date::MAX,
        }
    }

    /// How many periods lie between two period starts; negative when `later` comes first.
    pub fn count_between(self, earlier: Date, later: Date) -> i64 {
        let months = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month());
        let between_months = months(later) - months(earlier);
        match self {
            Grain::Day => days_between(earlier, later),
            Grain::Week => days_between(earlier, later) / 7,
            Grain::Month => between_months,
            Grain::Quarter => between_months / 3,
            Grain::Year => between_months / 12,
        }
    }

    /// `n` periods as a span, `None` when it is longer than the calendar.
    fn span(self, n: i32) -> Option<Span> {
        let n = i64::from(n);
        let span = Span::new();
        match self {
            Grain::Day => span.try_days(n),
            Grain::Week => span.try_weeks(n),
            Grain::Month => span.try_months(n),
            Grain::Quarter => span.try_months(n * 3),
            Grain::Year => span.try_years(n),
        }
        .ok()
    }
}

/// Days from one date to another; negative when the second is the earlier one.
pub fn days_between(earlier: Date, later: Date) -> i64 {
    earlier.duration_until(later).as_hours() / 24
}
