//! The index against one entry at a time, and both against a naive program.

#[path = "counts/naive.rs"]
mod naive;
#[path = "../../analysis/tests/support/settings.rs"]
mod settings;
#[path = "counts/world.rs"]
mod world;

use analysis::period::{Calendar, Grain, Length};
use analysis::query::{self, AsOf, CohortRange, RetentionKind, RetentionQuery};
use analysis::rule::Rule;
use analysis::shape::RetentionPlan;
use analysis::tally::{Tally, periods_set};
use index::chunk::Depth;
use index::month::{Month, micros};
use index::sets::{Entry, ShardSets};
use index::starts::{each_event, first_events};
use index::{Counting, Frame, Selection, Window, kept};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use world::{GRAINS, Kept, World, worlds};

/// More than any world has.
const CUSTOMERS: usize = 1000;

const RULES: [naive::Rule; 3] = [
    naive::Rule::Signup,
    naive::Rule::FirstEvent,
    naive::Rule::EachEvent,
];

fn question(world: &World, grain: Grain, from: Date) -> RetentionQuery {
    RetentionQuery {
        grain,
        active: vec!["anything".to_owned()],
        cohorts: CohortRange::Between { from, to: None },
        as_of: AsOf::Instant(world.as_of),
        ..RetentionQuery::default()
    }
}

fn plan(world: &World, query: &RetentionQuery) -> Option<RetentionPlan> {
    let calendar = Calendar::new(world.zone, world.week_start).expect("a zone");
    RetentionPlan::new(query, &calendar, Timestamp::MAX).ok()
}

fn entries(rule: naive::Rule, frame: &Frame, kept: &Kept) -> Vec<Entry> {
    let started = kept.chunks(&[1], index::chunk::Depth::Exact);
    let started = started.iter().map(|(month, chunk)| (*month, chunk));
    match rule {
        naive::Rule::Signup => kept.starts.entries().collect(),
        naive::Rule::FirstEvent => first_events(started).expect("own bytes"),
        naive::Rule::EachEvent => each_event(frame, started).expect("own bytes"),
    }
}

/// The sets with no more planes at hand than the frame asks for.
fn build(world: &World, kept: &Kept, frame: &Frame, rule: naive::Rule) -> ShardSets {
    let chunks = kept.chunks(&world.active, frame.depth());
    let chunks = chunks.iter().map(|(month, chunk)| (*month, chunk));
    ShardSets::build(frame, entries(rule, frame, kept), chunks).expect("own bytes")
}

fn sets_match(world: &World, grain: Grain, rule: naive::Rule, rolling: Option<SignedDuration>) {
    let kept = Kept::of(world);
    let query = question(world, grain, world.from);
    let Some(plan) = plan(world, &query) else {
        return;
    };
    let window = rolling.map_or(Window::Calendar, |length| {
        Window::Rolling(i64::try_from(length.as_micros()).expect("short"))
    });
    let frame = |own| {
        Frame::new(
            &plan.periods,
            plan.as_of,
            kept.newest,
            window,
            world.at_least,
            own,
        )
    };
    let expected = naive::entries(world, grain, world.from, rule, rolling);
    let found: Vec<naive::Entry> = build(world, &kept, &frame(true), rule)
        .members()
        .map(|member| naive::Entry {
            start: index::month::timestamp(member.start),
            customer: member.customer,
            cohort: plan.periods.starts[usize::try_from(member.cohort).expect("small")],
            given: member.given,
            active: (0..member.active.len() * 64)
                .filter(|k| member.active[k / 64] >> (k % 64) & 1 == 1)
                .collect(),
        })
        .collect();
    assert_eq!(
        found, expected,
        "{grain:?} {rule:?} {rolling:?} of {world:#?}"
    );

    // Without period 0 all others are the same.
    let rough: Vec<_> = build(world, &kept, &frame(false), rule).members().collect();
    for (rough, exact) in rough
        .iter()
        .zip(build(world, &kept, &frame(true), rule).members())
    {
        let later = |active: &[u64]| {
            let mut active = active.to_vec();
            active[0] &= !1;
            active
        };
        assert_eq!(
            later(&rough.active),
            later(&exact.active),
            "{grain:?} {rule:?} {world:#?}"
        );
    }
}

