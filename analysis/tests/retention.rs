//! The matrix against a naive oracle: from raw customers and events, one customer at a time, with a calendar of its own.
//!
//! The oracle knows no bounds, no plan and no sets of periods. It labels every instant by its local date and compares labels.

use std::collections::BTreeSet;

use analysis::period::{Calendar, Grain, WeekStart};
use analysis::query::{
    AsOf, CohortRange, ColumnZero, QueryError, RetentionKind, RetentionQuery, Window,
};
use analysis::report::{Cell, CellState, Overall, RetentionReport};
use analysis::rule::Rule;
use analysis::shape::{About, RetentionPlan, shape};
use analysis::tally::{Tally, periods_set};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, ToSpan, Unit};
use proptest::prelude::*;

#[path = "retention/edges.rs"]
mod edges;
#[path = "support/settings.rs"]
mod settings;
use settings::counting;

/// One customer: when he signed up, whether that was given, and when he did something.
type Customer = (Timestamp, bool, Vec<Timestamp>);

#[derive(Debug)]
struct World {
    zone: &'static str,
    week_start: WeekStart,
    now: Timestamp,
    query: RetentionQuery,
    customers: Vec<Customer>,
}

/// A number that grows by one from each calendar period to the next.
fn label(world: &World, date: Date) -> i64 {
    let epoch = Date::constant(1970, 1, 1);
    let days = i64::from(date.since(epoch).expect("in range").get_days());
    let (year, month) = (i64::from(date.year()), i64::from(date.month()));
    match (world.query.grain, world.week_start) {
        (Grain::Day, _) => days,
        (Grain::Week, WeekStart::Monday) => (days + 3).div_euclid(7),
        (Grain::Week, WeekStart::Sunday) => (days + 4).div_euclid(7),
        (Grain::Month, _) => year * 12 + month - 1,
        (Grain::Quarter, _) => (year * 12 + month - 1).div_euclid(3),
        (Grain::Year, _) => year,
    }
}

struct Oracle<'a> {
    world: &'a World,
    zone: TimeZone,
    as_of: Timestamp,
    /// Labels of all periods that had begun at as-of, from long before the first customer.
    begun: Vec<i64>,
}

