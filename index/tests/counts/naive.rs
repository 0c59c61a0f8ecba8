//! The same by brute force, straight from the definitions: every customer, every period, every event. Shares nothing
//! with the code it is held against; periods are found by asking the calendar of each day.

use crate::world::World;
use analysis::period::{Grain, WeekStart};
use analysis::query::{ColumnZero, RetentionKind, RetentionQuery};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::collections::{BTreeMap, BTreeSet};

/// Who enters a cohort, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    Signup,
    FirstEvent,
    EachEvent,
}

/// One customer in one cohort, with the periods in which he was active enough.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub start: Timestamp,
    pub customer: u32,
    pub cohort: Date,
    pub given: bool,
    pub active: BTreeSet<usize>,
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
        day = day.yesterday().expect("far from the end");
    }
    day
}

/// First days of all periods from the one of `from` to the one of the last visible instant.
fn periods(world: &World, zone: &TimeZone, grain: Grain, from: Date) -> Vec<Date> {
    let last = (world.as_of - 1.nanosecond()).to_zoned(zone.clone()).date();
    let mut starts = Vec::new();
    let mut day = first_day(from, grain, world.week_start);
    while day <= last {
        if first_day(day, grain, world.week_start) == day {
            starts.push(day);
        }
        day = day.tomorrow().expect("far from the end");
    }
    starts
}

/// All entries, by start; with a length, the windows roll from each one's own start.
pub fn entries(
    world: &World,
    grain: Grain,
    from: Date,
    rule: Rule,
    rolling: Option<SignedDuration>,
) -> Vec<Entry> {
    let zone = TimeZone::get(world.zone).expect("a zone");
    let starts = periods(world, &zone, grain, from);
    let period_of = |at: Timestamp| {
        let day = first_day(at.to_zoned(zone.clone()).date(), grain, world.week_start);
        starts.iter().position(|start| *start == day)
    };
    let mut found = Vec::new();
    for (number, customer) in (0..).zip(&world.customers) {
        let did: Vec<Timestamp> = customer
            .events
            .iter()
            .filter(|(stream, _)| *stream == 1)
            .map(|(_, at)| *at)
            .collect();
        let first_of_all = customer.events.iter().map(|(_, at)| *at).min();
        let starts_of: Vec<Timestamp> = match rule {
            Rule::Signup => customer.signup_given.or(first_of_all).into_iter().collect(),
            Rule::FirstEvent => did.iter().min().copied().into_iter().collect(),
            Rule::EachEvent => {
                let mut by_period: BTreeMap<usize, Timestamp> = BTreeMap::new();
                for at in did.into_iter().filter(|at| *at < world.as_of) {
                    if let Some(period) = period_of(at) {
                        let first = by_period.entry(period).or_insert(at);
                        *first = at.min(*first);
                    }
                }
                by_period.into_values().collect()
            }
        };
        for start in starts_of.into_iter().filter(|start| *start < world.as_of) {
            let Some(cohort) = period_of(start) else {
                continue;
            };
            let mut uses: BTreeMap<usize, u32> = BTreeMap::new();
            for (stream, at) in &customer.events {
                if !world.active.contains(stream) || *at < start || *at >= world.as_of {
                    continue;
                }
                let period = match rolling {
                    None => period_of(*at).expect("between start and as-of") - cohort,
                    Some(length) => {
                        let mut end = start + length;
                        let mut period = 0;
                        while end <= *at {
                            end += length;
                            period += 1;
                        }
                        period
                    }
                };
                *uses.entry(period).or_default() += 1;
            }
            found.push(Entry {
                start,
                customer: number,
                cohort: starts[cohort],
                given: rule == Rule::Signup && customer.signup_given.is_some(),
                active: uses
                    .into_iter()
                    .filter(|(_, uses)| *uses >= world.at_least)
                    .map(|(period, _)| period)
                    .collect(),
            });
        }
    }
    found.sort();
    found
}

/// Whether an entry is in the denominator of a column, and whether it is retained.
fn counts(query: &RetentionQuery, active: &BTreeSet<usize>, column: usize) -> (bool, bool) {
    let number = |n: u32| usize::try_from(n).expect("small");
    let measured = query.column_zero == ColumnZero::Measured;
    let horizon = query.follow_up.map_or(usize::MAX, number);
    if column == 0 && !measured {
        return (true, true);
    }
    match query.kind {
        RetentionKind::On => (true, active.contains(&column)),
        RetentionKind::OnOrAfter => (true, active.range(column..=horizon).next().is_some()),
        RetentionKind::Brackets if column == 0 => (true, active.contains(&0)),
        RetentionKind::Brackets => {
            let bracket = query.brackets[column - 1];
            let to = bracket.to.map_or(horizon, number);
            (
                true,
                active.range(number(bracket.from)..=to).next().is_some(),
            )
        }
        RetentionKind::Streak if column == 0 => (true, active.contains(&0)),
        RetentionKind::Streak => (true, (1..=column).all(|k| active.contains(&k))),
        RetentionKind::Previous => {
            let before = match column {
                0 => true,
                1 => !measured || active.contains(&0),
                k => active.contains(&(k - 1)),
            };
            (before, before && active.contains(&column))
        }
    }
}

/// A cohort's first date, size, and by column the denominator and the retained.
pub type Row = (Date, usize, Vec<(usize, usize)>);

/// The matrix by column of the given numbers, one a cohort.
pub fn matrix(
    world: &World,
    query: &RetentionQuery,
    entries: &[Entry],
    columns: &[usize],
) -> Vec<Row> {
    let zone = TimeZone::get(world.zone).expect("a zone");
    let starts = periods(world, &zone, query.grain, world.from);
    let rows = starts.iter().zip(columns).map(|(start, columns)| {
        let members: Vec<&Entry> = entries
            .iter()
            .filter(|entry| entry.cohort == *start)
            .collect();
        let cells = (0..*columns).map(|column| {
            let counted = members
                .iter()
                .map(|member| counts(query, &member.active, column));
            counted.fold((0, 0), |(base, retained), (before, stayed)| {
                (base + usize::from(before), retained + usize::from(stayed))
            })
        });
        (*start, members.len(), cells.collect())
    });
    rows.collect()
}
