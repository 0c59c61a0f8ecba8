//! The whole answer.

use super::{ComparisonReport, Mix, MixPart, Pair, Segment, SegmentKey, Test, overall};
use crate::query::{ComparisonQuery, Split};
use crate::report::RetentionReport;
use crate::shape::{About, RetentionPlan, shape};
use crate::stats::{Ending, LogRank, Shift, chi_squared_p, holm, kaplan_meier, kitagawa, log_rank};
use crate::tally::Tally;

/// What was counted of a segment.
#[derive(Clone, PartialEq, Debug)]
pub struct ComparisonFacts {
    /// Which customers it holds.
    pub key: SegmentKey,
    /// Its name on pages.
    pub name: String,
    /// Its cohorts.
    pub tally: Tally,
    /// How long its customers stayed.
    pub endings: Vec<Ending>,
    /// The cohorts that are compared with, by the plan of these.
    pub earlier: Option<Tally>,
}

impl ComparisonFacts {
    /// Whether anybody was counted.
    pub fn counted(&self) -> bool {
        let tallies = [Some(&self.tally), self.earlier.as_ref()];
        let mut cohorts = tallies
            .into_iter()
            .flatten()
            .flat_map(|tally| &tally.cohorts);
        cohorts.any(|cohort| cohort.size > 0)
    }
}

/// Answers a question from what was counted of each segment. `query` names its split and its activity; `earlier` is the
/// plan of the cohorts compared with.
pub fn answer(
    query: ComparisonQuery,
    (plan, earlier): (&RetentionPlan, Option<&RetentionPlan>),
    facts: Vec<ComparisonFacts>,
    (folded, overlapping): (u32, u64),
    about: About,
) -> ComparisonReport {
    let whole = matches!(query.split, Some(Split::Trait(_)));
    let total = whole.then(|| {
        let mut all = Tally::new(crate::rule::Rule::new(&query.retention), plan);
        facts.iter().for_each(|one| all.merge(&one.tally));
        shape(&query.retention, plan, &all, about)
    });
    let before: Vec<RetentionReport> = match (earlier, query.earlier()) {
        (Some(earlier), Some(asked)) if whole => {
            let tallies = facts.iter().filter_map(|one| one.earlier.as_ref());
            let reports = tallies.map(|tally| shape(&asked, earlier, tally, about));
            reports.collect()
        }
        _ => Vec::new(),
    };
    let segments: Vec<Segment> = facts
        .into_iter()
        .map(|one| Segment {
            report: shape(&query.retention, plan, &one.tally, about),
            survival: kaplan_meier(&one.endings),
            key: one.key,
            name: one.name,
            endings: one.endings,
        })
        .collect();
    let quoted = segments.iter().map(|one| &one.report).chain(&total);
    let quoted = quoted.filter_map(|report| Some(report.quoted()?.period));
    let column = quoted.max();
    let endings: Vec<&[Ending]> = segments.iter().map(|one| &one.endings[..]).collect();
    let mut report = ComparisonReport {
        baseline: baseline(&query, &segments),
        column,
        test: log_rank(&endings).map(|found| test(&found)),
        pairs: pairs(&endings),
        mix: None,
        query,
        segments,
        total,
        folded,
        overlapping,
    };
    report.mix = earlier.and_then(|plan| mix(&report, &before, plan));
    report
}

/// The segment asked for, else the largest.
fn baseline(query: &ComparisonQuery, segments: &[Segment]) -> usize {
    let wanted = query.baseline.as_deref();
    let named = |segment: &Segment| Some(segment.key.param()) == wanted;
    let largest = || {
        let places = segments.iter().enumerate().rev();
        let largest = places.max_by_key(|(_, one)| one.report.customers);
        largest.map_or(0, |(place, _)| place)
    };
    segments.iter().position(named).unwrap_or_else(largest)
}

fn test(found: &LogRank) -> Test {
    Test {
        chi_squared: found.chi_squared,
        freedom: found.freedom,
        p: chi_squared_p(found.chi_squared, found.freedom),
    }
}

/// Every two segments.
fn pairs(endings: &[&[Ending]]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for a in 0..endings.len() {
        for b in a + 1..endings.len() {
            let Some(found) = log_rank(&[endings[a], endings[b]]) else {
                continue;
            };
            let more = found.observed.iter().zip(&found.expected);
            let more = more.map(|(observed, expected)| crate::stats::float(*observed) > *expected);
            let first = more.take(1).any(|more| more);
            let (sooner, later) = if first { (a, b) } else { (b, a) };
            let test = test(&found);
            pairs.push(Pair {
                sooner,
                later,
                test,
                holm: test.p,
            });
        }
    }
    let p: Vec<f64> = pairs.iter().map(|pair| pair.test.p).collect();
    for (pair, holm) in pairs.iter_mut().zip(holm(&p)) {
        pair.holm = holm;
    }
    pairs
}

fn mix(report: &ComparisonReport, before: &[RetentionReport], plan: &RetentionPlan) -> Option<Mix> {
    let column = report.column?;
    let counts = |report: &RetentionReport| {
        overall(report, column).map_or((0, 0), |pooled| (pooled.retained, pooled.size))
    };
    let shifts: Vec<Shift> = before
        .iter()
        .zip(&report.segments)
        .map(|(before, now)| Shift {
            before: counts(before),
            after: counts(&now.report),
        })
        .collect();
    let parts = kitagawa(&shifts)?.into_iter().zip(shifts);
    let starts = plan.cohort_starts();
    Some(Mix {
        cohorts: (*starts.first()?, *starts.last()?),
        column,
        parts: parts
            .map(|(contribution, shift)| MixPart {
                before: shift.before,
                after: shift.after,
                contribution,
            })
            .collect(),
    })
}