impl Oracle<'_> {
    fn new(world: &World) -> Oracle<'_> {
        let zone = TimeZone::get(world.zone).expect("the zone is in the data base");
        let asked = match world.query.as_of {
            AsOf::Now => world.now,
            AsOf::Instant(at) => at,
            AsOf::Date(date) => date.to_zoned(zone.clone()).expect("in range").timestamp(),
        };
        let mut oracle = Oracle {
            world,
            zone,
            // nothing finer than a microsecond is stored
            as_of: asked
                .min(world.now)
                .round(
                    TimestampRound::new()
                        .smallest(Unit::Microsecond)
                        .mode(RoundMode::Trunc),
                )
                .expect("years of our own"),
            begun: Vec::new(),
        };
        let (step, reach) = match world.query.grain {
            Grain::Day => (1, 120),
            Grain::Week => (6, 300),
            Grain::Month => (12, 1_200),
            Grain::Quarter => (24, 4_000),
            Grain::Year => (48, 12_000),
        };
        let mut at = oracle.as_of - SignedDuration::from_hours(24 * reach);
        while at < oracle.as_of {
            oracle.begun.push(oracle.label_at(at));
            at += SignedDuration::from_hours(step);
        }
        let last_visible = oracle.as_of - SignedDuration::from_nanos(1);
        oracle.begun.push(oracle.label_at(last_visible));
        oracle.begun.dedup();
        oracle
    }

    fn label_at(&self, at: Timestamp) -> i64 {
        label(self.world, self.zone.to_datetime(at).date())
    }

    /// Positions in `begun` of the cohorts.
    fn cohorts(&self) -> Vec<usize> {
        let all = 0..self.begun.len();
        match self.world.query.cohorts {
            CohortRange::Last(count) => {
                let count = usize::try_from(count).expect("small");
                all.skip(self.begun.len() - count).collect()
            }
            CohortRange::Between { from, to } => {
                let from = label(self.world, from);
                let to = to.map_or(i64::MAX, |to| label(self.world, to));
                all.filter(|i| (from..=to).contains(&self.begun[*i]))
                    .collect()
            }
        }
    }

    fn members(&self, own: i64) -> impl Iterator<Item = &Customer> {
        let visible = |customer: &&Customer| customer.0 < self.as_of;
        let customers = self.world.customers.iter().filter(visible);
        customers.filter(move |customer| self.label_at(customer.0) == own)
    }

    /// The numbers of a customer's periods with visible activity, counted from his cohort's own.
    fn active(&self, own: usize, customer: &Customer) -> BTreeSet<usize> {
        let (signup, _, events) = customer;
        let counted = events
            .iter()
            .filter(|at| **at >= *signup && **at < self.as_of);
        let number = |at: &Timestamp| match self.world.query.window {
            Window::Calendar => {
                let label = self.label_at(*at);
                let place = self.begun.iter().position(|one| *one == label);
                place.expect("begun") - own
            }
            Window::Rolling => {
                let later = (1..).take_while(|k| self.anniversary(*signup, *k) <= *at);
                later.count()
            }
        };
        counted.map(number).collect()
    }

    /// The beginning of the `k`-th period from a start, by hours or by adding to what the clock showed.
    fn anniversary(&self, start: Timestamp, k: i64) -> Timestamp {
        let months = match self.world.query.grain {
            Grain::Day => return start + SignedDuration::from_hours(24 * k),
            Grain::Week => return start + SignedDuration::from_hours(7 * 24 * k),
            Grain::Month => k,
            Grain::Quarter => 3 * k,
            Grain::Year => 12 * k,
        };
        let clock = self.zone.to_datetime(start) + months.months();
        let later = clock.to_zoned(self.zone.clone()).expect("in range");
        if k == 0 { start } else { later.timestamp() }
    }

    /// How many periods of a cohort have begun for some member, and ended for every member.
    fn seen(&self, own: usize) -> (usize, usize) {
        if self.world.query.window == Window::Calendar {
            let begun = &self.begun[own..];
            let runs = begun
                .iter()
                .any(|label| self.label_at(self.as_of) <= *label);
            return (begun.len(), begun.len() - usize::from(runs));
        }
        let (mut begun, mut ended) = (0, usize::MAX);
        for (start, _, _) in self.members(self.begun[own]) {
            let begins = |k: &i64| self.anniversary(*start, *k) < self.as_of;
            begun = begun.max((0..).take_while(begins).count());
            let ends = |k: &i64| self.anniversary(*start, *k) <= self.as_of;
            ended = ended.min((1..).take_while(ends).count());
        }
        (begun, ended)
    }

    /// The periods of a column, as numbers of periods after the cohort's own; `None` for an open end.
    fn span(&self, column: usize) -> (usize, Option<usize>) {
        let query = &self.world.query;
        let number = |n: u32| usize::try_from(n).expect("small");
        let limit = query.follow_up.map(number);
        match query.kind {
            RetentionKind::OnOrAfter => (column, limit),
            RetentionKind::Brackets if column > 0 => {
                let bracket = query.brackets[column - 1];
                (number(bracket.from), bracket.to.map(number).or(limit))
            }
            _ => (column, Some(column)),
        }
    }

    /// The columns of a cohort that have begun.
    fn columns(&self, own: usize) -> usize {
        let query = &self.world.query;
        let (begun, _) = self.seen(own);
        let brackets = query.brackets.iter();
        match (query.kind, query.follow_up) {
            (RetentionKind::Brackets, _) => {
                let number = |n: u32| usize::try_from(n).expect("small");
                1 + brackets.filter(|b| number(b.from) < begun).count()
            }
            (_, Some(last)) => begun.min(usize::try_from(last).expect("small") + 1),
            (_, None) => begun,
        }
    }

    fn cell(&self, own: usize, column: usize) -> Cell {
        let query = &self.world.query;
        let measured = query.column_zero == ColumnZero::Measured;
        let (from, to) = self.span(column);
        let is_active = |set: &BTreeSet<usize>, k: usize| set.contains(&k);
        let last = to.unwrap_or(5_000);
        let (mut retained, mut base) = (0, 0);
        for customer in self.members(self.begun[own]) {
            let set = self.active(own, customer);
            let any = (from..=last).any(|k| is_active(&set, k));
            let before = match column {
                0 => true,
                1 if !measured => true,
                k => is_active(&set, k - 1),
            };
            let counts = match query.kind {
                _ if column == 0 && !measured => true,
                RetentionKind::Streak if column > 0 => (1..=column).all(|k| is_active(&set, k)),
                RetentionKind::Previous => before && any,
                _ => any,
            };
            retained += u32::from(counts);
            base += u32::from(before);
        }
        let (_, all_ended) = self.seen(own);
        let ended = |k: usize| k < all_ended;
        let or_after = query.kind == RetentionKind::OnOrAfter;
        let state = match to {
            _ if column == 0 && !measured && ended(0) => CellState::Complete,
            Some(to) if ended(to) => CellState::Complete,
            None if ended(from) => CellState::Open,
            Some(_) if or_after && ended(from) => CellState::Open,
            _ => CellState::Running,
        };
        let base = (query.kind == RetentionKind::Previous).then_some(base);
        Cell {
            retained,
            base,
            state,
        }
    }
}

