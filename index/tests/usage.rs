//! Usage in rolling windows, against a program that looks at every customer and every event.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::period::{Calendar, Grain, WeekStart};
use index::Selection;
use index::chunk::{Chunk, Event};
use index::month::{Month, micros, timestamp};
use index::usage::{NamedEvents, ShardUsage, Windows};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

const MINUTE: i64 = 60_000_000;
/// 2024-01-01.
const BEGIN: i64 = 1_704_067_200_000_000;

#[derive(Clone, Debug)]
struct World {
    /// By number; not everybody has a start.
    starts: Vec<Option<i64>>,
    /// Name, customer, instant.
    events: Vec<(i32, u32, i64)>,
    grain: Grain,
    exposure: u32,
    outcome: u32,
    zone: &'static str,
    range: (i64, i64),
    as_of: i64,
    chosen: Option<Vec<u32>>,
    at_least: u32,
    /// Whether event 2 is no feature.
    derived: bool,
}

/// Instants within a year, often on the same ones so that bounds are hit.
fn instants() -> impl Strategy<Value = i64> {
    let exact = (0_i64..366, select(vec![0_i64, 60, 12 * 60, 12 * 60 + 1]));
    prop_oneof![
        exact.prop_map(|(day, minute)| BEGIN + (day * 24 * 60 + minute) * MINUTE),
        (0_i64..366 * 24 * 60).prop_map(|minute| BEGIN + minute * MINUTE),
        (0_i64..366 * 86_400_000).prop_map(|milli| BEGIN + milli * 1_000 + 7),
    ]
}

fn worlds() -> impl Strategy<Value = World> {
    // one customer's events: soon after the start, or anywhere
    let soon = (0_i64..40, select(vec![0_i64, -1, 1, 3_600_000_000]))
        .prop_map(|(day, shift)| (Some(day * 86_400_000_000 + shift), 0));
    let anywhere = instants().prop_map(|at| (None, at));
    let event = (1_i32..5, 0_u32..100, prop_oneof![3 => soon, 1 => anywhere]);
    (
        vec(option::weighted(0.9, instants()), 0..100),
        vec((event, 1_usize..4), 0..300),
        (
            select(Grain::ALL.to_vec()),
            select(vec![(1_u32, 1_u32), (4, 8), (1, 60), (2, 3), (7, 1)]),
            select(vec!["UTC", "Europe/Berlin", "Pacific/Apia"]),
        ),
        (instants(), instants(), instants()),
        (
            option::of(vec(0_u32..100, 0..90)),
            select(vec![0_u32, 1, 1, 2, 3]),
            any::<bool>(),
        ),
    )
        .prop_map(
            |(
                starts,
                told,
                (grain, (exposure, outcome), zone),
                (a, b, c),
                (chosen, at_least, derived),
            )| {
                let mut events = Vec::new();
                for ((name, customer, (after, at)), times) in told {
                    let start = starts.get(usize::try_from(customer).unwrap()).copied();
                    let at = match (after, start.flatten()) {
                        (Some(after), Some(start)) => start + after,
                        (Some(after), None) => BEGIN + after,
                        (None, _) => at,
                    };
                    // the same event more than once is more than one use
                    events.extend(std::iter::repeat_n((name, customer, at), times));
                }
                World {
                    starts,
                    events,
                    grain,
                    exposure,
                    outcome,
                    zone,
                    range: (a.min(b), a.max(b)),
                    as_of: c + 200 * 86_400_000_000,
                    chosen,
                    at_least,
                    derived,
                }
            },
        )
}

/// Uses, other events, active periods.
type Told = Vec<(u32, u32, u64)>;

impl World {
    fn calendar(&self) -> Calendar {
        Calendar::new(self.zone, WeekStart::Monday).unwrap()
    }

    fn bound(&self, start: i64, period: u32) -> i64 {
        let period = usize::try_from(period).unwrap();
        micros(
            self.calendar()
                .rolling(self.grain, timestamp(start), period),
        )
    }

