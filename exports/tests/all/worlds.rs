//! Small worlds whose answers can be counted by hand, and names that try to do harm.

use analysis::churn::{ChurnPlan, ChurnReport, History};
use analysis::comparison::{self, ComparisonFacts, ComparisonReport, SegmentKey};
use analysis::period::{Calendar, WeekStart};
use analysis::quartiles::{self, FactRow, Facts, QuartileReport, Wanted};
use analysis::query::{
    ChurnQuery, CohortRange, ComparisonQuery, QuartileQuery, RetentionQuery, RetentionView, Split,
};
use analysis::report::RetentionReport;
use analysis::rule::Rule;
use analysis::shape::{About, RetentionPlan, shape};
use analysis::stats::Ending;
use analysis::tally::{Entries, Tally, periods_set};
use exports::{Export, Origin};
use jiff::Timestamp;

/// Names as an attacker would choose them: formulas, markup, what XML does not know, what Excel does not allow.
pub const HARMFUL: [&str; 9] = [
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "</text><script>alert(1)</script>&amp;\"'",
    "bell \u{7} null \u{0} end \u{ffff}",
    "]]> <!-- %s ,;\n[:]*?/\\",
];

pub const HERE: Origin<'static> = Origin {
    workspace: "Acme",
    address: "http://localhost:3000/w/acme/retention?grain=week",
};

fn calendar() -> Calendar {
    Calendar::new("UTC", WeekStart::Monday).unwrap()
}

fn at(day: &str) -> Timestamp {
    format!("{day}T00:00:00Z").parse().unwrap()
}

/// Weekly cohorts of so many customers; in week `k` after, `size × 0.9^k` of them are active, rounded down.
pub fn retention(query: RetentionQuery, sizes: &[u32], now: &str) -> RetentionReport {
    let query = RetentionQuery {
        cohorts: CohortRange::Last(u32::try_from(sizes.len().max(1)).unwrap()),
        active: vec!["visit".to_owned()],
        ..query
    };
    let plan = RetentionPlan::new(&query, &calendar(), at(now)).unwrap();
    let mut tally = Tally::new(Rule::new(&query), &plan);
    for (cohort, size) in tally.cohorts.iter_mut().zip(sizes) {
        cohort.size = *size;
        cohort.given = *size;
        let mut left = f64::from(*size);
        for retained in &mut cohort.retained {
            *retained = left.floor().to_string().parse().unwrap();
            left *= 0.9;
        }
    }
    shape(&query, &plan, &tally, About::default())
}

/// An answer about a feature; questions are stricter about names than what is stored, so it gets its own afterwards.
pub fn features(feature: &str) -> QuartileReport {
    let query = QuartileQuery {
        feature: vec!["draw".to_owned()],
        active: vec!["visit".to_owned()],
        ..QuartileQuery::default()
    };
    let plan = RetentionPlan::new(&query.population(), &calendar(), at("2026-11-18")).unwrap();
    let groups = [
        (0, 40, 8, 60),
        (1, 30, 2, 50),
        (2, 20, 4, 20),
        (3, 40, 6, 40),
        (4, 30, 8, 10),
        (7, 30, 8, 10),
    ];
    let rows = groups
        .iter()
        .flat_map(|&(uses, stayed, weeks, left): &(u32, u32, u32, u32)| {
            [(stayed, (1 << weeks) - 1), (left, 0)].map(|(customers, active)| FactRow {
                customers,
                lately: true,
                active,
                events: if uses > 0 {
                    vec![(0, uses)]
                } else {
                    Vec::new()
                },
            })
        });
    let facts = Facts {
        names: vec!["draw".to_owned()],
        rows: rows.collect(),
        not_over: 0,
    };
    let mut report =
        quartiles::answer(&query, &plan, &facts, About::default(), (Wanted::Both, &[]));
    report.query.feature = vec![feature.to_owned()];
    for row in &mut report.scan {
        row.feature = feature.to_owned();
    }
    report
}

/// Segments of so many customers a week, of whom half leave each week.
pub fn segments(names: &[(&str, u32)]) -> ComparisonReport {
    let retention = RetentionQuery {
        active: vec!["visit".to_owned()],
        cohorts: CohortRange::Last(12),
        ..RetentionQuery::default()
    };
    let plan = RetentionPlan::new(&retention, &calendar(), at("2025-06-30")).unwrap();
    let facts = names.iter().map(|(name, weekly)| {
        let mut tally = Tally::new(Rule::new(&retention), &plan);
        let mut endings = Vec::new();
        for cohort in 0..plan.periods.len() {
            let weeks = plan.periods.len() - cohort;
            let mut left = *weekly;
            for week in 0..weeks {
                let gone = if week + 1 == weeks { left } else { left / 2 };
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
            key: SegmentKey::Value((*name).to_owned()),
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
    comparison::answer(
        query,
        (&plan, None),
        facts.collect(),
        (0, 0),
        About::default(),
    )
}

/// Customers who come each `n`-th day for a while, counted in days from the first of 2025.
pub fn churn(event: &str, customers: &[(u16, u16, u16)]) -> ChurnReport {
    let query = ChurnQuery {
        active: vec!["visit".to_owned()],
        ..ChurnQuery::default()
    };
    let periods = RetentionPlan::new(&query.population(), &calendar(), at("2025-10-10")).unwrap();
    let plan = ChurnPlan::new(&query, &periods, Some(at("2025-01-01")));
    let mut history = History::default();
    for (from, to, step) in customers {
        history.push((*from..*to).step_by(usize::from(*step)));
    }
    let mut report = analysis::churn::answer(&query, &plan, &history, About::default()).report;
    report.query.active = vec![event.to_owned()];
    report.activity = event.to_owned();
    report
}

/// Twenty who stay, twenty who leave one after the other.
pub fn comers() -> Vec<(u16, u16, u16)> {
    let stay = (0..20).map(|place| (place * 3, 282, 3 + place % 4));
    let leave = (0..20).map(|place| (place, 60 + place * 9, 2));
    stay.chain(leave).collect()
}

/// Every kind of report, each with its largest world and its smallest.
pub fn all() -> Vec<Export> {
    let view = RetentionView::default();
    let now = "2026-11-18";
    vec![
        Export::retention(
            HERE,
            &retention(RetentionQuery::default(), &[1_000, 500, 20, 0, 330], now),
            view,
        ),
        Export::retention(HERE, &retention(RetentionQuery::default(), &[1], now), view),
        Export::retention(HERE, &retention(RetentionQuery::default(), &[0], now), view),
        Export::features(HERE, &features("draw")),
        Export::segments(HERE, &segments(&[("search", 80), ("ads", 40)])),
        Export::segments(HERE, &segments(&[("one", 1)])),
        Export::segments(HERE, &segments(&[])),
        Export::churn(HERE, &churn("visit", &comers())),
        Export::churn(HERE, &churn("visit", &[(5, 6, 1)])),
        Export::churn(HERE, &churn("visit", &[])),
    ]
}