/// What the engines do: the set of active periods of each entry, from the plan's bounds.
fn count(world: &World, plan: &RetentionPlan) -> Tally {
    let index = |at: Timestamp| {
        let bounds = plan.periods.bounds.windows(2);
        let found = bounds.enumerate().find(|(_, b)| b[0] <= at && at < b[1]);
        found.map(|(i, _)| i)
    };
    // Two halves, as if two had counted at once.
    let rule = Rule::new(&world.query);
    let mut halves = [Tally::new(rule.clone(), plan), Tally::new(rule, plan)];
    for (place, (signup, given, events)) in world.customers.iter().enumerate() {
        let Some(cohort) = index(*signup).filter(|_| *signup < plan.as_of) else {
            continue;
        };
        let counted = events
            .iter()
            .filter(|at| **at >= *signup && **at < plan.as_of);
        let calendar = &plan.calendar;
        let active = periods_set(counted.map(|at| match plan.window {
            Window::Calendar => index(*at).expect("begun") - cohort,
            Window::Rolling => calendar.rolling_period(plan.periods.grain, *signup, *at),
        }));
        halves[place % 2].add(plan, cohort, *signup, *given, &active);
    }
    let [mut tally, other] = halves;
    tally.merge(&other);
    tally
}

fn report_of(world: &World) -> Result<RetentionReport, QueryError> {
    let calendar =
        Calendar::new(world.zone, world.week_start).expect("the zone is in the data base");
    let plan = RetentionPlan::new(&world.query, &calendar, world.now)?;
    Ok(shape(
        &world.query,
        &plan,
        &count(world, &plan),
        About::default(),
    ))
}

