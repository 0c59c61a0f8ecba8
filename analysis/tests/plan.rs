//! Which periods a question is about, and what the counts of other periods do.

use analysis::period::{Calendar, Grain, WeekStart};
use analysis::query::{AsOf, CohortRange, QueryError, RetentionQuery};
use analysis::rule::Rule;
use analysis::shape::{About, RetentionPlan, shape};
use analysis::tally::{Tally, periods_set};
use jiff::Timestamp;
use jiff::civil::Date;

#[test]
fn entries_outside_the_plan_are_left_out() {
    let utc = Calendar::new("UTC", WeekStart::Monday).expect("UTC is known");
    let query = RetentionQuery {
        cohorts: CohortRange::Last(2),
        ..RetentionQuery::default()
    };
    let now = "2025-01-20T00:00:00Z".parse().expect("an instant");
    let plan = RetentionPlan::new(&query, &utc, now).expect("a plan");
    let mut tally = Tally::new(Rule::new(&query), &plan);
    let start = "2025-01-08T12:00:00Z".parse().expect("an instant");
    tally.add(&plan, 0, start, false, &periods_set([1]));
    tally.add(&plan, 0, start, false, &periods_set([2, 700]));
    tally.add(&plan, 1, start, false, &[]);
    tally.add(&plan, 2, start, false, &periods_set([0]));
    tally.add(&plan, usize::MAX, start, false, &periods_set([0]));
    let report = shape(&query, &plan, &tally, About::default());
    assert_eq!(report.customers, 3);
    let counts = |cohort: usize| {
        let cells = report.cohorts[cohort].cells.iter();
        cells.map(|cell| cell.retained).collect::<Vec<_>>()
    };
    assert_eq!(counts(0), [2, 1]);
    assert_eq!(counts(1), [1]);
}

#[test]
fn limits_of_a_plan() {
    let utc = Calendar::new("UTC", WeekStart::Monday).expect("UTC is known");
    let now: Timestamp = "2025-01-20T12:00:00Z".parse().expect("an instant");
    let plan = |grain, cohorts, as_of| {
        let query = RetentionQuery {
            grain,
            cohorts,
            as_of,
            ..RetentionQuery::default()
        };
        RetentionPlan::new(&query, &utc, now)
    };
    let from = |year, month, day| CohortRange::Between {
        from: Date::constant(year, month, day),
        to: None,
    };

    let newest = plan(Grain::Week, CohortRange::Last(26), AsOf::Now).expect("a plan");
    assert_eq!(newest.cohort_count, 26);
    assert_eq!(newest.cohort_starts()[25], Date::constant(2025, 1, 20));
    assert!(!newest.has_ended(25) && newest.has_ended(24) && !newest.has_ended(99));

    // The exclusive limit: as of a Monday, the newest week is the one that has just ended.
    let monday = AsOf::Date(Date::constant(2025, 1, 20));
    let ended = plan(Grain::Week, CohortRange::Last(1), monday).expect("a plan");
    assert_eq!(ended.cohort_starts(), [Date::constant(2025, 1, 13)]);
    assert!(ended.has_ended(0));

    // As of a day that has not come, now is the limit.
    let ahead = plan(
        Grain::Week,
        CohortRange::Last(1),
        AsOf::Date(Date::constant(2030, 1, 1)),
    );
    assert_eq!(ahead.expect("a plan").as_of, now);

    // 1,500 days fit, as of now and as of a midnight; 1,501 do not.
    let first = Date::constant(2020, 12, 13);
    let fits = plan(
        Grain::Day,
        CohortRange::Between {
            from: first,
            to: None,
        },
        AsOf::Now,
    );
    assert_eq!(fits.expect("a plan").periods.len(), 1_500);
    assert_eq!(
        plan(Grain::Day, from(2020, 12, 12), AsOf::Now),
        Err(QueryError::TooManyPeriods {
            given: 1_501,
            noun: "days"
        })
    );
    let before = plan(Grain::Day, from(2020, 12, 12), monday);
    assert_eq!(before.expect("a plan").periods.len(), 1_500);

    let ahead = plan(Grain::Week, from(2025, 1, 27), AsOf::Now);
    let error = ahead.expect_err("nothing is visible");
    assert_eq!(error.code(), "range_ahead");
    assert_eq!(
        error.to_string(),
        "The first cohort begins on 27 Jan 2025, not before as-of, 20 Jan 2025 12:00."
    );
    // The running week has begun, whatever day of it is named.
    assert!(plan(Grain::Week, from(2025, 1, 26), AsOf::Now).is_ok());
    // The limits of the question itself are checked too.
    assert_eq!(
        plan(Grain::Week, CohortRange::Last(0), AsOf::Now),
        Err(QueryError::CohortCount { given: 0 })
    );
    // The newest three days in a zone that skipped one of them are still three.
    let apia = Calendar::new("Pacific/Apia", WeekStart::Monday).expect("the zone is known");
    let query = RetentionQuery {
        grain: Grain::Day,
        cohorts: CohortRange::Last(3),
        as_of: AsOf::Date(Date::constant(2012, 1, 1)),
        ..RetentionQuery::default()
    };
    let plan = RetentionPlan::new(&query, &apia, now).expect("a plan");
    let days = [28, 29, 31].map(|day| Date::constant(2011, 12, day));
    assert_eq!(plan.cohort_starts(), days);
    assert_eq!(plan.periods.grain, Grain::Day);
}
