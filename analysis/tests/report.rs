//! The worked examples of `docs/DEFINITIONS.md`, and what a report says about its cells.

use analysis::query::{AsOf, CellRef, RetentionKind, RetentionQuery};
use analysis::report::{CellState, Overall, RetentionReport};
use jiff::civil::{Date, date};

#[path = "support/matrix.rs"]
mod matrix;
use matrix::matrix;

const FIRST: Date = Date::constant(2025, 1, 6);
/// Monday of the third week after, 00:00 in Berlin: two weeks after the first cohort's own have ended.
const THREE_WEEKS: &str = "2025-01-26T23:00:00Z";

fn weekly() -> RetentionQuery {
    RetentionQuery::default()
}

fn or_after() -> RetentionQuery {
    RetentionQuery {
        kind: RetentionKind::OnOrAfter,
        ..weekly()
    }
}

fn overall(report: &RetentionReport, period: u32) -> Option<(u64, u64, u32, f64)> {
    let facts = report.cell(CellRef {
        cohort: None,
        period,
    })?;
    Some((
        facts.retained,
        facts.size,
        facts.cohorts,
        facts.rate.expect("customers"),
    ))
}

fn counts(report: &RetentionReport, cohort: usize) -> Vec<u32> {
    report.cohorts[cohort]
        .cells
        .iter()
        .map(|cell| cell.retained)
        .collect()
}

fn states(report: &RetentionReport, cohort: usize) -> Vec<CellState> {
    report.cohorts[cohort]
        .cells
        .iter()
        .map(|cell| cell.state)
        .collect()
}

/// 500 of 1000 and 400 of 500 is 60.0 %, not 56 %; an unfinished third row is left out.
#[test]
fn pooled_not_averaged() {
    let rows: [(u32, &[u32]); 3] = [(1_000, &[500, 0]), (500, &[400]), (700, &[])];
    let finished = matrix(weekly(), FIRST, THREE_WEEKS, &rows);
    assert_eq!(overall(&finished, 1), Some((900, 1_500, 2, 0.6)));

    // Half a week later the third cohort's week 1 runs, whatever it has reached.
    let rows: [(u32, &[u32]); 4] = [(1_000, &[500, 0]), (500, &[400]), (700, &[699]), (9, &[])];
    let running = matrix(weekly(), FIRST, "2025-01-30T12:00:00Z", &rows);
    assert_eq!(running.cohorts[2].cells[1].state, CellState::Running);
    assert_eq!(running.cohorts[2].cells[1].retained, 699);
    assert_eq!(overall(&running, 1), Some((900, 1_500, 2, 0.6)));
}

/// 20 % of 10 and 0 % of 100 is 1.8 %: cohorts at zero stay in.
#[test]
fn cohorts_at_zero_stay_in() {
    let report = matrix(weekly(), FIRST, THREE_WEEKS, &[(10, &[2]), (100, &[])]);
    let (retained, size, cohorts, rate) = overall(&report, 1).expect("two finished cohorts");
    assert_eq!((retained, size, cohorts), (2, 110, 2));
    assert_eq!(format!("{:.1}", rate * 100.0), "1.8");
}

#[test]
fn empty_cohorts_stay_out() {
    let report = matrix(
        weekly(),
        FIRST,
        THREE_WEEKS,
        &[(0, &[]), (10, &[5]), (0, &[])],
    );
    assert_eq!(report.cohorts.len(), 3, "they are rows all the same");
    assert_eq!(counts(&report, 0), [0, 0, 0]);
    assert_eq!(overall(&report, 0), Some((10, 10, 1, 1.0)));
    assert_eq!(overall(&report, 1), Some((5, 10, 1, 0.5)));
    assert_eq!(
        report.overall[2], None,
        "only the empty cohort has finished week 2"
    );
    let empty = report
        .cell(CellRef {
            cohort: Some(FIRST),
            period: 1,
        })
        .expect("begun");
    assert_eq!((empty.rate, empty.interval, empty.size), (None, None, 0));
}

#[test]
fn blank_is_not_zero() {
    let report = matrix(
        weekly(),
        FIRST,
        "2025-01-22T12:00:00Z",
        &[(40, &[7]), (50, &[]), (60, &[])],
    );
    assert_eq!(report.columns(), 3);
    assert_eq!(counts(&report, 0), [40, 7, 0], "begun, so counted");
    assert_eq!(counts(&report, 2), [60], "not begun, so no cell");
    let pooled = |retained, size, cohorts| {
        Some(Overall {
            retained,
            size,
            cohorts,
        })
    };
    assert_eq!(report.overall, [pooled(90, 90, 2), pooled(7, 40, 1), None]);
    let at = |cohort, period| report.cell(CellRef { cohort, period });
    assert_eq!(at(None, 2), None, "no cohort has finished week 2");
    assert_eq!(at(None, 3), None);
    assert_eq!(at(Some(date(2025, 1, 20)), 1), None, "future");
    assert_eq!(
        at(Some(date(2025, 1, 7)), 0),
        None,
        "no cohort begins on a Tuesday"
    );
    assert_eq!(at(Some(FIRST), u32::MAX), None);
}

