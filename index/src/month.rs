//! Months in UTC, by number: how the index and the partitions of `event` are cut.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// Microseconds in a day.
pub(crate) const DAY: i64 = 86_400_000_000;
/// Microseconds in a quarter of an hour: every zone of today begins its days on one.
pub(crate) const QUARTER: i64 = 900_000_000;
/// Quarter hours in a day.
pub(crate) const QUARTERS: usize = 96;
/// Days in the longest month.
pub(crate) const DAYS: usize = 31;

/// A month in UTC, counted from January of the year 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Month(pub i32);

impl Month {
    /// The month of an instant (microseconds since 1970).
    pub fn of(at: i64) -> Month {
        let date = Offset::UTC.to_datetime(timestamp(at)).date();
        Month(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }

    /// Its first day, counted from 1970-01-01. Months beyond the years -9999 to 9999 are the nearest within.
    pub fn first_day(self) -> i64 {
        let year = i16::try_from(self.0.div_euclid(12).clamp(-9999, 9999)).unwrap_or(0);
        let month = i8::try_from(self.0.rem_euclid(12) + 1).unwrap_or(1);
        let first = Date::new(year, month, 1).unwrap_or(Date::MIN);
        Date::constant(1970, 1, 1).duration_until(first).as_hours() / 24
    }

    /// The month after.
    pub fn next(self) -> Month {
        Month(self.0.saturating_add(1))
    }

    /// The number of its days.
    pub fn days(self) -> i64 {
        self.next().first_day() - self.first_day()
    }

    /// Its first instant.
    pub fn start(self) -> i64 {
        self.first_day() * DAY
    }
}

/// An instant in whole microseconds. What is finer is cut off towards the future, so that `at < limit` and
/// `limit <= at` mean the same of a kept instant before and after.
pub fn micros(at: Timestamp) -> i64 {
    at.as_microsecond() + i64::from(at.subsec_nanosecond() % 1_000 > 0)
}

/// The instant of microseconds; the nearest that there is for those beyond the calendar.
pub fn timestamp(micros: i64) -> Timestamp {
    let outside = if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_microsecond(micros).unwrap_or(outside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other() {
        let mut day = Month(0).first_day();
        for number in 0..12 * 3000 {
            let month = Month(number);
            assert_eq!(month.first_day(), day, "{month:?}");
            assert_eq!(Month::of(month.start()), month);
            assert_eq!(Month::of(month.next().start() - 1), month);
            day += month.days();
        }
        assert_eq!(Month(1970 * 12).start(), 0);
        assert_eq!(Month(2024 * 12 + 1).days(), 29);
    }

    #[test]
    fn finer_instants_lie_before_the_next_microsecond() {
        for (nanos, expected) in [
            (0, 0),
            (1, 1),
            (999, 1),
            (1_000, 1),
            (-1, 0),
            (-1_000, -1),
            (-1_001, -1),
        ] {
            let at = Timestamp::from_nanosecond(nanos).expect("near 1970");
            assert_eq!(micros(at), expected, "{nanos} ns");
        }
    }
}
