//! Leaving by brute force, straight from the definitions: every customer, every date.

use crate::world::{Customer, World};
use analysis::churn::{Churn, ChurnPeriod};
use analysis::period::{Grain, WeekStart};
use analysis::query::{ChurnQuery, TraitTest};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use std::collections::BTreeSet;

/// Opening, lost, new, returned.
type Moves = (u64, u64, u64, u64);

#[derive(Clone, Debug, PartialEq)]
pub struct Period {
    pub start: Date,
    pub last: Date,
    pub opening: u64,
    pub churn: Option<Moves>,
    pub before: Option<Moves>,
    /// New, retained, returned, dormant.
    pub lifecycle: (u64, u64, u64, Option<u64>),
    pub stickiness: Option<Vec<u64>>,
}

impl From<&ChurnPeriod> for Period {
    fn from(found: &ChurnPeriod) -> Self {
        let moves = |of: Churn| (of.opening, of.lost, of.new, of.returned);
        let cycle = found.lifecycle;
        Self {
            start: found.start,
            last: found.last,
            opening: found.opening,
            churn: found.churn.map(moves),
            before: found.before.map(moves),
            lifecycle: (cycle.new, cycle.retained, cycle.returned, cycle.dormant),
            stickiness: found.stickiness.as_ref().map(|of| of.days.clone()),
        }
    }
}

/// Name, last active day, active days, day of coming back.
pub type Lost = (String, Date, usize, Option<Date>);

pub struct Oracle<'a> {
    world: &'a World,
    query: &'a ChurnQuery,
    /// Each customer's name and active dates; only those with any.
    people: Vec<(String, BTreeSet<Date>)>,
    /// The date that contains as-of.
    today: Date,
    threshold: u32,
}

impl<'a> Oracle<'a> {
    pub fn new(world: &'a World, query: &'a ChurnQuery) -> Self {
        let zone = TimeZone::get(&world.zone).unwrap();
        let date = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let people = world.customers.iter().filter(|one| admits(world, one));
        let people = people.map(|customer| {
            let counted = customer.events.iter().filter(|(name, at, _)| {
                (query.any_event || query.active.contains(name)) && *at < world.as_of
            });
            let dates = counted.map(|(_, at, _)| date(*at)).collect();
            (customer.id.clone(), dates)
        });
        let mut oracle = Self {
            world,
            query,
            people: people
                .filter(|(_, dates): &(_, BTreeSet<Date>)| !dates.is_empty())
                .collect(),
            today: date(world.as_of),
            threshold: 0,
        };
        oracle.threshold = oracle.find_threshold();
        oracle
    }

    pub fn threshold(&self) -> u32 {
        self.threshold
    }

    pub fn customers(&self) -> usize {
        self.people.len()
    }

    fn first(&self) -> Option<Date> {
        self.people
            .iter()
            .map(|(_, dates)| *dates.first().unwrap())
            .min()
    }

    /// Horizon, returns after so many days, open gaps, gaps that began too late.
    pub fn returns(&self) -> (u32, Vec<u64>, u64, u64) {
        let Some(first) = self.first() else {
            return (0, Vec::new(), 0, 0);
        };
        let horizon = days(first, self.today) / 2;
        let mut after = vec![0; usize::try_from(horizon).unwrap()];
        let (mut open, mut late) = (0, 0);
        for (_, dates) in &self.people {
            for date in dates {
                if days(*date, self.today) <= horizon {
                    late += 1;
                    continue;
                }
                let gap = dates.iter().find(|next| *next > date);
                match gap.map(|next| days(*date, *next)) {
                    Some(gap) if gap <= horizon => after[usize::try_from(gap - 1).unwrap()] += 1,
                    _ => open += 1,
                }
            }
        }
        (u32::try_from(horizon).unwrap(), after, open, late)
    }

    /// The threshold asked for, else the least that nine of ten returns came within, else 30.
    fn find_threshold(&self) -> u32 {
        let (_, after, ..) = self.returns();
        let total: u64 = after.iter().sum();
        let nine = |within: &u32| {
            let within = usize::try_from(*within).unwrap();
            after[..within].iter().sum::<u64>() * 10 >= total * 9
        };
        self.query.threshold.unwrap_or_else(|| {
            let all = 1..=u32::try_from(after.len()).unwrap();
            let proposed = all.into_iter().find(nine);
            proposed.filter(|_| total >= 30).unwrap_or(30)
        })
    }

    fn ended(&self, end: Date) -> bool {
        let zone = TimeZone::get(&self.world.zone).unwrap();
        end.to_zoned(zone).unwrap().timestamp() <= self.world.as_of
    }

    fn active_at(&self, dates: &BTreeSet<Date>, at: Date) -> bool {
        let from = at - i64::from(self.threshold).days();
        dates.range(from..at).next().is_some()
    }

    fn next(&self, start: Date) -> Date {
        match self.query.grain {
            Grain::Day => start + 1.day(),
            Grain::Week => start + 7.days(),
            Grain::Month => start + 1.month(),
            Grain::Quarter => start + 3.months(),
            Grain::Year => start + 1.year(),
        }
    }

