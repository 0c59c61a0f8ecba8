//! Small worlds of the nastiest kind, and their index as the store would keep it.

use analysis::period::{Grain, WeekStart};
use index::chunk::{Chunk, Depth, Event};
use index::month::{Month, micros};
use index::segment::{Part, Segment};
use index::starts::Starts;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;

pub const ZONES: [&str; 9] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/Havana",
    "Australia/Lord_Howe",
];

#[derive(Clone, Debug)]
pub struct Customer {
    pub signup_given: Option<Timestamp>,
    pub events: Vec<(i32, Timestamp)>,
}

#[derive(Clone, Debug)]
pub struct World {
    pub zone: &'static str,
    pub week_start: WeekStart,
    pub customers: Vec<Customer>,
    /// Numbers of the streams that count as active.
    pub active: Vec<i32>,
    pub from: Date,
    /// A first cohort before that: sets that begin earlier must give the same.
    pub earlier: Date,
    pub as_of: Timestamp,
    pub at_least: u32,
}

/// Instants that are likely to hurt: around the nights in which clocks change, around year, leap day and week ends.
fn instants() -> impl Strategy<Value = Timestamp> {
    let hard = [
        "2024-02-29T00:00:00Z",
        "2024-03-10T09:59:59.999999Z",
        "2024-03-31T01:00:00Z",
        "2024-04-01T00:00:00Z",
        "2024-10-27T00:59:59Z",
        "2024-10-27T01:00:00Z",
        "2024-11-03T06:30:00Z",
        "2024-12-29T23:59:59.999999Z",
        "2024-12-30T00:00:00Z",
        "2024-12-31T23:00:00Z",
        "2025-01-01T00:00:00Z",
        "2025-01-05T18:15:00Z",
    ]
    .map(|text| text.parse::<Timestamp>().expect("an instant"));
    let first = "2024-01-20T00:00:00Z"
        .parse::<Timestamp>()
        .expect("an instant");
    let anchor = prop_oneof![
        select(hard.to_vec()),
        (0_i64..400).prop_map(move |day| first + SignedDuration::from_hours(day * 24)),
    ];
    let shift = prop_oneof![
        Just(0_i64),
        Just(-1),
        Just(1),
        (-14_i64..15).prop_map(|hours| hours * 3_600_000_000),
        (-96_i64..97).prop_map(|quarters| quarters * 900_000_000),
        -90_000_000_000_i64..90_000_000_000,
    ];
    (anchor, shift).prop_map(|(anchor, shift)| anchor + SignedDuration::from_micros(shift))
}

pub fn worlds(customers: usize) -> impl Strategy<Value = World> {
    let customer = (option::of(instants()), vec((0..3, instants()), 0..12)).prop_map(
        |(signup_given, mut events)| {
            // Some events come twice.
            if let Some(&again) = events.first() {
                events.push(again);
            }
            Customer {
                signup_given,
                events,
            }
        },
    );
    let as_of = prop_oneof![
        Just("2025-03-01T00:00:00Z".parse().expect("an instant")),
        instants()
    ];
    let dates = (0_i16..120, 0_i16..120).prop_map(|(back, more)| {
        let from = Date::constant(2024, 5, 17) - SignedDuration::from_hours(24 * i64::from(back));
        (
            from,
            from - SignedDuration::from_hours(24 * i64::from(more)),
        )
    });
    (
        select(ZONES.to_vec()),
        select(vec![WeekStart::Monday, WeekStart::Sunday]),
        vec(customer, 0..customers),
        select(vec![vec![0], vec![0, 2], vec![0, 1, 2], vec![7]]),
        dates,
        as_of,
        prop_oneof![3 => Just(1_u32), 1 => 2_u32..4],
    )
        .prop_map(
            |(zone, week_start, customers, active, (from, earlier), as_of, at_least)| World {
                zone,
                week_start,
                customers,
                active,
                from,
                earlier,
                as_of,
                at_least,
            },
        )
}

/// A shard as the store would keep it: written in several segments, compacted, read back.
pub struct Kept {
    pub starts: Starts,
    pub chunks: BTreeMap<Part, Chunk<'static>>,
    pub newest: i64,
}

impl Kept {
    pub fn of(world: &World) -> Kept {
        let all = (0..).zip(&world.customers);
        let mut segments = Vec::new();
        for turn in 0..3 {
            let events = all.clone().flat_map(|(number, customer)| {
                let mine = customer.events.iter().skip(turn).step_by(3);
                mine.map(move |(stream, at)| (*stream, event(number, *at)))
            });
            let signups = all
                .clone()
                .filter(|(number, _)| number % 3 == u32::try_from(turn).expect("small"));
            let signups = signups
                .filter_map(|(number, customer)| Some(event(number, customer.signup_given?)));
            segments.push(Segment::new(events, signups.collect()).to_bytes());
        }
        let mut starts = Starts::default();
        starts.grow(world.customers.len());
        let mut parts: BTreeMap<Part, Vec<Chunk<'_>>> = BTreeMap::new();
        let mut newest = i64::MIN;
        for bytes in &segments {
            let segment = Segment::parse(bytes).expect("own bytes");
            for signup in segment.signups {
                starts.give(signup);
            }
            for (part, chunk) in segment.parts {
                for event in chunk.decode(part.1).expect("own bytes") {
                    starts.see(event);
                    newest = newest.max(event.at);
                }
                parts.entry(part).or_default().push(chunk);
            }
        }
        Kept {
            starts: Starts::parse(&starts.to_bytes()).expect("own bytes"),
            newest: newest.max(starts.newest().unwrap_or(i64::MIN)),
            chunks: parts
                .into_iter()
                .map(|(part, chunks)| (part, Chunk::merge(part.1, &chunks).expect("own bytes")))
                .collect(),
        }
    }

    /// The chunks of these streams, without the planes that are not needed.
    pub fn chunks(&self, streams: &[i32], depth: Depth) -> Vec<(Month, Chunk<'static>)> {
        let mine = self
            .chunks
            .iter()
            .filter(|((stream, _), _)| streams.contains(stream));
        mine.map(|((_, month), chunk)| {
            let mut chunk = chunk.clone();
            if depth < Depth::Exact {
                chunk.rest = None;
            }
            if depth < Depth::Quarters {
                chunk.quarters = None;
            }
            (*month, chunk)
        })
        .collect()
    }
}

fn event(customer: u32, at: Timestamp) -> Event {
    Event {
        customer,
        at: micros(at),
    }
}

/// Every grain whose report a world of 14 months can have.
pub const GRAINS: [Grain; 5] = Grain::ALL;
