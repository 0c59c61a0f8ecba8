//! From facts about customers to groups, differences and a verdict.

use std::cmp::Reverse;

use super::count::{Counts, Spread};
use super::verdict::{Pace, verdict};
use super::{Customers, Effect, Group, Quartiles, Reading, ScanRow, Trend, cut, difference};
use crate::query::{QuartileQuery, Zeros};
use crate::stats::{Stratum, TrendGroup, cochran_armitage, holm, mantel_haenszel, p_value};

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
    let spread = Spread::of(facts, feature, landmark, query.zeros);
    let cuts = cut(&spread.usage);
    let who = (feature, landmark, query.zeros);
    let counts = Counts::of(facts, who, (cuts, spread.limits), query.outcome);
    let mut all = counts.never.clone();
    for part in &counts.parts {
        all.merge(part);
    }
    let [infrequent, moderate, high] = counts.parts;
    let quartiles = cuts.map(|cuts| Quartiles {
        cuts,
        infrequent,
        moderate,
        high,
    });
    let raw = quartiles
        .as_ref()
        .and_then(|of| raw(&of.high, &of.infrequent));
    let (adjusted, strata) = match cuts.and_then(|_| adjusted(&counts.strata)) {
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
        never: (query.zeros == Zeros::Apart).then_some(counts.never),
        trend: quartiles.as_ref().and_then(trend),
        quartiles,
        usage: spread.usage,
        verdict: verdict(raw.as_ref(), adjusted.as_ref(), query.material, pace),
        raw,
        adjusted,
        strata,
        all,
    }
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
fn raw(high: &Group, infrequent: &Group) -> Option<Effect> {
    let (difference, interval) = difference(high, infrequent)?;
    let z = cochran_armitage(&[trend_group(0, infrequent), trend_group(1, high)]);
    Some(Effect {
        difference,
        interval,
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

/// Reads the facts for every single event, those that keep customers most first, and tells how many events were left
/// out, being used by the fewest. P-values of all together are corrected by Holm.
pub fn scan(query: &QuartileQuery, facts: &impl Customers, periods: u32) -> (Vec<ScanRow>, u32) {
    let (users, not_scanned) = most_used(query, facts);
    let mut rows: Vec<ScanRow> = users
        .into_iter()
        .filter_map(|(users, place)| {
            let name = facts.names().get(usize::try_from(place).ok()?)?;
            Some(scan_row(query, facts, (name, place, users), periods))
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

/// What [`read`] says, without what the scan does not show.
fn scan_row(
    query: &QuartileQuery,
    facts: &impl Customers,
    (name, place, users): (&str, u32, u64),
    periods: u32,
) -> ScanRow {
    let spread = Spread::of(facts, &[place], query.landmark, query.zeros);
    let cuts = cut(&spread.usage);
    let who = (&[place][..], query.landmark, query.zeros);
    let counts = cuts.map(|_| Counts::of(facts, who, (cuts, spread.limits), 0));
    let raw = counts
        .as_ref()
        .and_then(|counts| raw(&counts.parts[2], &counts.parts[0]));
    let adjusted = counts.and_then(|counts| Some(adjusted(&counts.strata)?.0));
    let pace = Pace {
        customers: facts.size(query.landmark),
        periods,
    };
    ScanRow {
        feature: name.to_owned(),
        users,
        verdict: verdict(raw.as_ref(), adjusted.as_ref(), query.material, pace),
        raw,
        adjusted,
        holm: None,
    }
}

/// The events with the most users among those counted, as (users, place), and how many others have users.
fn most_used(query: &QuartileQuery, facts: &impl Customers) -> (Vec<(u64, u32)>, u32) {
    let mut users: Vec<(u64, u32)> = facts.users(query.landmark).into_iter().zip(0..).collect();
    users.retain(|(customers, _)| *customers > 0);
    users.sort_by_key(|(customers, place)| (Reverse(*customers), *place));
    let others = users.len().saturating_sub(SCANNED);
    users.truncate(SCANNED);
    (users, u32::try_from(others).unwrap_or(u32::MAX))
}
