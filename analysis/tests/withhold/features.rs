//! A feature: groups that tell of few are gone, and all that follows from all groups with them.

use analysis::period::{Calendar, WeekStart};
use analysis::quartiles::{
    Effect, FactRow, Facts, Group, Part, QuartileReport, Wanted, answer, difference,
};
use analysis::query::{CohortRange, QuartileQuery};
use analysis::saved::Answer;
use analysis::shape::{About, RetentionPlan};
use analysis::withhold::{Shown, few, withhold_features};
use analysis::words;
use proptest::prelude::*;

/// An answer about customers with so many uses of “draw” and visits, of whom some stayed and some left.
fn asked(groups: &[(u32, u32, u32, u32)]) -> QuartileReport {
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
        [(stayed, 255), (left, 0)].map(|(customers, active)| FactRow {
            customers,
            lately: true,
            active,
            events: vec![(0, uses), (1, other), (2, uses / 3)],
        })
    });
    let facts = Facts {
        names: vec!["draw".to_owned(), "visit".to_owned(), "rare".to_owned()],
        rows: rows.filter(|row| row.customers > 0).collect(),
        not_over: 7,
    };
    answer(&query, &plan, &facts, About::default(), (Wanted::Both, &[]))
}

/// Light, moderate and heavy users, each with those who stayed and left, and customers who never used it.
fn large() -> QuartileReport {
    asked(&[
        (0, 2, 60, 40),
        (1, 1, 50, 50),
        (2, 3, 140, 60),
        (5, 5, 90, 10),
    ])
}

fn shown(report: QuartileReport) -> Shown {
    Shown::of(Answer::Features(Box::new(report)), true)
}

#[test]
fn a_large_report_is_told_but_for_what_is_counted_use_by_use() {
    let whole = large();
    let (shown, withheld) = withhold_features(&whole);
    assert!(!withheld.has_finding());
    assert_eq!((withheld.groups(), withheld.curves()), (0, 0));
    assert_eq!(shown.reading.quartiles, whole.reading.quartiles);
    assert_eq!(
        words::finding(&shown).sentence,
        words::finding(&whole).sentence
    );
    assert_eq!(shown.launch, whole.launch);
    assert!(shown.reading.usage.is_empty());
    assert_eq!(shown.other.customers, 0);
}

#[test]
fn one_group_of_few_takes_the_finding_along() {
    // three of the heavy users left
    let whole = asked(&[
        (0, 2, 60, 40),
        (1, 1, 50, 50),
        (2, 3, 140, 60),
        (5, 5, 97, 3),
    ]);
    let (report, withheld) = withhold_features(&whole);
    assert!(withheld.has(Part::High) && withheld.has_finding());
    assert_eq!(withheld.groups(), 1);
    assert_eq!(report.reading.group(Part::High), Some(&Group::default()));
    let never = |report: &QuartileReport| report.reading.group(Part::Never).cloned();
    assert_eq!(never(&report), never(&whole));
    assert!(report.scan.is_empty() && report.launch.is_none());
    assert_eq!((report.reading.raw, report.reading.customers), (None, 0));
    let shown = shown(whole);
    let found = words::shown_finding(&shown);
    assert_eq!(
        (found.tag.as_str(), found.sentence.as_str()),
        (
            "Withheld",
            "Whether using draw keeps customers is not told here: of at least one group fewer than 5 customers were \
             counted, left or stayed."
        )
    );
    let method = words::shown_method(&shown, true);
    assert!(
        method.contains("1 group and whatever rests on all groups;"),
        "{method}"
    );
    assert!(
        !words::groups_title(&report).contains("customers"),
        "no total is told"
    );
}

#[test]
fn features_of_few_users_leave_the_scan() {
    let mut whole = large();
    let before = whole.scan.len();
    assert_eq!(before, 3);
    for row in &mut whole.scan {
        if row.feature == "rare" {
            row.users = 3;
        }
    }
    let (shown, withheld) = withhold_features(&whole);
    assert!(shown.scan.iter().all(|row| row.feature != "rare"));
    assert_eq!(shown.scan.len() + withheld.features(), before);
    assert!(withheld.features() > 0);
    // correction is by no less than all features together do
    for row in &shown.scan {
        let own = whole.scan.iter().find(|one| one.feature == row.feature);
        assert!(row.holm >= own.unwrap().holm, "{row:?}");
    }
}

