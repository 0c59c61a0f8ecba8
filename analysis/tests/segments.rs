//! Conditions of segments: limits, JSON, words, and building them step by step.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::query::{Behaviour, QuartileQuery, QueryError, RetentionQuery, TraitFilter};
use analysis::segment::{
    Condition, Draft, Leaf, MAX_CONDITIONS, MAX_DEPTH, SegmentCount, Step, check_description,
    check_segment_name,
};
use analysis::words;
use proptest::prelude::*;
use serde_json::{from_value, json, to_value};

fn leaf(text: &str) -> Condition {
    match Behaviour::parse(text) {
        Some(behaviour) => Condition::Behaviour(behaviour),
        None => Condition::Trait(TraitFilter::parse(text).unwrap()),
    }
}

fn all<const N: usize>(parts: [Condition; N]) -> Condition {
    Condition::All(parts.into())
}

fn any<const N: usize>(parts: [Condition; N]) -> Condition {
    Condition::Any(parts.into())
}

fn not(part: Condition) -> Condition {
    Condition::Not(Box::new(part))
}

/// Those on pro, or on team who ordered twice in their first week, but not those who complained.
fn example() -> Condition {
    all([
        any([
            leaf("plan:is:pro"),
            all([leaf("plan:is:team"), leaf("did:order:2:0-7")]),
        ]),
        not(leaf("did:complain:1")),
    ])
}

#[test]
fn json() {
    let written = json!({"all": [
        {"any": [
            {"trait": {"name": "plan", "test": {"is": ["pro"]}}},
            {"all": [
                {"trait": {"name": "plan", "test": {"is": ["team"]}}},
                {"behaviour": {"event": "order", "did": true, "at_least": 2, "days": {"from": 0, "to": 7}}},
            ]},
        ]},
        {"not": {"behaviour": {"event": "complain", "did": true, "at_least": 1, "days": null}}},
    ]});
    assert_eq!(to_value(example()).unwrap(), written);
    assert_eq!(from_value::<Condition>(written).unwrap(), example());
    for broken in [
        json!({"none": []}),
        json!({"all": [], "any": []}),
        json!([]),
        json!(null),
    ] {
        assert!(from_value::<Condition>(broken).is_err());
    }
}

#[test]
fn sentences() {
    let check = |condition: &Condition, expected: &str| {
        assert_eq!(words::condition(condition), expected);
    };
    check(&Condition::EVERYBODY, "everyone");
    check(&leaf("plan:is:pro"), "those whose plan is pro");
    check(
        &example(),
        "those (whose plan is pro or (whose plan is team and who did order at least 2 times from day 0 to day 7 \
         after the start)) and not those who did complain",
    );
    check(&not(leaf("plan:set")), "not those whose plan is set");
    let count = |customers, of| words::segment_count(SegmentCount { customers, of });
    assert_eq!(count(1_204, 12_040), "1,204 of 12,040 customers, 10\u{a0}%");
    assert_eq!(count(0, 0), "0 of 0 customers");
    let slugs = |list: &[&str]| {
        let slugs: Vec<String> = list.iter().map(|&slug| slug.to_owned()).collect();
        words::in_segments(&slugs)
    };
    assert_eq!(slugs(&[]), "");
    assert_eq!(slugs(&["pro"]), "in segment “pro”");
    assert_eq!(slugs(&["a", "b", "c"]), "in segments “a”, “b” and “c”");
}

