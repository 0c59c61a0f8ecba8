//! The product's voice, word for word: cells, headlines, method lines. `~` stands for the no-break space.

use analysis::period::Grain;
use analysis::query::{AsOf, CellRef, RetentionKind, RetentionQuery, TraitFilter, TraitTest};
use analysis::report::RetentionReport;
use analysis::words;
use jiff::civil::{Date, date};

#[path = "support/matrix.rs"]
mod matrix;
use matrix::matrix;

const FIRST: Date = Date::constant(2025, 1, 6);
/// Wednesday of the third week.
const NOW: &str = "2025-01-22T11:30:00Z";

#[track_caller]
fn check(found: impl AsRef<str>, expected: &str) {
    assert_eq!(found.as_ref(), expected.replace('~', "\u{a0}"));
}

fn query(grain: Grain, kind: RetentionKind) -> RetentionQuery {
    RetentionQuery {
        grain,
        kind,
        ..RetentionQuery::default()
    }
}

fn weekly(kind: RetentionKind, rows: &[(u32, &[u32])]) -> RetentionReport {
    matrix(query(Grain::Week, kind), FIRST, NOW, rows)
}

#[test]
fn cells_of_weeks() {
    let rows: [(u32, &[u32]); 3] = [(431, &[112, 60]), (29, &[7]), (1, &[])];
    let report = weekly(RetentionKind::On, &rows);
    let second = Some(date(2025, 1, 13));
    for (cohort, period, sentence) in [
        (
            Some(FIRST),
            0,
            "Week of 6 Jan 2025: 431 customers signed up.",
        ),
        (
            Some(FIRST),
            1,
            "Week of 6 Jan 2025, week 1: 112 of 431, 26~%, interval 22 to 30~%.",
        ),
        (
            Some(FIRST),
            2,
            "Week of 6 Jan 2025, week 2: 60 of 431, 14~%, interval 11 to 18~%. Unfinished: this week still runs.",
        ),
        (Some(FIRST), 3, "Week of 6 Jan 2025, week 3: not begun yet."),
        (
            second,
            0,
            "Week of 13 Jan 2025: 29 customers signed up. Small cohort: fewer than 30 customers.",
        ),
        (
            second,
            1,
            "Week of 13 Jan 2025, week 1: 7 of 29, 24~%, interval 12 to 42~%. Unfinished: this week still runs. \
             Small cohort: fewer than 30 customers, so the interval is wide.",
        ),
        (
            Some(date(2025, 1, 20)),
            0,
            "Week of 20 Jan 2025: 1 customer signed up. Unfinished: this week still runs. \
             Small cohort: fewer than 30 customers.",
        ),
        (
            Some(date(2024, 1, 1)),
            1,
            "Week of 1 Jan 2024, week 1: not in this report.",
        ),
        (
            None,
            0,
            "All finished cohorts: 460 customers signed up in 2 cohorts.",
        ),
        (
            None,
            1,
            "All finished cohorts, week 1: 112 of 431 in 1 cohort, 26~%, interval 22 to 30~%.",
        ),
        (None, 2, "All finished cohorts, week 2: none yet."),
    ] {
        check(
            words::cell_sentence(&report, CellRef { cohort, period }),
            sentence,
        );
    }
    let few = weekly(RetentionKind::On, &[(10, &[5])]);
    check(
        words::cell_sentence(
            &few,
            CellRef {
                cohort: None,
                period: 1,
            },
        ),
        "All finished cohorts, week 1: 5 of 10 in 1 cohort, 50~%, interval 24 to 76~%. \
         Few customers: fewer than 30, so the interval is wide.",
    );
    let nobody = weekly(RetentionKind::OnOrAfter, &[]);
    check(
        words::cell_sentence(
            &nobody,
            CellRef {
                cohort: Some(FIRST),
                period: 1,
            },
        ),
        "Week of 6 Jan 2025, week 1 or later: nobody signed up.",
    );
}

