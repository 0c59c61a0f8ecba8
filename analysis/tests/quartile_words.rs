//! Questions about features as addresses, and answers as sentences.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::document::{QuartileDocument, ScanDocument};
use analysis::period::{Calendar, Grain, WeekStart};
use analysis::quartiles::{FactRow, Facts, QuartileReport, Wanted, answer};
use analysis::query::{CohortRange, MAX_WINDOW, QuartileQuery, Zeros};
use analysis::shape::{About, RetentionPlan};
use analysis::stats::Interval;
use analysis::words::{self, Tone};
use analysis::{quartiles::Cuts, quartiles::Effect};

fn parse(text: &str) -> (QuartileQuery, Vec<String>) {
    let pairs = analysis::query::split_url_query(text);
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let (query, problems) = QuartileQuery::parse(pairs);
    query.validate().unwrap();
    let problems = problems.iter().map(ToString::to_string);
    (query, problems.collect())
}

#[test]
fn addresses_there_and_back() {
    let check = |text: &str| {
        let (query, problems) = parse(text);
        assert!(problems.is_empty(), "{text}: {problems:?}");
        let mut address = String::new();
        analysis::query::append_params(&mut address, query.params());
        assert_eq!(address, text);
    };
    check("");
    check("?feature=a&feature=b");
    check(
        "?feature=draw&grain=month&last=6&exposure=2&outcome=6&material=3&landmark=0&zeros=inside",
    );
    check("?from=2026-01-01&to=2026-06-30&active=visit&where=plan:is:pro&as_of=2026-11-18");
    for grain in Grain::ALL {
        QuartileQuery::customary(grain).validate().unwrap();
    }
    let json = serde_json::to_string(&QuartileQuery::default()).unwrap();
    let back: QuartileQuery = serde_json::from_str(&json).unwrap();
    assert_eq!(back, QuartileQuery::default());
    let empty: QuartileQuery = serde_json::from_str("{}").unwrap();
    assert_eq!(empty, QuartileQuery::default());
}

#[test]
fn what_is_wrong_is_said() {
    let (query, problems) =
        parse("?exposure=0&outcome=often&zeros=both&cell=overall.4&material=99&last=0");
    assert_eq!(query, QuartileQuery::default());
    assert_eq!(
        problems,
        [
            "“last=0” cannot be used: expected a whole number from 1 to 520. Using 104.",
            "“exposure=0” cannot be used: expected a whole number from 1 to 60. Using 4.",
            "“outcome=often” cannot be used: expected a whole number from 1 to 60. Using 8.",
            "“zeros=both” cannot be used: expected apart or inside. Using apart.",
            "“material=99” cannot be used: expected a whole number from 1 to 50. Using 5.",
            "There is no setting “cell”; it is ignored.",
        ]
    );
    let too_long = QuartileQuery {
        outcome: MAX_WINDOW + 1,
        ..QuartileQuery::default()
    };
    assert_eq!(too_long.validate().unwrap_err().code(), "window_length");
    let all = QuartileQuery {
        material: 0,
        ..QuartileQuery::default()
    };
    assert_eq!(all.validate().unwrap_err().code(), "material_difference");
}

#[test]
fn another_grain_brings_its_customary_windows() {
    let mut query = parse("?feature=draw&exposure=2&landmark=0").0;
    let mut population = query.population();
    population.cohorts = CohortRange::Last(8);
    query.set_population(&population);
    assert_eq!((query.exposure, query.cohorts), (2, CohortRange::Last(8)));
    population.grain = Grain::Month;
    query.set_population(&population);
    assert_eq!(
        (query.exposure, query.outcome, query.landmark),
        (1, 3, false)
    );
}

