//! What the pictures of segments hold: every segment with a curve, a band, a name and a colour of its own.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::comparison::{ComparisonFacts, ComparisonReport, SegmentKey, answer};
use analysis::period::{Calendar, WeekStart};
use analysis::query::{CohortRange, ComparisonQuery, RetentionQuery, Split};
use analysis::rule::Rule;
use analysis::shape::{About, RetentionPlan};
use analysis::stats::Ending;
use analysis::tally::{Entries, Tally, periods_set};

/// Segments of so many customers a week, of whom a share leaves each week.
fn report(segments: &[(SegmentKey, &str, u32, f64)]) -> ComparisonReport {
    let retention = RetentionQuery {
        active: vec!["visit".to_owned()],
        cohorts: CohortRange::Last(26),
        ..RetentionQuery::default()
    };
    let calendar = Calendar::new("UTC", WeekStart::Monday).unwrap();
    let now = "2025-06-30T00:00:00Z".parse().unwrap();
    let plan = RetentionPlan::new(&retention, &calendar, now).unwrap();
    let facts = segments.iter().map(|(key, name, weekly, leaving)| {
        let mut tally = Tally::new(Rule::new(&retention), &plan);
        let mut endings = Vec::new();
        for cohort in 0..plan.periods.len() {
            let weeks = plan.periods.len() - cohort;
            let mut left = *weekly;
            for week in 0..weeks {
                let gone = match week + 1 == weeks {
                    true => left,
                    false => (f64::from(left) * leaving)
                        .round()
                        .to_string()
                        .parse()
                        .unwrap(),
                };
                if gone == 0 {
                    continue;
                }
                left -= gone;
                let entries = Entries {
                    count: gone,
                    given: gone,
                    seen: plan.seen_by_none(cohort),
                };
                tally.add_all(cohort, entries, &periods_set(0..=week));
                endings.push(Ending {
                    time: u32::try_from(week * 7).unwrap(),
                    ended: week + 1 < weeks,
                    customers: u64::from(gone),
                });
            }
        }
        ComparisonFacts {
            key: key.clone(),
            name: (*name).to_owned(),
            tally,
            endings,
            earlier: None,
        }
    });
    let query = ComparisonQuery {
        split: Some(Split::Trait("channel".to_owned())),
        retention: retention.clone(),
        ..ComparisonQuery::default()
    };
    answer(
        query,
        (&plan, None),
        facts.collect(),
        (3, 0),
        About::default(),
    )
}

fn value(name: &str) -> SegmentKey {
    SegmentKey::Value(name.to_owned())
}

#[test]
fn every_segment_has_its_curve_name_and_colour() {
    let report = report(&[
        (value("search"), "search", 80, 0.2),
        (value("ads <b>"), "ads <b>", 50, 0.35),
        (
            value("long"),
            "a name that is far too long to stand beside a curve",
            30,
            0.15,
        ),
        (SegmentKey::Other, "other", 20, 0.22),
        (SegmentKey::Unset, "not set", 12, 0.2),
    ]);
    for (svg, extra) in [
        (charts::segments(&report), 0),
        (charts::lifetimes(&report), 5),
    ] {
        assert!(svg.contains("role=\"img\" aria-label=\""), "{svg}");
        for colour in ["s0", "s1", "s2", "s8", "s9"] {
            for mark in ["curve", "around"] {
                assert!(
                    svg.contains(&format!("class=\"{mark} {colour}\"")),
                    "{mark} {colour}"
                );
            }
        }
        assert!(svg.contains("ads &lt;b") && !svg.contains("<b>"));
        assert!(svg.contains("a name that is far t…") && svg.contains("not set"));
        // a line and a dot at its end, below it once more as the key of a row
        assert_eq!(svg.matches("<circle").count(), 5);
        let lines = svg.matches("class=\"curve ").count();
        assert_eq!(lines, 10 + extra);
        assert!(!svg.contains("NaN") && !svg.contains("style="));
    }
    // numbers at risk: all of them at first
    let first = (80 * 26).to_string();
    let first = format!("{},{}", &first[..1], &first[1..]);
    assert!(charts::lifetimes(&report).contains(&first));
}

#[test]
fn without_customers_there_is_no_picture() {
    let nobody = report(&[]);
    assert_eq!(charts::segments(&nobody), "");
    assert_eq!(charts::lifetimes(&nobody), "");
    // one customer a week who leaves at once
    let one = report(&[(value("one"), "one", 1, 1.0)]);
    assert!(charts::segments(&one).contains("class=\"curve s0\""));
    assert!(charts::lifetimes(&one).contains("class=\"curve s0\""));
}