#[test]
fn cells_of_other_grains() {
    let first = |grain, kind, first: Date, period| {
        let report = matrix(
            query(grain, kind),
            first,
            NOW,
            &[(1_000, &[300, 0]), (0, &[])],
        );
        words::cell_sentence(
            &report,
            CellRef {
                cohort: Some(first),
                period,
            },
        )
    };
    check(
        first(Grain::Day, RetentionKind::On, date(2025, 1, 20), 1),
        "20 Jan 2025, day 1: 300 of 1,000, 30~%, interval 27 to 33~%.",
    );
    check(
        first(Grain::Month, RetentionKind::OnOrAfter, date(2024, 11, 1), 1),
        "November 2024, month 1 or later: 300 of 1,000, 30~%, interval 27 to 33~%. \
         Open: later returns can still raise it.",
    );
    check(
        first(Grain::Quarter, RetentionKind::On, date(2024, 10, 1), 1),
        "Q4 2024, quarter 1: 300 of 1,000, 30~%, interval 27 to 33~%. Unfinished: this quarter still runs.",
    );
    check(
        first(Grain::Year, RetentionKind::OnOrAfter, date(2024, 1, 1), 1),
        "2024, year 1 or later: 300 of 1,000, 30~%, interval 27 to 33~%. Unfinished: this year still runs.",
    );
}

/// Six weeks of cohorts, of which four have finished week 1 and three week 2.
fn six(kind: RetentionKind, rows: &[(u32, &[u32])]) -> words::Headline {
    words::headline(&matrix(
        query(Grain::Week, kind),
        FIRST,
        "2025-02-12T12:00:00Z",
        rows,
    ))
}

fn three(size: u32, counts: &[u32]) -> [(u32, &[u32]); 3] {
    [(size, counts); 3]
}

#[test]
fn headlines() {
    let rows: [(u32, &[u32]); 5] = [
        (900, &[500, 210]),
        (900, &[400, 190]),
        (900, &[450, 200]),
        (900, &[4]),
        (9, &[]),
    ];
    let on = six(RetentionKind::On, &rows);
    check(
        &on.sentence,
        "22~% are still active 2 weeks after signing up.",
    );
    check(
        &on.evidence,
        "600 of 2,700 customers in 3 cohorts, interval 21 to 24~%.",
    );
    let facts = on.facts.expect("an answer");
    assert_eq!(
        (facts.cohort, facts.period, facts.retained, facts.size),
        (None, 2, 600, 2_700)
    );

    let later = six(RetentionKind::OnOrAfter, &rows);
    check(
        &later.sentence,
        "22~% came back 2 weeks after signing up or later.",
    );

    let week_one: [(u32, &[u32]); 5] = [(0, &[]), (40, &[1]), (40, &[0]), (40, &[0]), (9, &[])];
    let one = six(RetentionKind::On, &week_one);
    check(
        &one.sentence,
        "1~% are still active 1 week after signing up.",
    );
    check(
        &one.evidence,
        "1 of 120 customers in 3 cohorts, interval <1 to 5~%.",
    );

    check(
        six(RetentionKind::On, &three(500, &[0, 0])).sentence,
        "Nobody is still active 2 weeks after signing up.",
    );
    check(
        six(RetentionKind::On, &three(50, &[50, 50])).sentence,
        "Everybody is still active 2 weeks after signing up.",
    );
    check(
        six(RetentionKind::OnOrAfter, &three(50, &[0, 0])).sentence,
        "Nobody came back 2 weeks after signing up or later.",
    );
    check(
        six(RetentionKind::On, &three(500, &[9, 1])).sentence,
        "Less than 1~% are still active 2 weeks after signing up.",
    );
    check(
        six(RetentionKind::On, &three(500, &[9, 499])).sentence,
        "More than 99~% are still active 2 weeks after signing up.",
    );
}

#[test]
fn headlines_stop_at_a_horizon() {
    let long: Vec<u32> = (0..60).map(|k| 90 - k).collect();
    let rows: Vec<(u32, &[u32])> = (0..60).map(|_| (100, &long[..])).collect();
    for (grain, first, now, after) in [
        (
            Grain::Day,
            date(2025, 1, 1),
            "2025-02-01T12:00:00Z",
            "7 days",
        ),
        (
            Grain::Week,
            date(2025, 1, 6),
            "2025-07-01T12:00:00Z",
            "8 weeks",
        ),
        (
            Grain::Month,
            date(2024, 1, 1),
            "2025-07-01T12:00:00Z",
            "3 months",
        ),
        (
            Grain::Quarter,
            date(2023, 1, 1),
            "2025-07-01T12:00:00Z",
            "2 quarters",
        ),
        (
            Grain::Year,
            date(2015, 1, 1),
            "2025-07-01T12:00:00Z",
            "1 year",
        ),
    ] {
        let report = matrix(query(grain, RetentionKind::On), first, now, &rows);
        let sentence = words::headline(&report).sentence;
        assert!(
            sentence.ends_with(&format!(" still active {after} after signing up.")),
            "{sentence}"
        );
    }
}

