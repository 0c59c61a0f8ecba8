//! What a report may tell to anybody: numbers behind which few customers stand are taken out of it.
//!
//! A number is *few* when it is 1, 2, 3 or 4. A cell is withheld when few were retained, when few were not (whoever
//! switches to attrition reads that number), or when few are in its denominator. What is left is made anew from the cells
//! that are shown, and from them alone: so nothing that was withheld can be found by subtracting one number from another.
//! The other kinds of reports have rules of their own to the same end, in the modules below.

mod churn;
mod features;
mod segments;
mod shown;

pub use churn::{WithheldPeriods, withhold_churn};
pub use features::{WithheldGroups, withhold_features};
pub use segments::{WithheldSegments, withhold_segments};
pub use shown::Shown;

use jiff::civil::Date;

use crate::query::{CellRef, RetentionKind};
use crate::report::{Cell, Cohort, Overall, RetentionReport};
use crate::rule::Rule;

/// The fewest customers that a number on a link may tell of.
pub const FEWEST: u32 = 5;

/// The cells that were taken out of a report. In order: what is found by halving is less to load for a browser than a set.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Withheld {
    cohorts: Vec<Date>,
    cells: Vec<(Date, u32)>,
}

impl Withheld {
    /// Whether everything is shown.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.cohorts.is_empty()
    }

    /// How many cells are not shown.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether a cell is not shown.
    pub fn has(&self, at: CellRef) -> bool {
        at.cohort
            .is_some_and(|start| self.cells.binary_search(&(start, at.period)).is_ok())
    }

    /// Whether the size of the cohort that begins on a date is not shown.
    pub fn has_size(&self, start: Date) -> bool {
        self.cohorts.binary_search(&start).is_ok()
    }
}

/// Whether a number tells of few customers.
pub fn few(count: u64) -> bool {
    (1..u64::from(FEWEST)).contains(&count)
}

/// The report without what tells of few customers, and what was taken out.
///
/// A cell that was taken out has a denominator of 0; the overall row and the number of customers are those of the cells
/// and cohorts that are shown. Where signups came from is not told: these counts are of everybody.
pub fn withhold(report: &RetentionReport) -> (RetentionReport, Withheld) {
    let mut withheld = Withheld::default();
    let cohorts: Vec<Cohort> = report
        .cohorts
        .iter()
        .map(|cohort| shown(report, cohort, &mut withheld))
        .collect();
    let rule = Rule::new(&report.query);
    let overall = (0..report.columns())
        .map(|column| Overall::of(&rule, &cohorts, column))
        .collect();
    let shown = RetentionReport {
        customers: cohorts.iter().map(|cohort| u64::from(cohort.size)).sum(),
        signup_given: 0,
        signup_inferred: 0,
        left_out: counted(report.left_out),
        internal: counted(report.internal),
        cohorts,
        overall,
        ..report.clone()
    };
    (shown, withheld)
}

/// A cohort with its cells that may be shown.
fn shown(report: &RetentionReport, cohort: &Cohort, withheld: &mut Withheld) -> Cohort {
    let all = few(u64::from(cohort.size));
    if all {
        withheld.cohorts.push(cohort.start);
    }
    // The next cell of this kind has its number retained as its denominator.
    let chained = report.query.kind == RetentionKind::Previous;
    let mut before = false;
    let cells = cohort.cells.iter().zip(0_u32..).map(|(cell, period)| {
        let hidden = all || tells_of_few(cell, cohort.size) || (chained && before);
        before = hidden;
        if !hidden {
            return *cell;
        }
        withheld.cells.push((cohort.start, period));
        Cell {
            retained: 0,
            base: Some(0),
            state: cell.state,
        }
    });
    Cohort {
        start: cohort.start,
        size: if all { 0 } else { cohort.size },
        note: None,
        forming: cohort.forming,
        cells: cells.collect(),
    }
}

fn tells_of_few(cell: &Cell, size: u32) -> bool {
    let of = cell.base.unwrap_or(size);
    few_of(u64::from(cell.retained), u64::from(of))
}

/// Whether a part, the rest, or the whole of it tells of few customers.
fn few_of(part: u64, of: u64) -> bool {
    few(part) || few(of.saturating_sub(part)) || few(of)
}

/// A number that tells of few is told as none: where it is 0, it is not spoken of.
fn counted(count: u64) -> u64 {
    if few(count) { 0 } else { count }
}