/// Customers with so many uses of event 0 and of all else, of whom some left.
fn report(groups: &[(u32, u32, u32, u32)]) -> QuartileReport {
    let query = QuartileQuery {
        feature: vec!["draw".to_owned()],
        active: vec!["visit".to_owned()],
        cohorts: CohortRange::Last(22),
        ..QuartileQuery::default()
    };
    let calendar = Calendar::new("UTC", WeekStart::Monday).unwrap();
    let now = "2026-11-18T00:00:00Z".parse().unwrap();
    let plan = RetentionPlan::new(&query.population(), &calendar, now).unwrap();
    let rows = groups.iter().flat_map(|&(uses, other, stayed, left)| {
        [(stayed, 1), (left, 0)].map(|(customers, active)| FactRow {
            customers,
            lately: true,
            active,
            events: vec![(0, uses), (1, other)],
        })
    });
    let facts = Facts {
        names: vec!["draw".to_owned(), "visit".to_owned()],
        rows: rows.collect(),
        not_over: 7,
    };
    answer(&query, &plan, &facts, About::default(), (Wanted::Both, &[]))
}

#[test]
fn findings_are_sentences() {
    let found = words::finding(&report(&[
        (1, 1, 100, 100),
        (1, 9, 100, 100),
        (5, 1, 180, 20),
        (5, 9, 180, 20),
    ]));
    assert_eq!((found.tag.as_str(), found.tone), ("Confirmed", Tone::Good));
    assert_eq!(
        found.sentence,
        "Customers who use draw heavily leave less: 10\u{a0}% against 50\u{a0}% of light users."
    );
    assert_eq!(
        found.evidence,
        "40 points less, 95\u{a0}% interval 34 to 46. After accounting for how active customers are overall: 40 points \
         less, 95\u{a0}% interval 34 to 46, so this is not just heavy users doing more of everything. Trend p < 0.001; \
         the difference stands after correcting for 2 features (p < 0.001)."
    );
    assert_eq!(
        found.caution,
        "What this can’t prove: that bringing others to use draw would keep them. An experiment with 20 customers a \
         side would settle that in about 13 weeks."
    );
    let found = words::finding(&report(&[
        (1, 1, 12, 8),
        (1, 9, 12, 8),
        (5, 1, 14, 6),
        (5, 9, 14, 6),
    ]));
    assert_eq!(found.tag, "Too little data");
    assert!(
        found
            .caution
            .starts_with("If the difference stays as it looks, about "),
        "{found:?}"
    );
    let found = words::finding(&report(&[(3, 1, 12, 8)]));
    assert_eq!(
        found.sentence,
        "Usage of draw does not vary enough to split: everybody who used it did so 3 times."
    );
    let found = words::finding(&report(&[]));
    assert_eq!(
        found.sentence,
        "Too early to tell: nobody who is asked about has been a customer for 12 weeks yet."
    );
    for groups in [
        &[][..],
        &[(1, 1, 0, 9), (5, 1, 9, 0)],
        &[(1, 1, 9, 0), (5, 9, 9, 0)],
    ] {
        let report = report(groups);
        let found = words::finding(&report);
        let all = [
            found.sentence,
            found.evidence,
            found.caution,
            words::launch(&report),
        ];
        assert!(!all.concat().contains("NaN"), "{all:?}");
    }
}

#[test]
fn a_launch_is_planned_from_the_base_rate() {
    // 240 customers in 10 observable weeks of whom 40 % left
    let report = report(&[(1, 1, 72, 48), (5, 1, 72, 48)]);
    let launch = report.launch.as_ref().unwrap();
    assert!((launch.base - 0.4).abs() < 1e-12);
    let weeks = 240.0 / launch.arrivals;
    assert!(
        (weeks - weeks.round()).abs() < 1e-9 && weeks >= 1.0,
        "{weeks}"
    );
    let points: Vec<f64> = launch.plans.iter().map(|plan| plan.difference).collect();
    for (found, expected) in points.iter().zip([0.02, 0.03, 0.05, 0.1]) {
        assert!((found - expected).abs() < 1e-12, "{points:?}");
    }
    // 40 % against 50 %: 388 a side by Fleiss, Levin and Paik's formula without correction
    let ten = launch.plans.last().unwrap();
    assert_eq!(ten.per_side, 388);
    let signups = (4.0 * 388.0 / launch.arrivals).ceil();
    assert_eq!(ten.periods.map(f64::from), Some(signups + 12.0));
    assert!(
        words::launch(&report).starts_with("Before a new feature is launched: 40\u{a0}% of all")
    );
    assert!(words::arrivals(&report).contains("watched for 12 weeks"));
    assert!(words::plan_time(&report, ten).ends_with(" weeks"));
}

