//! Single cases at the edges of days.

use super::*;

/// A return on the next local day counts as day 1, in zones on both sides of UTC, and the cohort has its local date.
#[test]
fn day_one_east_and_west_of_utc() {
    let check = |zone: &'static str, signup: &str, back: &str, start: Date| {
        let instant = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let query = RetentionQuery {
            grain: Grain::Day,
            cohorts: CohortRange::Between {
                from: start,
                to: None,
            },
            ..RetentionQuery::default()
        };
        let world = World {
            zone,
            week_start: WeekStart::Monday,
            now: instant(back) + SignedDuration::from_hours(48),
            query,
            customers: vec![(instant(signup), true, vec![instant(back)])],
        };
        let report = report_of(&world).expect("a report");
        assert_eq!(report.cohorts[0].start, start, "{zone}");
        let counts = report.cohorts[0].cells.iter().map(|cell| cell.retained);
        assert_eq!(counts.collect::<Vec<_>>()[..3], [1, 1, 0], "{zone}");
    };
    // 23:59, and back two minutes later.
    check(
        "Asia/Tokyo",
        "2025-01-05T14:59:00Z",
        "2025-01-05T15:01:00Z",
        Date::constant(2025, 1, 5),
    );
    check(
        "America/New_York",
        "2025-01-06T04:59:00Z",
        "2025-01-06T05:01:00Z",
        Date::constant(2025, 1, 5),
    );
    // 23 hours and one minute later, on the next local day.
    check(
        "Asia/Tokyo",
        "2025-01-05T08:59:00Z",
        "2025-01-06T08:00:00Z",
        Date::constant(2025, 1, 5),
    );
}