    fn moves(&self, start: Date, end: Date) -> Moves {
        let mut moves = (0, 0, 0, 0);
        for (_, dates) in &self.people {
            let at_start = self.active_at(dates, start);
            let at_end = self.active_at(dates, end);
            moves.0 += u64::from(at_start);
            moves.1 += u64::from(at_start && !at_end);
            if at_end && !at_start {
                let ever = dates.range(..start).next().is_some();
                moves.2 += u64::from(!ever);
                moves.3 += u64::from(ever);
            }
        }
        moves
    }

    pub fn periods(&self) -> Vec<Period> {
        let Some(first) = self.first() else {
            return Vec::new();
        };
        let mut start = self.floor(self.world.from);
        let zone = TimeZone::get(&self.world.zone).unwrap();
        let mut periods = Vec::new();
        while start.to_zoned(zone.clone()).unwrap().timestamp() < self.world.as_of {
            let end = self.next(start);
            if first < end {
                periods.push(self.period(start, end));
            }
            start = end;
        }
        periods
    }

    fn period(&self, start: Date, end: Date) -> Period {
        let ended = self.ended(end);
        let (year, previous) = match self.query.grain {
            Grain::Week => (start - 364.days(), start - 7.days()),
            Grain::Month => (start - 12.months(), start - 1.month()),
            Grain::Quarter => (start - 12.months(), start - 3.months()),
            Grain::Day | Grain::Year => (start - 12.months(), start - 12.months()),
        };
        let moves = self.moves(start, end);
        let before = self.moves(year, self.next(year));
        let (mut cycle, mut dormant) = ((0, 0, 0), 0);
        let length = i64::from(self.query.sticky_days);
        let mut sticky = vec![0; usize::try_from(length).unwrap()];
        for (_, dates) in &self.people {
            let was = dates.range(previous..start).next().is_some();
            let is = dates.range(start..end).next().is_some();
            let ever = dates.range(..start).next().is_some();
            cycle.0 += u64::from(is && !ever);
            cycle.1 += u64::from(is && was);
            cycle.2 += u64::from(is && ever && !was);
            dormant += u64::from(was && !is);
            let count = dates.range(end - length.days()..end).count();
            if count > 0 {
                sticky[count - 1] += 1;
            }
        }
        Period {
            start,
            last: end - 1.day(),
            opening: moves.0,
            churn: ended.then_some(moves),
            before: (ended && before.0 > 0).then_some(before),
            lifecycle: (cycle.0, cycle.1, cycle.2, ended.then_some(dormant)),
            stickiness: ended.then_some(sticky),
        }
    }

    /// The first date of the period that contains a date.
    fn floor(&self, mut date: Date) -> Date {
        let first_day = match self.world.week_start {
            WeekStart::Monday => Weekday::Monday,
            WeekStart::Sunday => Weekday::Sunday,
        };
        loop {
            let begins = match self.query.grain {
                Grain::Day => true,
                Grain::Week => date.weekday() == first_day,
                Grain::Month => date.day() == 1,
                Grain::Quarter => date.day() == 1 && date.month() % 3 == 1,
                Grain::Year => date.day_of_year() == 1,
            };
            if begins {
                return date;
            }
            date = date.yesterday().unwrap();
        }
    }

    /// Those lost in a period.
    pub fn lost(&self, start: Date) -> Vec<Lost> {
        let end = self.next(start);
        let gone = self
            .people
            .iter()
            .filter(|(_, dates)| self.active_at(dates, start) && !self.active_at(dates, end));
        let mut lost: Vec<Lost> = gone
            .map(|(name, dates)| {
                let before = dates.range(..end);
                let last = *before.clone().next_back().unwrap();
                let back = dates.range(end..).next().copied();
                (name.clone(), last, before.count(), back)
            })
            .collect();
        lost.sort();
        lost
    }

    /// Of the week that ends so many weeks before a period's end: those who were lost in it and had begun, and their
    /// active days.
    pub fn lost_week(&self, start: Date, back: i64) -> (u64, u64) {
        let end = self.next(start);
        let (from, to) = (end - (7 * (back + 1)).days(), end - (7 * back).days());
        let (mut customers, mut days) = (0, 0);
        for (_, dates) in &self.people {
            let gone = self.active_at(dates, start) && !self.active_at(dates, end);
            if gone && *dates.first().unwrap() < to {
                customers += 1;
                days += u64::try_from(dates.range(from..to).count()).unwrap();
            }
        }
        (customers, days)
    }

    /// Those with a pace of their own, and the names of those who fell below it.
    pub fn quiet(&self) -> (u64, Vec<String>) {
        let turn = self.today - 28.days();
        let (mut known, mut quiet) = (0, Vec::new());
        for (name, dates) in &self.people {
            let first = *dates.first().unwrap();
            let from = first.max(turn - 84.days());
            let observed = days(from, turn);
            if !self.active_at(dates, self.today) || observed < 28 {
                continue;
            }
            let earlier = i64::try_from(dates.range(from..turn).count()).unwrap();
            if earlier * 28 < 3 * observed {
                continue;
            }
            known += 1;
            let recent = i64::try_from(dates.range(turn..self.today).count()).unwrap();
            if 100 * recent * observed < i64::from(self.query.pace) * earlier * 28 {
                quiet.push(name.clone());
            }
        }
        quiet.sort();
        (known, quiet)
    }
}

fn days(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
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