/// The frame of the calendar's periods that sees all of the last.
fn open_frame(world: &World, plan: &RetentionPlan, own: bool) -> Frame {
    let (calendar, at_least) = (Window::Calendar, world.at_least);
    Frame::new(&plan.periods, plan.as_of, i64::MIN, calendar, at_least, own)
}

/// Everything of one question: the tally by blocks, the tally entry by entry, the naive matrix.
fn counts_match(world: &World, asked: &RetentionQuery, rule: naive::Rule, every: u32) {
    let (window, rolling) = match (asked.window, asked.grain.length()) {
        (query::Window::Calendar, _) => (Window::Calendar, None),
        (query::Window::Rolling, Length::Seconds(seconds)) => {
            let length = SignedDuration::from_secs(i64::from(seconds));
            (
                Window::Rolling(i64::from(seconds) * 1_000_000),
                Some(length),
            )
        }
        // Anniversaries are the reference's.
        (query::Window::Rolling, Length::Months(_)) => return,
    };
    let kept = Kept::of(world);
    let wider = RetentionQuery {
        cohorts: CohortRange::Between {
            from: world.earlier,
            to: None,
        },
        ..asked.clone()
    };
    let (Some(plan), Some(wider)) = (plan(world, asked), plan(world, &wider)) else {
        return;
    };
    let needs = Rule::new(asked);
    let counting = Counting::new(&needs, plan.reach(0));
    let frame = Frame::new(
        &wider.periods,
        plan.as_of,
        kept.newest,
        window,
        world.at_least,
        counting.needs_own(),
    );
    let offset = frame
        .offset(plan.periods.bounds[0])
        .expect("it begins earlier");
    let sets = build(world, &kept, &frame, rule);
    let selection = Selection::of((0..1000).filter(|customer| customer % every == 0));
    let chosen = sets.choose(&selection);
    let mut fast = Tally::new(needs.clone(), &plan);
    let some = (every > 1).then_some(&chosen[..]);
    sets.count(&counting, &plan, offset, some, None, &mut fast);
    if window == Window::Calendar {
        // The same from sets that see all of the last period, and what of it came before as-of.
        let open = open_frame(world, &wider, counting.needs_own());
        let all = build(world, &kept, &open, rule);
        let (from, to) = open.last_period().expect("as-of is in it");
        let mut chunks = kept.chunks(&world.active, Depth::Exact);
        chunks.retain(|(month, _)| (Month::of(from)..=Month::of(to - 1)).contains(month));
        let chunks = chunks.iter().map(|(month, chunk)| (*month, chunk));
        let last = all.last_period(&open, false, chunks).expect("own bytes");
        // As they come back from the disk, for a question that begins later.
        let bytes = kept::to_bytes(&open, &all, Some(&last));
        let asked = open_frame(world, &plan, counting.needs_own());
        let back = kept::parse(&bytes, &asked, CUSTOMERS).expect("own bytes");
        assert_eq!(
            (&back.frame, &back.sets, back.last.as_ref()),
            (&open, &all, Some(&last))
        );
        let last = last.before(&all, micros(plan.as_of));
        let chosen = all.choose(&selection);
        let some = (every > 1).then_some(&chosen[..]);
        let mut patched = Tally::new(needs.clone(), &plan);
        all.count(&counting, &plan, offset, some, Some(&last), &mut patched);
        assert_eq!(patched, fast, "{asked:?} {rule:?} of {world:#?}");
    }

    let mut expected = naive::entries(world, asked.grain, world.from, rule, rolling);
    expected.retain(|entry| entry.customer % every == 0);
    let mut slow = Tally::new(needs, &plan);
    for entry in &expected {
        let cohort = plan
            .periods
            .starts
            .iter()
            .position(|start| *start == entry.cohort);
        let active = periods_set(entry.active.iter().copied());
        slow.add(
            &plan,
            cohort.expect("a cohort"),
            entry.start,
            entry.given,
            &active,
        );
    }
    assert_eq!(fast, slow, "{asked:?} {rule:?} of {world:#?}");

    let number = |n: u32| usize::try_from(n).expect("small");
    let found: Vec<naive::Row> = plan
        .periods
        .starts
        .iter()
        .zip(&fast.cohorts)
        .map(|(start, cohort)| {
            let cells = cohort
                .retained
                .iter()
                .enumerate()
                .map(|(column, retained)| {
                    let base = cohort.base.get(column).unwrap_or(&cohort.size);
                    (number(*base), number(*retained))
                });
            (*start, number(cohort.size), cells.collect())
        })
        .collect();
    let columns: Vec<usize> = found.iter().map(|row| row.2.len()).collect();
    assert_eq!(
        found,
        naive::matrix(world, asked, &expected, &columns),
        "{asked:?} {rule:?} of {world:#?}"
    );
}

