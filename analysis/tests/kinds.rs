//! Kinds of retention in words, and what they count by hand. `~` stands for the no-break space.

use analysis::period::{Calendar, WeekStart};
use analysis::query::{
    BeforeStart, Bracket, CellRef, CohortRange, ColumnZero, RetentionKind, RetentionQuery,
    StartRule, Window,
};
use analysis::report::{CellState, RetentionReport};
use analysis::rule::Rule;
use analysis::shape::{About, RetentionPlan, shape};
use analysis::tally::{Tally, periods_set};
use analysis::words;
use jiff::civil::{Date, date};

const FIRST: Date = Date::constant(2025, 1, 6);

/// One cohort of four, as of the Wednesday of its week 4: one was active in weeks 0 to 3, one in 1 and 3, one in 2 only,
/// one never.
fn report(query: RetentionQuery) -> RetentionReport {
    let utc = Calendar::new("UTC", WeekStart::Monday).expect("UTC is known");
    let query = RetentionQuery {
        cohorts: CohortRange::Between {
            from: FIRST,
            to: Some(FIRST),
        },
        small: 0,
        ..query
    };
    let now = "2025-02-05T12:00:00Z".parse().expect("an instant");
    let plan = RetentionPlan::new(&query, &utc, now).expect("a plan");
    let mut tally = Tally::new(Rule::new(&query), &plan);
    let start = "2025-01-07T12:00:00Z".parse().expect("an instant");
    for periods in [vec![0, 1, 2, 3], vec![1, 3], vec![2], vec![]] {
        tally.add(&plan, 0, start, true, &periods_set(periods));
    }
    shape(&query, &plan, &tally, About::default())
}

fn of(kind: RetentionKind) -> RetentionQuery {
    RetentionQuery {
        kind,
        ..RetentionQuery::default()
    }
}

fn brackets(list: &[&str], follow_up: Option<u32>) -> RetentionQuery {
    let brackets = list.iter().map(|text| text.parse::<Bracket>());
    RetentionQuery {
        brackets: brackets.collect::<Result<_, _>>().expect("brackets"),
        follow_up,
        ..of(RetentionKind::Brackets)
    }
}

/// Counts, denominators and the first letters of states, column by column.
#[track_caller]
fn check(query: RetentionQuery, expected: &str) {
    let report = report(query);
    let columns = (0..).map_while(|period| {
        let facts = report.cell(CellRef {
            cohort: Some(FIRST),
            period,
        })?;
        let state = match facts.state {
            CellState::Complete => 'c',
            CellState::Running => 'r',
            CellState::Open => 'o',
        };
        Some(format!("{}/{}{state}", facts.retained, facts.size))
    });
    assert_eq!(columns.collect::<Vec<_>>().join(" "), expected);
}

#[test]
fn counts_by_hand() {
    let measured = |kind| RetentionQuery {
        column_zero: ColumnZero::Measured,
        ..of(kind)
    };
    check(of(RetentionKind::On), "4/4c 2/4c 2/4c 2/4c 0/4r");
    check(measured(RetentionKind::On), "1/4c 2/4c 2/4c 2/4c 0/4r");
    check(of(RetentionKind::OnOrAfter), "4/4c 3/4o 3/4o 2/4o 0/4r");
    check(
        measured(RetentionKind::OnOrAfter),
        "3/4o 3/4o 3/4o 2/4o 0/4r",
    );
    let equal = |last| RetentionQuery {
        follow_up: Some(last),
        ..of(RetentionKind::OnOrAfter)
    };
    // The third week's return is beyond the horizon; everything is final once week 2 has ended.
    check(equal(2), "4/4c 3/4c 2/4c");
    check(equal(4), "4/4c 3/4o 3/4o 2/4o 0/4r");
    check(of(RetentionKind::Streak), "4/4c 2/4c 1/4c 1/4c 0/4r");
    check(of(RetentionKind::Previous), "4/4c 2/4c 1/2c 1/2c 0/2r");
    check(
        measured(RetentionKind::Previous),
        "1/4c 1/1c 1/2c 1/2c 0/2r",
    );
    check(
        brackets(&["1-2", "3-3", "4-6", "9-"], None),
        "4/4c 3/4c 2/4c 0/4r",
    );
    check(brackets(&["1-1", "2-"], None), "4/4c 2/4c 3/4o");
    check(brackets(&["1-1", "2-"], Some(2)), "4/4c 2/4c 2/4c");
    check(brackets(&["1-1", "2-"], Some(4)), "4/4c 2/4c 3/4r");
}

