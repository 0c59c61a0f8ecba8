//! Retention by brute force, straight from the definitions: every customer, every period, every event. Shares nothing
//! with the code it is held against; periods are found by asking the calendar of each day.

use crate::world::{Customer, World};
use analysis::period::{Grain, WeekStart};
use analysis::query::{
    BeforeStart, ColumnZero, EventFilter, RetentionKind, RetentionQuery, StartRule, TraitTest,
    Window,
};
use analysis::report::CellState;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One cohort, customer by customer.
#[derive(Debug)]
pub struct Row {
    pub start: Date,
    pub size: u32,
    /// One for every column that has begun.
    pub cells: Vec<NaiveCell>,
}

/// Who counts in a cell's denominator.
#[derive(Debug)]
pub struct NaiveCell {
    pub retained: BTreeSet<String>,
    pub missing: BTreeSet<String>,
    pub state: CellState,
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
        let value = customer.traits.get(&filter.name);
        passes(value, &filter.test)
    })
}

pub fn passes(value: Option<&Value>, test: &TraitTest) -> bool {
    let value = value.filter(|value| !value.is_null());
    let text = value.map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    match test {
        TraitTest::Is(list) => text.is_some_and(|text| list.contains(&text)),
        TraitTest::IsNot(list) => text.is_none_or(|text| !list.contains(&text)),
        TraitTest::Set => text.is_some(),
        TraitTest::Unset => text.is_none(),
        TraitTest::Between { min, max } => value.and_then(Value::as_f64).is_some_and(|number| {
            min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
        }),
    }
}

/// Whether an event counts: it is named (no name means any), and meets what is said about it.
pub fn named(
    (name, _, size): &(String, Timestamp, Option<Value>),
    names: &[String],
    filters: &[EventFilter],
) -> bool {
    let meets = |filter: &EventFilter| {
        let about = filter.event.as_ref().is_none_or(|event| event == name);
        let value = size.as_ref().filter(|_| filter.property.name == "size");
        !about || passes(value, &filter.property.test)
    };
    (names.is_empty() || names.contains(name)) && filters.iter().all(meets)
}

/// Whether a customer did, or did not do, all that is asked of him.
fn behaved(world: &World, query: &RetentionQuery, customer: &Customer, start: Timestamp) -> bool {
    query.behaviours.iter().all(|asked| {
        let day = |n: u32| start + SignedDuration::from_hours(24 * i64::from(n));
        let times = customer.events.iter().filter(|(name, at, _)| {
            let in_time = asked
                .days
                .is_none_or(|days| *at >= day(days.from) && *at < day(days.to));
            *name == asked.event && *at < world.as_of && in_time
        });
        let enough = times.count() >= usize::try_from(asked.at_least).unwrap();
        enough == asked.did
    })
}

/// A customer in a cohort, and the numbers of periods after the cohort's own in which he was active.
struct Entry<'a> {
    customer: &'a Customer,
    active: BTreeSet<usize>,
}

