//! Groups by usage by brute force, straight from the definitions: every customer and every event.

use crate::world::{Customer, World};
use analysis::period::Grain;
use analysis::quartiles::{self, Group};
use analysis::query::{QuartileQuery, TraitTest, Zeros};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;

/// Customers, of these left, active in each outcome period.
type Counts = (u64, u64, Vec<u64>);

#[derive(Debug, PartialEq)]
pub struct Reading {
    customers: u64,
    gone: u64,
    all: Counts,
    never: Option<Counts>,
    groups: Option<[Counts; 3]>,
    cuts: Option<(u32, u32)>,
}

#[derive(Debug)]
pub struct Answer {
    pub not_over: u64,
    pub asked: Reading,
    pub other: Reading,
}

impl From<&quartiles::Reading> for Reading {
    fn from(found: &quartiles::Reading) -> Self {
        let counts = |group: &Group| (group.customers, group.left, group.active.clone());
        Self {
            customers: found.customers,
            gone: found.gone,
            all: counts(&found.all),
            never: found.never.as_ref().map(counts),
            groups: found
                .quartiles
                .as_ref()
                .map(|of| [&of.infrequent, &of.moderate, &of.high].map(counts)),
            cuts: found
                .quartiles
                .as_ref()
                .map(|of| (of.cuts.bottom, of.cuts.top)),
        }
    }
}

/// One customer whose outcome window is over.
struct Person {
    uses: u32,
    lately: bool,
    active: Vec<bool>,
}

/// The first instant of a customer's k-th period.
fn begin(world: &World, grain: Grain, start: Timestamp, k: u32) -> Timestamp {
    let zoned = start.to_zoned(TimeZone::get(&world.zone).unwrap());
    let months = |months: u32| (&zoned + i64::from(months * k).months()).timestamp();
    let hours = |hours: u32| start + SignedDuration::from_hours(i64::from(hours * k));
    match grain {
        Grain::Day => hours(24),
        Grain::Week => hours(24 * 7),
        Grain::Month => months(1),
        Grain::Quarter => months(3),
        Grain::Year => months(12),
    }
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

/// The first instant of the cohort that contains the world's first day.
fn first_instant(world: &World, grain: Grain) -> Timestamp {
    let day = grain.floor(world.from, world.week_start);
    let zone = TimeZone::get(&world.zone).unwrap();
    day.to_zoned(zone).unwrap().timestamp()
}

pub fn quartiles(world: &World, query: &QuartileQuery) -> Answer {
    let first = first_instant(world, query.grain);
    let (mut not_over, mut people) = (0, Vec::new());
    for customer in world.customers.iter().filter(|one| admits(world, one)) {
        let Some(start) = customer
            .signup()
            .filter(|start| first <= *start && *start < world.as_of)
        else {
            continue;
        };
        let at = |k: u32| begin(world, query.grain, start, k);
        let (cut, end) = (at(query.exposure), at(query.exposure + query.outcome));
        if end > world.as_of {
            not_over += 1;
            continue;
        }
        let count = |from: Timestamp, to: Timestamp, names: &[String]| {
            let events = customer.events.iter();
            let found =
                events.filter(|(name, at, _)| names.contains(name) && from <= *at && *at < to);
            u32::try_from(found.count()).unwrap()
        };
        let periods = query.exposure..query.exposure + query.outcome;
        people.push(Person {
            uses: count(start, cut, &query.feature),
            lately: count(at(query.exposure - 1), cut, &query.active) > 0,
            active: periods
                .map(|k| count(at(k), at(k + 1), &query.active) > 0)
                .collect(),
        });
    }
    Answer {
        not_over,
        asked: reading(&people, query, query.landmark),
        other: reading(&people, query, !query.landmark),
    }
}

fn counts(people: &[&Person], outcome: u32) -> Counts {
    let number = |found: usize| u64::try_from(found).unwrap();
    let left = people
        .iter()
        .filter(|one| !one.active.contains(&true))
        .count();
    let active = (0..usize::try_from(outcome).unwrap())
        .map(|k| number(people.iter().filter(|one| one.active[k]).count()));
    (number(people.len()), number(left), active.collect())
}

fn reading(people: &[Person], query: &QuartileQuery, landmark: bool) -> Reading {
    let counted: Vec<&Person> = people
        .iter()
        .filter(|one| one.lately || !landmark)
        .collect();
    let apart = query.zeros == Zeros::Apart;
    let users: Vec<&Person> = counted
        .iter()
        .copied()
        .filter(|one| one.uses > 0 || !apart)
        .collect();
    let never: Vec<&Person> = counted
        .iter()
        .copied()
        .filter(|one| one.uses == 0)
        .collect();
    let cuts = cuts(&users);
    let groups = cuts.map(|(bottom, top)| {
        let group = |is: &dyn Fn(u32) -> bool| {
            let group: Vec<&Person> = users.iter().copied().filter(|one| is(one.uses)).collect();
            counts(&group, query.outcome)
        };
        [
            group(&|uses| uses <= bottom),
            group(&|uses| bottom < uses && uses < top),
            group(&|uses| top <= uses),
        ]
    });
    Reading {
        customers: u64::try_from(counted.len()).unwrap(),
        gone: u64::try_from(people.len() - counted.len()).unwrap(),
        all: counts(&counted, query.outcome),
        never: apart.then(|| counts(&never, query.outcome)),
        groups,
        cuts,
    }
}

/// Every pair of cuts is tried: the top one first by its distance from a quarter, then the bottom one.
fn cuts(users: &[&Person]) -> Option<(u32, u32)> {
    let n = i64::try_from(users.len()).unwrap();
    let size = |is: &dyn Fn(u32) -> bool| {
        i64::try_from(users.iter().filter(|one| is(one.uses)).count()).unwrap()
    };
    let mut best = None;
    for top in users.iter().map(|one| one.uses) {
        for bottom in users
            .iter()
            .map(|one| one.uses)
            .filter(|bottom| *bottom < top)
        {
            let (high, low) = (size(&|uses| uses >= top), size(&|uses| uses <= bottom));
            let badness = ((4 * high - n).abs(), high, (4 * low - n).abs(), low);
            if best.is_none_or(|(least, _)| badness < least) {
                best = Some((badness, (bottom, top)));
            }
        }
    }
    best.map(|(_, cuts)| cuts)
}
