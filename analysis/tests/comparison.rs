//! Questions about segments as addresses, and their answers as sentences.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::comparison::{ComparisonFacts, ComparisonReport, SegmentKey, answer};
use analysis::period::{Calendar, WeekStart};
use analysis::query::{
    AsOf, CohortRange, ComparisonQuery, DateRange, MAX_SIDE_BY_SIDE, RetentionQuery, Split,
};
use analysis::rule::Rule;
use analysis::shape::{About, RetentionPlan};
use analysis::stats::Ending;
use analysis::tally::{Entries, Tally, periods_set};
use analysis::words::{self, Tone};

fn parse(text: &str) -> (ComparisonQuery, Vec<String>) {
    let pairs = analysis::query::split_url_query(text);
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let (query, problems) = ComparisonQuery::parse(pairs);
    query.validate().unwrap();
    let problems = problems.iter().map(ToString::to_string);
    (query, problems.collect())
}

#[test]
fn addresses_there_and_back() {
    for text in [
        "",
        "?split=channel",
        "?by=power-users&by=new",
        "?split=plan&baseline=pro&inactivity=60&against_from=2025-01-06&against_to=2025-06-29&grain=month&last=6",
        "?split=role&kind=on_or_after&as_of=2026-11-18&where=plan:is:pro",
    ] {
        let (query, problems) = parse(text);
        assert!(problems.is_empty(), "{text}: {problems:?}");
        let mut address = String::new();
        analysis::query::append_params(&mut address, query.params());
        assert_eq!(address, text);
        let json = serde_json::to_string(&query).unwrap();
        let back: ComparisonQuery = serde_json::from_str(&json).unwrap();
        assert_eq!(back, query);
    }
    let empty: ComparisonQuery = serde_json::from_str("{}").unwrap();
    assert_eq!(empty, ComparisonQuery::default());
    let wrong = serde_json::from_str::<ComparisonQuery>(r#"{"retention": {"grian": "week"}}"#);
    assert!(wrong.is_err());
}

#[test]
fn what_is_wrong_is_said() {
    let many: Vec<String> = (0..=MAX_SIDE_BY_SIDE).map(|n| format!("by=s{n}")).collect();
    let text = format!(
        "?split=plan&inactivity=0&against_from=2025-02-01&against_to=2025-01-01&last=0&odd=1&{}",
        many.join("&")
    );
    let (query, problems) = parse(&text);
    assert_eq!(query.inactivity(), 28);
    assert_eq!(query.against, None);
    assert_eq!(query.retention, RetentionQuery::default());
    assert!(matches!(&query.split, Some(Split::Saved(names)) if names.len() == MAX_SIDE_BY_SIDE));
    for part in [
        "by=s8",
        "split=plan",
        "inactivity=0",
        "against_to=2025-01-01",
        "last=0",
        "“odd”",
    ] {
        assert!(
            problems.iter().any(|said| said.contains(part)),
            "{part}: {problems:?}"
        );
    }
    assert_eq!(problems.len(), 6, "{problems:?}");
    for (query, code) in [
        (
            ComparisonQuery {
                split: Some(Split::Saved(Vec::new())),
                ..ComparisonQuery::default()
            },
            "segment_count",
        ),
        (
            ComparisonQuery {
                split: Some(Split::Trait(String::new())),
                ..ComparisonQuery::default()
            },
            "empty_text",
        ),
        (
            ComparisonQuery {
                inactivity: Some(0),
                ..ComparisonQuery::default()
            },
            "inactivity_threshold",
        ),
        (
            ComparisonQuery {
                against: Some(DateRange {
                    from: "2025-02-01".parse().unwrap(),
                    to: "2025-01-01".parse().unwrap(),
                }),
                ..ComparisonQuery::default()
            },
            "range_reversed",
        ),
    ] {
        assert_eq!(query.validate().unwrap_err().code(), code);
    }
}

/// A segment of `weekly` customers in each of the cohorts, of whom `kept` in a hundred stay and the others leave after
/// their first week.
fn facts(
    name: &str,
    plan: &RetentionPlan,
    query: &RetentionQuery,
    weekly: u32,
    kept: u32,
) -> ComparisonFacts {
    let mut tally = Tally::new(Rule::new(query), plan);
    let mut endings = Vec::new();
    for cohort in 0..usize::try_from(plan.cohort_count).unwrap() {
        let staying = weekly * kept / 100;
        let periods = plan.periods.len() - cohort;
        for (count, active, left) in [(staying, periods, false), (weekly - staying, 1, true)] {
            if count == 0 {
                continue;
            }
            let entries = Entries {
                count,
                given: count,
                seen: plan.seen_by_none(cohort),
            };
            tally.add_all(cohort, entries, &periods_set(0..active));
            endings.push(Ending {
                time: u32::try_from(active * 7).unwrap(),
                ended: left,
                customers: u64::from(count),
            });
        }
    }
    let key = match name {
        "other" => SegmentKey::Other,
        "not set" => SegmentKey::Unset,
        name => SegmentKey::Value(name.to_owned()),
    };
    ComparisonFacts {
        key,
        name: name.to_owned(),
        tally,
        endings,
        earlier: None,
    }
}

fn plan(query: &RetentionQuery) -> RetentionPlan {
    let calendar = Calendar::new("UTC", WeekStart::Monday).unwrap();
    RetentionPlan::new(query, &calendar, "2025-06-30T00:00:00Z".parse().unwrap()).unwrap()
}

fn report(segments: &[(&str, u32, u32)], baseline: Option<&str>) -> ComparisonReport {
    let retention = RetentionQuery {
        active: vec!["visit".to_owned()],
        cohorts: CohortRange::Last(20),
        as_of: AsOf::Now,
        ..RetentionQuery::default()
    };
    let plan = plan(&retention);
    let facts = segments
        .iter()
        .map(|(name, weekly, kept)| facts(name, &plan, &retention, *weekly, *kept));
    let facts = facts.collect();
    let query = ComparisonQuery {
        split: Some(Split::Trait("channel".to_owned())),
        baseline: baseline.map(str::to_owned),
        retention,
        ..ComparisonQuery::default()
    };
    answer(query, (&plan, None), facts, (0, 0), About::default())
}

#[test]
fn the_baseline_is_the_one_named_else_the_largest() {
    let keys = [
        SegmentKey::Value("other".to_owned()),
        SegmentKey::Other,
        SegmentKey::Unset,
    ];
    assert_eq!(
        keys.each_ref().map(SegmentKey::param),
        ["other", "other", "not set"]
    );
    for (wanted, expected) in [
        (Some("other"), SegmentKey::Other),
        (Some("not set"), SegmentKey::Unset),
        (Some("b"), SegmentKey::Value("b".to_owned())),
        (Some("gone"), SegmentKey::Value("a".to_owned())),
        (None, SegmentKey::Value("a".to_owned())),
    ] {
        let retention = RetentionQuery {
            active: vec!["visit".to_owned()],
            cohorts: CohortRange::Last(20),
            ..RetentionQuery::default()
        };
        let plan = plan(&retention);
        let of = |key: SegmentKey, weekly| ComparisonFacts {
            key,
            ..facts("", &plan, &retention, weekly, 1)
        };
        let segments = vec![
            of(SegmentKey::Value("a".to_owned()), 9),
            of(SegmentKey::Value("b".to_owned()), 5),
            of(SegmentKey::Other, 4),
            of(SegmentKey::Unset, 3),
        ];
        let query = ComparisonQuery {
            baseline: wanted.map(str::to_owned),
            retention: retention.clone(),
            ..ComparisonQuery::default()
        };
        let report = answer(query, (&plan, None), segments, (0, 0), About::default());
        assert_eq!(report.segments[report.baseline].key, expected, "{wanted:?}");
    }
}

#[test]
fn one_that_leaves_sooner_is_named_and_the_others_are_alike() {
    let report = report(
        &[("search", 100, 40), ("partner", 50, 40), ("ads", 50, 20)],
        Some("partner"),
    );
    let found = words::comparison_finding(&report);
    assert_eq!(
        (found.tag.as_str(), found.tone),
        ("They differ", Tone::Careful)
    );
    assert_eq!(
        found.sentence,
        "By channel: ads loses its customers sooner than every other segment (20\u{a0}% active in week 8, interval 17 to 23\u{a0}%); search and partner can’t be told apart."
    );
    assert!(
        found.evidence.contains("2 of 3 pairs differ"),
        "{}",
        found.evidence
    );
    assert!(
        found.caution.contains("that channel itself"),
        "{}",
        found.caution
    );
    assert_eq!(report.column, Some(8));
    assert_eq!(report.baseline, 1);
    let (difference, interval) = report.difference(2, 8).unwrap();
    assert!(
        (difference + 0.2).abs() < 1e-12 && interval.high < 0.0,
        "{interval:?}"
    );
    assert_eq!(report.difference(1, 8), None);
    let method = words::comparison_method(&report);
    for part in [
        "Segments by channel",
        "calendar weeks",
        "gone = no active event for 28 days",
        "as of 30 Jun 2025",
    ] {
        assert!(method.contains(part), "{part}: {method}");
    }
    // all together are the sum of all
    let total = report.total.as_ref().unwrap();
    assert_eq!(total.customers, 200 * 20);
}

#[test]
fn of_many_differences_the_first_is_the_sentence() {
    let report = report(
        &[
            ("a", 100, 40),
            ("b", 100, 40),
            ("c", 100, 30),
            ("d", 100, 10),
        ],
        None,
    );
    let found = words::comparison_finding(&report);
    assert_eq!(
        found.sentence,
        "By channel: d loses its customers sooner than every other segment (10\u{a0}% active in week 8, interval 8 to 12\u{a0}%)."
    );
    assert!(
        found.evidence.starts_with(
            "Beside that, c loses them sooner than a and b; a and b can’t be told apart. Log-rank"
        ),
        "{}",
        found.evidence
    );
}

#[test]
fn two_segments_are_one_sentence() {
    let report = report(&[("a", 100, 40), ("b", 100, 20)], None);
    let found = words::comparison_finding(&report);
    assert_eq!(
        found.sentence,
        "By channel: b loses its customers sooner (20\u{a0}% active in week 8, interval 18 to 22\u{a0}%) than a (40\u{a0}% active in week 8, interval 37 to 43\u{a0}%)."
    );
    assert_eq!(
        words::pair_sentence(&report, &report.pairs[0]),
        "b leaves sooner than a, p < 0.001 after Holm’s correction"
    );
    // of two alike the first
    assert_eq!(report.baseline, 0);
}

#[test]
fn what_can_t_be_told_is_not_told() {
    let alike = report(&[("a", 10, 40), ("b", 10, 40), ("not set", 10, 40)], None);
    let found = words::comparison_finding(&alike);
    assert_eq!(found.tag, "Can’t be told apart");
    assert!(
        found
            .sentence
            .contains("the 3 segments can’t be told apart"),
        "{}",
        found.sentence
    );
    let one = words::comparison_finding(&report(&[("a", 10, 40)], None));
    assert_eq!(
        one.sentence,
        "There is nothing to compare: all 200 customers are in one segment, a."
    );
    let nobody = report(&[], None);
    assert!(
        words::comparison_finding(&nobody)
            .sentence
            .starts_with("Nobody")
    );
    assert_eq!(
        (nobody.column, nobody.columns(), nobody.largest_rate()),
        (None, 0, 0.0)
    );
    // nobody has left yet
    let early = report(&[("a", 10, 100), ("b", 10, 100)], None);
    assert_eq!(words::comparison_finding(&early).tag, "Too early");
    for report in [&alike, &early, &nobody] {
        let found = words::comparison_finding(report);
        let text = format!("{found:?} {}", words::comparison_method(report));
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
}

#[test]
fn lifetimes_in_words() {
    let curve = |list: &[(u32, bool, u64)]| {
        let endings: Vec<Ending> = list
            .iter()
            .map(|&(time, ended, customers)| Ending {
                time,
                ended,
                customers,
            })
            .collect();
        words::lifetime(&analysis::stats::kaplan_meier(&endings))
    };
    assert_eq!(curve(&[]), "–");
    assert_eq!(curve(&[(9, false, 5)]), "not reached");
    assert_eq!(curve(&[(1, true, 5), (9, false, 5)]), "1 day (1 or more)");
    assert_eq!(
        curve(&[(0, true, 100), (7, true, 900), (90, false, 3)]),
        "7 days (7 to 7)"
    );
}
