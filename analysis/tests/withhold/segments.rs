//! Segments: each matrix is withheld by its own cells, and what is said of a segment follows from what is left.

use super::{FIRST, NOW};
use crate::matrix::matrix;
use analysis::comparison::{ComparisonReport, Mix, MixPart, Pair, Segment, SegmentKey, Test};
use analysis::query::{CellRef, ComparisonQuery, RetentionQuery, Split};
use analysis::saved::Answer;
use analysis::stats::{Contribution, Ending, kaplan_meier};
use analysis::withhold::{Shown, few, withhold, withhold_segments};
use analysis::words;
use proptest::prelude::*;

type Rows = Vec<(u32, Vec<u32>)>;

/// Segments with these cohorts; each value's name begins with “v”, the last one is of those without the trait.
fn report(all: &[Rows], days: u32) -> ComparisonReport {
    let segments: Vec<Segment> = all
        .iter()
        .enumerate()
        .map(|(place, rows)| {
            let rows: Vec<(u32, &[u32])> = rows
                .iter()
                .map(|(size, counts)| (*size, counts.as_slice()))
                .collect();
            let endings = vec![
                Ending {
                    time: days,
                    ended: true,
                    customers: 3,
                },
                Ending {
                    time: 40,
                    ended: false,
                    customers: u64::from(days) + 20,
                },
            ];
            Segment {
                key: match place + 1 == all.len() {
                    true => SegmentKey::Unset,
                    false => SegmentKey::Value(format!("v{place}")),
                },
                name: format!("v{place}"),
                report: matrix(RetentionQuery::default(), FIRST, NOW, &rows),
                survival: kaplan_meier(&endings),
                endings,
            }
        })
        .collect();
    let test = Test {
        chi_squared: f64::from(days),
        freedom: 1,
        p: 0.01,
    };
    ComparisonReport {
        query: ComparisonQuery {
            split: Some(Split::Trait("plan".to_owned())),
            ..ComparisonQuery::default()
        },
        total: Some(segments[0].report.clone()),
        folded: 0,
        overlapping: 3,
        baseline: 0,
        column: Some(2),
        test: Some(test),
        pairs: vec![Pair {
            sooner: 0,
            later: 1,
            test,
            holm: 0.01,
        }],
        mix: None,
        segments,
    }
}

fn shown(report: ComparisonReport) -> Shown {
    Shown::of(Answer::Segments(Box::new(report)), true)
}

fn large(size: u32, kept: u32) -> Rows {
    (0..5).map(|_| (size, vec![kept, kept, kept])).collect()
}

#[test]
fn a_segment_of_few_is_left_out_with_its_name() {
    let few = vec![(3, vec![2, 1]), (1, vec![1])];
    let whole = report(&[few, large(40, 20), large(50, 10)], 9);
    let (told, withheld) = withhold_segments(&whole);
    let names: Vec<&str> = told.segments.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["v1", "v2"]);
    assert_eq!((withheld.segments(), told.baseline), (1, 1));
    assert_eq!(told.overlapping, 0);
    let shown = shown(whole);
    let found = words::shown_finding(&shown);
    assert_eq!(
        found.sentence,
        "By plan, the share active in week 2 goes from 20\u{a0}% (v2) to 50\u{a0}% (v1).".replace(
            "week 2",
            &words::column_name(&told.query.retention, told.column.unwrap())
        )
    );
    let method = words::shown_method(&shown, true);
    assert!(method.contains("1 segment with its name"), "{method}");
    for secret in ["v0", "log-rank", "signup given"] {
        assert!(!method.contains(secret), "{secret}: {method}");
    }
}

#[test]
fn the_order_does_not_tell_what_is_withheld() {
    // 200 + 3 against 202: by all customers the first is larger, by those told of the second
    let mut first = large(50, 20);
    first[4].0 = 3;
    let mut second = large(40, 20);
    second[4].0 = 42;
    let whole = report(&[first, second, large(9, 0)], 9);
    assert!(whole.segments[0].report.customers > whole.segments[1].report.customers);
    let (told, _) = withhold_segments(&whole);
    assert_eq!(told.segments[0].name, "v1");
    assert_eq!(told.baseline, 0);
}

#[test]
fn rates_of_which_too_much_is_withheld_are_not_compared() {
    // in one of five cohorts three came back in week 1
    let mut some = large(40, 20);
    some[0].1[0] = 3;
    let whole = report(&[some, large(50, 10), large(60, 30)], 9);
    let (told, _) = withhold_segments(&whole);
    let segment = |name: &str| {
        let mut segments = told.segments.iter();
        segments.find(|one| one.name == name).unwrap()
    };
    assert_eq!(segment("v0").overall(1), None);
    assert!(segment("v0").overall(2).is_some() && segment("v1").overall(1).is_some());
    let none: Rows = (0..5).map(|_| (20, vec![3, 2, 1])).collect();
    let found = words::shown_finding(&shown(report(&[none.clone(), none], 9))).sentence;
    assert!(
        found.starts_with("How the segments by plan differ can’t be told here"),
        "{found}"
    );
}