/// A group of so many, of whom some left.
fn group() -> impl Strategy<Value = Group> {
    let size = prop_oneof![4 => 20_u64..60, 1 => 0_u64..12];
    size.prop_flat_map(|customers| {
        let counts = prop::collection::vec(0..=customers, 8);
        (Just(customers), 0..=customers, counts)
    })
    .prop_map(|(customers, left, active)| Group {
        customers,
        left,
        active,
    })
}

/// The same report with other groups; what follows from them follows anew.
fn with(
    report: &QuartileReport,
    [high, moderate, infrequent, never]: [Group; 4],
) -> QuartileReport {
    let mut report = report.clone();
    let groups = [&high, &moderate, &infrequent, &never];
    let sum = |of: fn(&Group) -> u64| groups.iter().map(|group| of(group)).sum::<u64>();
    let reading = &mut report.reading;
    reading.customers = sum(|group| group.customers);
    reading.all.customers = sum(|group| group.customers);
    reading.all.left = sum(|group| group.left);
    reading.raw = difference(&high, &infrequent).map(|(difference, interval)| Effect {
        difference,
        interval,
        p: 0.01,
    });
    reading.usage = vec![
        (1, infrequent.customers),
        (2, moderate.customers),
        (5, high.customers),
    ];
    let users = reading.customers - never.customers;
    reading.never = Some(never);
    let quartiles = reading.quartiles.as_mut().unwrap();
    (quartiles.high, quartiles.moderate, quartiles.infrequent) = (high, moderate, infrequent);
    if let Some(launch) = &mut report.launch {
        launch.base = reading.all.attrition().unwrap_or_default();
    }
    report.other.customers = users;
    for row in &mut report.scan {
        row.users = users;
    }
    report
}

fn alike(group: &Group, turn: u64) -> Group {
    let mut other = group.clone();
    match (few(group.customers), few(group.left)) {
        (true, _) => {
            other.customers = (group.customers - 1 + turn) % 4 + 1;
            other.left = other.left.min(other.customers);
        }
        (false, true) => other.left = ((group.left - 1 + turn) % 4 + 1).min(group.customers),
        (false, false) => {
            let stayed = (group.customers - group.left - 1 + turn) % 4 + 1;
            other.left = group.customers.saturating_sub(stayed);
        }
    }
    other
        .active
        .iter_mut()
        .for_each(|count| *count = (*count + turn).min(other.customers));
    other
}

proptest! {
    /// No group that is shown tells of few, and with one withheld nothing is told of all.
    #[test]
    fn nothing_shown_tells_of_few(groups in [group(), group(), group(), group()]) {
        let (shown, withheld) = withhold_features(&with(&large(), groups));
        for part in Part::ALL {
            let group = shown.reading.group(part).unwrap();
            prop_assert!(!withheld.has(part) || *group == Group::default());
            let mut told = vec![group.customers, group.left, group.customers - group.left];
            told.extend(group.active.iter().flat_map(|active| [*active, group.customers - active]));
            prop_assert!(told.into_iter().all(|number| !few(number)), "{:?}", group);
        }
        let reading = &shown.reading;
        if withheld.groups() > 0 {
            prop_assert_eq!((reading.customers, reading.all.customers, reading.users()), (0, 0, 0));
            prop_assert!(reading.raw.is_none() && reading.adjusted.is_none() && reading.trend.is_none());
            prop_assert!(shown.scan.is_empty() && shown.launch.is_none() && shown.experiment.is_none());
        }
    }

    /// Two worlds that differ in withheld numbers alone are the same to readers, in every number and word.
    #[test]
    fn withheld_numbers_leave_no_trace(groups in [group(), group(), group(), group()], turn in 1_u64..9) {
        let base = large();
        let one = with(&base, groups.clone());
        let (_, withheld) = withhold_features(&one);
        let parts = [Part::High, Part::Moderate, Part::Infrequent, Part::Never];
        let mut others = groups;
        for (group, part) in others.iter_mut().zip(parts) {
            if withheld.has(part) {
                *group = alike(group, turn);
            }
        }
        let other = with(&base, others);
        prop_assume!(withhold_features(&other).1 == withheld);
        let (one, other) = (shown(one), shown(other));
        prop_assert_eq!(words::shown_finding(&one), words::shown_finding(&other));
        prop_assert_eq!(words::shown_method(&one, true), words::shown_method(&other, true));
        prop_assert_eq!(one, other);
    }
}
