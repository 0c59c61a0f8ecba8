//! Retention by brute force, straight from the definitions: every customer, every period, every event. Shares nothing
//! with the code it is held against; periods are found by asking the calendar of each day.

use crate::world::{Customer, World};
use analysis::period::{Grain, WeekStart};
use analysis::query::{RetentionKind, TraitTest};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

/// One cohort: counts for every period that has begun.
#[derive(Debug, PartialEq)]
pub struct Row {
    pub start: Date,
    pub size: u32,
    pub retained: Vec<u32>,
    pub running: Vec<bool>,
}

impl Row {
    /// A row of the recorded answers, where the future is null.
    pub fn recorded(row: &Value) -> Self {
        let retained: Vec<u32> = row["retained"]
            .as_array()
            .unwrap()
            .iter()
            .map_while(|count| count.as_u64().map(|count| u32::try_from(count).unwrap()))
            .collect();
        let running = row["complete"]
            .as_array()
            .unwrap()
            .iter()
            .take(retained.len())
            .map(|complete| !complete.as_bool().unwrap())
            .collect();
        Self {
            start: row["start"].as_str().unwrap().parse().unwrap(),
            size: u32::try_from(row["size"].as_u64().unwrap()).unwrap(),
            retained,
            running,
        }
    }
}

/// Walks back from a day to the first of its period.
fn first_day(mut day: Date, grain: Grain, week_start: WeekStart) -> Date {
    let is_first = |day: Date| match grain {
        Grain::Day => true,
        Grain::Week => match week_start {
            WeekStart::Monday => day.weekday() == Weekday::Monday,
            WeekStart::Sunday => day.weekday() == Weekday::Sunday,
        },
        Grain::Month => day.day() == 1,
        Grain::Quarter => day.day() == 1 && [1, 4, 7, 10].contains(&day.month()),
        Grain::Year => day.day() == 1 && day.month() == 1,
    };
    while !is_first(day) {
        day = day.yesterday().unwrap();
    }
    day
}

/// First days of all periods from the one of `from` to the one of the last visible instant.
fn periods(world: &World, grain: Grain) -> Vec<Date> {
    let zone = TimeZone::get(&world.zone).unwrap();
    let last = (world.as_of - 1.nanosecond()).to_zoned(zone).date();
    let mut starts = Vec::new();
    let mut day = first_day(world.from, grain, world.week_start);
    while day <= last {
        if first_day(day, grain, world.week_start) == day {
            starts.push(day);
        }
        day = day.tomorrow().unwrap();
    }
    starts
}

fn admits(world: &World, customer: &Customer) -> bool {
    world.filters.iter().all(|filter| {
        let value = customer
            .traits
            .get(&filter.name)
            .filter(|value| !value.is_null());
        let text = value.map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        match &filter.test {
            TraitTest::Is(list) => text.is_some_and(|text| list.contains(&text)),
            TraitTest::IsNot(list) => text.is_none_or(|text| !list.contains(&text)),
            TraitTest::Set => text.is_some(),
            TraitTest::Unset => text.is_none(),
            TraitTest::Between { min, max } => {
                value.and_then(Value::as_f64).is_some_and(|number| {
                    min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
                })
            }
        }
    })
}

pub fn retention(world: &World, grain: Grain, kind: RetentionKind) -> Vec<Row> {
    let zone = TimeZone::get(&world.zone).unwrap();
    let period_of =
        |at: Timestamp| first_day(at.to_zoned(zone.clone()).date(), grain, world.week_start);
    let starts = periods(world, grain);
    let running = |start: &Date| {
        // The last period runs unless as-of is the very instant at which it ends.
        Some(start) == starts.last() && period_of(world.as_of) == *start
    };
    let mut rows = Vec::new();
    for (place, start) in starts.iter().enumerate() {
        let members: Vec<&Customer> = world
            .customers
            .iter()
            .filter(|customer| admits(world, customer))
            .filter(|customer| {
                customer
                    .signup()
                    .is_some_and(|signup| signup < world.as_of && period_of(signup) == *start)
            })
            .collect();
        let begun = &starts[place..];
        let active = |customer: &Customer, period: Date| {
            customer.events.iter().any(|(name, at)| {
                world.active.contains(name)
                    && *at < world.as_of
                    && *at >= customer.signup().unwrap()
                    && period_of(*at) == period
            })
        };
        let retained = begun.iter().enumerate().map(|(k, period)| {
            let count = members.iter().filter(|customer| match kind {
                _ if k == 0 => true,
                RetentionKind::On => active(customer, *period),
                RetentionKind::OnOrAfter => begun[k..].iter().any(|later| active(customer, *later)),
            });
            u32::try_from(count.count()).unwrap()
        });
        rows.push(Row {
            start: *start,
            size: u32::try_from(members.len()).unwrap(),
            retained: retained.collect(),
            running: begun.iter().map(running).collect(),
        });
    }
    rows
}