fn questions() -> impl Strategy<Value = (World, RetentionQuery)> {
    (worlds(150), prop::sample::select(GRAINS.to_vec())).prop_flat_map(|(world, grain)| {
        let query = question(&world, grain, world.from);
        settings::counting(query).prop_map(move |query| (world.clone(), query))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sets_are_those_of_the_naive_program(world in worlds(30), hours in 1_i64..400) {
        for grain in GRAINS {
            for rule in RULES {
                for rolling in [None, Some(24), Some(7 * 24), Some(hours)] {
                    sets_match(&world, grain, rule, rolling.map(SignedDuration::from_hours));
                }
            }
        }
    }

    #[test]
    fn kept_sets_are_refused_when_they_are_broken(world in worlds(30), at: prop::sample::Index, byte: u8, cut: bool) {
        let query = question(&world, Grain::Week, world.from);
        if let Some(plan) = plan(&world, &query) {
            let frame = open_frame(&world, &plan, true);
            let sets = build(&world, &Kept::of(&world), &frame, naive::Rule::Signup);
            let mut bytes = kept::to_bytes(&frame, &sets, None);
            let at = at.index(bytes.len());
            if cut {
                prop_assert!(kept::parse(&bytes[..at], &frame, CUSTOMERS).is_err());
            } else {
                bytes[at] = byte;
                // Another number may have a sense; a panic has none.
                drop(kept::parse(&bytes, &frame, CUSTOMERS));
            }
            let few = kept::parse(&kept::to_bytes(&frame, &sets, None), &frame, 0);
            prop_assert_eq!(few.is_err(), !sets.is_empty());
        }
    }

    #[test]
    fn counts_are_those_of_the_naive_program((world, query) in questions(), every in 1_u32..4) {
        for kind in RetentionKind::ALL {
            let follow_up = query.follow_up.filter(|_| kind == query.kind);
            let query = RetentionQuery { kind, follow_up, ..query.clone() };
            for rule in RULES {
                counts_match(&world, &query, rule, every);
            }
        }
    }
}

#[test]
fn one_customer_with_a_hundred_thousand_events() {
    let first = "2024-03-30T22:00:00Z"
        .parse::<Timestamp>()
        .expect("an instant");
    let events = (0..100_000_i64).map(|n| {
        let at = first + SignedDuration::from_micros(n * n % 30_000_000 * 1_000_003);
        (i32::try_from(n % 3).expect("small"), at)
    });
    let world = World {
        zone: "Europe/Berlin",
        week_start: analysis::period::WeekStart::Monday,
        customers: vec![world::Customer {
            signup_given: Some(first + SignedDuration::from_mins(7)),
            events: events.collect(),
        }],
        active: vec![0, 2],
        from: Date::constant(2024, 3, 1),
        earlier: Date::constant(2024, 1, 1),
        as_of: first + SignedDuration::from_hours(24 * 300),
        at_least: 3,
    };
    assert!(micros(world.as_of) > 0);
    for grain in GRAINS {
        sets_match(&world, grain, naive::Rule::Signup, None);
        sets_match(
            &world,
            grain,
            naive::Rule::Signup,
            Some(SignedDuration::from_hours(24)),
        );
        counts_match(
            &world,
            &question(&world, grain, world.from),
            naive::Rule::EachEvent,
            1,
        );
    }
}
