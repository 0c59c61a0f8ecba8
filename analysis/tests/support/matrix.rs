//! A report from counts written down by hand.

use analysis::period::{Calendar, WeekStart};
use analysis::query::{CohortRange, RetentionKind, RetentionQuery};
use analysis::report::RetentionReport;
use analysis::rule::Rule;
use analysis::shape::{About, RetentionPlan, shape};
use analysis::tally::Tally;
use jiff::Timestamp;
use jiff::civil::Date;

/// The cohorts from the period of `first` on, up to `now` in Berlin. Each row is a cohort's size and the counts of its
/// periods 1, 2, …:
/// those active in it, or for *on or after* those last active in it. Two of the first cohort's signups are given.
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
    let mut tally = Tally::new(Rule::new(&query), &plan);
    let cohorts = tally.cohorts.iter_mut().zip(rows).enumerate();
    for (place, (cohort, (size, counts))) in cohorts {
        cohort.size = *size;
        cohort.given = if place == 0 { 2.min(*size) } else { 0 };
        let counts = [*size].into_iter().chain(counts.iter().copied());
        for (retained, count) in cohort.retained.iter_mut().zip(counts) {
            *retained = count;
        }
        if query.kind == RetentionKind::OnOrAfter {
            // Who was last active in period j was retained in every period up to j.
            let mut later = 0;
            for retained in cohort.retained.iter_mut().skip(1).rev() {
                later += *retained;
                *retained = later;
            }
        }
    }
    let watermark = now - jiff::SignedDuration::from_mins(3);
    let about = About {
        watermark: Some(watermark),
        ..About::default()
    };
    shape(&query, &plan, &tally, about)
}