#[test]
fn a_change_is_split_only_from_what_is_told() {
    let part = |before, after| MixPart {
        before,
        after,
        contribution: Contribution::default(),
    };
    let with = |parts: Vec<MixPart>| {
        let mut whole = report(&[large(60, 20), large(50, 10)], 9);
        whole.column = withhold_segments(&whole).0.column;
        whole.mix = Some(Mix {
            cohorts: (FIRST, FIRST),
            column: whole.column.unwrap(),
            parts,
        });
        withhold_segments(&whole)
    };
    let (told, withheld) = with(vec![part((10, 50), (60, 180)), part((10, 50), (30, 150))]);
    assert!(told.mix.is_some() && !withheld.has_mix());
    let (told, withheld) = with(vec![part((3, 50), (60, 180)), part((10, 50), (30, 150))]);
    assert!(told.mix.is_none() && withheld.has_mix());
}

fn rows() -> impl Strategy<Value = Rows> {
    let size = prop_oneof![3 => 20_u32..60, 1 => 0_u32..10];
    let row = size.prop_flat_map(|size| (Just(size), prop::collection::vec(0..=size, 5)));
    prop::collection::vec(row, 2..6)
}

proptest! {
    /// A segment shows what its own matrix may show, and nothing beside.
    #[test]
    fn what_is_shown_is_what_each_matrix_may_show(all in prop::collection::vec(rows(), 2..5)) {
        let whole = report(&all, 9);
        let (told, withheld) = withhold_segments(&whole);
        prop_assert_eq!(told.segments.len() + withheld.segments(), whole.segments.len());
        for (place, segment) in told.segments.iter().enumerate() {
            let own = whole.segments.iter().find(|one| one.key == segment.key).unwrap();
            let (matrix, cells) = withhold(&own.report);
            let told = &segment.report;
            prop_assert_eq!((&matrix.cohorts, matrix.customers), (&told.cohorts, told.customers));
            let columns = matrix.overall.iter().zip(&own.report.overall).zip(&told.overall);
            for ((shown, whole), told) in columns {
                let part = shown.map_or(0, |of| of.cohorts) * 10;
                let most = whole.is_none_or(|of| part >= of.cohorts * 9);
                prop_assert_eq!(*told, shown.filter(|_| most), "{:?} of {:?}", shown, whole);
            }
            prop_assert_eq!(Some(&cells), withheld.of(place));
            let size: u64 = matrix.cohorts.iter().map(|cohort| u64::from(cohort.size)).sum();
            prop_assert_eq!(segment.report.customers, size);
            prop_assert!(segment.endings.is_empty() && segment.survival.customers == 0);
        }
        prop_assert!(told.test.is_none() && told.pairs.is_empty() && told.overlapping == 0);
        let total = told.total.unwrap();
        let customers: u64 = told.segments.iter().map(|one| one.report.customers).sum();
        prop_assert_eq!((total.customers, total.cells()), (customers, 0));
    }

    /// Two worlds that differ in withheld numbers alone are the same to readers, in every number and word.
    #[test]
    fn withheld_numbers_leave_no_trace(all in prop::collection::vec(rows(), 2..5), turn in 1_u32..4) {
        let one = report(&all, 9);
        let mut others = all;
        for (rows, segment) in others.iter_mut().zip(&one.segments) {
            let (_, withheld) = withhold(&segment.report);
            for ((size, counts), cohort) in rows.iter_mut().zip(&segment.report.cohorts) {
                if withheld.has_size(cohort.start) {
                    *size = (*size - 1 + turn) % 4 + 1;
                    counts.iter_mut().for_each(|count| *count = (*count + turn) % (*size + 1));
                    continue;
                }
                for (period, count) in (1_u32..).zip(counts.iter_mut()) {
                    let at = CellRef { cohort: Some(cohort.start), period };
                    if withheld.has(at) {
                        let alike: Vec<u32> = (0..=*size)
                            .filter(|other| few(u64::from(*other)) || few(u64::from(*size - *other)))
                            .collect();
                        let place = alike.iter().position(|other| other == count).unwrap();
                        *count = alike[(place + usize::try_from(turn).unwrap()) % alike.len()];
                    }
                }
            }
        }
        let other = report(&others, 9 + turn);
        let (one, other) = (shown(one), shown(other));
        prop_assert_eq!(words::shown_finding(&one), words::shown_finding(&other));
        prop_assert_eq!(words::shown_method(&one, true), words::shown_method(&other, true));
        prop_assert_eq!(one, other);
    }
}
