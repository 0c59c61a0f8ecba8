//! A report from counts written down by hand.

use analysis::period::{Calendar, WeekStart};
use analysis::query::{CohortRange, RetentionQuery};
use analysis::report::RetentionReport;
use analysis::shape::{ActiveRow, RetentionPlan, SizeRow, shape};
use jiff::Timestamp;
use jiff::civil::Date;

/// The cohorts from the period of `first` on, up to `now` in Berlin. Each row is a cohort's size and the counts of its
/// periods 1, 2, …, as the database would deliver them. Two of the first cohort's signups are given.
pub fn matrix(
    query: RetentionQuery,
    first: Date,
    now: &str,
    rows: &[(u32, &[u32])],
) -> RetentionReport {
    let calendar = Calendar::new("Europe/Berlin", WeekStart::Monday).expect("Berlin is known");
    let now: Timestamp = now.parse().expect("an instant");
    let query = RetentionQuery {
        cohorts: CohortRange::Between {
            from: first,
            to: None,
        },
        ..query
    };
    let plan = RetentionPlan::new(&query, &calendar, now).expect("a plan");
    let mut sizes = Vec::new();
    let mut active = Vec::new();
    for (cohort, (size, counts)) in (0..).zip(rows) {
        let given = if cohort == 0 { 2.min(*size) } else { 0 };
        sizes.push(SizeRow {
            cohort,
            size: *size,
            given,
        });
        for (period, customers) in (1..).zip(*counts) {
            active.push(ActiveRow {
                cohort,
                period,
                customers: *customers,
            });
        }
    }
    let watermark = now - jiff::SignedDuration::from_mins(3);
    shape(&query, &plan, &sizes, &active, Some(watermark), 0)
}
