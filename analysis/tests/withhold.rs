//! What a report tells to anybody: small numbers are gone, and can't be found again.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::changes::changes;
use analysis::query::{CellRef, ColumnZero, RetentionKind, RetentionQuery};
use analysis::report::{CellState, Overall, RetentionReport};
use analysis::withhold::{few, withhold};
use analysis::words;
use jiff::civil::Date;
use proptest::prelude::*;

#[path = "withhold/churn.rs"]
mod churn;
#[path = "withhold/features.rs"]
mod features;
#[path = "support/matrix.rs"]
mod matrix;
#[path = "withhold/segments.rs"]
mod segments;
use matrix::matrix;

const FIRST: Date = Date::constant(2025, 1, 6);
/// Six weeks later: the first cohort has finished five weeks after its own.
const NOW: &str = "2025-02-16T23:00:00Z";

fn question(kind: RetentionKind) -> RetentionQuery {
    RetentionQuery {
        kind,
        ..RetentionQuery::default()
    }
}

fn cell(report: &RetentionReport, cohort: usize, period: u32) -> CellRef {
    CellRef {
        cohort: Some(report.cohorts[cohort].start),
        period,
    }
}

#[test]
fn few_is_one_to_four() {
    let found: Vec<u64> = (0..8).filter(|count| few(*count)).collect();
    assert_eq!(found, [1, 2, 3, 4]);
}

#[test]
fn few_retained_few_lost_and_few_in_all_are_withheld() {
    let rows: [(u32, &[u32]); 4] = [
        (100, &[50, 4, 97, 0, 5]),
        (4, &[4, 0, 1]),
        (20, &[15, 16, 20]),
        (0, &[]),
    ];
    let report = matrix(question(RetentionKind::On), FIRST, NOW, &rows);
    let (shown, withheld) = withhold(&report);
    let hidden = |cohort, period| withheld.has(cell(&report, cohort, period));
    // 50 stayed and 50 left; 4 stayed; 3 left; nobody stayed; 5 stayed
    let first: Vec<bool> = (1..=5).map(|period| hidden(0, period)).collect();
    assert_eq!(first, [false, true, true, false, false]);
    // four customers in all: nothing is told of them, not how many they are
    assert!((0..=3).all(|period| hidden(1, period)));
    assert!(withheld.has_size(report.cohorts[1].start));
    assert_eq!(shown.cohorts[1].size, 0);
    // 5 left, 4 left, nobody left
    let third: Vec<bool> = (1..=3).map(|period| hidden(2, period)).collect();
    assert_eq!(third, [false, true, false]);
    assert!(
        !withheld.has_size(report.cohorts[3].start),
        "nobody is told of"
    );
    assert_eq!(shown.customers, 120);
    // week 1: 50 of 100 and 15 of 20, without the cohort of four; week 2: only what is shown
    let pooled = |period: usize| shown.overall[period].map(|of| (of.retained, of.size, of.cohorts));
    assert_eq!(pooled(1), Some((65, 120, 2)));
    assert_eq!(pooled(2), None);
    assert_eq!(pooled(4), Some((0, 100, 1)));
    let method = words::shared_method(&shown, &withheld, true);
    assert!(
        method.contains("withheld and left out of the overall row"),
        "{method}"
    );
    assert!(!method.contains("signup given"), "{method}");
}

/// The next period's denominator is the number retained before it.
#[test]
fn one_withheld_withholds_what_follows_from_it() {
    let rows: [(u32, &[u32]); 1] = [(100, &[60, 57, 40, 30, 20])];
    let mut report = matrix(question(RetentionKind::Previous), FIRST, NOW, &rows);
    let counts = [100, 60, 57, 40, 30, 20];
    for (period, cell) in report.cohorts[0].cells.iter_mut().enumerate().skip(1) {
        cell.base = Some(counts[period - 1]);
    }
    let (shown, withheld) = withhold(&report);
    let hidden: Vec<bool> = (1..=5)
        .map(|period| withheld.has(cell(&report, 0, period)))
        .collect();
    // 60 → 57 tells of three who left; the base of the next would tell 57
    assert_eq!(hidden, [false, true, true, true, true]);
    assert_eq!(shown.overall[2], None);
}

#[test]
fn a_large_report_is_shown_as_it_is() {
    let rows: [(u32, &[u32]); 2] = [(1_000, &[500, 400, 300, 200]), (900, &[450, 400])];
    let report = matrix(question(RetentionKind::On), FIRST, NOW, &rows);
    let (shown, withheld) = withhold(&report);
    assert!(withheld.is_empty());
    assert_eq!(
        (&shown.cohorts, &shown.overall),
        (&report.cohorts, &report.overall)
    );
    let method = words::shared_method(&shown, &withheld, true);
    assert!(method.contains("nothing had to be withheld"), "{method}");
    assert_eq!(changes(&report, &report), []);
}