#[test]
fn states_of_on_and_on_or_after() {
    use CellState::{Complete, Open, Running};
    let rows: [(u32, &[u32]); 3] = [(40, &[5, 3]), (50, &[4]), (60, &[])];
    let now = "2025-01-22T12:00:00Z";
    let on = matrix(weekly(), FIRST, now, &rows);
    assert_eq!(counts(&on, 0), [40, 5, 3]);
    assert_eq!(states(&on, 0), [Complete, Complete, Running]);
    assert_eq!(states(&on, 1), [Complete, Running]);
    assert_eq!(states(&on, 2), [Running]);
    let forming: Vec<bool> = on.cohorts.iter().map(|cohort| cohort.forming).collect();
    assert_eq!(forming, [false, false, true]);

    // Five were last active in week 1 and three in week 2, so eight were active in week 1 or later.
    let later = matrix(or_after(), FIRST, now, &rows);
    assert_eq!(counts(&later, 0), [40, 8, 3]);
    assert_eq!(states(&later, 0), [Complete, Open, Running]);
    assert_eq!(states(&later, 1), [Complete, Running]);
    assert_eq!(
        overall(&later, 1),
        Some((8, 40, 1, 0.2)),
        "open cells are pooled"
    );
    let state = |period| {
        later
            .cell(CellRef {
                cohort: None,
                period,
            })
            .map(|facts| facts.state)
    };
    assert_eq!(
        [state(0), state(1), state(2)],
        [Some(Complete), Some(Open), None]
    );
}

#[test]
fn facts_of_a_cell() {
    let report = matrix(
        weekly(),
        FIRST,
        THREE_WEEKS,
        &[(431, &[112, 60]), (29, &[7]), (30, &[])],
    );
    let at = |cohort, period| report.cell(CellRef { cohort, period }).expect("begun");
    let first = at(Some(FIRST), 1);
    assert_eq!((first.retained, first.size, first.cohorts), (112, 431, 1));
    assert_eq!(first.rate, Some(112.0 / 431.0), "unrounded");
    assert_eq!(first.interval, analysis::stats::wilson(112, 431));
    assert!(
        !first.small && at(Some(date(2025, 1, 13)), 1).small,
        "29 is below 30"
    );
    assert!(!at(Some(date(2025, 1, 20)), 0).small, "30 is not");
    assert_eq!(at(Some(FIRST), 0).rate, Some(1.0));
    assert_eq!(
        at(Some(FIRST), 0).interval,
        None,
        "the cohort's size is no estimate"
    );
    assert_eq!(
        (
            report.customers,
            report.signup_given,
            report.signup_inferred
        ),
        (490, 2, 488)
    );
    assert_eq!(report.zone, "Europe/Berlin");
    assert_eq!(report.as_of_date, date(2025, 1, 27));
    assert_eq!(report.as_of_local.to_string(), "2025-01-27T00:00:00");
    assert_eq!(
        report.watermark_local.map(|at| at.to_string()).as_deref(),
        Some("2025-01-26T23:57:00")
    );
}

#[test]
fn the_colour_scale_ends_at_the_largest_rate_that_is_not_small() {
    let largest =
        |rows: &[(u32, &[u32])]| matrix(weekly(), FIRST, THREE_WEEKS, rows).largest_rate();
    assert_eq!(largest(&[(100, &[40, 20]), (50, &[30]), (10, &[])]), 0.6);
    assert_eq!(largest(&[(100, &[40, 20]), (10, &[8])]), 48.0 / 110.0);
    // Small cohorts can make an overall row that is not small, and it has to fit on the scale.
    assert_eq!(largest(&[(20, &[10]), (20, &[20])]), 0.75);
    assert_eq!(largest(&[(20, &[10])]), 0.0);
    assert_eq!(largest(&[(0, &[])]), 0.0);
}

#[test]
fn an_as_of_that_has_not_come_is_now() {
    let ahead = |as_of, now: &str| {
        let query = RetentionQuery { as_of, ..weekly() };
        matrix(query, FIRST, now, &[(9, &[])]).as_of_was_ahead()
    };
    let monday = date(2025, 1, 27);
    assert!(!ahead(AsOf::Now, THREE_WEEKS));
    assert!(!ahead(AsOf::Date(monday), THREE_WEEKS), "it has just begun");
    assert!(ahead(AsOf::Date(monday), "2025-01-26T22:59:59Z"));
    let instant = THREE_WEEKS.parse().expect("an instant");
    assert!(!ahead(AsOf::Instant(instant), THREE_WEEKS));
    assert!(ahead(AsOf::Instant(instant), "2025-01-26T22:59:59Z"));
}

#[test]
fn reports_survive_the_wire() {
    for query in [weekly(), or_after()] {
        let report = matrix(
            query,
            FIRST,
            "2025-01-22T12:00:00Z",
            &[(40, &[5, 3]), (50, &[4])],
        );
        let json = serde_json::to_string(&report).expect("serialisable");
        let back: RetentionReport = serde_json::from_str(&json).expect("the same shape");
        assert_eq!(back, report);
        assert!(
            json.contains(r#"{"retained":40,"state":"complete"}"#),
            "{json}"
        );
    }
}
