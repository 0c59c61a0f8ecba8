//! Segments by brute force: each is a world of its own with the customers who have the trait's value, asked in the plain
//! way; survival customer by customer, event by event.

use crate::retention::naive as retention;
use crate::world::{Customer, World};
use analysis::comparison::{ComparisonReport, Segment, SegmentKey};
use analysis::query::{ComparisonQuery, MAX_SIDE_BY_SIDE, RetentionQuery};
use jiff::SignedDuration;
use retention::Row;
use std::collections::{BTreeMap, BTreeSet};

/// A trait's value as text; none for what is null.
fn value(customer: &Customer, name: &str) -> Option<String> {
    let value = customer.traits.get(name)?;
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The world of those customers alone.
fn part(world: &World, who: impl Fn(&Customer) -> bool) -> World {
    let mut part = world.clone();
    part.customers.retain(|customer| who(customer));
    part
}

/// The ids of a part's members, in any cohort.
fn members(rows: &[Row]) -> BTreeSet<String> {
    let everybody = rows.iter().filter_map(|row| row.cells.first());
    let both = everybody.flat_map(|cell| cell.retained.iter().chain(&cell.missing));
    both.cloned().collect()
}

pub fn check(world: &World, query: &ComparisonQuery, name: &str, report: &ComparisonReport) {
    let context = || format!("{query:#?} {world:#?}");
    // column 0 tells who is in a cohort at all
    let everybody = RetentionQuery {
        column_zero: analysis::query::ColumnZero::Size,
        ..query.retention.clone()
    };
    let all = members(&retention::retention(world, &everybody));
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for customer in world.customers.iter().filter(|one| all.contains(&one.id)) {
        if let Some(value) = value(customer, name) {
            *sizes.entry(value).or_default() += 1;
        }
    }
    let mut values: Vec<(String, usize)> = sizes.into_iter().collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let named: Vec<String> = values
        .iter()
        .take(MAX_SIDE_BY_SIDE)
        .map(|(value, _)| value.clone())
        .collect();
    let folded = values.len().saturating_sub(MAX_SIDE_BY_SIDE);
    assert_eq!(usize::try_from(report.folded), Ok(folded), "{}", context());
    let found: Vec<String> = report
        .segments
        .iter()
        .filter_map(|segment| match &segment.key {
            SegmentKey::Value(value) => Some(value.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(found, named, "{}", context());
    let mut customers = 0;
    for segment in &report.segments {
        let part = part(world, |customer| {
            match (&segment.key, value(customer, name)) {
                (SegmentKey::Value(wanted), Some(value)) => *wanted == value,
                (SegmentKey::Other, Some(value)) => !named.contains(&value),
                (SegmentKey::Unset, None) => true,
                _ => false,
            }
        });
        let rows = retention::retention(&part, &query.retention);
        compare(segment, &rows, &context);
        let inside = members(&retention::retention(&part, &everybody));
        lifetimes(&part, query, &inside, segment, &context);
        customers += segment.survival.customers;
    }
    // groups partition the population
    assert_eq!(usize::try_from(customers), Ok(all.len()), "{}", context());
}

fn compare(segment: &Segment, rows: &[Row], context: &dyn Fn() -> String) {
    assert_eq!(segment.report.cohorts.len(), rows.len());
    for (cohort, row) in segment.report.cohorts.iter().zip(rows) {
        assert_eq!(
            (cohort.start, cohort.size),
            (row.start, row.size),
            "{}",
            context()
        );
        let found = cohort.cells.iter().map(|cell| (cell.retained, cell.state));
        let expected = row.cells.iter().map(|cell| {
            let retained = u32::try_from(cell.retained.len()).unwrap();
            (retained, cell.state)
        });
        // of cohorts without members nothing is asked
        if row.size > 0 {
            assert_eq!(
                found.collect::<Vec<_>>(),
                expected.collect::<Vec<_>>(),
                "{}",
                context()
            );
        }
    }
}

/// How long each customer stayed: (days, ended) with the number of customers.
fn lifetimes(
    world: &World,
    query: &ComparisonQuery,
    inside: &BTreeSet<String>,
    segment: &Segment,
    context: &dyn Fn() -> String,
) {
    let mut expected: BTreeMap<(u32, bool), u64> = BTreeMap::new();
    let day = SignedDuration::from_hours(24);
    for customer in world
        .customers
        .iter()
        .filter(|one| inside.contains(&one.id))
    {
        let starts = retention::starts_of(world, &query.retention, customer);
        let start = *starts.iter().min().unwrap();
        let events = customer.events.iter();
        let active = events
            .filter(|event| {
                retention::named(
                    event,
                    &query.retention.active,
                    &query.retention.active_where,
                )
            })
            .map(|(_, at, _)| *at)
            .filter(|at| start <= *at && *at < world.as_of);
        let last = active.max().unwrap_or(start);
        let gone = last + day * i32::try_from(query.inactivity()).unwrap() <= world.as_of;
        let end = if gone { last } else { world.as_of };
        let days = (end - start).total(jiff::Unit::Second).unwrap() / 86_400.0;
        let days = format!("{:.0}", days.floor()).parse().unwrap();
        *expected.entry((days, gone)).or_default() += 1;
    }
    let found = segment
        .endings
        .iter()
        .map(|one| ((one.time, one.ended), one.customers));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected, "{}", context());
}
