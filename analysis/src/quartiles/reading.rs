//! From facts about customers to groups, differences and a verdict.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::verdict::{Pace, verdict};
use super::{
    Cuts, Effect, FactRow, Facts, Group, Quartiles, Reading, ScanRow, Trend, cut, difference,
};
use crate::query::{QuartileQuery, Zeros};
use crate::stats::{Stratum, TrendGroup, cochran_armitage, holm, mantel_haenszel, p_value};

/// Strata of other activity: quarters.
const STRATA: usize = 4;
/// The most features in a scan: those used by the most customers.
const SCANNED: usize = 100;

/// Customers alike in what matters for one feature.
struct Unit {
    uses: u32,
    other: u32,
    customers: u64,
    active: u64,
}

impl Group {
    fn empty(periods: u32) -> Self {
        let periods = usize::try_from(periods).unwrap_or_default();
        Group {
            active: vec![0; periods],
            ..Group::default()
        }
    }

    fn add(&mut self, unit: &Unit) {
        self.customers += unit.customers;
        if unit.active == 0 {
            self.left += unit.customers;
        }
        for (period, count) in (0..u64::BITS).zip(&mut self.active) {
            *count += unit.customers * (unit.active >> period & 1);
        }
    }
}

/// Reads the facts for one feature, given as places in [`Facts::names`]. `periods` is the number of periods in which the
/// counted customers signed up.
pub fn read(
    query: &QuartileQuery,
    facts: &Facts,
    feature: &[u32],
    landmark: bool,
    periods: u32,
) -> Reading {
    let mut all = Group::empty(query.outcome);
    let mut never = (query.zeros == Zeros::Apart).then(|| Group::empty(query.outcome));
    let mut gone = 0;
    let mut units = Vec::new();
    for row in &facts.rows {
        if landmark && !row.lately {
            gone += u64::from(row.customers);
            continue;
        }
        let unit = unit(row, feature);
        all.add(&unit);
        match &mut never {
            Some(never) if unit.uses == 0 => never.add(&unit),
            _ => units.push(unit),
        }
    }
    let usage = histogram(units.iter().map(|unit| (unit.uses, unit.customers)));
    let cuts = cut(&usage);
    let quartiles = cuts.map(|cuts| split(&units, cuts, query.outcome));
    let raw = quartiles.as_ref().and_then(raw);
    let (adjusted, strata) = match cuts.and_then(|cuts| adjusted(&units, cuts)) {
        Some((effect, strata)) => (Some(effect), strata),
        None => (None, 0),
    };
    let pace = Pace {
        customers: all.customers,
        periods,
    };
    Reading {
        landmark,
        customers: all.customers,
        gone,
        never,
        trend: quartiles.as_ref().and_then(trend),
        quartiles,
        usage,
        verdict: verdict(raw.as_ref(), adjusted.as_ref(), query.material, pace),
        raw,
        adjusted,
        strata,
        all,
    }
}

fn unit(row: &FactRow, feature: &[u32]) -> Unit {
    let (uses, other) = row.uses(|event| feature.contains(&event));
    Unit {
        uses,
        other,
        customers: u64::from(row.customers),
        active: row.active,
    }
}

/// Values in ascending order, each with its customers.
fn histogram(counts: impl Iterator<Item = (u32, u64)>) -> Vec<(u32, u64)> {
    let mut sums: BTreeMap<u32, u64> = BTreeMap::new();
    for (value, customers) in counts {
        *sums.entry(value).or_default() += customers;
    }
    sums.into_iter().collect()
}

fn split(units: &[Unit], cuts: Cuts, outcome: u32) -> Quartiles {
    let mut quartiles = Quartiles {
        cuts,
        infrequent: Group::empty(outcome),
        moderate: Group::empty(outcome),
        high: Group::empty(outcome),
    };
    for unit in units {
        let group = if unit.uses <= cuts.bottom {
            &mut quartiles.infrequent
        } else if unit.uses >= cuts.top {
            &mut quartiles.high
        } else {
            &mut quartiles.moderate
        };
        group.add(unit);
    }
    quartiles
}

fn trend_group(score: u8, group: &Group) -> TrendGroup {
    TrendGroup {
        score: f64::from(score),
        successes: group.left,
        trials: group.customers,
    }
}

fn trend(quartiles: &Quartiles) -> Option<Trend> {
    let z = cochran_armitage(&[
        trend_group(0, &quartiles.infrequent),
        trend_group(1, &quartiles.moderate),
        trend_group(2, &quartiles.high),
    ])?;
    Some(Trend { z, p: p_value(z) })
}

