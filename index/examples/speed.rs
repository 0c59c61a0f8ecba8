//! How fast the index is: 1 million customers who signed up over 104 weeks, 50 million events of six kinds.
//!
//! `cargo run --release -p index --example speed [CUSTOMERS [EVENTS_EACH]]`. Seeded; the best of several runs is printed.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use analysis::period::{Calendar, Grain, WeekStart};
use analysis::query::{AsOf, CohortRange, RetentionKind, RetentionQuery, TraitTest};
use analysis::rule::Rule;
use analysis::shape::RetentionPlan;
use analysis::tally::Tally;
use index::chunk::{Chunk, Depth, Event};
use index::column::{Column, Value};
use index::month::{Month, timestamp};
use index::segment::{Part, Segment};
use index::sets::ShardSets;
use index::starts::Starts;
use index::{Counting, Frame, Selection, Window, in_parallel};
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const SHARDS: u64 = 64;
const DAYS: u64 = 104 * 7;

/// Splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

struct Shard {
    starts: Starts,
    chunks: BTreeMap<Part, Chunk<'static>>,
    plans: Column,
    seats: Column,
    customers: usize,
}

fn shard(number: u64, customers: u64, events_each: u64) -> Shard {
    let mut random = Random(number);
    let first = 1_704_067_200_000_000; // 2024-01-01, a Monday
    let day = 86_400_000_000;
    let mut starts = Starts::default();
    let mut events = Vec::new();
    let mut traits = [Vec::new(), Vec::new()];
    for customer in (number..customers).step_by(64).map(|n| n / SHARDS) {
        let customer = u32::try_from(customer).expect("few customers");
        let second = random.below(DAYS * 86_400).cast_signed() * 1_000_000;
        let signup = Event {
            customer,
            at: first + second,
        };
        starts.give(signup);
        let left = (DAYS * 86_400 * 1_000_000).cast_signed() - second;
        let left = (left / 1_000_000).cast_unsigned();
        // Twice as many for those who were there from the beginning; more in the first weeks than later.
        for _ in 0..events_each * 2 * left / (DAYS * 86_400) {
            let since = random.below(left).min(random.below(left)).cast_signed() * 1_000_000;
            let stream = i32::try_from(random.below(6)).expect("six");
            events.push((
                stream,
                Event {
                    customer,
                    at: signup.at + since,
                },
            ));
        }
        let text = ["free", "team", "pro", "trial", "none"]
            [usize::try_from(random.below(5)).expect("small")];
        traits[0].push((
            customer,
            Value {
                text: text.to_owned(),
                number: None,
            },
        ));
        let seats = u32::try_from(random.below(200)).expect("small");
        traits[1].push((
            customer,
            Value {
                text: seats.to_string(),
                number: Some(f64::from(seats)),
            },
        ));
    }
    for (_, event) in &events {
        starts.see(*event);
    }
    assert!(
        events
            .iter()
            .all(|(_, event)| event.at < first + day * DAYS.cast_signed())
    );
    let [plans, seats] = traits.map(Column::new);
    Shard {
        customers: starts.len(),
        starts,
        chunks: Segment::new(events, Vec::new()).parts,
        plans,
        seats,
    }
}

fn best<T>(runs: usize, mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut fastest = Duration::MAX;
    let mut result = None;
    for _ in 0..runs {
        let started = Instant::now();
        let found = work();
        fastest = fastest.min(started.elapsed());
        result = Some(found);
    }
    (fastest, result.expect("at least one run"))
}

fn megabytes(bytes: usize) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

fn milliseconds(duration: Duration) -> String {
    format!("{:8.2} ms", duration.as_secs_f64() * 1000.0)
}

fn plan(zone: &str, grain: Grain, kind: RetentionKind) -> (RetentionQuery, RetentionPlan) {
    let query = RetentionQuery {
        grain,
        kind,
        cohorts: CohortRange::Between {
            from: Date::constant(2024, 1, 1),
            to: None,
        },
        as_of: AsOf::Date(Date::constant(2025, 12, 29)),
        ..RetentionQuery::default()
    };
    let calendar = Calendar::new(zone, WeekStart::Monday).expect("a zone");
    let plan =
        RetentionPlan::new(&query, &calendar, timestamp(i64::MAX)).expect("a legal question");
    (query, plan)
}

