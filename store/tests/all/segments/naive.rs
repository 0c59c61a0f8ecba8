//! Segments by brute force: every customer, every condition, every event.

use crate::retention::naive::passes;
use crate::world::{Customer, World};
use analysis::query::Behaviour;
use analysis::segment::{Condition, SegmentCount};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Ids of those who meet a condition as of the world's as-of.
pub fn members(world: &World, condition: &Condition) -> BTreeSet<String> {
    let meet = world
        .customers
        .iter()
        .filter(|one| meets(one, condition, world.as_of));
    meet.map(|one| one.id.clone()).collect()
}

fn meets(customer: &Customer, condition: &Condition, as_of: Timestamp) -> bool {
    match condition {
        Condition::All(parts) => parts.iter().all(|part| meets(customer, part, as_of)),
        Condition::Any(parts) => parts.iter().any(|part| meets(customer, part, as_of)),
        Condition::Not(part) => !meets(customer, part, as_of),
        Condition::Trait(filter) => passes(customer.traits.get(&filter.name), &filter.test),
        Condition::Behaviour(asked) => did(customer, asked, as_of) == asked.did,
        Condition::Segment(slug) => panic!("the condition of {slug} stands in its place"),
    }
}

fn did(customer: &Customer, asked: &Behaviour, as_of: Timestamp) -> bool {
    let Some(start) = customer.signup() else {
        return false;
    };
    let day = |n: u32| start + SignedDuration::from_hours(24 * i64::from(n));
    let in_time = |at: Timestamp| {
        let days = asked.days;
        at < as_of && days.is_none_or(|days| at >= day(days.from) && at < day(days.to))
    };
    let times = customer
        .events
        .iter()
        .filter(|(name, at, _)| *name == asked.event && in_time(*at));
    times.count() >= usize::try_from(asked.at_least).unwrap()
}

/// How many of these had signed up and do not pass all of the world's filters, each of which makes one internal.
pub fn count(world: &World, members: &BTreeSet<String>) -> SegmentCount {
    let counts = |one: &&Customer| {
        one.signup().is_some_and(|at| at < world.as_of)
            && !world
                .filters
                .iter()
                .any(|filter| passes(one.traits.get(&filter.name), &filter.test))
    };
    let (mut customers, mut of) = (0, 0);
    for one in world.customers.iter().filter(counts) {
        customers += u64::from(members.contains(&one.id));
        of += 1;
    }
    SegmentCount { customers, of }
}