#[test]
fn in_words() {
    let check = |query: RetentionQuery, column, label: &str, sentence: &str, method: &str| {
        let report = report(query);
        assert_eq!(words::column_label(&report.query, column), label);
        let cell = CellRef {
            cohort: Some(FIRST),
            period: column,
        };
        let found = words::cell_sentence(&report, cell).replace('\u{a0}', "~");
        assert_eq!(found, format!("Week of 6 Jan 2025, {sentence}"));
        assert!(report.method().contains(method), "{}", report.method());
    };
    let measured = RetentionQuery {
        column_zero: ColumnZero::Measured,
        ..of(RetentionKind::On)
    };
    check(
        measured,
        0,
        "0",
        "week 0: 1 of 4, 25~%, interval 5 to 70~%.",
        " · column 0: active in week 0 · ",
    );
    let equal = RetentionQuery {
        follow_up: Some(2),
        ..of(RetentionKind::OnOrAfter)
    };
    check(
        equal,
        1,
        "1",
        "weeks 1 to 2: 3 of 4, 75~%, interval 30 to 95~%.",
        " · on or after: active in that week or a later one, counted up to week 2 for every cohort · ",
    );
    check(
        brackets(&["1-2", "4-6"], None),
        2,
        "4–6",
        "weeks 4 to 6: 0 of 4, 0~%, interval 0 to 49~%. Unfinished: this span still runs.",
        " · brackets: active in any week of the span · ",
    );
    check(
        brackets(&["1-2", "3-"], None),
        2,
        "3+",
        "week 3 or later: 2 of 4, 50~%, interval 15 to 85~%. Open: later returns can still raise it.",
        "",
    );
    check(
        of(RetentionKind::Streak),
        3,
        "3",
        "every week from 1 to 3: 1 of 4, 25~%, interval 5 to 70~%.",
        " · streak: active in every week from 1 on · ",
    );
    check(
        of(RetentionKind::Previous),
        3,
        "3",
        "week 3 of those active in week 2: 1 of 2, 50~%, interval 9 to 91~%.",
        " · previous week: active in that week, of those active in the week before · ",
    );
    let nobody = report(of(RetentionKind::Previous));
    let running = CellRef {
        cohort: Some(date(2025, 2, 3)),
        period: 1,
    };
    assert_eq!(nobody.cell(running), None);
}

#[test]
fn headlines() {
    let check = |query: RetentionQuery, sentence: &str| {
        let mut report = report(query);
        // One cohort of four is too little for a headline; a hundred times three are enough.
        for cohort in &mut report.cohorts {
            cohort.size *= 100;
        }
        for pooled in report.overall.iter_mut().flatten() {
            pooled.retained *= 100;
            pooled.size *= 100;
            pooled.cohorts = 3;
        }
        let found = words::headline(&report).sentence.replace('\u{a0}', "~");
        assert_eq!(found, sentence);
    };
    let equal = RetentionQuery {
        follow_up: Some(3),
        ..of(RetentionKind::OnOrAfter)
    };
    check(
        equal,
        "50~% came back 3 weeks after signing up or later, up to week 3.",
    );
    check(
        brackets(&["1-2", "3-3", "9-"], None),
        "50~% came back in week 3 after signing up.",
    );
    check(
        of(RetentionKind::Streak),
        "25~% were active in every one of the first 3 weeks after signing up.",
    );
    check(
        of(RetentionKind::Previous),
        "50~% of those active in week 2 were active in week 3.",
    );
}

#[test]
fn starts_and_windows_in_words() {
    let query = RetentionQuery {
        window: Window::Rolling,
        start: StartRule::FirstEvent,
        start_events: vec!["order".to_owned()],
        any_event: true,
        min_count: 2,
        ..of(RetentionKind::On)
    };
    let mut found = report(query.clone());
    found.internal = 3;
    let method = found.method();
    let expected = "Rolling weeks of 7 × 24 hours from each customer's own start · cohorts by calendar weeks from Monday, UTC \
                    · cohorts of those who first did order · active = any event, at least 2 times · on: active in that \
                    very week · overall row pooled over finished weeks";
    assert!(method.starts_with(expected), "{method}");
    assert!(!method.contains("signup"), "{method}");
    assert!(
        method.contains(" · 3 customers left out as internal · "),
        "{method}"
    );
    let cell = CellRef {
        cohort: Some(FIRST),
        period: 0,
    };
    assert_eq!(
        words::cell_sentence(&found, cell),
        "Week of 6 Jan 2025: 4 customers first did order."
    );
    let anything = RetentionQuery {
        start: StartRule::EachEvent,
        before_start: BeforeStart::Count,
        ..of(RetentionKind::On)
    };
    assert_eq!(words::entered(&anything), "did anything");
    assert_eq!(words::entering(&query), "first doing order");
    let method = report(anything).method();
    assert!(
        method.contains(" · cohorts of those who did anything · "),
        "{method}"
    );
    assert!(
        method.contains(" · events before the start count in its own period · "),
        "{method}"
    );
}
