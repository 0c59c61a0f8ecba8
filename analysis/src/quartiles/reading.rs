//! From facts about customers to groups, differences and a verdict.

use std::cmp::Reverse;

use super::count::{Groups, Table};
use super::verdict::{Pace, verdict};
use super::{Customers, Effect, FeatureSet, Group, Quartiles, Reading, ScanRow, Trend, cut};
use crate::query::{QuartileQuery, Zeros};
use crate::stats::{
    Stratum, TrendGroup, cochran_armitage, holm, mantel_haenszel, newcombe, p_value, rate,
};

/// The most features in a scan: those used by the most customers.
const SCANNED: usize = 100;

/// Reads the facts for one feature, given as places of names. `periods` is the number of periods in which the counted
/// customers signed up.
pub fn read(
    query: &QuartileQuery,
    facts: &impl Customers,
    feature: &[u32],
    landmark: bool,
    periods: u32,
) -> Reading {
    let table = Table::of(facts, feature, landmark, query.zeros);
    let usage = table.usage();
    let cuts = cut(&usage);
    let who = (feature, landmark, query.zeros);
    let groups = Groups::of(facts, who, cuts, query.outcome);
    let mut all = groups.never.clone();
    for part in &groups.parts {
        all.merge(part);
    }
    let [high, moderate, infrequent] = groups.parts;
    let quartiles = cuts.map(|cuts| Quartiles {
        cuts,
        infrequent,
        moderate,
        high,
    });
    let raw = quartiles.as_ref().and_then(|of| {
        let sizes = |group: &Group| (group.left, group.customers);
        raw(sizes(&of.high), sizes(&of.infrequent))
    });
    let (adjusted, strata) = match cuts.and_then(|cuts| adjusted(&table.split(cuts).1)) {
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
        gone: facts.size(false) - all.customers,
        never: (query.zeros == Zeros::Apart).then_some(groups.never),
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

/// A group as (left, customers).
fn trend_group(score: u8, (left, customers): (u64, u64)) -> TrendGroup {
    TrendGroup {
        score: f64::from(score),
        successes: left,
        trials: customers,
    }
}

fn trend(quartiles: &Quartiles) -> Option<Trend> {
    let group = |score, group: &Group| trend_group(score, (group.left, group.customers));
    let z = cochran_armitage(&[
        group(0, &quartiles.infrequent),
        group(1, &quartiles.moderate),
        group(2, &quartiles.high),
    ])?;
    Some(Trend { z, p: p_value(z) })
}

/// The difference as it is, with Newcombe's interval and the p-value of the pooled test of two rates; of groups as
/// (left, customers).
fn raw(high: (u64, u64), infrequent: (u64, u64)) -> Option<Effect> {
    let z = cochran_armitage(&[trend_group(0, infrequent), trend_group(1, high)]);
    Some(Effect {
        difference: rate(high.0, high.1)? - rate(infrequent.0, infrequent.1)?,
        interval: newcombe(high, infrequent)?,
        p: z.map_or(1.0, p_value),
    })
}

/// The Mantel-Haenszel difference over quarters of other activity, and the number of strata behind it.
fn adjusted(strata: &[Stratum]) -> Option<(Effect, u32)> {
    let found = mantel_haenszel(strata)?;
    let effect = Effect {
        difference: found.difference,
        interval: found.interval,
        p: p_value(found.z),
    };
    Some((effect, found.strata))
}

/// Reads the facts for every single event and every saved set of events, those that keep customers most first, and tells how many events were left
/// out, being used by the fewest. P-values of all together are corrected by Holm.
pub fn scan(
    query: &QuartileQuery,
    facts: &impl Customers,
    sets: &[FeatureSet],
    periods: u32,
) -> (Vec<ScanRow>, u32) {
    let (places, not_scanned) = most_used(query, facts);
    let rows = places.into_iter().filter_map(|place| {
        let name = facts.names().get(usize::try_from(place).ok()?)?;
        scan_row(query, facts, (name, None, &[place]), periods)
    });
    let mut rows: Vec<ScanRow> = rows.collect();
    rows.extend(sets.iter().filter_map(|set| {
        let places = places_of(facts, &set.events);
        scan_row(query, facts, (&set.name, Some(set), &places), periods)
    }));
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

/// Places of the names that were ever sent.
pub(super) fn places_of(facts: &impl Customers, names: &[String]) -> Vec<u32> {
    let places = (0..).zip(facts.names());
    let named = places.filter(|(_, name)| names.contains(name));
    named.map(|(place, _)| place).collect()
}

/// What [`read`] says, without what the scan does not show; `None` for what nobody used.
fn scan_row(
    query: &QuartileQuery,
    facts: &impl Customers,
    (name, set, places): (&str, Option<&FeatureSet>, &[u32]),
    periods: u32,
) -> Option<ScanRow> {
    let table = Table::of(facts, places, query.landmark, query.zeros);
    let users = table.users();
    let split = cut(&table.usage()).map(|cuts| table.split(cuts));
    let raw = split
        .as_ref()
        .and_then(|([high, _, infrequent], _)| raw(*high, *infrequent));
    let groups = split.as_ref().map(|(groups, _)| *groups);
    let adjusted = split.and_then(|(_, strata)| Some(adjusted(&strata)?.0));
    let pace = Pace {
        customers: facts.size(query.landmark),
        periods,
    };
    (users > 0).then(|| ScanRow {
        feature: name.to_owned(),
        set: set.cloned(),
        users,
        groups,
        verdict: verdict(raw.as_ref(), adjusted.as_ref(), query.material, pace),
        raw,
        adjusted,
        holm: None,
    })
}

/// Places of the events with the most users among those counted, and how many others have users.
fn most_used(query: &QuartileQuery, facts: &impl Customers) -> (Vec<u32>, u32) {
    if facts.names().len() <= SCANNED {
        return (
            (0..).zip(facts.names()).map(|(place, _)| place).collect(),
            0,
        );
    }
    let mut users: Vec<(u64, u32)> = facts.users(query.landmark).into_iter().zip(0..).collect();
    users.retain(|(customers, _)| *customers > 0);
    users.sort_by_key(|(customers, place)| (Reverse(*customers), *place));
    let others = users.len().saturating_sub(SCANNED);
    users.truncate(SCANNED);
    let places = users.into_iter().map(|(_, place)| place).collect();
    (places, u32::try_from(others).unwrap_or(u32::MAX))
}
