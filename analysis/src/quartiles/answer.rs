//! The whole answer.

use jiff::Timestamp;

use super::choice::interesting;
use super::reading::{places_of, read, scan};
use super::verdict::Pace;
use super::{Customers, FeatureSet, Launch, Plan, QuartileReport, Reading};
use crate::query::QuartileQuery;
use crate::shape::{About, RetentionPlan};
use crate::stats::{Z_80, float, per_side};

/// Differences that a launch is planned for, in points, beside the one that is material.
const PLANNED: [u32; 4] = [2, 3, 5, 10];

/// How much of an answer is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// One feature. All are scanned only if none is named, to find the one to look at.
    Feature,
    /// The scan alone: the report's readings are of no feature.
    Scan,
    /// Both.
    Both,
}

/// Answers a question from the facts about its customers. `query` names its activity; `plan` is that of its population,
/// `sets` are all sets of events that are saved.
pub fn answer(
    query: &QuartileQuery,
    plan: &RetentionPlan,
    facts: &impl Customers,
    about: About,
    (wanted, sets): (Wanted, &[FeatureSet]),
) -> QuartileReport {
    let mut query = query.clone();
    let mut set = sets
        .iter()
        .find(|set| Some(&set.slug) == query.set.as_ref())
        .cloned();
    if let Some(set) = &set {
        // The report's question stays one that can be asked again, whatever becomes of the set.
        query.choose(set.events.clone());
    }
    let periods = observed(&query, plan);
    let (scan, not_scanned) = match wanted {
        Wanted::Feature if !query.feature.is_empty() => (Vec::new(), 0),
        _ => scan(&query, facts, sets, periods),
    };
    if wanted == Wanted::Scan {
        query.feature.clear();
        set = None;
    } else if query.feature.is_empty() {
        match interesting(&scan).map(|row| (&row.feature, &row.set)) {
            Some((_, Some(found))) => {
                query.feature.clone_from(&found.events);
                set = Some(found.clone());
            }
            Some((event, None)) => query.feature = vec![event.clone()],
            None => {}
        }
    }
    let feature = places_of(facts, &query.feature);
    let reading = read(&query, facts, &feature, query.landmark, periods);
    let other = read(&query, facts, &feature, !query.landmark, periods);
    let starts = plan.cohort_starts();
    let local = |at: Timestamp| plan.calendar.datetime(at);
    QuartileReport {
        zone: plan.calendar.zone_name().to_owned(),
        as_of: plan.as_of,
        as_of_local: local(plan.as_of),
        cohorts: (
            starts.first().copied().unwrap_or_default(),
            starts.last().copied().unwrap_or_default(),
        ),
        watermark_local: about.watermark.map(local),
        not_over: facts.not_over(),
        no_start: about.left_out,
        internal: about.internal,
        experiment: experiment(&query, &reading, periods),
        launch: launch(&query, &reading, periods),
        reading,
        other,
        scan,
        not_scanned,
        set,
        query,
    }
}

/// In how many of the cohorts' periods customers could sign up whose outcome window is over; at least 1.
fn observed(query: &QuartileQuery, plan: &RetentionPlan) -> u32 {
    let all = u32::try_from(plan.periods.len()).unwrap_or(u32::MAX);
    let over = all.saturating_sub(query.exposure + query.outcome);
    over.min(plan.cohort_count).max(1)
}

/// An experiment in which light users are brought to use the feature, that is to find what remains of the difference.
fn experiment(query: &QuartileQuery, reading: &Reading, periods: u32) -> Option<Plan> {
    let base = reading.quartiles.as_ref()?.infrequent.attrition()?;
    let reached = (base + reading.adjusted?.difference).clamp(0.0, 1.0);
    plan(query, reading, periods, (base, reached), 2)
}

/// A feature still to be launched, whose users are split into quarters, of which the outer two are to differ. The
/// direction of a difference is the one that takes more customers.
fn launch(query: &QuartileQuery, reading: &Reading, periods: u32) -> Option<Launch> {
    let base = reading.all.attrition()?;
    let mut points = PLANNED.to_vec();
    points.push(query.material);
    points.sort_unstable();
    points.dedup();
    let plans = points.into_iter().filter_map(|points| {
        let difference = f64::from(points) / 100.0;
        let reached = if base > 0.5 {
            base - difference
        } else {
            base + difference
        };
        plan(query, reading, periods, (base, reached), 4)
    });
    Some(Launch {
        base,
        arrivals: float(reading.customers) / f64::from(periods),
        plans: plans.collect(),
    })
}

/// What it takes to tell two rates apart when everybody who signs up falls into one of `groups` equal groups.
fn plan(
    query: &QuartileQuery,
    reading: &Reading,
    periods: u32,
    (base, reached): (f64, f64),
    groups: u64,
) -> Option<Plan> {
    let per_side = per_side(base, reached, Z_80)?;
    let pace = Pace {
        customers: reading.customers,
        periods,
    };
    let signups = pace.periods_for(per_side.checked_mul(groups)?);
    Some(Plan {
        base,
        difference: (reached - base).abs(),
        per_side,
        periods: signups.map(|signups| signups + query.exposure + query.outcome),
    })
}