/// The difference as it is, with Newcombe's interval and the p-value of the pooled test of two rates.
fn raw(quartiles: &Quartiles) -> Option<Effect> {
    let (high, infrequent) = (&quartiles.high, &quartiles.infrequent);
    let (difference, interval) = difference(high, infrequent)?;
    let z = cochran_armitage(&[trend_group(0, infrequent), trend_group(1, high)]);
    Some(Effect {
        difference,
        interval,
        p: z.map_or(1.0, p_value),
    })
}

/// The Mantel-Haenszel difference over quarters of other activity, and the number of strata behind it.
fn adjusted(units: &[Unit], cuts: Cuts) -> Option<(Effect, u32)> {
    let other = histogram(units.iter().map(|unit| (unit.other, unit.customers)));
    let limits = limits(&other);
    let mut strata = [Stratum::default(); STRATA];
    for unit in units {
        // A stratum begins at its limit, so equal activity is never split.
        let place = limits.iter().filter(|limit| unit.other >= **limit).count();
        let stratum = strata.get_mut(place)?;
        let side = if unit.uses >= cuts.top {
            &mut stratum.a
        } else if unit.uses <= cuts.bottom {
            &mut stratum.b
        } else {
            continue;
        };
        side.1 += unit.customers;
        if unit.active == 0 {
            side.0 += unit.customers;
        }
    }
    let found = mantel_haenszel(&strata)?;
    let effect = Effect {
        difference: found.difference,
        interval: found.interval,
        p: p_value(found.z),
    };
    Some((effect, found.strata))
}

/// The values at one, two and three quarters of all customers in ascending order.
fn limits(values: &[(u32, u64)]) -> Vec<u32> {
    let total: u64 = values.iter().map(|(_, customers)| customers).sum();
    let value_at = |place: u64| {
        let mut so_far = 0;
        let found = values.iter().find(|(_, customers)| {
            so_far += customers;
            place < so_far
        });
        found.map(|(value, _)| *value)
    };
    [total / 4, total / 2, total * 3 / 4]
        .into_iter()
        .filter_map(value_at)
        .collect()
}

/// Reads the facts for every single event, those that keep customers most first, and tells how many events were left
/// out, being used by the fewest. P-values of all together are corrected by Holm.
pub fn scan(query: &QuartileQuery, facts: &Facts, periods: u32) -> (Vec<ScanRow>, u32) {
    let (users, not_scanned) = most_used(query, facts);
    let mut rows: Vec<ScanRow> = users
        .into_iter()
        .filter_map(|(users, place)| {
            let reading = read(query, facts, &[place], query.landmark, periods);
            Some(ScanRow {
                feature: facts.names.get(usize::try_from(place).ok()?)?.clone(),
                users,
                raw: reading.raw,
                adjusted: reading.adjusted,
                holm: None,
                verdict: reading.verdict,
            })
        })
        .collect();
    let given: Vec<f64> = rows
        .iter()
        .filter_map(|row| Some(row.adjusted?.p))
        .collect();
    let tested = rows.iter_mut().filter(|row| row.adjusted.is_some());
    for (row, p) in tested.zip(holm(&given)) {
        row.holm = Some(p);
    }
    let effect = |row: &ScanRow| row.adjusted.map_or(2.0, |effect| effect.difference);
    rows.sort_by(|a, b| {
        effect(a)
            .total_cmp(&effect(b))
            .then_with(|| a.feature.cmp(&b.feature))
    });
    (rows, not_scanned)
}

/// The events with the most users among those counted, as (users, place), and how many others have users.
fn most_used(query: &QuartileQuery, facts: &Facts) -> (Vec<(u64, u32)>, u32) {
    let mut users: Vec<(u64, u32)> = (0..)
        .zip(&facts.names)
        .map(|(place, _)| (0, place))
        .collect();
    let counted = |row: &&FactRow| row.lately || !query.landmark;
    for row in facts.rows.iter().filter(counted) {
        for (event, count) in &row.events {
            let place = usize::try_from(*event).ok();
            if let Some((customers, _)) = place.and_then(|place| users.get_mut(place))
                && *count > 0
            {
                *customers += u64::from(row.customers);
            }
        }
    }
    users.retain(|(customers, _)| *customers > 0);
    users.sort_by_key(|(customers, place)| (Reverse(*customers), *place));
    let others = users.len().saturating_sub(SCANNED);
    users.truncate(SCANNED);
    (users, u32::try_from(others).unwrap_or(u32::MAX))
}
