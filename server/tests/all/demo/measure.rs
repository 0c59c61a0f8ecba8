//! A second, naive reading of the definitions, on rows in memory: retention and feature-usage quartiles.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use server::demo::{CREATED_VALUE, CustomerHistory, DemoOptions};
use std::collections::BTreeMap;
use store::EventRecord;

/// How the four exposure weeks and the eight outcome weeks are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Window {
    /// Weeks of the calendar from the one of the signup.
    Calendar,
    /// Seven days each from the signup.
    Rolling,
}

/// The settings of a question about a feature.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub window: Window,
    /// Only those who were active in the last exposure week.
    pub landmark: bool,
    /// Other activity is all other events (true), or only those that make value.
    pub all_events: bool,
}

/// Customers who left, of how many.
#[derive(Clone, Copy, Debug, Default)]
pub struct Left {
    pub left: u32,
    pub of: u32,
}

/// What the quartiles of a feature say; differences are high minus infrequent, in points.
#[derive(Clone, Debug)]
pub struct Quartiles {
    pub never: Left,
    pub low: Left,
    pub middle: Left,
    pub high: Left,
    pub bottom_cut: u32,
    pub top_cut: u32,
    pub raw: f64,
    pub raw_half_width: f64,
    pub adjusted: f64,
    pub adjusted_half_width: f64,
}

/// All customers of a demo.
pub struct Population {
    pub customers: Vec<CustomerHistory>,
    pub until: Timestamp,
}

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Left {
    pub fn rate(self) -> f64 {
        f64::from(self.left) / f64::from(self.of)
    }

    pub fn add(&mut self, left: bool) {
        self.of += 1;
        self.left += u32::from(left);
    }
}

impl Population {
    pub fn new(options: &DemoOptions) -> Self {
        let zone = jiff::tz::TimeZone::UTC;
        Self {
            customers: options
                .generator()
                .flat_map(|history| history.customers)
                .collect(),
            until: options
                .until
                .to_zoned(zone)
                .expect("a date of our days")
                .timestamp(),
        }
    }

    pub fn events(&self) -> impl Iterator<Item = &EventRecord> {
        self.customers.iter().flat_map(|customer| &customer.events)
    }

    /// The Monday of the customer's signup week.
    pub fn week(&self, customer: &CustomerHistory) -> Date {
        start(customer, Window::Calendar)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date()
    }

    /// Customers by signup week.
    pub fn cohorts(&self) -> BTreeMap<Date, u32> {
        let mut cohorts = BTreeMap::new();
        for customer in &self.customers {
            *cohorts.entry(self.week(customer)).or_default() += 1;
        }
        cohorts
    }

    /// Whether the customer made any value in the calendar week `weeks_later` weeks after the one that begins on `week`.
    pub fn active_in(&self, customer: &CustomerHistory, week: Date, weeks_later: i64) -> bool {
        let zoned = week
            .to_zoned(jiff::tz::TimeZone::UTC)
            .expect("a date of our days");
        let from = zoned.timestamp() + SignedDuration::from_hours(24 * 7 * weeks_later);
        active(customer, from, from + WEEK)
    }

    /// Of those active in a week, how many were not seen in any of the eight weeks after the following one.
    pub fn gone(&self, week: Date, weeks_later: i64) -> Left {
        let mut gone = Left::default();
        for customer in &self.customers {
            if self.active_in(customer, week, weeks_later) {
                let mut later = weeks_later + 2..weeks_later + 10;
                gone.add(!later.any(|later| self.active_in(customer, week, later)));
            }
        }
        gone
    }

    /// Share of customers active in the k-th calendar week after their signup's, over those whose week k is over.
    pub fn retention(&self, k: i32, who: impl Fn(&CustomerHistory) -> bool) -> Left {
        let mut retained = Left::default();
        for customer in self.customers.iter().filter(|customer| who(customer)) {
            let from = start(customer, Window::Calendar) + WEEK * k;
            if from + WEEK <= self.until {
                retained.add(active(customer, from, from + WEEK));
            }
        }
        retained
    }