fn build(
    shards: &[Shard],
    plan: &RetentionPlan,
    window: Window,
    at_least: u32,
    own: bool,
) -> (Depth, Vec<ShardSets>) {
    let frame = Frame::new(&plan.periods, plan.as_of, i64::MAX, window, at_least, own);
    let sets = in_parallel(2, shards, |shard| {
        let chunks = shard
            .chunks
            .iter()
            .map(|((_, month), chunk): (&(i32, Month), _)| (*month, chunk));
        ShardSets::build(&frame, shard.starts.entries(), chunks).expect("own bytes")
    });
    (frame.depth(), sets)
}

fn count(
    sets: &[ShardSets],
    query: &RetentionQuery,
    plan: &RetentionPlan,
    threads: usize,
    chosen: Option<&[Selection]>,
) -> Tally {
    let rule = Rule::new(query);
    let counting = Counting::new(&rule, plan.reach(0));
    let numbered: Vec<(usize, &ShardSets)> = sets.iter().enumerate().collect();
    let parts: Vec<Tally> = in_parallel(threads, &numbered, |(number, sets)| {
        let mut tally = Tally::new(rule.clone(), plan);
        let chosen = chosen.map(|chosen| sets.choose(&chosen[*number]));
        sets.count(&counting, plan, 0, chosen.as_deref(), None, &mut tally);
        tally
    });
    let mut all = Tally::new(rule, plan);
    for part in &parts {
        all.merge(part);
    }
    all
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .map(|text| text.parse().expect("a number"));
    let customers = arguments.next().unwrap_or(1_000_000);
    let events_each = arguments.next().unwrap_or(50);
    let numbers: Vec<u64> = (0..SHARDS).collect();
    let (took, shards) = best(1, || {
        in_parallel(2, &numbers, |&number| shard(number, customers, events_each))
    });
    let chunks = || shards.iter().flat_map(|shard| shard.chunks.values());
    let events: usize = chunks()
        .map(|chunk| chunk.quarters.as_ref().map_or(0, |plane| plane.len()))
        .sum();
    let bytes: usize = chunks().map(Chunk::size).sum();
    let days: usize = chunks().map(|chunk| chunk.days.len()).sum();
    println!(
        "{customers} customers, {events} events, made and encoded in {}",
        milliseconds(took)
    );
    println!(
        "{} chunks, {} (days {}, quarters {})",
        chunks().count(),
        megabytes(bytes),
        megabytes(days),
        megabytes(events)
    );
    let starts: Vec<Vec<u8>> = shards.iter().map(|shard| shard.starts.to_bytes()).collect();
    println!("starts: {}", megabytes(starts.iter().map(Vec::len).sum()));
    let (took, _) = best(3, || {
        in_parallel(2, &starts, |bytes| Starts::parse(bytes).expect("own bytes"))
    });
    println!("{} read the starts", milliseconds(took));

    for (zone, grain) in [
        ("UTC", Grain::Week),
        ("Europe/Berlin", Grain::Week),
        ("Europe/Berlin", Grain::Month),
        ("Europe/Berlin", Grain::Day),
    ] {
        let (query, plan) = plan(zone, grain, RetentionKind::On);
        println!("\n{} {} in {zone}", plan.periods.len(), grain.noun(2));
        for (what, window, at_least, own) in [
            ("period 0 aside", Window::Calendar, 1, false),
            ("all exact", Window::Calendar, 1, true),
            ("at least 3 events", Window::Calendar, 3, true),
            (
                "rolling 7 days",
                Window::Rolling(7 * 86_400_000_000),
                1,
                true,
            ),
        ] {
            let (took, (depth, sets)) = best(2, || build(&shards, &plan, window, at_least, own));
            let size = megabytes(sets.iter().map(ShardSets::size).sum());
            println!("{} build, {what}, {depth:?}: {size}", milliseconds(took));
        }
        let (_, sets) = build(&shards, &plan, Window::Calendar, 1, false);
        for kind in RetentionKind::ALL {
            let query = RetentionQuery {
                kind,
                ..query.clone()
            };
            for threads in [1, 2] {
                let (took, _) = best(9, || count(&sets, &query, &plan, threads, None));
                println!("{} count, {kind:?}, {threads} threads", milliseconds(took));
            }
        }
        let (took, _) = best(9, || {
            let selections = in_parallel(2, &shards, |shard| {
                let mut chosen = shard
                    .plans
                    .select(&TraitTest::Is(vec!["pro".to_owned()]), shard.customers);
                chosen.and(&shard.seats.select(
                    &TraitTest::Between {
                        min: Some(20.0),
                        max: None,
                    },
                    shard.customers,
                ));
                chosen
            });
            count(&sets, &query, &plan, 2, Some(&selections))
        });
        println!(
            "{} two filters and count, On, 2 threads",
            milliseconds(took)
        );
    }
}
