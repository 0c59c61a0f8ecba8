//! Two answers to one question of the same instant, number by number.

mod rows;

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::query::CellRef;
use crate::report::RetentionReport;
use crate::saved::Answer;
use crate::words;

/// A number in which two answers differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What it counts: "week of 6 Jan 2025, week 2", "January 2025, left".
    pub name: String,
    /// Before; `None` where there was no such number.
    pub before: Option<u64>,
    /// After.
    pub after: Option<u64>,
}

/// Where two answers of one kind differ: a matrix cell by cell, the others row by row.
pub fn differences(before: &Answer, after: &Answer) -> Vec<Difference> {
    match (before, after) {
        (Answer::Retention(before), Answer::Retention(after)) => changes(before, after)
            .into_iter()
            .map(|change| Difference {
                name: cell_name(before, &change),
                before: change.before,
                after: change.after,
            })
            .collect(),
        (before, after) => rows::differ(&rows::rows(before), &rows::rows(after)),
    }
}

fn cell_name(report: &RetentionReport, change: &Change) -> String {
    let CellRef { cohort, period } = change.at;
    let row = match cohort {
        Some(start) => words::period_name(report.query.grain, start),
        None => "all finished cohorts".to_owned(),
    };
    match change.size {
        true => format!("{row}, customers"),
        false => format!("{row}, {}", words::column_name(&report.query, period)),
    }
}

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