fn compare(world: &World) -> Result<(), TestCaseError> {
    let oracle = Oracle::new(world);
    let expected = oracle.cohorts();
    let report = match report_of(world) {
        Ok(report) => report,
        Err(QueryError::RangeAhead { .. }) if expected.is_empty() => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    prop_assert_eq!(report.as_of, oracle.as_of);
    prop_assert_eq!(report.cohorts.len(), expected.len());
    let mut overall = vec![None::<Overall>; report.columns()];
    for (cohort, own) in report.cohorts.iter().zip(expected) {
        prop_assert_eq!(label(world, cohort.start), oracle.begun[own]);
        let size = oracle.members(oracle.begun[own]).count();
        prop_assert_eq!(cohort.size, u32::try_from(size).expect("few"));
        let cells: Vec<Cell> = (0..oracle.columns(own))
            .map(|column| oracle.cell(own, column))
            .collect();
        if size == 0 && world.query.window == Window::Rolling {
            // No member, no period of his; the row is there all the same.
            prop_assert!(cohort.cells.iter().all(|cell| cell.retained == 0));
            continue;
        }
        prop_assert_eq!(&cohort.cells, &cells, "cohort of {}", cohort.start);
        let own_ended = oracle.label_at(oracle.as_of) > oracle.begun[own];
        prop_assert_eq!(cohort.forming, !own_ended);
        for (column, (pooled, cell)) in overall.iter_mut().zip(&cells).enumerate() {
            let members = cell.base.unwrap_or(cohort.size);
            // Open cells are pooled only where none can ever be complete.
            let never = oracle.span(column).1.is_none() && cell.state == CellState::Open;
            if members > 0 && (cell.state == CellState::Complete || never) {
                let pooled = pooled.get_or_insert(Overall {
                    retained: 0,
                    size: 0,
                    cohorts: 0,
                });
                pooled.retained += u64::from(cell.retained);
                pooled.size += u64::from(members);
                pooled.cohorts += 1;
            }
        }
    }
    prop_assert_eq!(&report.overall, &overall);
    let total: u64 = report
        .cohorts
        .iter()
        .map(|cohort| u64::from(cohort.size))
        .sum();
    prop_assert_eq!(report.customers, total);
    prop_assert_eq!(report.signup_given + report.signup_inferred, total);
    Ok(())
}

/// Zones and instants around which their calendars are odd.
const SCENES: [(&str, &str); 10] = [
    ("Europe/Berlin", "2024-12-28T12:00:00Z"),
    ("Europe/Berlin", "2025-03-30T01:00:00Z"),
    ("America/New_York", "2024-02-28T12:00:00Z"),
    ("America/New_York", "2020-12-31T12:00:00Z"),
    ("Asia/Kathmandu", "2021-01-01T00:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ("Asia/Beirut", "2025-10-25T22:00:00Z"),
    ("America/Havana", "2025-11-02T05:00:00Z"),
    ("Australia/Lord_Howe", "2025-10-04T15:30:00Z"),
];

fn midnight(zone: &str, at: Timestamp) -> Timestamp {
    let zone = TimeZone::get(zone).expect("the zone is in the data base");
    let date = zone.to_datetime(at).date();
    date.to_zoned(zone).expect("in range").timestamp()
}

/// An instant within `reach` hours of the scene's: any second, or within a nanosecond of a local midnight.
fn instant(scene: (&'static str, &'static str), reach: i64) -> impl Strategy<Value = Timestamp> {
    let around: Timestamp = scene.1.parse().expect("an instant");
    let any =
        (-reach * 3600..reach * 3600).prop_map(move |s| around + SignedDuration::from_secs(s));
    let edge = (any.clone(), -1_i64..=1).prop_map(move |(at, nanoseconds)| {
        midnight(scene.0, at) + SignedDuration::from_nanos(nanoseconds)
    });
    prop_oneof![any, edge]
}

fn as_of(scene: (&'static str, &'static str), reach: i64) -> impl Strategy<Value = AsOf> {
    let zone = TimeZone::get(scene.0).expect("the zone is in the data base");
    prop_oneof![
        Just(AsOf::Now),
        instant(scene, reach).prop_map(AsOf::Instant),
        instant(scene, reach).prop_map(move |at| AsOf::Date(zone.to_datetime(at).date())),
    ]
}

fn range(scene: (&'static str, &'static str), reach: i64) -> impl Strategy<Value = CohortRange> {
    let zone = TimeZone::get(scene.0).expect("the zone is in the data base");
    let dates = (
        instant(scene, reach),
        prop::option::of(instant(scene, reach)),
    );
    prop_oneof![
        (1_u32..20).prop_map(CohortRange::Last),
        dates.prop_map(move |(from, to)| {
            let from = zone.to_datetime(from).date();
            let to = to.map(|to| zone.to_datetime(to).date().max(from));
            CohortRange::Between { from, to }
        }),
    ]
}

fn worlds() -> impl Strategy<Value = World> {
    let settings = (
        prop::sample::select(SCENES.to_vec()),
        prop::sample::select(Grain::ALL.to_vec()),
        prop::sample::select(WeekStart::ALL.to_vec()),
    );
    settings.prop_flat_map(|(scene, grain, week_start)| {
        let days = match grain {
            Grain::Day => 7,
            Grain::Week => 40,
            Grain::Month => 200,
            Grain::Quarter => 600,
            Grain::Year => 1_500,
        };
        let reach = days * 24;
        let customer = (
            instant(scene, reach),
            any::<bool>(),
            prop::collection::vec(instant(scene, reach), 0..12),
        );
        (
            prop::collection::vec(customer, 0..40),
            instant(scene, reach),
            as_of(scene, reach),
            range(scene, reach),
            counting(RetentionQuery {
                grain,
                ..RetentionQuery::default()
            }),
        )
            .prop_map(move |(mut customers, now, as_of, cohorts, query)| {
                // Every third customer also does something in the very instant of signing up.
                for (signup, _, events) in customers.iter_mut().step_by(3) {
                    events.push(*signup);
                }
                let query = RetentionQuery {
                    as_of,
                    cohorts,
                    ..query
                };
                World {
                    zone: scene.0,
                    week_start,
                    now,
                    query,
                    customers,
                }
            })
    })
}

proptest! {
    #[test]
    fn the_matrix_is_what_counting_by_hand_gives(world in worlds()) {
        compare(&world)?;
    }

    /// A report of the past is the report that was made then, and what came after changes nothing.
    #[test]
    fn the_past_does_not_change(mut world in worlds()) {
        world.query.as_of = AsOf::Now;
        let then = report_of(&world);
        world.query.as_of = AsOf::Instant(world.now);
        world.now += SignedDuration::from_hours(24 * 90);
        let mut later = report_of(&world);
        if let Ok(report) = &mut later {
            report.query.as_of = AsOf::Now;
        }
        prop_assert_eq!(then, later);
    }
}
