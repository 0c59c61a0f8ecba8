//! Periods against calendars worked out another way: tables by hand, and instants labelled one by one.

use analysis::period::{Calendar, Grain, Periods, WeekStart};
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

/// Zones with whole, half and quarter-hour offsets, midnights skipped and repeated by clock changes, clock changes of
/// 30 minutes, and days that never were.
const ZONES: [&str; 14] = [
    "UTC",
    "Europe/Berlin",
    "Europe/Lisbon",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Santiago",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Pacific/Marquesas",
];

fn calendar(zone: &str, week_start: WeekStart) -> Calendar {
    Calendar::new(zone, week_start).expect("the zone is in the data base")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn nanosecond() -> SignedDuration {
    SignedDuration::from_nanos(1)
}

/// A number that grows by one from each calendar period to the next, from the fields of the date alone.
fn label(grain: Grain, week_start: WeekStart, date: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    let days = i64::from(date.since(epoch).expect("in range").get_days());
    let (year, month) = (i64::from(date.year()), i64::from(date.month()));
    match (grain, week_start) {
        (Grain::Day, _) => days,
        // 1 January 1970 was a Thursday: the third day of a Monday week, the fourth of a Sunday week, from 0.
        (Grain::Week, WeekStart::Monday) => (days + 3).div_euclid(7),
        (Grain::Week, WeekStart::Sunday) => (days + 4).div_euclid(7),
        (Grain::Month, _) => year * 12 + month - 1,
        (Grain::Quarter, _) => (year * 12 + month - 1).div_euclid(3),
        (Grain::Year, _) => year,
    }
}

fn any_grain() -> impl Strategy<Value = Grain> {
    prop::sample::select(Grain::ALL.to_vec())
}

fn any_week_start() -> impl Strategy<Value = WeekStart> {
    prop::sample::select(WeekStart::ALL.to_vec())
}

fn any_date() -> impl Strategy<Value = Date> {
    (-25_000_i32..60_000).prop_map(|days| date(1970, 1, 1) + jiff::ToSpan::days(days))
}

#[test]
fn floors_by_hand() {
    use Grain::{Day, Month, Quarter, Week, Year};
    use WeekStart::{Monday, Sunday};
    let check = |grain: Grain, week_start, given: Date, expected: Date| {
        assert_eq!(
            grain.floor(given, week_start),
            expected,
            "{grain} of {given}"
        );
    };
    // A Wednesday, and the days at both ends of its week.
    check(Week, Monday, date(2025, 1, 8), date(2025, 1, 6));
    check(Week, Monday, date(2025, 1, 6), date(2025, 1, 6));
    check(Week, Monday, date(2025, 1, 12), date(2025, 1, 6));
    check(Week, Sunday, date(2025, 1, 8), date(2025, 1, 5));
    check(Week, Sunday, date(2025, 1, 11), date(2025, 1, 5));
    check(Week, Sunday, date(2025, 1, 12), date(2025, 1, 12));
    // Across New Year, with and without a week 53.
    check(Week, Monday, date(2024, 12, 31), date(2024, 12, 30));
    check(Week, Monday, date(2025, 1, 5), date(2024, 12, 30));
    check(Week, Monday, date(2021, 1, 3), date(2020, 12, 28));
    check(Week, Monday, date(2021, 1, 4), date(2021, 1, 4));
    check(Week, Sunday, date(2022, 1, 1), date(2021, 12, 26));
    // Leap days.
    check(Day, Monday, date(2024, 2, 29), date(2024, 2, 29));
    check(Week, Monday, date(2024, 3, 3), date(2024, 2, 26));
    check(Month, Monday, date(2024, 2, 29), date(2024, 2, 1));
    check(Month, Sunday, date(2025, 12, 31), date(2025, 12, 1));
    check(Quarter, Monday, date(2024, 2, 29), date(2024, 1, 1));
    check(Quarter, Monday, date(2024, 3, 31), date(2024, 1, 1));
    check(Quarter, Monday, date(2024, 4, 1), date(2024, 4, 1));
    check(Quarter, Monday, date(2024, 12, 31), date(2024, 10, 1));
    check(Year, Monday, date(2024, 12, 31), date(2024, 1, 1));
}

#[test]
fn steps_by_hand() {
    let check = |grain: Grain, start, n, expected| {
        assert_eq!(grain.add(start, n), expected, "{start} and {n} {grain}");
    };
    check(Grain::Day, date(2024, 2, 28), 1, date(2024, 2, 29));
    check(Grain::Day, date(2023, 2, 28), 1, date(2023, 3, 1));
    check(Grain::Week, date(2024, 12, 30), 1, date(2025, 1, 6));
    check(Grain::Week, date(2020, 12, 28), -53, date(2019, 12, 23));
    check(Grain::Month, date(2024, 12, 1), 2, date(2025, 2, 1));
    check(Grain::Month, date(2024, 1, 1), -1, date(2023, 12, 1));
    check(Grain::Quarter, date(2024, 10, 1), 1, date(2025, 1, 1));
    check(Grain::Year, date(2024, 1, 1), -4, date(2020, 1, 1));
    for grain in Grain::ALL {
        assert_eq!(grain.add(Date::MAX, i32::MAX), Date::MAX);
        assert_eq!(grain.next(Date::MAX), Date::MAX);
        assert_eq!(grain.add(Date::MIN, i32::MIN), Date::MIN);
        assert_eq!(grain.previous(Date::MIN), Date::MIN);
        for week_start in WeekStart::ALL {
            assert!(grain.floor(Date::MIN, week_start) >= Date::MIN);
            assert!(grain.floor(Date::MAX, week_start) <= Date::MAX);
        }
    }
}

#[test]
fn a_year_of_weeks_has_52_or_53_rows() {
    let berlin = calendar("Europe/Berlin", WeekStart::Monday);
    let rows = |first: Date, until: Date| {
        Periods::covering(&berlin, Grain::Week, first, berlin.midnight(until)).len()
    };
    assert_eq!(rows(date(2019, 12, 30), date(2021, 1, 4)), 53, "2020");
    assert_eq!(rows(date(2020, 12, 28 + 3), date(2021, 1, 4)), 1);
    assert_eq!(rows(date(2021, 1, 4), date(2022, 1, 3)), 52, "2021");
    let new_year = Periods::covering(
        &berlin,
        Grain::Week,
        date(2024, 12, 25),
        at("2025-01-08T12:00:00Z"),
    );
    let starts = [date(2024, 12, 23), date(2024, 12, 30), date(2025, 1, 6)];
    assert_eq!(new_year.starts, starts, "no week is lost at New Year");
}

#[test]
fn first_instants_of_days_by_hand() {
    let check = |zone: &str, day: Date, first: &str| {
        let calendar = calendar(zone, WeekStart::Monday);
        assert_eq!(calendar.midnight(day).to_string(), first, "{zone} {day}");
        assert_eq!(calendar.date(at(first)), day, "{zone} {first}");
        let before = at(first) - nanosecond();
        assert!(calendar.date(before) < day, "{zone} before {first}");
    };
    check("Europe/Berlin", date(2025, 1, 6), "2025-01-05T23:00:00Z");
    check("Europe/Berlin", date(2025, 7, 7), "2025-07-06T22:00:00Z");
    check("Asia/Kathmandu", date(2025, 1, 6), "2025-01-05T18:15:00Z");
    check("America/New_York", date(2025, 3, 9), "2025-03-09T05:00:00Z");
    check(
        "America/New_York",
        date(2025, 3, 10),
        "2025-03-10T04:00:00Z",
    );
    check(
        "Australia/Lord_Howe",
        date(2025, 4, 6),
        "2025-04-05T13:00:00Z",
    );
    check(
        "Australia/Lord_Howe",
        date(2025, 4, 7),
        "2025-04-06T13:30:00Z",
    );
    // Clocks skip 00:00 to 01:00: the day begins at 01:00.
    check(
        "America/Sao_Paulo",
        date(2018, 11, 4),
        "2018-11-04T03:00:00Z",
    );
    check("Asia/Beirut", date(2025, 3, 30), "2025-03-29T22:00:00Z");
    check("America/Havana", date(2025, 3, 9), "2025-03-09T05:00:00Z");
    // 00:00 comes twice: the day begins with the first.
    check("America/Havana", date(2025, 11, 2), "2025-11-02T04:00:00Z");
    // Clocks go back from 24:00 to 23:00: the day before is longer.
    check("Asia/Beirut", date(2025, 10, 26), "2025-10-25T22:00:00Z");
    // Clocks skip 23:30 to 00:30 (Toronto, 1919): the day begins at 00:30, not an hour after.
    check("America/Toronto", date(1919, 3, 31), "1919-03-31T04:30:00Z");
    // Clocks go back from 00:01 to 23:01: the repeated hour stays with the day that had begun.
    check(
        "America/St_Johns",
        date(2010, 11, 7),
        "2010-11-07T02:30:00Z",
    );
    let st_johns = calendar("America/St_Johns", WeekStart::Monday);
    let repeated = at("2010-11-07T02:45:00Z");
    assert_eq!(
        st_johns.datetime(repeated).to_string(),
        "2010-11-06T23:15:00"
    );
    assert_eq!(st_johns.date(repeated), date(2010, 11, 7));
}

#[test]
fn a_day_that_never_was_is_no_period() {
    let apia = calendar("Pacific/Apia", WeekStart::Monday);
    let skipped = date(2011, 12, 30);
    assert_eq!(apia.midnight(skipped), at("2011-12-30T10:00:00Z"));
    assert_eq!(apia.midnight(skipped), apia.midnight(date(2011, 12, 31)));
    let until = at("2012-01-01T00:00:00Z");
    let days = Periods::covering(&apia, Grain::Day, date(2011, 12, 28), until);
    let starts = [28, 29, 31].map(|day| date(2011, 12, day));
    assert_eq!(days.starts[..3], starts);
    assert_eq!(days.starts[3], date(2012, 1, 1));
    let from_it = Periods::covering(&apia, Grain::Day, skipped, until);
    assert_eq!(from_it.starts[0], date(2011, 12, 31));
    let weeks = Periods::covering(&apia, Grain::Week, skipped, until);
    let six_days = weeks.bounds[1].duration_since(weeks.bounds[0]);
    assert_eq!(six_days, SignedDuration::from_hours(6 * 24));
}

#[test]
fn days_with_clock_changes_are_one_day() {
    let check = |zone: &str, day: Date, minutes: i64| {
        let calendar = calendar(zone, WeekStart::Monday);
        let next = day.tomorrow().expect("not the last");
        let length = calendar
            .midnight(next)
            .duration_since(calendar.midnight(day));
        assert_eq!(length, SignedDuration::from_mins(minutes), "{zone} {day}");
    };
    check("Europe/Berlin", date(2025, 3, 30), 23 * 60);
    check("Europe/Berlin", date(2025, 10, 26), 25 * 60);
    check("Australia/Lord_Howe", date(2025, 4, 6), 24 * 60 + 30);
    check("Australia/Lord_Howe", date(2025, 10, 5), 23 * 60 + 30);
    check("America/Havana", date(2025, 3, 9), 23 * 60);
    check("America/Havana", date(2025, 11, 2), 25 * 60);
}

#[test]
fn unknown_zones_are_named() {
    let error = Calendar::new("Mars/Olympus", WeekStart::Monday).expect_err("no such zone");
    assert_eq!(
        error.to_string(),
        "“Mars/Olympus” is not a known time zone; expected an IANA name such as Europe/Berlin or UTC"
    );
    assert!(Calendar::new("", WeekStart::Monday).is_err());
    let berlin = calendar("europe/berlin", WeekStart::Sunday);
    assert_eq!(berlin.zone_name(), "Europe/Berlin");
    assert_eq!(berlin.week_start(), WeekStart::Sunday);
}

#[test]
fn nothing_is_covered_when_the_end_comes_first() {
    let utc = calendar("UTC", WeekStart::Monday);
    let first = date(2025, 1, 6);
    let check = |until: &str, starts: usize| {
        let periods = Periods::covering(&utc, Grain::Week, first, at(until));
        assert_eq!(periods.len(), starts, "{until}");
        assert_eq!(periods.is_empty(), starts == 0);
        assert_eq!(periods.bounds.len(), starts + 1);
    };
    check("2024-01-01T00:00:00Z", 0);
    check("2025-01-06T00:00:00Z", 0);
    check("2025-01-06T00:00:00.000000001Z", 1);
    check("2025-01-13T00:00:00Z", 1);
    check("2025-01-13T00:00:00.000000001Z", 2);
}

#[test]
fn the_ends_of_the_calendar_do_no_harm() {
    for zone in ZONES {
        let calendar = calendar(zone, WeekStart::Sunday);
        for grain in Grain::ALL {
            let last = Periods::covering(&calendar, grain, date(9999, 12, 20), Timestamp::MAX);
            assert!(last.bounds.is_sorted() && !last.is_empty(), "{zone}");
            let first = Periods::covering(&calendar, grain, Date::MIN, Timestamp::MIN);
            assert!(first.len() <= 1, "{zone}");
        }
        assert!(calendar.midnight(Date::MIN) <= calendar.midnight(date(-9999, 1, 9)));
        assert!(calendar.midnight(date(9999, 12, 1)) < calendar.midnight(Date::MAX));
    }
}

proptest! {
    #[test]
    fn floor_is_the_first_date_with_the_same_label(
        grain in any_grain(),
        week_start in any_week_start(),
        day in any_date(),
    ) {
        let start = grain.floor(day, week_start);
        let label = |date| label(grain, week_start, date);
        prop_assert!(start <= day);
        prop_assert_eq!(label(start), label(day));
        prop_assert_eq!(label(start.yesterday().expect("in range")), label(day) - 1);
        prop_assert_eq!(label(grain.next(start)), label(day) + 1);
        prop_assert_eq!(grain.previous(grain.next(start)), start);
        if grain == Grain::Week && week_start == WeekStart::Monday {
            let iso = day.iso_week_date();
            let monday = jiff::civil::ISOWeekDate::new(iso.year(), iso.week(), Weekday::Monday);
            prop_assert_eq!(start, monday.expect("a week of its year").date());
        }
    }

    #[test]
    fn adding_and_counting_undo_each_other(
        grain in any_grain(),
        week_start in any_week_start(),
        day in any_date(),
        n in -400_i32..400,
    ) {
        let start = grain.floor(day, week_start);
        let moved = grain.add(start, n);
        prop_assert_eq!(grain.floor(moved, week_start), moved);
        prop_assert_eq!(grain.count_between(start, moved), i64::from(n));
        prop_assert_eq!(label(grain, week_start, moved) - label(grain, week_start, start), i64::from(n));
        let steps = (0..n.abs()).fold(start, |date, _| if n > 0 { grain.next(date) } else { grain.previous(date) });
        prop_assert_eq!(steps, moved);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Walks a year and a half in steps of 15 minutes and labels every instant by its local date.
    #[test]
    fn periods_change_exactly_when_the_local_calendar_does(
        zone in prop::sample::select(ZONES.to_vec()),
        grain in any_grain(),
        week_start in any_week_start(),
        begin in 1_104_537_600_i64..1_830_000_000, // 2005 to 2027
    ) {
        let quarter_hour = 15 * 60;
        let begin = begin - begin % quarter_hour;
        let instant = |second: i64| Timestamp::from_second(second).expect("in range");
        let calendar = calendar(zone, week_start);
        let local = TimeZone::get(zone).expect("the zone is in the data base");
        let label_at = |at: Timestamp| label(grain, week_start, local.to_datetime(at).date());

        let until = begin + 550 * 24 * 3600;
        let first = local.to_datetime(instant(begin)).date();
        let periods = Periods::covering(&calendar, grain, first, instant(until));
        prop_assert_eq!(periods.grain, grain);
        prop_assert_eq!(periods.bounds.len(), periods.starts.len() + 1);
        prop_assert!(periods.bounds.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert_eq!(periods.index_of(periods.bounds[0] - nanosecond()), None);
        prop_assert_eq!(periods.index_of(periods.bounds[periods.len()]), None);

        let mut index = 0;
        let mut before = label_at(instant(begin));
        for second in (begin..until).step_by(900) {
            let at = instant(second);
            let now = label_at(at);
            if now != before {
                index += 1;
                prop_assert_eq!(periods.bounds[index], at, "a period begins where the label changes");
                prop_assert_eq!(label(grain, week_start, periods.starts[index]), now);
                prop_assert_eq!(local.to_datetime(at).date(), periods.starts[index]);
            }
            before = now;
            prop_assert_eq!(periods.index_of(at).map(usize::try_from), Some(Ok(index)));
            if second % (7 * 3600) == 0 {
                prop_assert_eq!(calendar.date(at), local.to_datetime(at).date());
                prop_assert_eq!(calendar.floor(grain, at), periods.starts[index]);
            }
        }
        prop_assert_eq!(index + 1, periods.len(), "the last period contains the last instant");
    }
}