    fn build(&self) -> ShardUsage {
        let mut chunks: BTreeMap<(i32, Month), Vec<Event>> = BTreeMap::new();
        for &(name, customer, at) in &self.events {
            let chunk = chunks.entry((name, Month::of(at))).or_default();
            chunk.push(Event { customer, at });
        }
        let chunks: Vec<(i32, Month, Chunk<'static>)> = chunks
            .into_iter()
            .map(|((name, month), mut events)| {
                events.sort_unstable();
                (name, month, Chunk::encode(month, &events))
            })
            .collect();
        let named = [4, 2, 1, 3].map(|name| NamedEvents {
            name,
            active: name < 3,
            feature: self.feature(name),
            chunks: chunks
                .iter()
                .filter(|(own, ..)| *own == name)
                .map(|(_, month, chunk)| (*month, chunk))
                .collect(),
        });
        let windows = Windows::new(
            self.calendar(),
            self.grain,
            (self.exposure, self.outcome),
            self.at_least,
        );
        let starts = (0..)
            .zip(&self.starts)
            .filter_map(|(customer, start)| Some((customer, (*start)?)));
        ShardUsage::build(&windows, starts, named).unwrap()
    }

    /// Who is counted, with starts; and how many were not over.
    fn counted(&self, landmark: bool) -> (Vec<(u32, i64)>, u64) {
        let (mut found, mut not_over) = (Vec::new(), 0);
        for (customer, start) in (0_u32..).zip(&self.starts) {
            let Some(start) = *start else { continue };
            let asked = self.range.0 <= start
                && start < self.range.1
                && self
                    .chosen
                    .as_ref()
                    .is_none_or(|list| list.contains(&customer));
            if !asked {
                continue;
            }
            if self.bound(start, self.exposure + self.outcome) > self.as_of {
                not_over += 1;
                continue;
            }
            let last = self.bound(start, self.exposure - 1)..self.bound(start, self.exposure);
            let lately = self.events.iter().filter(|&&(name, who, at)| {
                who == customer && name < 3 && at >= start && last.contains(&at)
            });
            if lately.count() >= self.enough() || !landmark {
                found.push((customer, start));
            }
        }
        (found, not_over)
    }

    fn feature(&self, name: i32) -> bool {
        name != 2 || !self.derived
    }

    fn enough(&self) -> usize {
        usize::try_from(self.at_least.max(1)).unwrap()
    }

    fn naive(&self, names: &[i32], landmark: bool) -> Told {
        let (counted, _) = self.counted(landmark);
        let told = counted.into_iter().map(|(customer, start)| {
            let own: Vec<(i32, i64)> = self
                .events
                .iter()
                .filter(|(_, who, at)| *who == customer && *at >= start)
                .map(|(name, _, at)| (*name, *at))
                .collect();
            let cut = self.bound(start, self.exposure);
            let uses = own
                .iter()
                .filter(|(name, at)| *at < cut && self.feature(*name) && names.contains(name));
            let other = own
                .iter()
                .filter(|(name, at)| *at < cut && self.feature(*name) && !names.contains(name));
            let mut active = 0_u64;
            for period in 0..self.outcome {
                let from = self.bound(start, self.exposure + period);
                let to = self.bound(start, self.exposure + period + 1);
                let within = own
                    .iter()
                    .filter(|(name, at)| *name < 3 && (from..to).contains(at));
                if within.count() >= self.enough() {
                    active |= 1 << period;
                }
            }
            let number = |count: usize| u32::try_from(count).unwrap();
            (number(uses.count()), number(other.count()), active)
        });
        sorted(told.collect())
    }
}

fn sorted(mut told: Told) -> Told {
    told.sort_unstable();
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn every_customer_is_told_of(world in worlds()) {
        let usage = world.build();
        prop_assert_eq!(usage.len(), world.starts.iter().flatten().count());
        let chosen = world.chosen.as_ref().map(|list| Selection::of(list.iter().copied()));
        let watched = usage.choose(world.range, world.as_of, chosen.as_ref());
        for landmark in [false, true] {
            let (counted, not_over) = world.counted(landmark);
            prop_assert_eq!(watched.size(landmark), u64::try_from(counted.len()).unwrap());
            prop_assert_eq!(watched.not_over(), not_over);
            let who = watched.who(landmark);
            for names in [&[][..], &[1], &[4], &[2, 3], &[1, 2, 3, 4], &[9]] {
                let mut told = Vec::new();
                usage.each(names, who, false, |uses, other, active| told.push((uses, other, active)));
                let expected = world.naive(names, landmark);
                prop_assert_eq!(sorted(told), expected.clone(), "{:?}", names);
                let mut users = Vec::new();
                usage.each(names, who, true, |uses, other, active| users.push((uses, other, active)));
                let expected = expected.into_iter().filter(|(uses, ..)| *uses > 0);
                prop_assert_eq!(sorted(users), expected.collect::<Told>());
            }
            for (name, users) in usage.users(who) {
                let naive = world.naive(&[name], landmark);
                let expected = naive.iter().filter(|(uses, ..)| *uses > 0).count();
                prop_assert_eq!(users, u64::try_from(expected).unwrap(), "{}", name);
            }
        }
    }
}

/// Whoever uses something more than a byte or two can count is not forgotten, nor are the few among many.
#[test]
fn many_uses_and_few_users() {
    for (customers, uses, times) in [(3, 300, 3), (3, 70_000, 3), (500, 3, 1), (500, 300, 500)] {
        let event = |customer: u32, n: u32| Event {
            customer,
            at: BEGIN + i64::from(n % 1_000) * 1_000_000,
        };
        let mut events: Vec<Event> = (0..times)
            .flat_map(|customer| (0..uses).map(move |n| event(customer, n)))
            .collect();
        events.sort_unstable();
        let chunk = Chunk::encode(Month::of(BEGIN), &events);
        let named = NamedEvents {
            name: 1,
            active: true,
            feature: true,
            chunks: vec![(Month::of(BEGIN), &chunk)],
        };
        let calendar = Calendar::new("UTC", WeekStart::Monday).unwrap();
        let windows = Windows::new(calendar, Grain::Day, (1, 1), 1);
        let starts = (0..customers).map(|customer| (customer, BEGIN));
        let usage = ShardUsage::build(&windows, starts, [named]).unwrap();
        let watched = usage.choose((0, i64::MAX), i64::MAX, None);
        let mut found = Vec::new();
        usage.each(&[1], watched.who(false), false, |uses, other, _| {
            found.push((uses, other))
        });
        let number = |n: u32| usize::try_from(n).unwrap();
        assert_eq!(found.len(), number(customers));
        assert_eq!(
            found.iter().filter(|told| **told == (uses, 0)).count(),
            number(times)
        );
        let told: Vec<(i32, u64)> = usage.users(watched.who(true)).collect();
        assert_eq!(told, [(1, u64::from(times))]);
        assert!(usage.size() > 0 && !usage.is_empty());
    }
}

#[test]
fn a_missing_plane_and_broken_bytes_are_errors() {
    let event = Event {
        customer: 0,
        at: BEGIN,
    };
    let mut chunk = Chunk::encode(Month::of(BEGIN), &[event]);
    chunk.rest = None;
    let calendar = Calendar::new("UTC", WeekStart::Monday).unwrap();
    let windows = Windows::new(calendar, Grain::Week, (1, 1), 1);
    let build = |chunk: &Chunk<'_>| {
        let named = NamedEvents {
            name: 1,
            active: true,
            feature: true,
            chunks: vec![(Month::of(BEGIN), chunk)],
        };
        ShardUsage::build(&windows, [(0, BEGIN)], [named])
    };
    assert!(build(&chunk).is_err());
    chunk.days.to_mut()[0] = 77;
    assert!(build(&chunk).is_err());
}