#[test]
fn no_headline_without_enough() {
    #[track_caller]
    fn check_none(rows: &[(u32, &[u32])], sentence: &str) {
        let headline = six(RetentionKind::On, rows);
        check(&headline.sentence, sentence);
        check(&headline.evidence, "");
        assert_eq!(headline.facts, None);
    }
    check_none(
        &[(28, &[5]), (29, &[5])],
        "Too little data yet: 57 customers in 2 cohorts finished week 1; an answer needs 100 in 3.",
    );
    check_none(
        &[(5_000, &[5]), (5_000, &[5])],
        "Too little data yet: 10,000 customers in 2 cohorts finished week 1; an answer needs 100 in 3.",
    );
    check_none(
        &[(1, &[]), (0, &[]), (0, &[]), (0, &[]), (7, &[])],
        "Too little data yet: 1 customer in 1 cohort finished week 1; an answer needs 100 in 3.",
    );
    check_none(
        &[(0, &[]), (0, &[]), (0, &[]), (0, &[]), (7, &[])],
        "Too little data yet: no cohort has finished its first week after signing up.",
    );
    check_none(&[], "Nobody signed up in this time.");
    let filters = vec![TraitFilter {
        name: "plan".to_owned(),
        test: TraitTest::Set,
    }];
    let filtered = matrix(
        RetentionQuery {
            filters,
            ..RetentionQuery::default()
        },
        FIRST,
        NOW,
        &[],
    );
    check(
        words::headline(&filtered).sentence,
        "Nobody who matches the filters signed up in this time.",
    );
}

#[test]
fn method_lines() {
    let events = ["report_published", "board_shared"]
        .map(str::to_owned)
        .to_vec();
    let plain = RetentionQuery {
        active: events,
        ..RetentionQuery::default()
    };
    let rows: [(u32, &[u32]); 1] = [(1_200, &[5])];
    let report = matrix(plain.clone(), FIRST, NOW, &rows);
    let line = "Calendar weeks from Monday, Europe/Berlin · active = any of report_published, board_shared · on: active in \
                that very week · overall row pooled over finished weeks · intervals Wilson 95~% · signup given for 2, \
                first event for 1,198 · as of 22 Jan 2025 12:30 · data up to 22 Jan 2025 12:27";
    check(report.method(), line);
    check(words::method_line(&report), line);

    let query = RetentionQuery {
        grain: Grain::Month,
        kind: RetentionKind::OnOrAfter,
        as_of: AsOf::Date(date(2030, 1, 1)),
        filters: vec![
            TraitFilter {
                name: "plan".to_owned(),
                test: TraitTest::Is(vec!["pro".to_owned(), "team".to_owned()]),
            },
            TraitFilter {
                name: "seats".to_owned(),
                test: TraitTest::Between {
                    min: Some(10.0),
                    max: None,
                },
            },
        ],
        ..RetentionQuery::default()
    };
    let mut report = matrix(query, date(2024, 12, 1), NOW, &[]);
    report.watermark_local = None;
    report.left_out = 12;
    check(
        report.method(),
        "Calendar months, Europe/Berlin · active = the workspace's definition · on or after: active in that month or a \
         later one · only where plan is pro or team · only where seats is at least 10 · overall row pooled over finished \
         months · intervals Wilson 95~% · signup given for 0, first event for 0 · 12 customers without signup and events \
         left out · as of 22 Jan 2025 12:30 (1 Jan 2030 has not come yet) · no data yet",
    );
}

#[test]
fn data_that_end_early_are_told_of() {
    let mut report = weekly(
        RetentionKind::On,
        &[(431, &[112, 60]), (29, &[7]), (1, &[])],
    );
    let mut told = |newest: Option<Date>| {
        report.watermark_local = newest.map(|date| date.at(12, 0, 0, 0));
        words::stale_notice(&report)
    };
    // The running week and the one before it.
    assert_eq!(told(Some(date(2025, 1, 20))), None);
    assert_eq!(told(Some(date(2025, 1, 13))), None);
    assert_eq!(told(None), None);
    check(
        told(Some(date(2025, 1, 12))).unwrap(),
        "The newest event is of 12 Jan 2025. No event lies in the 1 week between it and as-of: 0~% there says nothing about \
         customers. Ask as of an earlier day to leave them out.",
    );
    check(
        told(Some(date(2024, 12, 29))).unwrap(),
        "The newest event is of 29 Dec 2024. No event lies in the 3 weeks between it and as-of: 0~% there says nothing about \
         customers. Ask as of an earlier day to leave them out.",
    );
}
