//! From sparse counts to the dense report: the database counts customers, this decides periods and states.

use jiff::Timestamp;

use crate::query::{RetentionKind, RetentionQuery};
use crate::report::{Cell, CellState, Cohort, Overall, RetentionReport, settled_state};

mod plan;

pub use plan::RetentionPlan;

/// How many customers signed up in one period. Periods without a row had none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SizeRow {
    /// Index of the period, from 0.
    pub cohort: u32,
    /// Customers whose signup lies in the period.
    pub size: u32,
    /// Of these, customers whose signup was given rather than taken from their first event.
    pub given: u32,
}

/// How many customers of one cohort were active in one period. Combinations without a row had none. Activity before a
/// customer's own signup and from as-of on is not counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ActiveRow {
    /// Index of the cohort's period, from 0.
    pub cohort: u32,
    /// Periods after the cohort's own.
    pub period: u32,
    /// *On*: distinct customers active in that period. *On or after*: distinct customers for whom that period is the
    /// last in which they were active before as-of.
    pub customers: u32,
}

/// Builds the report. Rows for cohorts or periods outside the plan are left out; order does not matter.
pub fn shape(
    query: &RetentionQuery,
    plan: &RetentionPlan,
    sizes: &[SizeRow],
    active: &[ActiveRow],
    watermark: Option<Timestamp>,
    left_out: u64,
) -> RetentionReport {
    let periods = plan.periods.len();
    let starts = plan.cohort_starts();
    let mut size_of = vec![0_u32; starts.len()];
    let mut signup_given = 0;
    for row in sizes {
        if let Some(size) = index(row.cohort).and_then(|cohort| size_of.get_mut(cohort)) {
            *size += row.size;
            signup_given += u64::from(row.given);
        }
    }

    let mut counts: Vec<Vec<u32>> = (0..starts.len()).map(|c| vec![0; periods - c]).collect();
    for row in active {
        let cells = index(row.cohort).and_then(|cohort| counts.get_mut(cohort));
        let cell = cells.and_then(|cells| cells.get_mut(index(row.period)?));
        if let Some(count) = cell {
            *count += row.customers;
        }
    }

    let cohorts: Vec<Cohort> = starts
        .iter()
        .zip(counts)
        .zip(size_of)
        .enumerate()
        .map(|(own, ((&start, counts), size))| Cohort {
            start,
            size,
            forming: !plan.has_ended(own),
            cells: cells(query.kind, plan, own, size, counts),
        })
        .collect();
    let overall = (0..periods).map(|k| pooled(&cohorts, k)).collect();
    let customers = cohorts.iter().map(|cohort| u64::from(cohort.size)).sum();

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
        signup_inferred: customers.saturating_sub(signup_given),
        watermark,
        watermark_local: watermark.map(|at| plan.calendar.datetime(at)),
        left_out,
    }
}

/// The cells of the cohort of period `own`, given its counts by period.
fn cells(
    kind: RetentionKind,
    plan: &RetentionPlan,
    own: usize,
    size: u32,
    mut counts: Vec<u32>,
) -> Vec<Cell> {
    if kind == RetentionKind::OnOrAfter {
        // Who was last active in period j was retained in every period up to j.
        let mut later = 0;
        for count in counts.iter_mut().rev() {
            later += *count;
            *count = later;
        }
    }
    // Column 0 is the cohort itself: everybody signed up in it, active or not.
    if let Some(own_count) = counts.first_mut() {
        *own_count = size;
    }
    (0..)
        .zip(counts)
        .map(|(period, retained)| {
            let ended = index(period).is_some_and(|k| plan.has_ended(own + k));
            let state = if ended {
                settled_state(kind, period)
            } else {
                CellState::Running
            };
            Cell { retained, state }
        })
        .collect()
}

/// One column pooled over the cohorts that have members and whose period `k` has ended.
fn pooled(cohorts: &[Cohort], k: usize) -> Option<Overall> {
    let finished = cohorts.iter().filter_map(|cohort| {
        let cell = cohort.cells.get(k)?;
        (cohort.size > 0 && cell.state != CellState::Running)
            .then_some((cohort.size, cell.retained))
    });
    finished.fold(None, |pooled, (size, retained)| {
        let before = pooled.unwrap_or(Overall {
            retained: 0,
            size: 0,
            cohorts: 0,
        });
        Some(Overall {
            retained: before.retained + u64::from(retained),
            size: before.size + u64::from(size),
            cohorts: before.cohorts + 1,
        })
    })
}

fn index(n: u32) -> Option<usize> {
    usize::try_from(n).ok()
}
