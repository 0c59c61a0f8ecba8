//! Answers about segments as other programs get them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{FindingDocument, RetentionDocument};
use crate::comparison::{ComparisonReport, Mix, Pair, SegmentKey, Test};
use crate::query::ComparisonQuery;
use crate::report::RetentionReport;
use crate::stats::{Contribution, Interval, Step, at_risk, rate};
use crate::words;

/// Segments side by side, written out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "SegmentsDocument"))]
pub struct SegmentsDocument<'a, R = RetentionDocument<'a>> {
    /// Every choice behind the numbers, in one line.
    pub method: String,
    /// Which segments differ and which can't be told apart, in words.
    pub finding: FindingDocument,
    /// The question, with its split and the events that were used.
    pub query: &'a ComparisonQuery,
    /// How many values are in "other".
    pub folded: u32,
    /// Customers in more than one of the segments.
    pub overlapping: u64,
    /// The name of the segment that others are compared with; `null` without segments.
    pub baseline: Option<&'a str>,
    /// The column whose rates are quoted; `null` where no cohort has finished one.
    pub column: Option<u32>,
    /// Named segments, those of other values, those of none.
    pub segments: Vec<SegmentDocument<'a, R>>,
    /// All customers together; `null` where segments may overlap.
    pub total: Option<R>,
    /// What a change of the total comes from; `null` when no other cohorts were asked for.
    pub mix: Option<MixDocument<'a>>,
}

/// A segment and its retention.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "SegmentDocument"))]
pub struct SegmentDocument<'a, R = RetentionDocument<'a>> {
    /// Its name on pages.
    pub name: &'a str,
    /// Which customers it holds.
    pub key: &'a SegmentKey,
    /// Its matrix and overall row.
    pub retention: R,
    /// Column by column from 0, the difference of its overall row from the baseline's; `null` where there is none.
    pub differences: Vec<Option<DifferenceDocument>>,
}

/// A difference of two rates.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DifferenceDocument {
    /// The segment's rate minus the baseline's, -1 to 1.
    pub difference: f64,
    /// Newcombe's 95 % interval of it.
    pub interval: Interval,
}

/// A change of the total.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MixDocument<'a> {
    /// The same in words.
    pub sentence: String,
    /// First local date of the first cohort compared with.
    pub from: Date,
    /// First local date of the last cohort compared with.
    pub to: Date,
    /// The column whose rates are compared.
    pub column: u32,
    /// The total rate in the cohorts compared with.
    pub before: Option<f64>,
    /// The total rate in the cohorts asked for.
    pub after: Option<f64>,
    /// How much of the change comes from who signed up, and how much from how they stayed.
    pub total: Contribution,
    /// The same for each segment.
    pub segments: Vec<MixPartDocument<'a>>,
}

/// What a segment contributed to a change of the total.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MixPartDocument<'a> {
    /// Its name on pages.
    pub name: &'a str,
    /// Its customers in finished cohorts, before and after.
    pub customers: (u64, u64),
    /// Its rate, before and after; `null` where it had no customers.
    pub rates: (Option<f64>, Option<f64>),
    /// How much of the change comes from its share, and how much from its rate.
    pub contribution: Contribution,
}

/// How long customers stay, written out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SurvivalDocument<'a> {
    /// Every choice behind the numbers, in one line.
    pub method: String,
    /// Which segments differ and which can't be told apart, in words.
    pub finding: FindingDocument,
    /// The question, with its split and the events that were used.
    pub query: &'a ComparisonQuery,
    /// The exclusive limit of what was visible; `null` without segments.
    pub as_of: Option<Timestamp>,
    /// After how many days without activity a customer counted as gone.
    pub inactivity: u32,
    /// The log-rank test of all segments together; `null` when the data can't tell.
    pub test: Option<Test>,
    /// Every two segments.
    pub pairs: Vec<PairDocument<'a>>,
    /// Each segment's curve.
    pub segments: Vec<LifetimeDocument<'a>>,
}

/// Two segments compared.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PairDocument<'a> {
    /// The segment whose customers left sooner.
    pub sooner: &'a str,
    /// The other.
    pub later: &'a str,
    /// The log-rank test.
    pub test: Test,
    /// Its p-value, corrected for the number of pairs by Holm.
    pub holm: f64,
    /// Whether the two differ, `holm` being below 0.05.
    pub differs: bool,
}