#[test]
fn limits() {
    let check = |condition: &Condition, expected: Result<(), &str>| {
        let found = condition.validate();
        assert_eq!(
            found.as_ref().map_err(QueryError::code),
            expected.as_ref().map(|()| &()).map_err(|code| *code)
        );
    };
    check(&Condition::EVERYBODY, Ok(()));
    check(&example(), Ok(()));
    check(&any([]), Err("empty_group"));
    check(&all([leaf("plan:set"), any([])]), Err("empty_group"));
    check(&not(Condition::EVERYBODY), Err("empty_group"));
    let nested = |depth: usize| (1..depth).fold(leaf("plan:set"), |inner, _| not(inner));
    check(&nested(MAX_DEPTH), Ok(()));
    check(&nested(MAX_DEPTH + 1), Err("condition_too_deep"));
    let many = |count: usize| Condition::Any(vec![leaf("plan:set"); count]);
    check(&many(MAX_CONDITIONS), Ok(()));
    check(&many(MAX_CONDITIONS + 1), Err("too_many_conditions"));
    let never = Behaviour {
        event: "order".to_owned(),
        did: true,
        at_least: 0,
        days: None,
    };
    check(&Condition::Behaviour(never), Err("behaviour"));
    assert!(check_segment_name("Pro customers").is_ok());
    assert_eq!(check_segment_name("").unwrap_err().code(), "empty_text");
    assert!(check_description(&"é".repeat(1_000)).is_ok());
    let long = check_description(&"é".repeat(1_001)).unwrap_err();
    assert_eq!(long.code(), "description_too_long");
    assert_eq!(
        long.to_string(),
        "A description can have at most 1,000 characters, not 1,001."
    );
}