#[test]
fn a_document_repeats_the_report_unrounded() {
    let report = report(&[(1, 1, 50, 50), (2, 9, 60, 40), (5, 1, 90, 10)]);
    let document = serde_json::to_value(QuartileDocument::new(&report)).unwrap();
    let reading = &document["reading"];
    let quartiles = report.reading.quartiles.as_ref().unwrap();
    for (group, (name, expected)) in [
        ("high", &quartiles.high),
        ("moderate", &quartiles.moderate),
        ("infrequent", &quartiles.infrequent),
    ]
    .iter()
    .enumerate()
    {
        let found = &reading["groups"][group];
        assert_eq!(found["group"], *name);
        assert_eq!(found["customers"], expected.customers);
        assert_eq!(found["left"], expected.left);
        assert_eq!(found["rate"].as_f64(), expected.attrition());
        assert_eq!(found["low"].as_f64(), expected.interval().map(|of| of.low));
    }
    assert_eq!(
        reading["raw"]["difference"].as_f64(),
        report.reading.raw.map(|effect| effect.difference)
    );
    assert_eq!(
        document["finding"]["sentence"],
        words::finding(&report).sentence
    );
    let scan = serde_json::to_value(ScanDocument::new(&report)).unwrap();
    let names: Vec<&str> = report.scan.iter().map(|row| &*row.feature).collect();
    let found = scan["features"].as_array().unwrap();
    assert_eq!(
        found
            .iter()
            .map(|one| one["feature"].as_str().unwrap())
            .collect::<Vec<_>>(),
        names
    );
    assert_eq!(found[0]["holm"].as_f64(), report.scan[0].holm);
}

#[test]
fn the_method_names_every_choice() {
    let method = words::quartile_method(&report(&[(1, 1, 5, 5), (5, 1, 5, 5)]));
    for part in [
        "Signed up in weeks from 22 Jun 2026 to 16 Nov 2026, UTC",
        "usage to the end of week 4, leaving from there to the end of week 12",
        "left = no visit",
        "only those active in week 4",
        "7 customers not yet observable for 12 weeks and left out",
        "as of 18 Nov 2026 00:00",
    ] {
        assert!(method.contains(part), "{part}: {method}");
    }
}

#[test]
fn numbers_in_words() {
    let effect = |difference: f64, low: f64, high: f64| {
        words::effect(&Effect {
            difference,
            interval: Interval { low, high },
            p: 0.5,
        })
    };
    assert_eq!(
        effect(-0.26, -0.32, -0.2),
        "26 points less, 95\u{a0}% interval 20 to 32"
    );
    assert_eq!(
        effect(0.01, 0.001, 0.054),
        "1 point more, 95\u{a0}% interval 0.1 to 5.4"
    );
    assert_eq!(
        effect(-0.015, -0.067, 0.037),
        "1.5 points less, 95\u{a0}% interval 6.7 less to 3.7 more"
    );
    assert_eq!(
        effect(0.0, -0.02, 0.02),
        "no difference, 95\u{a0}% interval 2 less to 2 more"
    );
    assert_eq!(words::signed_points(-0.21), "\u{2212}21");
    assert_eq!(words::signed_points(0.0001), "0");
    assert_eq!(words::p_value(0.0004), "p < 0.001");
    assert_eq!(words::p_value(0.0123), "p = 0.012");
    assert_eq!(words::p_value(0.5), "p = 0.50");
    let uses = |bottom, top| words::group_uses(Cuts { bottom, top }, Zeros::Apart);
    assert_eq!(
        uses(2, 12),
        ["12 or more uses", "3 to 11 uses", "1 or 2 uses"]
    );
    assert_eq!(uses(1, 2), ["2 or more uses", "none", "1 use"]);
    let inside = words::group_uses(Cuts { bottom: 0, top: 2 }, Zeros::Inside);
    assert_eq!(inside, ["2 or more uses", "1 use", "0 uses"]);
}
