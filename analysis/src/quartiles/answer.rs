//! The whole answer.

use jiff::Timestamp;

use super::reading::{read, scan};
use super::verdict::Pace;
use super::{Facts, Plan, QuartileReport, Reading};
use crate::query::QuartileQuery;
use crate::shape::{About, RetentionPlan};
use crate::stats::{Z_80, per_side};

/// Answers a question from the facts about its customers. `query` names its activity; `plan` is that of its population.
pub fn answer(
    query: &QuartileQuery,
    plan: &RetentionPlan,
    facts: &Facts,
    about: About,
) -> QuartileReport {
    let mut query = query.clone();
    let periods = observed(&query, plan);
    let (scan, not_scanned) = scan(&query, facts, periods);
    if query.feature.is_empty() {
        let first = scan.first().map(|row| row.feature.clone());
        query.feature = first.into_iter().collect();
    }
    let feature = facts.places(&query.feature);
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
        not_over: facts.not_over,
        no_start: about.left_out,
        internal: about.internal,
        experiment: experiment(&query, &reading, periods),
        launch: launch(&query, &reading, periods),
        reading,
        other,
        scan,
        not_scanned,
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

/// A feature still to be launched, whose users are split into quarters, of which the outer two are to differ by a
/// material difference. Its direction is the one that takes more customers.
fn launch(query: &QuartileQuery, reading: &Reading, periods: u32) -> Option<Plan> {
    let base = reading.all.attrition()?;
    let material = f64::from(query.material) / 100.0;
    let reached = if base > 0.5 {
        base - material
    } else {
        base + material
    };
    plan(query, reading, periods, (base, reached), 4)
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
