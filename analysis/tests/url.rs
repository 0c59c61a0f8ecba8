//! The question as URL: there and back without loss, and whatever comes in, never a panic.

use analysis::period::Grain;
use analysis::query::{
    AsOf, BeforeStart, CellRef, CohortRange, ColumnZero, OverallRow, ParamProblem, RetentionKind,
    RetentionQuery, RetentionView, Scale, Show, StartRule, TraitFilter, TraitTest, Window,
    split_url_query, url_query,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;

#[path = "support/settings.rs"]
mod settings;
use settings::counting;

type Parsed = (RetentionQuery, RetentionView, Vec<ParamProblem>);

fn parse(url: &str) -> Parsed {
    let pairs = split_url_query(url);
    let pairs = || {
        pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    };
    let (query, mut problems) = RetentionQuery::parse(pairs());
    let (view, of_view) = RetentionView::parse(pairs());
    problems.extend(of_view);
    (query, view, problems)
}

fn is(name: &str, values: &[&str]) -> TraitFilter {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    TraitFilter {
        name: name.to_owned(),
        test: TraitTest::Is(values),
    }
}

#[test]
fn defaults_are_left_out() {
    let (query, view) = (RetentionQuery::default(), RetentionView::default());
    assert_eq!(url_query(&query, &view), "");
    assert_eq!(parse(""), (query.clone(), view, vec![]));
    assert_eq!(parse("?"), (query.clone(), view, vec![]));
    // A form without script sends every field, empty ones too.
    assert_eq!(
        parse("grain=&from=&to=&as_of=&active=&where=&show="),
        (query, view, vec![])
    );
}

#[test]
fn every_parameter() {
    let url = "?grain=day&kind=on_or_after&zero=measured&follow_up=8&window=rolling&start=first_event\
               &start_event=signed%20in&active=board%20shared&active=report_published&min=3\
               &from=2024-01-01&to=2024-12-30&as_of=2025-01-01T00:00:00Z\
               &where=plan:is:pro:team%20%26%20co&where=seats:between:10:&where=role:not:test%253Auser\
               &where=trial:unset&where=country:set&small=50\
               &show=attrition&intervals=1&scale=hundred&diagonal=1&overall=mean&cell=2024-01-06.4";
    let (query, view, problems) = parse(url);
    assert_eq!(problems, []);
    let filter = |name: &str, test| TraitFilter {
        name: name.to_owned(),
        test,
    };
    let expected = RetentionQuery {
        grain: Grain::Day,
        kind: RetentionKind::OnOrAfter,
        active: vec!["board shared".to_owned(), "report_published".to_owned()],
        cohorts: CohortRange::Between {
            from: date(2024, 1, 1),
            to: Some(date(2024, 12, 30)),
        },
        as_of: AsOf::Instant("2025-01-01T00:00:00Z".parse().expect("an instant")),
        filters: vec![
            is("plan", &["pro", "team & co"]),
            filter(
                "seats",
                TraitTest::Between {
                    min: Some(10.0),
                    max: None,
                },
            ),
            filter("role", TraitTest::IsNot(vec!["test:user".to_owned()])),
            filter("trial", TraitTest::Unset),
            filter("country", TraitTest::Set),
        ],
        small: 50,
        column_zero: ColumnZero::Measured,
        follow_up: Some(8),
        window: Window::Rolling,
        start: StartRule::FirstEvent,
        start_events: vec!["signed in".to_owned()],
        min_count: 3,
        ..RetentionQuery::default()
    };
    assert_eq!(query, expected);
    let expected = RetentionView {
        show: Show::Attrition,
        intervals: true,
        scale: Scale::Hundred,
        diagonal: true,
        overall: OverallRow::Mean,
        cell: Some(CellRef {
            cohort: Some(date(2024, 1, 6)),
            period: 4,
        }),
    };
    assert_eq!(view, expected);
    assert_eq!(url_query(&query, &view), url, "the order is fixed");
}

#[test]
fn the_same_question_has_one_url() {
    let (query, view, _) =
        parse("where=plan:set&active=b&last=26&active=a&grain=week&active=b&cell=overall.4");
    assert_eq!(
        url_query(&query, &view),
        "?active=a&active=b&where=plan:set&cell=overall.4"
    );
}

#[test]
fn campaign_marks_are_passed_over() {
    assert_eq!(parse("utm_source=mail&utm_campaign=x").2, []);
}

/// Each bad parameter gives one sentence and a default.
#[test]
fn problems_in_words() {
    #[track_caller]
    fn check(url: &str, sentence: &str, used: &str) {
        let (query, view, problems) = parse(url);
        let sentences: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(sentences, [sentence]);
        assert_eq!(url_query(&query, &view), used, "{url}");
    }
    check(
        "grain=fortnight",
        "“grain=fortnight” cannot be used: expected day, week, month, quarter or year. Using week.",
        "",
    );
    check(
        "kind=rolling",
        "“kind=rolling” cannot be used: expected on, on_or_after, brackets, streak or previous. Using on.",
        "",
    );
    check(
        "kind=brackets&brackets=1-3,3-6",
        "“brackets=1-3,3-6” cannot be used: expected spans of periods such as 1-3,4-6,7-. Using 1-3,4-6,7-13.",
        "?kind=brackets",
    );
    check(
        "brackets=1-3",
        "“brackets=1-3” is ignored: expected “kind=brackets” beside it.",
        "",
    );
    check(
        "kind=brackets&brackets=1-3&follow_up=9",
        "“follow_up=9” is ignored: expected a period from 1 to 1500 beside “kind=on_or_after” or a last bracket without \
         end.",
        "?kind=brackets&brackets=1-3",
    );
    check(
        "start_event=order",
        "“start_event=order” is ignored: expected “start=first_event” or “start=each_event” beside it.",
        "",
    );
    check(
        "window=rolling&before=count",
        "“before=count” is ignored: expected “window=calendar” beside it.",
        "?window=rolling",
    );
    check(
        "any=1&active=a",
        "“any=1” is ignored: expected no “active” or “activity” beside it.",
        "?active=a",
    );
    check(
        "min=0",
        "“min=0” cannot be used: expected a whole number from 1 to 1,000. Using 1.",
        "",
    );
    check(
        "grain=day&grain=month",
        "“grain=month” is ignored: expected “grain” only once.",
        "?grain=day",
    );
    check(
        "colour=blue",
        "There is no setting “colour”; it is ignored.",
        "",
    );
    check(
        "as_of=9999-01-01T00:00:00Z",
        "“as_of=9999-01-01T00:00:00Z” cannot be used: expected a date such as 2025-01-31 or an instant such as \
         2025-01-31T12:00:00Z. Using now.",
        "",
    );
    check(
        "from=0000-01-01",
        "“from=0000-01-01” cannot be used: expected a date such as 2025-01-31. Using the last 26 weeks.",
        "",
    );
    check(
        "last=0",
        "“last=0” cannot be used: expected a whole number from 1 to 520. Using 26.",
        "",
    );
    check(
        "last=-4",
        "“last=-4” cannot be used: expected a whole number from 1 to 520. Using 26.",
        "",
    );
    check(
        "small=1e9",
        "“small=1e9” cannot be used: expected a whole number from 0 to 1,000,000. Using 30.",
        "",
    );
    check(
        "grain=month&last=12&from=2025-02-30",
        "“from=2025-02-30” cannot be used: expected a date such as 2025-01-31. Using the last 12 months.",
        "?grain=month&last=12",
    );
    check(
        "from=2025-02-01&to=2025-01-31",
        "“to=2025-01-31” cannot be used: expected a date not before 2025-02-01. Using the newest cohort.",
        "?from=2025-02-01",
    );
    check(
        "to=2025-01-31",
        "“to=2025-01-31” is ignored: expected a “from” beside it.",
        "",
    );
    check(
        "last=4&from=2025-02-01",
        "“last=4” is ignored: expected no “from” beside it.",
        "?from=2025-02-01",
    );
    check(
        "as_of=yesterday",
        "“as_of=yesterday” cannot be used: expected a date such as 2025-01-31 or an instant such as \
         2025-01-31T12:00:00Z. Using now.",
        "",
    );
    check(
        "where=plan:like:p",
        "“where=plan:like:p” is ignored: expected a condition such as plan:is:pro:team, plan:not:free, \
         seats:between:10:50 or plan:set.",
        "",
    );
    check(
        "intervals=yes",
        "“intervals=yes” cannot be used: expected 1 or 0. Using 0.",
        "",
    );
    check(
        "cell=A1",
        "“cell=A1” is ignored: expected a cell such as 2025-01-06.4 or overall.4.",
        "",
    );
    check(
        &format!("active={}", "x".repeat(201)),
        &format!(
            "“active={}…” is ignored: expected an event name of at most 200 characters.",
            "x".repeat(60)
        ),
        "",
    );
}

#[test]
fn what_is_no_condition() {
    let bad = [
        "",
        ":",
        "plan",
        "plan:",
        ":set",
        "plan:is",
        "plan:not",
        "plan:set:",
        "plan:unset:x",
        "plan:IS:pro",
        "seats:between",
        "seats:between:1",
        "seats:between::",
        "seats:between:a:",
        "seats:between:1:2:3",
        "seats:between:9:1",
        "seats:between:nan:",
        "seats:between::inf",
        "plan:is:50%",
        "pl%an:set",
        "plan:is:a\0b",
    ];
    for text in bad {
        assert_eq!(TraitFilter::parse(text), None, "{text}");
    }
    assert_eq!(
        TraitFilter::parse("plan:is:"),
        Some(is("plan", &[""])),
        "the empty text is a value"
    );
    assert_eq!(
        TraitFilter::parse("a%3Ab:is:50%25:%3a"),
        Some(is("a:b", &["50%", ":"]))
    );
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_]{1,12}", "[:%&=+#?/ ü🦀25A3a]{1,20}"]
}

fn any_date() -> impl Strategy<Value = Date> {
    (1_i16..=9998, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| date(year, month, day))
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        -100.0..100.0,
        any::<f64>().prop_filter("finite", |n| n.is_finite())
    ]
}