/// Which customers a column counts: those in its denominator, and of these the retained.
fn counted(query: &RetentionQuery, column: usize, active: &BTreeSet<usize>) -> (bool, bool) {
    let number = |n: u32| usize::try_from(n).unwrap();
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
            let found = active.range(number(bracket.from)..=to).next();
            (true, found.is_some())
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

/// The first period of a column, and the period at whose end it is final.
fn span(query: &RetentionQuery, column: usize) -> (usize, Option<usize>) {
    let number = |n: u32| usize::try_from(n).unwrap();
    let horizon = query.follow_up.map(number);
    let measured = query.column_zero == ColumnZero::Measured;
    match query.kind {
        RetentionKind::OnOrAfter if column > 0 || measured => (column, horizon),
        RetentionKind::Brackets if column > 0 => {
            let bracket = query.brackets[column - 1];
            (
                number(bracket.from),
                bracket.to.or(query.follow_up).map(number),
            )
        }
        _ => (column, Some(column)),
    }
}

/// All columns that a question can have.
fn columns(query: &RetentionQuery) -> usize {
    let number = |n: u32| usize::try_from(n).unwrap();
    match (query.kind, query.follow_up) {
        (RetentionKind::Brackets, _) => query.brackets.len() + 1,
        (RetentionKind::OnOrAfter, Some(last)) => number(last) + 1,
        _ => usize::MAX,
    }
}

/// When a customer entered cohorts: for each, its instant.
fn entered(
    world: &World,
    query: &RetentionQuery,
    customer: &Customer,
    period_of: &dyn Fn(Timestamp) -> Date,
) -> Vec<Timestamp> {
    let is_start = |event: &&(String, Timestamp, Option<Value>)| {
        named(event, &query.start_events, &query.start_where) && event.1 < world.as_of
    };
    let mut starts: Vec<Timestamp> = customer
        .events
        .iter()
        .filter(is_start)
        .map(|(_, at, _)| *at)
        .collect();
    starts.sort();
    match query.start {
        StartRule::Signup => customer
            .signup()
            .into_iter()
            .filter(|at| *at < world.as_of)
            .collect(),
        StartRule::FirstEvent => starts.into_iter().take(1).collect(),
        StartRule::EachEvent => {
            starts.dedup_by_key(|at| period_of(*at));
            starts
        }
    }
}

/// The instants at which a customer entered one of the cohorts.
pub fn starts_of(world: &World, query: &RetentionQuery, customer: &Customer) -> Vec<Timestamp> {
    let zone = TimeZone::get(&world.zone).unwrap();
    let (grain, week_start) = (query.grain, world.week_start);
    let period_of = |at: Timestamp| first_day(at.to_zoned(zone.clone()).date(), grain, week_start);
    let first = first_day(world.from, grain, week_start);
    let mut starts = entered(world, query, customer, &period_of);
    starts.retain(|at| period_of(*at) >= first && behaved(world, query, customer, *at));
    starts
}

/// The beginning of the `k`-th period from a start, by hours or by adding to the local date and time.
fn anniversary(zone: &TimeZone, grain: Grain, start: Timestamp, k: i64) -> Timestamp {
    let months = match grain {
        Grain::Day => return start + (24 * k).hours(),
        Grain::Week => return start + (7 * 24 * k).hours(),
        Grain::Month => k,
        Grain::Quarter => 3 * k,
        Grain::Year => 12 * k,
    };
    match k {
        0 => start,
        _ => (start.to_zoned(zone.clone()).datetime() + months.months())
            .to_zoned(zone.clone())
            .unwrap()
            .timestamp(),
    }
}

/// How many rolling periods of an entry had begun and ended.
fn seen(zone: &TimeZone, world: &World, grain: Grain, start: Timestamp) -> (usize, usize) {
    let begins = (0..).map(|k| anniversary(zone, grain, start, k));
    let begun = begins.clone().take_while(|begin| *begin < world.as_of);
    let ended = begins.skip(1).take_while(|end| *end <= world.as_of);
    (begun.count(), ended.count())
}

pub fn retention(world: &World, query: &RetentionQuery) -> Vec<Row> {
    let zone = TimeZone::get(&world.zone).unwrap();
    let grain = query.grain;
    let period_of =
        |at: Timestamp| first_day(at.to_zoned(zone.clone()).date(), grain, world.week_start);
    let starts = periods(world, grain);
    // The last period runs unless as-of is the very instant at which it ends.
    let last_runs = starts.last() == Some(&period_of(world.as_of));
    let rolling = query.window == Window::Rolling;
    let mut rows = Vec::new();
    for (place, start) in starts.iter().enumerate() {
        let mut entries = Vec::new();
        let mut both = Vec::new();
        for customer in world.customers.iter().filter(|one| admits(world, one)) {
            let instants = starts_of(world, query, customer);
            let instants = instants.into_iter().filter(|at| period_of(*at) == *start);
            for entered in instants {
                let number = |at: Timestamp| {
                    if rolling {
                        let later =
                            (1..).take_while(|k| anniversary(&zone, grain, entered, *k) <= at);
                        return later.count();
                    }
                    let period = period_of(at);
                    let later = starts[place..].iter().position(|one| *one == period);
                    later.unwrap()
                };
                let counts = |at: Timestamp| {
                    let early = query.before_start == BeforeStart::Count && period_of(at) == *start;
                    at < world.as_of && (at >= entered || early)
                };
                let mut uses: BTreeMap<usize, u32> = BTreeMap::new();
                for event in &customer.events {
                    let at = &event.1;
                    // no name is any event here: these questions name their own
                    if named(event, &query.active, &query.active_where) && counts(*at) {
                        *uses.entry(number(*at)).or_default() += 1;
                    }
                }
                uses.retain(|_, uses| *uses >= query.min_count);
                entries.push(Entry {
                    customer,
                    active: uses.into_keys().collect(),
                });
                both.push(seen(&zone, world, grain, entered));
            }
        }
        let begun = starts.len() - place;
        let (begun, ended) = match rolling {
            true => (
                both.iter().map(|(begun, _)| *begun).max().unwrap_or(0),
                both.iter().map(|(_, ended)| *ended).min().unwrap_or(0),
            ),
            false => (begun, begun - usize::from(last_runs)),
        };
        let cells = (0..columns(query).min(begun.max(100)))
            .filter(|column| span(query, *column).0 < begun)
            .map(|column| cell(query, column, &entries, ended));
        rows.push(Row {
            start: *start,
            size: u32::try_from(entries.len()).unwrap(),
            cells: cells.collect(),
        });
    }
    rows
}

fn cell(query: &RetentionQuery, column: usize, entries: &[Entry<'_>], ended: usize) -> NaiveCell {
    let (from, to) = span(query, column);
    let mut found = NaiveCell {
        retained: BTreeSet::new(),
        missing: BTreeSet::new(),
        state: match to {
            Some(to) if to < ended => CellState::Complete,
            Some(_) if query.kind == RetentionKind::OnOrAfter && from < ended => CellState::Open,
            None if from < ended => CellState::Open,
            _ => CellState::Running,
        },
    };
    for entry in entries {
        match counted(query, column, &entry.active) {
            (true, true) => found.retained.insert(entry.customer.id.clone()),
            (true, false) => found.missing.insert(entry.customer.id.clone()),
            (false, _) => false,
        };
    }
    found
}
