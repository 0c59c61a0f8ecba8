//! When a report is sent: each week on a weekday or each month on a day, at an hour of the workspace's zone.

#[cfg(feature = "zones")]
use jiff::ToSpan;
use jiff::civil::Weekday;

use crate::alert::Alert;
#[cfg(feature = "zones")]
use crate::period::Calendar;
#[cfg(feature = "zones")]
use jiff::Timestamp;

/// The latest day of the month that a report can be sent on: every month has it.
pub const LAST_DAY: u8 = 28;

/// The day on which a report is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Day {
    /// Each week.
    Week(Weekday),
    /// Each month, 1 to [`LAST_DAY`].
    Month(u8),
}

/// When a report is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// On which day.
    pub day: Day,
    /// At which hour, 0 to 23.
    pub hour: u8,
}

/// When something is sent by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Occasion {
    /// On a day.
    Schedule(Schedule),
    /// When a number lies where it should not.
    Alert(Alert),
}

#[cfg(feature = "zones")]
impl Schedule {
    /// The first time after an instant. Where clocks skip its hour it comes when they have; where they show it twice, the
    /// first one counts.
    pub fn next(self, calendar: &Calendar, after: Timestamp) -> Timestamp {
        let today = calendar.date(after);
        let first = match self.day {
            Day::Week(weekday) => {
                let days = weekday.since(today.weekday());
                today.saturating_add(i64::from(days).days())
            }
            Day::Month(day) => {
                let into = i64::from(day.clamp(1, LAST_DAY)) - 1;
                today.first_of_month().saturating_add(into.days())
            }
        };
        let hour = i8::try_from(self.hour.min(23)).unwrap_or_default();
        let at = |round: i64| {
            let day = match self.day {
                Day::Week(_) => first.saturating_add(round.weeks()),
                Day::Month(_) => first.saturating_add(round.months()),
            };
            calendar.instant(day.at(hour, 0, 0, 0))
        };
        (0..3)
            .map(at)
            .find(|at| *at > after)
            .unwrap_or(Timestamp::MAX)
    }
}