#[test]
fn changes_are_found_cell_by_cell() {
    let before: [(u32, &[u32]); 2] = [(100, &[50, 40]), (80, &[30])];
    let after: [(u32, &[u32]); 2] = [(101, &[50, 42]), (80, &[30])];
    let question = || question(RetentionKind::On);
    let before = matrix(question(), FIRST, NOW, &before);
    let after = matrix(question(), FIRST, NOW, &after);
    let found: Vec<_> = changes(&before, &after)
        .into_iter()
        .map(|change| {
            (
                change.at.to_string(),
                change.size,
                change.before,
                change.after,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("overall.2".to_owned(), false, Some(40), Some(42)),
            ("2025-01-06.0".to_owned(), true, Some(100), Some(101)),
            ("2025-01-06.2".to_owned(), false, Some(40), Some(42)),
        ]
    );
}

/// Sizes and counts where small ones are frequent.
fn rows() -> impl Strategy<Value = Vec<(u32, Vec<u32>)>> {
    let row = (0_u32..14).prop_flat_map(|size| {
        let counts = prop::collection::vec(0..=size, 5);
        (Just(size), counts)
    });
    prop::collection::vec(row, 1..6)
}

fn report(rows: &[(u32, Vec<u32>)], kind: RetentionKind, zero: ColumnZero) -> RetentionReport {
    let rows: Vec<(u32, &[u32])> = rows
        .iter()
        .map(|(size, counts)| (*size, counts.as_slice()))
        .collect();
    let query = RetentionQuery {
        column_zero: zero,
        ..question(kind)
    };
    let mut report = matrix(query, FIRST, NOW, &rows);
    if kind == RetentionKind::Previous {
        for (cohort, (size, counts)) in report.cohorts.iter_mut().zip(&rows) {
            let before = [*size].into_iter().chain(counts.iter().copied());
            cohort.cells[0].base = None;
            for (cell, base) in cohort.cells.iter_mut().skip(1).zip(before) {
                cell.base = Some(base);
                cell.retained = cell.retained.min(base);
            }
        }
    }
    report
}

proptest! {
    /// No number that is shown tells of few, and the overall row is the sum of what is shown.
    #[test]
    fn what_is_shown_adds_up(rows in rows(), previous: bool, measured: bool) {
        let kind = if previous { RetentionKind::Previous } else { RetentionKind::On };
        let zero = if measured { ColumnZero::Measured } else { ColumnZero::Size };
        let report = report(&rows, kind, zero);
        let (shown, withheld) = withhold(&report);
        let mut sums = vec![(0_u64, 0_u64, 0_u32); report.columns()];
        for cohort in &shown.cohorts {
            prop_assert!(!few(u64::from(cohort.size)));
            for (period, cell) in (0_u32..).zip(&cohort.cells) {
                let at = CellRef { cohort: Some(cohort.start), period };
                let of = cell.base.unwrap_or(cohort.size);
                if withheld.has(at) {
                    prop_assert_eq!((cell.retained, of), (0, 0));
                    continue;
                }
                for count in [cell.retained, of - cell.retained, of] {
                    prop_assert!(!few(u64::from(count)), "{} of {}", cell.retained, of);
                }
                if of > 0 && cell.state == CellState::Complete {
                    let sum = &mut sums[usize::try_from(period).unwrap_or_default()];
                    *sum = (sum.0 + u64::from(cell.retained), sum.1 + u64::from(of), sum.2 + 1);
                }
            }
        }
        for (sum, overall) in sums.into_iter().zip(&shown.overall) {
            let expected = (sum.2 > 0).then_some(Overall { retained: sum.0, size: sum.1, cohorts: sum.2 });
            prop_assert_eq!(*overall, expected);
        }
        let size: u64 = shown.cohorts.iter().map(|cohort| u64::from(cohort.size)).sum();
        prop_assert_eq!(shown.customers, size);
    }

    /// Two reports that differ in withheld numbers alone are the same to their readers, in every number and word.
    #[test]
    fn withheld_numbers_leave_no_trace(rows in rows(), turn in 1_u32..4) {
        let kind = RetentionKind::On;
        let one = report(&rows, kind, ColumnZero::Size);
        let (shown, withheld) = withhold(&one);
        let mut others = rows.clone();
        for ((size, counts), cohort) in others.iter_mut().zip(&one.cohorts) {
            if withheld.has_size(cohort.start) {
                *size = (*size - 1 + turn) % 4 + 1;
                for count in counts.iter_mut() {
                    *count = (*count + turn) % (*size + 1);
                }
                continue;
            }
            for (period, count) in (1_u32..).zip(counts.iter_mut()) {
                let at = CellRef { cohort: Some(cohort.start), period };
                if !withheld.has(at) {
                    continue;
                }
                // another number that is withheld as well
                let alike = (0..=*size).filter(|other| {
                    few(u64::from(*other)) || few(u64::from(*size - *other))
                });
                let alike: Vec<u32> = alike.collect();
                let place = alike.iter().position(|other| other == count).expect("withheld itself");
                *count = alike[(place + usize::try_from(turn).unwrap_or_default()) % alike.len()];
            }
        }
        let (other, other_withheld) = withhold(&report(&others, kind, ColumnZero::Size));
        prop_assert_eq!(&withheld, &other_withheld);
        prop_assert_eq!(words::shared_method(&shown, &withheld, true), words::shared_method(&other, &withheld, true));
        prop_assert_eq!(words::headline(&shown), words::headline(&other));
        prop_assert_eq!(shown, other);
    }
}
