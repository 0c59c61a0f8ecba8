//! When something is sent: against a clock that is read every quarter of an hour.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::period::{Calendar, WeekStart};
use analysis::schedule::{Day, Schedule};
use jiff::civil::{DateTime, Weekday};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;

fn calendar(zone: &str) -> Calendar {
    Calendar::new(zone, WeekStart::Monday).unwrap()
}

fn weekly(weekday: Weekday, hour: u8) -> Schedule {
    Schedule {
        day: Day::Week(weekday),
        hour,
    }
}

#[track_caller]
fn check(schedule: Schedule, zone: &str, after: &str, expected: &str) {
    let after: Timestamp = after.parse().unwrap();
    let found = schedule.next(&calendar(zone), after);
    assert_eq!(
        found,
        expected.parse().unwrap(),
        "{schedule:?} after {after}"
    );
}

#[test]
fn around_changes_of_the_clock() {
    let sunday = weekly(Weekday::Sunday, 2);
    // Berlin skips 02:00 to 03:00 on 30 March 2025: it comes when clocks show 03:00.
    check(
        sunday,
        "Europe/Berlin",
        "2025-03-27T00:00:00Z",
        "2025-03-30T01:00:00Z",
    );
    check(
        sunday,
        "Europe/Berlin",
        "2025-03-30T01:00:00Z",
        "2025-04-06T00:00:00Z",
    );
    // On 26 October 02:00 is shown twice; the first one counts, and only that.
    check(
        sunday,
        "Europe/Berlin",
        "2025-10-20T00:00:00Z",
        "2025-10-26T00:00:00Z",
    );
    check(
        sunday,
        "Europe/Berlin",
        "2025-10-26T00:00:00Z",
        "2025-11-02T01:00:00Z",
    );
    check(
        sunday,
        "Europe/Berlin",
        "2025-10-26T00:30:00Z",
        "2025-11-02T01:00:00Z",
    );
    // The same hour all year.
    let morning = weekly(Weekday::Monday, 8);
    check(
        morning,
        "America/New_York",
        "2025-03-05T00:00:00Z",
        "2025-03-10T12:00:00Z",
    );
    check(
        morning,
        "America/New_York",
        "2025-03-03T13:00:00Z",
        "2025-03-10T12:00:00Z",
    );
    // Samoa had no 30 December 2011, a Friday.
    let friday = weekly(Weekday::Friday, 8);
    check(
        friday,
        "Pacific/Apia",
        "2011-12-28T00:00:00Z",
        "2011-12-30T18:00:00Z",
    );
}

#[test]
fn days_of_the_month() {
    let monthly = |day| Schedule {
        day: Day::Month(day),
        hour: 0,
    };
    check(
        monthly(1),
        "UTC",
        "2024-01-01T00:00:00Z",
        "2024-02-01T00:00:00Z",
    );
    check(
        monthly(1),
        "UTC",
        "2023-12-31T23:59:59Z",
        "2024-01-01T00:00:00Z",
    );
    check(
        monthly(28),
        "UTC",
        "2024-02-27T00:00:00Z",
        "2024-02-28T00:00:00Z",
    );
    check(
        monthly(28),
        "UTC",
        "2024-12-28T00:00:01Z",
        "2025-01-28T00:00:00Z",
    );
    // Already the first in Kiritimati.
    check(
        monthly(1),
        "Pacific/Kiritimati",
        "2024-01-31T09:59:59Z",
        "2024-01-31T10:00:00Z",
    );
}

#[test]
fn the_end_of_time_is_no_panic() {
    for zone in ["UTC", "Pacific/Kiritimati", "America/New_York"] {
        for after in [Timestamp::MAX, Timestamp::MIN] {
            let found = weekly(Weekday::Monday, 8).next(&calendar(zone), after);
            assert!(found > after || found == Timestamp::MAX);
        }
    }
}

proptest! {
    #[test]
    fn it_is_the_first_time_that_a_clock_shows_it(
        zone in select(vec!["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo"]),
        seconds in 1_500_000_000_i64..1_900_000_000,
        day in prop_oneof![(1_i8..=7).prop_map(|day| Day::Week(Weekday::from_monday_one_offset(day).unwrap())), (1_u8..=28).prop_map(Day::Month)],
        hour in 0_u8..24,
    ) {
        let calendar = calendar(zone);
        let after = Timestamp::from_second(seconds).unwrap();
        let found = Schedule { day, hour }.next(&calendar, after);
        let shows = |at: Timestamp| {
            let local = calendar.datetime(at);
            let on = match day {
                Day::Week(weekday) => local.weekday() == weekday,
                Day::Month(day) => local.day() == i8::try_from(day).unwrap(),
            };
            on && (local.hour(), local.minute()) == (i8::try_from(hour).unwrap(), 0)
        };
        let quarter = SignedDuration::from_mins(15);
        // What was shown before within the same change of the clock is not due again.
        let again = |at: Timestamp| (1..=8).any(|n| shows(at - quarter * n));
        let mut at = Timestamp::from_second(seconds.div_euclid(900) * 900 + 900).unwrap();
        while at < found {
            prop_assert!(!shows(at) || again(at), "{at} is earlier than {found}");
            at += quarter;
        }
        prop_assert!(found > after && found <= after + SignedDuration::from_hours(32 * 24));
        // Clocks that skip the hour show it up to an hour later.
        let local: DateTime = calendar.datetime(found);
        let skipped = !shows(found);
        prop_assert!(!skipped || calendar.datetime(found - SignedDuration::from_mins(1)).duration_until(local) > SignedDuration::from_mins(1), "{found}");
    }
}
