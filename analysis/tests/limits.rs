//! The question as the API takes it: strict, each limit with its code and its sentence.

use analysis::query::{
    AsOf, BeforeStart, CohortRange, QueryError, RetentionKind, RetentionQuery, RetentionView,
    StartRule, TraitFilter, TraitTest, Window, url_query,
};
use jiff::Timestamp;
use jiff::civil::date;

fn is(name: &str, values: &[&str]) -> TraitFilter {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    TraitFilter {
        name: name.to_owned(),
        test: TraitTest::Is(values),
    }
}

#[test]
fn limits_of_a_question() {
    let check = |query: RetentionQuery, code: &str, sentence: &str| {
        let error: QueryError = query.validate().expect_err("over the limit");
        assert_eq!((error.code(), error.to_string().as_str()), (code, sentence));
    };
    let default = RetentionQuery::default;
    let with_filter = |test| {
        let filters = vec![TraitFilter {
            name: "seats".to_owned(),
            test,
        }];
        RetentionQuery {
            filters,
            ..default()
        }
    };
    let between = |min, max| with_filter(TraitTest::Between { min, max });
    let range = |from, to| RetentionQuery {
        cohorts: CohortRange::Between { from, to },
        ..default()
    };
    assert_eq!(default().validate(), Ok(()));
    check(
        RetentionQuery {
            cohorts: CohortRange::Last(521),
            ..default()
        },
        "cohort_count",
        "The number of cohorts must be between 1 and 520, not 521.",
    );
    check(
        range(date(2025, 2, 1), Some(date(2025, 1, 31))),
        "range_reversed",
        "The range of cohorts ends on 31 Jan 2025, before it begins on 1 Feb 2025.",
    );
    check(
        range(date(0, 12, 31), None),
        "year_out_of_range",
        "Dates must lie in the years 1 to 9998, not on 0000-12-31.",
    );
    check(
        RetentionQuery {
            as_of: AsOf::Instant(Timestamp::MAX),
            ..default()
        },
        "year_out_of_range",
        "Dates must lie in the years 1 to 9998, not on 9999-12-30.",
    );
    check(
        RetentionQuery {
            active: vec!["x".to_owned(); 51],
            ..default()
        },
        "too_many_events",
        "At most 50 events can count as active, not 51.",
    );
    check(
        RetentionQuery {
            active: vec![String::new()],
            ..default()
        },
        "empty_text",
        "An event name is empty.",
    );
    check(
        RetentionQuery {
            active: vec!["ä".repeat(201)],
            ..default()
        },
        "text_too_long",
        "An event name has 201 characters; at most 200 are possible.",
    );
    check(
        RetentionQuery {
            filters: vec![is("plan", &["pro"]); 21],
            ..default()
        },
        "too_many_filters",
        "At most 20 filters can be set, not 21.",
    );
    check(
        with_filter(TraitTest::Is(vec![])),
        "value_count",
        "The filter on “seats” needs between 1 and 50 values, not 0.",
    );
    check(
        with_filter(TraitTest::IsNot(vec!["a\0".to_owned()])),
        "zero_character",
        "A filter value contains a zero character.",
    );
    for query in [
        between(None, None),
        between(Some(2.0), Some(1.0)),
        between(Some(f64::NAN), None),
    ] {
        let sentence = "The filter on “seats” needs a smallest or a largest number, in that order.";
        check(query, "number_range", sentence);
    }
    check(
        RetentionQuery {
            start: StartRule::EachEvent,
            start_events: vec!["x".to_owned(); 51],
            ..default()
        },
        "too_many_start_events",
        "At most 50 events can count as start, not 51.",
    );
    check(
        RetentionQuery {
            start_events: vec!["x".to_owned()],
            ..default()
        },
        "start_events_signup",
        "Cohorts by signup have no start events; choose “first_event” or “each_event” as the start.",
    );
    check(
        RetentionQuery {
            active: vec!["x".to_owned()],
            any_event: true,
            ..default()
        },
        "any_with_names",
        "Either any event counts as active or the named ones, not both.",
    );
    check(
        RetentionQuery {
            min_count: 0,
            ..default()
        },
        "min_count",
        "A period must need between 1 and 1,000 events to be active, not 0.",
    );
    check(
        RetentionQuery {
            window: Window::Rolling,
            before_start: BeforeStart::Count,
            ..default()
        },
        "before_start_rolling",
        "Rolling periods begin with the start itself, so no event of theirs lies before it.",
    );
    let brackets = |brackets: &[&str]| RetentionQuery {
        kind: RetentionKind::Brackets,
        brackets: brackets
            .iter()
            .map(|text| text.parse().expect("a bracket"))
            .collect(),
        ..default()
    };
    check(
        brackets(&[]),
        "bracket_count",
        "Brackets need between 1 and 50 spans of periods, not 0.",
    );
    for (list, given) in [
        (["0-3", "4-"], "0-3"),
        (["3-2", "4-"], "3-2"),
        (["1-3", "3-4"], "3-4"),
        (["1-", "4-"], "4-"),
        (["1-3", "4-1501"], "4-1501"),
    ] {
        let sentence = format!(
            "The bracket {given} must lie between period 1 and period 1500, in order, and after the one before it."
        );
        check(brackets(&list), "bracket_order", &sentence);
    }
    check(
        RetentionQuery {
            brackets: Vec::new(),
            ..default()
        },
        "brackets_kind",
        "Only the kind “brackets” has spans of periods, not “on”.",
    );
    let follow_up = |query: RetentionQuery, last| RetentionQuery {
        follow_up: Some(last),
        ..query
    };
    check(
        follow_up(default(), 0),
        "follow_up",
        "Equal follow-up must end with a period from 1 to 1500, not 0.",
    );
    check(
        follow_up(default(), 8),
        "follow_up_kind",
        "Equal follow-up is for “on_or_after” and “brackets”, not for “on”.",
    );
    for list in [["1-3", "4-6"], ["1-3", "9-"]] {
        check(
            follow_up(brackets(&list), 8),
            "follow_up_bracket",
            "Equal follow-up up to period 8 needs a last bracket that has no end and begins by then, such as 1-.",
        );
    }
    assert_eq!(follow_up(brackets(&["1-3", "4-"]), 4).validate(), Ok(()));
    check(
        RetentionQuery {
            small: 1_000_001,
            ..default()
        },
        "small_limit",
        "The limit for small cohorts can be at most 1,000,000, not 1,000,001.",
    );
}

#[test]
fn questions_as_json() {
    let query: RetentionQuery = serde_json::from_str(
        r#"{"grain": "month", "cohorts": {"between": {"from": "2024-01-01"}}, "as_of": {"date": "2025-01-01"},
            "filters": [{"name": "seats", "test": {"between": {"min": 10}}}, {"name": "trial", "test": "unset"}]}"#,
    )
    .expect("what is left out takes its default");
    assert_eq!(
        url_query(&query, &RetentionView::default()),
        "?grain=month&from=2024-01-01&as_of=2025-01-01&where=seats:between:10:&where=trial:unset"
    );
    let error = serde_json::from_str::<RetentionQuery>(r#"{"grian": "month"}"#);
    assert!(
        error
            .expect_err("a typing error is said")
            .to_string()
            .contains("grian")
    );
}
