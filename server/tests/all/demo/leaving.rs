//! What can be said about leaving, of the demo's rows in memory.

use super::{DEFAULT, SEED, makes_value, options};
use analysis::churn::{ChurnPlan, History, answer};
use analysis::period::{Calendar, Grain, WeekStart};
use analysis::query::{AsOf, ChurnQuery};
use analysis::shape::{About, RetentionPlan};
use analysis::words;
use jiff::Timestamp;
use std::collections::BTreeSet;

#[test]
fn the_bad_release_is_named() {
    let query = ChurnQuery {
        active: vec!["created value".to_owned()],
        as_of: AsOf::Date("2026-11-18".parse().expect("a date")),
        ..ChurnQuery::customary(Grain::Week)
    };
    let calendar = Calendar::new("Europe/Berlin", WeekStart::Monday).expect("a zone");
    let periods = RetentionPlan::new(&query.population(), &calendar, Timestamp::MAX);
    let periods = periods.expect("a question that can be asked");
    let first = DEFAULT.events().map(|event| event.at).min();
    let plan = ChurnPlan::new(&query, &periods, first);
    let mut history = History::default();
    for customer in &DEFAULT.customers {
        let made = customer.events.iter().filter(|one| makes_value(&one.name));
        let days = made.filter_map(|one| u16::try_from(plan.days.index_of(one.at)?).ok());
        history.push(days.collect::<BTreeSet<u16>>());
    }
    let report = answer(&query, &plan, &history, About::default()).report;
    let release = options(0, SEED).generator().release_week();
    let weeks = [release, Grain::Week.next(release)];
    let [during, after] =
        weeks.map(|week| format!("The {} stands out", words::period_name(Grain::Week, week)));
    let away = words::dormancy_stands_out(&report).expect("a week stands out");
    assert!(away.starts_with(&during), "{away}");
    // whoever left in it has been silent for the threshold only a week later
    let lost = words::churn_stands_out(&report).expect("a week stands out");
    assert!(lost.starts_with(&after), "{lost}");
}
