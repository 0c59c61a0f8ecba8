//! Two answers to one question of the same instant, cell by cell.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::query::CellRef;
use crate::report::RetentionReport;

/// A cell, or the size of a cohort, in which two answers differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// Where; the period of a size is 0.
    pub at: CellRef,
    /// Whether it is the cohort's size, in customers.
    pub size: bool,
    /// Customers before; `None` where there was no such cell.
    pub before: Option<u64>,
    /// Customers after.
    pub after: Option<u64>,
}

/// Where two answers differ, the overall row first, then cohorts from new to old.
pub fn changes(before: &RetentionReport, after: &RetentionReport) -> Vec<Change> {
    let starts = |report: &RetentionReport| -> BTreeSet<Date> {
        report.cohorts.iter().map(|cohort| cohort.start).collect()
    };
    let rows = starts(before)
        .union(&starts(after))
        .copied()
        .collect::<Vec<_>>();
    let columns = before.columns().max(after.columns());
    let columns = u32::try_from(columns).unwrap_or(u32::MAX);
    let first = u32::try_from(before.first_column()).unwrap_or(u32::MAX);
    let cells = |cohort: Option<Date>| {
        (first..columns).map(move |period| {
            let at = CellRef { cohort, period };
            let count = |report: &RetentionReport| report.cell(at).map(|facts| facts.retained);
            Change {
                at,
                size: false,
                before: count(before),
                after: count(after),
            }
        })
    };
    let size = |cohort: Date| {
        let count = |report: &RetentionReport| Some(u64::from(report.cohort(cohort)?.size));
        Change {
            at: CellRef {
                cohort: Some(cohort),
                period: 0,
            },
            size: true,
            before: count(before),
            after: count(after),
        }
    };
    let cohorts = rows
        .into_iter()
        .rev()
        .flat_map(|cohort| std::iter::once(size(cohort)).chain(cells(Some(cohort))));
    cells(None)
        .chain(cohorts)
        .filter(|change| change.before != change.after)
        .collect()
}