#[test]
fn questions_name_segments() {
    let pairs = [
        ("segment", "b"),
        ("segment", "A b"),
        ("segment", "a"),
        ("segment", "b"),
    ];
    let (query, problems) = RetentionQuery::parse(pairs);
    assert_eq!(query.segments, ["a", "b"]);
    assert_eq!(
        problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["“segment=A b” is ignored: expected the name of a saved segment."]
    );
    let named = |pairs: &[(&'static str, String)]| {
        let named = pairs.iter().filter(|(name, _)| *name == "segment");
        named.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(named(&query.params()), ["a", "b"]);
    assert!(query.validate().is_ok());
    let (mut feature, problems) = QuartileQuery::parse(pairs);
    assert_eq!((feature.segments.len(), problems.len()), (2, 1));
    assert_eq!(named(&feature.params()), ["a", "b"]);
    assert_eq!(feature.population().segments, ["a", "b"]);
    feature.segments = vec!["a".to_owned(); 9];
    assert_eq!(feature.validate().unwrap_err().code(), "too_many_segments");
    feature.segments = vec!["Ä".to_owned()];
    assert_eq!(feature.validate().unwrap_err().code(), "unknown_segment");
    let many: Vec<String> = (0..10).map(|number| format!("s{number}")).collect();
    let (query, problems) =
        RetentionQuery::parse(many.iter().map(|slug| ("segment", slug.as_str())));
    assert_eq!((query.segments.len(), problems.len()), (8, 2));
}

#[test]
fn building() {
    let start = Condition::EVERYBODY;
    let one = start.clone().with(&[], leaf("plan:is:pro"));
    assert_eq!(one, all([leaf("plan:is:pro")]));
    let grouped = one
        .clone()
        .with(&[], any([]))
        .with(&[1], leaf("did:order:1"));
    assert_eq!(
        grouped,
        all([leaf("plan:is:pro"), any([leaf("did:order:1")])])
    );
    let negated = grouped.clone().negated(&[1]);
    assert_eq!(
        negated,
        all([leaf("plan:is:pro"), not(any([leaf("did:order:1")]))])
    );
    // the path to what is negated is the same
    let more = negated.clone().with(&[1], leaf("did:visit:1"));
    assert_eq!(more.at(&[1, 1]), Some(&leaf("did:visit:1")));
    assert_eq!(more.clone().without(&[1, 1]), negated);
    assert_eq!(negated.clone().negated(&[1]), grouped);
    assert_eq!(
        more.clone().switched(&[1]).at(&[1]),
        Some(&not(all([leaf("did:order:1"), leaf("did:visit:1")])))
    );
    assert_eq!(more.clone().switched(&[]).switched(&[]), more);
    assert_eq!(
        grouped.clone().without(&[1, 0]),
        all([leaf("plan:is:pro"), any([])])
    );
    assert_eq!(grouped.clone().without(&[1, 0]).pruned(), one);
    assert_eq!(start.clone().with(&[], not(any([]))).pruned(), start);
    assert_eq!(grouped.clone().without(&[]), start);
    // a path that leads nowhere changes nothing
    for path in [&[7][..], &[0, 0, 0], &[1, 9]] {
        assert_eq!(grouped.clone().without(path), grouped);
        assert_eq!(grouped.clone().negated(path), grouped);
        assert_eq!(grouped.clone().switched(path), grouped);
        assert_eq!(grouped.at(path), None);
    }
    // a condition that is no group becomes one
    assert_eq!(
        leaf("plan:set").with(&[], leaf("did:order:1")),
        all([leaf("plan:set"), leaf("did:order:1")])
    );
    assert_eq!(
        example().events().into_iter().collect::<Vec<_>>(),
        ["complain", "order"]
    );
    assert_eq!(example().leaves().len(), 4);
    assert!(matches!(example().leaves()[1], Leaf::Trait(_)));
}

#[test]
fn texts() {
    let text = "all(any(where:plan:is:pro,all(where:plan:is:team,behaviour:did:order:2:0-7)),not(behaviour:did:complain:1))";
    assert_eq!(example().to_string(), text);
    assert_eq!(Condition::parse(text), Some(example()));
    let odd = leaf("a(b%3A,c):is:x%25):(y,");
    assert_eq!(odd.to_string(), "where:a%28b%3A%2Cc%29:is:x%25%29:%28y%2C");
    assert_eq!(Condition::parse(&odd.to_string()), Some(odd));
    // a trait and an event of the names of tests are told apart
    assert_ne!(
        Condition::parse("where:did:is:3"),
        Condition::parse("behaviour:did:is:3")
    );
    assert_eq!(Condition::parse("all()"), Some(Condition::EVERYBODY));
    for broken in [
        "",
        "all",
        "all(",
        "all(all(",
        "all())",
        "all(,)",
        "all(where:plan:set,)",
        "where:plan",
        "plan:set",
        "not()",
        "not(where:plan:set",
        "not(where:plan:set,where:plan:set)",
        "all(where:plan:set)x",
        "behaviour:did:order:0",
        "not(not(not(not(not(where:plan:set)))))",
    ] {
        assert_eq!(Condition::parse(broken), None, "{broken}");
    }
}

#[test]
fn drafts() {
    let read = |pairs: &[(&'static str, &'static str)]| Draft::parse(pairs.iter().copied());
    let same = |step: &Step| {
        let params = step.draft.params();
        let again = Draft::parse(params.iter().map(|(name, value)| (*name, value.as_str())));
        assert_eq!((&again.draft, again.problems.len()), (&step.draft, 0));
    };
    let check = |pairs: &[(&'static str, &'static str)], condition: &str, problems: usize| {
        let step = read(pairs);
        assert_eq!(step.draft.condition.to_string(), condition, "{pairs:?}");
        assert_eq!(step.problems.len(), problems, "{:?}", step.problems);
        same(&step);
        step
    };
    let empty = check(&[], "all()", 0);
    assert!(!empty.written && !empty.added && empty.draft.params().is_empty());
    let start = ("condition", "all(where:plan:is:pro,any())");
    let kept = check(&[start], start.1, 0);
    assert!(kept.written && !kept.added);
    let more = [
        ("trait", "seats"),
        ("test", "between"),
        ("min", "3"),
        ("max", ""),
    ];
    let step = check(
        &[start, more[0], more[1], more[2], more[3]],
        "all(where:plan:is:pro,any(),where:seats:between:3:)",
        0,
    );
    assert!(step.added);
    let inner = [
        start,
        ("group", "1"),
        ("event", "order"),
        ("did", "not"),
        ("times", "2"),
        ("from", ""),
        ("to", "7"),
    ];
    let step = check(
        &inner,
        "all(where:plan:is:pro,any(behaviour:not:order:2:0-7))",
        0,
    );
    assert_eq!(step.draft.group, [1]);
    check(
        &[("trait", "plan"), ("value", "a"), ("value", "b")],
        "all(where:plan:is:a:b)",
        0,
    );
    check(
        &[("trait", "plan"), ("test", "set")],
        "all(where:plan:set)",
        0,
    );
    check(&[("event", "order")], "all(behaviour:did:order:1)", 0);
    // what is wrong is named, and the rest stays
    check(&[start, ("group", "7")], start.1, 1);
    check(&[("condition", "none")], "all()", 1);
    check(&[start, ("trait", "plan")], start.1, 1);
    check(
        &[start, ("trait", "seats"), ("test", "between"), ("min", "x")],
        start.1,
        1,
    );
    check(&[start, ("event", "order"), ("times", "0")], start.1, 1);
    check(&[start, ("event", "order"), ("from", "3")], start.1, 1);
    check(
        &[start, ("event", "order"), ("from", "3"), ("to", "2")],
        start.1,
        1,
    );
    check(&[start, ("segment", "No!"), ("other", "1")], start.1, 2);
    let edited = check(&[("segment", "pro"), ("condition", "all()")], "all()", 0);
    assert_eq!(edited.draft.segment.as_deref(), Some("pro"));
    // one more than can be
    let full = Condition::Any(vec![leaf("plan:set"); MAX_CONDITIONS]);
    let text = full.to_string();
    let step = Draft::parse([("condition", text.as_str()), ("event", "order")]);
    assert_eq!((step.draft.condition, step.problems.len()), (full, 1));
}

fn conditions() -> impl Strategy<Value = Condition> {
    let leaves = prop_oneof![Just(leaf("plan:is:a:b")), Just(leaf("not:order:3:1-9"))];
    leaves.prop_recursive(6, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Condition::Any),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

proptest! {
    /// Whatever is built: JSON brings it back, and what is pruned breaks no limit but those of size.
    #[test]
    fn built(condition in conditions()) {
        prop_assert_eq!(&from_value::<Condition>(to_value(&condition).unwrap()).unwrap(), &condition);
        let leaves = condition.leaves().len();
        let pruned = condition.clone().pruned();
        prop_assert_eq!(pruned.leaves().len(), leaves);
        prop_assert_eq!(pruned.clone().pruned(), pruned.clone());
        let read = Condition::parse(&condition.to_string());
        prop_assert!(read.is_none_or(|read| read == condition));
        if pruned.validate().is_ok() {
            prop_assert_eq!(Condition::parse(&pruned.to_string()), Some(pruned.clone()));
        }
        match pruned.validate() {
            Ok(()) => {}
            Err(QueryError::ConditionTooDeep) => {}
            Err(QueryError::TooManyConditions { given }) => prop_assert_eq!(given, leaves),
            Err(other) => prop_assert!(false, "{other}"),
        }
        let twice = condition.clone().negated(&[]).negated(&[]);
        prop_assert_eq!(twice.positive(), condition.positive());
    }
}

#[test]
fn of_other_segments() {
    let trial = || Condition::Segment("trial".to_owned());
    let made = all([leaf("plan:is:pro"), not(trial())]);
    made.validate().unwrap();
    let written = json!({"all": [
        {"trait": {"name": "plan", "test": {"is": ["pro"]}}},
        {"not": {"segment": "trial"}},
    ]});
    assert_eq!(to_value(&made).unwrap(), written);
    assert_eq!(from_value::<Condition>(written).unwrap(), made);
    let text = "all(where:plan:is:pro,not(segment:trial))";
    assert_eq!(made.to_string(), text);
    assert_eq!(Condition::parse(text), Some(made.clone()));
    assert_eq!(
        words::condition(&made),
        "those whose plan is pro and not those in segment “trial”"
    );
    assert_eq!(words::condition(&trial()), "those in segment “trial”");
    assert!(made.segments().into_iter().eq(["trial"]));
    assert!(made.events().is_empty());
    let broken = Condition::Segment("No slug".to_owned());
    assert_eq!(broken.validate().unwrap_err().code(), "unknown_segment");
    // as forms of the builder add it
    let step = Draft::parse([("condition", "where:plan:is:pro"), ("in", "trial")]);
    assert!(step.added && step.problems.is_empty());
    assert_eq!(step.draft.condition, all([leaf("plan:is:pro"), trial()]));
    let step = Draft::parse([("in", "no,slug")]);
    assert_eq!((step.added, step.problems.len()), (false, 1));
}
