//! Conditions on events and on behaviour: their texts, limits and words; mean and median of the overall row.

use analysis::period::{Calendar, WeekStart};
use analysis::query::{
    Behaviour, CohortRange, Days, EventFilter, OverallRow, QueryError, RetentionQuery,
    RetentionView, StartRule, split_url_query, url_query,
};
use analysis::rule::Rule;
use analysis::shape::{About, RetentionPlan, shape};
use analysis::tally::{Tally, periods_set};
use analysis::words;
use jiff::civil::date;

const URL: &str = "?start=first_event&start_event=order&start_where=order:size:is:large&active_where=:size:between:3:\
                   &active_where=a%253Ab:size:unset&behaviour=did:visit:3:0-7&behaviour=not:a%253Ab:1&overall=median";

fn parse(url: &str) -> (RetentionQuery, RetentionView, Vec<String>) {
    let pairs = split_url_query(url);
    let pairs = || {
        let pairs = pairs.iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    };
    let (query, problems) = RetentionQuery::parse(pairs());
    let (view, more) = RetentionView::parse(pairs());
    let problems = problems.iter().chain(&more).map(ToString::to_string);
    (query, view, problems.collect())
}

#[test]
fn there_and_back() {
    let (query, view, problems) = parse(URL);
    assert_eq!(problems, [""; 0]);
    assert_eq!(query.validate(), Ok(()));
    assert_eq!(url_query(&query, &view), URL);
    assert_eq!(view.overall, OverallRow::Median);
    assert_eq!(
        query.behaviours[0],
        Behaviour {
            event: "visit".to_owned(),
            did: true,
            at_least: 3,
            days: Some(Days { from: 0, to: 7 }),
        }
    );
    assert_eq!(query.active_where[0].event, None);
    assert_eq!(query.active_where[1].event.as_deref(), Some("a:b"));
    let json = serde_json::to_string(&(&query, view)).expect("serialisable");
    let back: (RetentionQuery, RetentionView) = serde_json::from_str(&json).expect("the same");
    assert_eq!(back, (query.clone(), view));
    let method: Vec<String> = [
        words::event_filter(&query.start_where[0]),
        words::event_filter(&query.active_where[0]),
        words::behaviour(&query.behaviours[0]),
        words::behaviour(&query.behaviours[1]),
    ]
    .into();
    assert_eq!(
        method,
        [
            "order with size is large",
            "events with size is at least 3",
            "did visit at least 3 times from day 0 to day 7 after the start",
            "did not do a:b",
        ]
    );
}

#[test]
fn what_cannot_be_used() {
    for text in ["", "order", "order:size", ":size:like:x", "a\0:size:set"] {
        assert_eq!(EventFilter::parse(text), None, "{text}");
    }
    for text in [
        "",
        "did:x",
        "did:x:0",
        "did:x:1001",
        "did::1",
        "maybe:x:1",
        "did:x:1:",
        "did:x:1:7",
        "did:x:1:7-7",
        "did:x:1:-7",
        "did:x:1:0-3651",
        "did:x:1:0-7:9",
    ] {
        assert_eq!(Behaviour::parse(text), None, "{text}");
    }
    let check = |url: &str, sentence: &str| assert_eq!(parse(url).2, [sentence]);
    check(
        "start_where=:size:set",
        "“start_where=:size:set” is ignored: expected “start=first_event” or “start=each_event” beside it.",
    );
    check(
        "active=a&active_where=b:size:set",
        "“active_where=b:size:set” is ignored: expected a condition such as order:size:is:large or :size:set on one of \
         the events that count.",
    );
    check(
        "behaviour=did:x:0",
        "“behaviour=did:x:0” is ignored: expected a condition such as did:order:3 or not:order:1:0-7.",
    );
}

#[test]
fn limits() {
    let check = |query: RetentionQuery, code: &str, sentence: &str| {
        let error: QueryError = query.validate().expect_err("over the limit");
        assert_eq!((error.code(), error.to_string().as_str()), (code, sentence));
    };
    let filter = || EventFilter::parse("b:size:set").expect("a condition");
    let active_where = |filters| RetentionQuery {
        active: vec!["a".to_owned()],
        active_where: filters,
        ..RetentionQuery::default()
    };
    check(
        active_where(vec![filter()]),
        "filter_event",
        "The condition on “size” is about “b”, which is not among the events.",
    );
    check(
        active_where(vec![filter(); 21]),
        "too_many_filters",
        "At most 20 filters can be set, not 21.",
    );
    let start_where = RetentionQuery {
        start_where: vec![filter()],
        ..RetentionQuery::default()
    };
    assert_eq!(
        start_where.validate(),
        Err(QueryError::StartEventsSignup),
        "signup has no events"
    );
    let first = RetentionQuery {
        start: StartRule::FirstEvent,
        ..start_where
    };
    assert_eq!(first.validate(), Ok(()), "any event is among the events");
    let behaviours = |at_least, days| RetentionQuery {
        behaviours: vec![Behaviour {
            event: "b".to_owned(),
            did: true,
            at_least,
            days,
        }],
        ..RetentionQuery::default()
    };
    for query in [
        behaviours(0, None),
        behaviours(1_001, None),
        behaviours(1, Some(Days { from: 3, to: 3 })),
        behaviours(1, Some(Days { from: 3, to: 4_000 })),
    ] {
        let sentence = "The condition on doing “b” needs a number from 1 to 1,000 and days from 0 to 3,650, in order.";
        check(query, "behaviour", sentence);
    }
}

/// Three cohorts of 4, 2 and 1 with 1, 1 and 1 active in week 1: 3 of 7 pooled, 58 % on average, 50 % in the middle.
#[test]
fn mean_and_median() {
    let utc = Calendar::new("UTC", WeekStart::Monday).expect("UTC is known");
    let query = RetentionQuery {
        cohorts: CohortRange::Between {
            from: date(2025, 1, 6),
            to: None,
        },
        ..RetentionQuery::default()
    };
    let now = "2025-02-03T00:00:00Z".parse().expect("an instant");
    let plan = RetentionPlan::new(&query, &utc, now).expect("a plan");
    let mut tally = Tally::new(Rule::new(&query), &plan);
    let start = "2025-01-06T12:00:00Z".parse().expect("an instant");
    for (cohort, size) in [4, 2, 1].into_iter().enumerate() {
        for member in 0..size {
            let active = periods_set((member == 0).then_some(1));
            tally.add(&plan, cohort, start, true, &active);
        }
    }
    let report = shape(&query, &plan, &tally, About::default());
    let rate = |row| report.overall_rate(1, row);
    assert_eq!(rate(OverallRow::Pooled), Some(3.0 / 7.0));
    assert_eq!(rate(OverallRow::Mean), Some((0.25 + 0.5 + 1.0) / 3.0));
    assert_eq!(rate(OverallRow::Median), Some(0.5));
    // Only two cohorts have finished week 2, both at nothing; none has finished week 4.
    assert_eq!(report.overall_rate(2, OverallRow::Median), Some(0.0));
    for row in OverallRow::ALL {
        assert_eq!(report.overall_rate(4, row), None);
    }
}