    /// Attrition by usage of a feature: four weeks of exposure, eight of outcome.
    pub fn quartiles(&self, feature: &str, reading: Reading) -> Quartiles {
        let mut never = Left::default();
        let mut users: Vec<(u32, u32, bool)> = Vec::new();
        for customer in &self.customers {
            let from = start(customer, reading.window);
            let cut = from + WEEK * 4;
            let end = cut + WEEK * 8;
            if end > self.until || (reading.landmark && !active(customer, from + WEEK * 3, cut)) {
                continue;
            }
            let left = !active(customer, cut, end);
            let (mut used, mut other) = (0, 0);
            for event in &customer.events {
                if event.at < cut && event.name == feature {
                    used += 1;
                } else if event.at < cut && (reading.all_events || makes_value(&event.name)) {
                    other += 1;
                }
            }
            if used == 0 {
                never.add(left);
            } else {
                users.push((used, other, left));
            }
        }
        let (bottom_cut, top_cut) = cuts(users.iter().map(|(used, ..)| *used));
        let mut groups = [Left::default(); 3];
        for (used, _, left) in &users {
            let group = if *used <= bottom_cut {
                0
            } else if *used >= top_cut {
                2
            } else {
                1
            };
            groups[group].add(*left);
        }
        let [low, middle, high] = groups;
        let (adjusted, adjusted_half_width) = mantel_haenszel(&mut users, bottom_cut, top_cut);
        let variance = |group: Left| group.rate() * (1.0 - group.rate()) / f64::from(group.of);
        Quartiles {
            never,
            low,
            middle,
            high,
            bottom_cut,
            top_cut,
            raw: 100.0 * (high.rate() - low.rate()),
            raw_half_width: 196.0 * (variance(high) + variance(low)).sqrt(),
            adjusted,
            adjusted_half_width,
        }
    }
}

/// Where the customer's weeks begin: the signup, or the midnight of the Monday before it. The demo keeps away from the
/// hours around midnight, so weeks cut in UTC hold the same events as weeks cut in Berlin.
fn start(customer: &CustomerHistory, window: Window) -> Timestamp {
    let signup = customer
        .customer
        .signup_at
        .expect("the demo gives all signups");
    match window {
        Window::Rolling => signup,
        Window::Calendar => {
            let zoned = signup.to_zoned(jiff::tz::TimeZone::UTC);
            let back = i64::from(zoned.weekday().to_monday_zero_offset());
            let midnight = zoned
                .start_of_day()
                .expect("a date of our days")
                .timestamp();
            midnight - SignedDuration::from_hours(24 * back)
        }
    }
}

pub fn makes_value(name: &str) -> bool {
    CREATED_VALUE.contains(&name)
}

fn active(customer: &CustomerHistory, from: Timestamp, to: Timestamp) -> bool {
    customer
        .events
        .iter()
        .any(|event| from <= event.at && event.at < to && makes_value(&event.name))
}

/// The bottom and the top cut: nearest to a quarter each, equal usage never split, ties to the smaller group.
fn cuts(usage: impl Iterator<Item = u32>) -> (u32, u32) {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    let mut total = 0;
    for used in usage {
        *counts.entry(used).or_default() += 1;
        total += 1;
    }
    // distance from a quarter in units of 1/(4 n), then the size of the group
    let distance = |group: u32| ((4 * group).abs_diff(total), group);
    let at_least = |cut: u32| counts.range(cut..).map(|(_, n)| n).sum::<u32>();
    let at_most = |cut: u32| counts.range(..=cut).map(|(_, n)| n).sum::<u32>();
    let values = || counts.keys().copied();
    let top = values()
        .skip(1)
        .min_by_key(|cut| distance(at_least(*cut)))
        .expect("usage varies");
    let bottom = values()
        .filter(|cut| *cut < top)
        .min_by_key(|cut| distance(at_most(*cut)))
        .expect("the lowest usage");
    (bottom, top)
}

/// The common risk difference high minus low over quarters of other activity (Greenland & Robins 1985), in points, with
/// half of its 95 % interval.
fn mantel_haenszel(users: &mut [(u32, u32, bool)], bottom_cut: u32, top_cut: u32) -> (f64, f64) {
    users.sort_by_key(|(_, other, _)| *other);
    let quarter = |q: usize| users[(users.len() * q / 4).min(users.len() - 1)].1;
    let limits = [quarter(1), quarter(2), quarter(3)];
    let mut strata = [[Left::default(); 2]; 4];
    for (used, other, left) in users.iter() {
        let stratum = limits.iter().filter(|limit| other >= *limit).count();
        if *used <= bottom_cut {
            strata[stratum][0].add(*left);
        } else if *used >= top_cut {
            strata[stratum][1].add(*left);
        }
    }
    let (mut difference, mut weight, mut variance) = (0.0, 0.0, 0.0);
    for [low, high] in strata
        .iter()
        .filter(|[low, high]| low.of > 0 && high.of > 0)
    {
        let (m, n) = (f64::from(low.of), f64::from(high.of));
        let w = m * n / (m + n);
        difference += w * (high.rate() - low.rate());
        weight += w;
        variance +=
            w * w * (low.rate() * (1.0 - low.rate()) / m + high.rate() * (1.0 - high.rate()) / n);
    }
    (
        100.0 * difference / weight,
        196.0 * variance.sqrt() / weight,
    )
}