/// A segment's survival.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LifetimeDocument<'a> {
    /// Its name on pages.
    pub name: &'a str,
    /// Which customers it holds.
    pub key: &'a SegmentKey,
    /// Its customers.
    pub customers: u64,
    /// Of these, customers who are gone.
    pub ended: u64,
    /// The day by which half were gone; `null` while more than half are still there.
    pub median: Option<u32>,
    /// The ends of the median's 95 % interval; `null` where the data reach no such end.
    pub median_low: Option<u32>,
    /// The upper end.
    pub median_high: Option<u32>,
    /// How many customers were still being watched after so many days.
    pub at_risk: Vec<(u32, u64)>,
    /// The curve: each day on which somebody left.
    pub steps: &'a [Step],
}

/// What can be said, in words.
fn finding(report: &ComparisonReport) -> FindingDocument {
    let found = words::comparison_finding(report);
    FindingDocument {
        tag: found.tag,
        sentence: found.sentence,
        evidence: found.evidence,
        caution: found.caution,
    }
}

impl<'a> SegmentsDocument<'a> {
    /// Writes a report out.
    pub fn new(report: &'a ComparisonReport) -> Self {
        Self::with(report, RetentionDocument::new)
    }
}

impl<'a, R> SegmentsDocument<'a, R> {
    /// Writes a report out, its matrices (in the order of [`ComparisonReport::reports`]) as `write` does it.
    pub fn with(
        report: &'a ComparisonReport,
        mut write: impl FnMut(&'a RetentionReport) -> R,
    ) -> Self {
        let columns = || 0..report.columns();
        let segments = report.segments.iter().enumerate();
        let base = report.segments.get(report.baseline);
        Self {
            method: words::comparison_method(report),
            finding: finding(report),
            query: &report.query,
            folded: report.folded,
            overlapping: report.overlapping,
            baseline: base.map(|one| one.name.as_str()),
            column: report.column,
            segments: segments
                .map(|(place, segment)| SegmentDocument {
                    name: &segment.name,
                    key: &segment.key,
                    retention: write(&segment.report),
                    differences: columns()
                        .map(|column| {
                            let (difference, interval) = report.difference(place, column)?;
                            Some(DifferenceDocument {
                                difference,
                                interval,
                            })
                        })
                        .collect(),
                })
                .collect(),
            total: report.total.as_ref().map(write),
            mix: report.mix.as_ref().map(|mix| MixDocument::new(report, mix)),
        }
    }
}

impl<'a> MixDocument<'a> {
    fn new(report: &'a ComparisonReport, mix: &Mix) -> Self {
        let totals = mix.totals();
        let (by_mix, by_rate) = mix.sums();
        let parts = report.segments.iter().zip(&mix.parts);
        Self {
            sentence: words::mix_sentence(report, mix),
            from: mix.cohorts.0,
            to: mix.cohorts.1,
            column: mix.column,
            before: totals.map(|(before, _)| before),
            after: totals.map(|(_, after)| after),
            total: Contribution {
                mix: by_mix,
                rate: by_rate,
            },
            segments: parts
                .map(|(segment, part)| MixPartDocument {
                    name: &segment.name,
                    customers: (part.before.1, part.after.1),
                    rates: (
                        rate(part.before.0, part.before.1),
                        rate(part.after.0, part.after.1),
                    ),
                    contribution: part.contribution,
                })
                .collect(),
        }
    }
}

impl<'a> SurvivalDocument<'a> {
    /// Writes a report out.
    pub fn new(report: &'a ComparisonReport) -> Self {
        let name = |place: usize| report.segments.get(place).map_or("", |one| &one.name);
        let ticks = report.ticks();
        let pair = |pair: &Pair| PairDocument {
            sooner: name(pair.sooner),
            later: name(pair.later),
            test: pair.test,
            holm: pair.holm,
            differs: pair.differs(),
        };
        Self {
            method: words::comparison_method(report),
            finding: finding(report),
            query: &report.query,
            as_of: report.any().map(|any| any.as_of),
            inactivity: report.query.inactivity(),
            test: report.test,
            pairs: report.pairs.iter().map(pair).collect(),
            segments: report
                .segments
                .iter()
                .map(|segment| LifetimeDocument {
                    name: &segment.name,
                    key: &segment.key,
                    customers: segment.survival.customers,
                    ended: segment.survival.ended,
                    median: segment.survival.median,
                    median_low: segment.survival.median_interval.0,
                    median_high: segment.survival.median_interval.1,
                    at_risk: ticks
                        .iter()
                        .map(|tick| (*tick, at_risk(&segment.endings, *tick)))
                        .collect(),
                    steps: &segment.survival.steps,
                })
                .collect(),
        }
    }
}