fn any_filter() -> impl Strategy<Value = TraitFilter> {
    let values = || prop::collection::vec(prop_oneof![text(), Just(String::new())], 1..5);
    let bounds = (number(), 0.0..1e9, any::<bool>(), any::<bool>());
    let test = prop_oneof![
        values().prop_map(TraitTest::Is),
        values().prop_map(TraitTest::IsNot),
        bounds.prop_map(|(min, more, open_min, open_max)| TraitTest::Between {
            min: (!open_min || open_max).then_some(min),
            max: (!open_max).then_some(min + more),
        }),
        Just(TraitTest::Set),
        Just(TraitTest::Unset),
    ];
    (text(), test).prop_map(|(name, test)| TraitFilter { name, test })
}

/// When customers enter cohorts, and how much they have to do there.
fn entries() -> impl Strategy<Value = (StartRule, Vec<String>, BeforeStart, u32)> {
    (
        prop::sample::select(StartRule::ALL.to_vec()),
        prop::collection::vec(text(), 0..4),
        prop::sample::select(BeforeStart::ALL.to_vec()),
        1_u32..=3,
    )
}

fn any_query() -> impl Strategy<Value = RetentionQuery> {
    let cohorts = prop_oneof![
        (1_u32..=520).prop_map(CohortRange::Last),
        (any_date(), prop::option::of(any_date())).prop_map(|(from, to)| {
            let to = to.map(|to| to.max(from));
            CohortRange::Between { from, to }
        }),
    ];
    let as_of = prop_oneof![
        Just(AsOf::Now),
        any_date().prop_map(AsOf::Date),
        (-60_000_000_000_i64..250_000_000_000, 0_i32..1_000_000_000).prop_map(
            |(seconds, nanoseconds)| {
                AsOf::Instant(Timestamp::new(seconds, nanoseconds).expect("in range"))
            }
        ),
    ];
    (
        prop::sample::select(Grain::ALL.to_vec()),
        prop::collection::vec(text(), 0..6),
        cohorts,
        as_of,
        prop::collection::vec(any_filter(), 0..4),
        0_u32..=1_000_000,
        entries(),
    )
        .prop_flat_map(|(grain, active, cohorts, as_of, filters, small, entries)| {
            let (start, start_events, before_start, min_count) = entries;
            let mut query = RetentionQuery {
                any_event: active.is_empty() && min_count > 1,
                start_events: match start {
                    StartRule::Signup => Vec::new(),
                    _ => start_events,
                },
                start,
                before_start,
                min_count,
                grain,
                active,
                cohorts,
                as_of,
                filters,
                small,
                ..RetentionQuery::default()
            };
            query.normalise();
            counting(query)
        })
        .prop_map(|mut query| {
            if query.window == Window::Rolling {
                query.before_start = BeforeStart::Ignore;
            }
            query
        })
}

