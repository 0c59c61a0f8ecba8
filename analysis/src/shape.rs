//! From counts to the report: entries are counted elsewhere, this decides periods and states.

use jiff::Timestamp;

use crate::query::{RetentionQuery, StartRule};
use crate::report::{Cell, Cohort, Overall, RetentionReport};
use crate::rule::Rule;
use crate::tally::{CohortTally, Tally};

mod plan;

pub use plan::{RetentionPlan, Seen};

/// What a report says about the workspace's data beside its counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct About {
    /// The newest event stored.
    pub watermark: Option<Timestamp>,
    /// Customers who could not be placed, having neither a signup nor an event.
    pub left_out: u64,
    /// Customers left out as internal or test ones.
    pub internal: u64,
}

/// Builds the report from the counts of every cohort of the plan.
pub fn shape(
    query: &RetentionQuery,
    plan: &RetentionPlan,
    tally: &Tally,
    about: About,
) -> RetentionReport {
    let About {
        watermark,
        left_out,
        internal,
    } = about;
    let cohorts: Vec<Cohort> = plan
        .cohort_starts()
        .iter()
        .zip(&tally.cohorts)
        .enumerate()
        .map(|(own, (&start, counts))| Cohort {
            start,
            size: counts.size,
            forming: !plan.has_ended(own),
            cells: cells(&tally.rule, plan, own, counts),
            note: None,
        })
        .collect();
    let columns = cohorts.iter().map(|cohort| cohort.cells.len()).max();
    let overall = (0..columns.unwrap_or_default())
        .map(|column| Overall::of(&tally.rule, &cohorts, column))
        .collect();
    let customers = cohorts.iter().map(|cohort| u64::from(cohort.size)).sum();
    let given = tally.cohorts.iter().map(|cohort| u64::from(cohort.given));
    let signup_given = given.sum();

    RetentionReport {
        query: query.clone(),
        zone: plan.calendar.zone_name().to_owned(),
        week_start: plan.calendar.week_start(),
        as_of: plan.as_of,
        as_of_date: plan.calendar.date(plan.as_of),
        as_of_local: plan.calendar.datetime(plan.as_of),
        cohorts,
        overall,
        customers,
        signup_given,
        signup_inferred: match query.start {
            StartRule::Signup => customers.saturating_sub(signup_given),
            StartRule::FirstEvent | StartRule::EachEvent => 0,
        },
        watermark,
        watermark_local: watermark.map(|at| plan.calendar.datetime(at)),
        left_out,
        internal,
        activity: None,
    }
}

/// The cells of the cohort of period `own`: those that have begun for its earliest entry. A cell is settled when it is
/// for the latest.
fn cells(rule: &Rule, plan: &RetentionPlan, own: usize, counts: &CohortTally) -> Vec<Cell> {
    let seen = counts.seen.unwrap_or_else(|| plan.seen_by_none(own));
    let Seen { begun, ended } = seen;
    let columns = rule.columns(begun);
    let counted = counts.retained.iter().take(columns).enumerate();
    counted
        .map(|(column, &retained)| Cell {
            retained,
            base: counts.base.get(column).copied(),
            state: rule.state(column, ended),
        })
        .collect()
}