fn any_view() -> impl Strategy<Value = RetentionView> {
    (
        prop::sample::select(Show::ALL.to_vec()),
        any::<bool>(),
        prop::sample::select(Scale::ALL.to_vec()),
        any::<bool>(),
        prop::sample::select(OverallRow::ALL.to_vec()),
        prop::option::of((prop::option::of(any_date()), any::<u32>())),
    )
        .prop_map(|(show, intervals, scale, diagonal, overall, cell)| {
            let cell = cell.map(|(cohort, period)| CellRef { cohort, period });
            RetentionView {
                show,
                intervals,
                scale,
                diagonal,
                overall,
                cell,
            }
        })
}

proptest! {
    #[test]
    fn there_and_back(query in any_query(), view in any_view()) {
        prop_assert_eq!(query.validate(), Ok(()));
        let url = url_query(&query, &view);
        prop_assert!(url.is_ascii() && !url.contains([' ', '#', '+', '"', '<', '>']), "{}", url);
        prop_assert_eq!(parse(&url), (query.clone(), view, vec![]));
        let pairs = query.params();
        let (same, problems) = RetentionQuery::parse(pairs.iter().map(|(name, value)| (*name, value.as_str())));
        prop_assert_eq!((same, problems), (query.clone(), vec![]));
        // Reading numbers from JSON may cost the last bit, which is the reader's business.
        let exact = |filter: &TraitFilter| !matches!(filter.test, TraitTest::Between { .. });
        if query.filters.iter().all(exact) {
            let json = serde_json::to_string(&(&query, &view)).expect("serialisable");
            let back: (RetentionQuery, RetentionView) = serde_json::from_str(&json).expect("the same shape");
            prop_assert_eq!(back, (query, view));
        }
    }

    /// Garbage never panics, and what comes out is always a question that can be answered.
    #[test]
    fn garbage_becomes_a_legal_question(
        pairs in prop::collection::vec((
            prop_oneof![
                prop::sample::select(vec![
                    "grain", "kind", "brackets", "zero", "follow_up", "window", "start", "start_event",
                    "before", "any", "min", "active_where", "start_where", "behaviour", "overall", "active", "last", "from", "to", "as_of", "where", "small",
                    "show", "intervals", "scale", "diagonal", "cell",
                ]).prop_map(str::to_owned),
                ".{0,8}",
            ],
            prop_oneof![
                ".{0,30}",
                "(on_or_after|brackets|streak|measured|rolling|each_event|count|1|3)",
                "[1-9]{1,2}-[1-9]?(,[1-9]{2}-([1-9]{2})?){0,2}",
                "[-0-9:.TZ]{1,25}",
                "(did|not):[a-z]{1,3}:[0-9]{1,4}(:[0-9]-[0-9])?",
                "([a-z]{0,2}:)?[a-z]{1,4}:(is|not|between|set|unset)(:[-0-9a-z%.]{0,5}){0,4}",
                "(overall|2025-01-0[0-9])\\.[0-9]{0,12}",
                "(-009999|0000|0001|20[0-9]{2}|9998|9999)-(0[1-9]|12)-(0[1-9]|31)(T00:00:00Z)?",
            ],
        ), 0..70),
    ) {
        let pairs = || pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let (query, problems) = RetentionQuery::parse(pairs());
        prop_assert_eq!(query.validate(), Ok(()));
        let (view, of_view) = RetentionView::parse(pairs());
        for problem in problems.iter().chain(&of_view) {
            prop_assert!(problem.to_string().chars().count() < 400);
        }
        prop_assert_eq!(parse(&url_query(&query, &view)), (query, view, vec![]));
    }

    #[test]
    fn any_url_can_be_split(url in ".{0,60}", escapes in "([%+&=?a2fF]|%[0-9a-fA-F]{2}){0,40}") {
        for text in [&url, &escapes] {
            let pairs = split_url_query(text);
            prop_assert!(pairs.len() <= text.len());
            parse(text);
        }
    }
}
