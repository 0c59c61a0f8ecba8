//! What an answer about segments may tell to anybody.
//!
//! Each segment has its own matrix, withheld as any other, and whatever is said of the segment follows from what is left of
//! that. How long customers stayed is counted by single days and of all of a segment's customers, so it is not told at
//! all, nor the tests that rest on it.

use super::{Withheld, counted, few_of, withhold};
use crate::comparison::{ComparisonReport, Mix, Segment, SegmentKey};
use crate::query::Split;
use crate::report::{Overall, RetentionReport};
use crate::stats::Survival;

/// What was taken out of an answer about segments.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WithheldSegments {
    cells: Vec<Withheld>,
    segments: usize,
    mix: bool,
    guarded: bool,
}

impl WithheldSegments {
    /// The cells that were taken out of a segment's matrix; `None` where nothing is withheld from anybody.
    pub fn of(&self, place: usize) -> Option<&Withheld> {
        self.cells.get(place)
    }

    /// Whether anything was to be withheld.
    pub fn is_guarded(&self) -> bool {
        self.guarded
    }

    /// How many cells of all matrices are not shown.
    pub fn cells(&self) -> usize {
        self.cells.iter().map(Withheld::len).sum()
    }

    /// How many segments are left out, with their names.
    pub fn segments(&self) -> usize {
        self.segments
    }

    /// Whether what a change comes from is not told.
    pub fn has_mix(&self) -> bool {
        self.mix
    }
}

/// The report without what tells of few customers, and what was taken out.
///
/// Pooled rates are compared here, and cells that are withheld are not like others: a segment's pooled rate of a column is
/// told only where at least nine in ten of its cells are.
///
/// A segment of which nothing is left is left out with its name: a value that few have can name them. The order of
/// segments, the one that others are compared with, and the column that is quoted are chosen anew, from what is shown.
pub fn withhold_segments(report: &ComparisonReport) -> (ComparisonReport, WithheldSegments) {
    let left = report.segments.iter().filter_map(|segment| {
        let (mut told, withheld) = withhold(&segment.report);
        let pooled = told.overall.iter_mut().zip(&segment.report.overall);
        pooled.for_each(|(told, whole)| *told = told.filter(|told| is_most(told, *whole)));
        if told.customers == 0 && segment.report.customers > 0 {
            return None;
        }
        let told = Segment {
            key: segment.key.clone(),
            name: segment.name.clone(),
            report: told,
            endings: Vec::new(),
            survival: Survival::default(),
        };
        Some((told, withheld))
    });
    let mut left: Vec<(Segment, Withheld)> = left.collect();
    if matches!(report.query.split, Some(Split::Trait(_))) {
        left.sort_by_key(|(segment, _)| order(segment));
    }
    let (segments, cells): (Vec<Segment>, Vec<Withheld>) = left.into_iter().unzip();
    let total = report.total.as_ref();
    let total = total.map(|total| together(total, &segments));
    let quoted = segments.iter().map(|one| &one.report).chain(&total);
    let quoted = quoted.filter_map(|report| Some(report.quoted()?.period));
    let mut shown = ComparisonReport {
        query: report.query.clone(),
        folded: report.folded,
        overlapping: counted(report.overlapping),
        baseline: baseline(report.query.baseline.as_deref(), &segments),
        column: quoted.max(),
        total,
        test: None,
        pairs: Vec::new(),
        mix: None,
        segments,
    };
    let mut withheld = WithheldSegments {
        segments: report.segments.len() - shown.segments.len(),
        mix: false,
        guarded: true,
        cells,
    };
    shown.mix = report
        .mix
        .as_ref()
        .and_then(|mix| told_mix(report, &shown, mix));
    withheld.mix = report.mix.is_some() && shown.mix.is_none();
    (shown, withheld)
}

/// Whether so few cells were left out of a column that its pooled rate can stand beside others.
fn is_most(told: &Overall, whole: Option<Overall>) -> bool {
    whole.is_none_or(|whole| told.cohorts * 10 >= whole.cohorts * 9)
}

/// Where a segment of a trait stands: values by the customers that are told of, then other values, then none.
fn order(segment: &Segment) -> (u8, std::cmp::Reverse<u64>, String) {
    let last = match segment.key {
        SegmentKey::Value(_) | SegmentKey::Saved(_) => 0,
        SegmentKey::Other => 1,
        SegmentKey::Unset => 2,
    };
    let customers = std::cmp::Reverse(segment.report.customers);
    (last, customers, segment.name.clone())
}

/// The segment asked for, else the first of those with the most customers that are told of.
fn baseline(wanted: Option<&str>, segments: &[Segment]) -> usize {
    let named = |segment: &Segment| Some(segment.key.param()) == wanted;
    let largest = || {
        let places = segments.iter().enumerate().rev();
        let largest = places.max_by_key(|(_, one)| one.report.customers);
        largest.map_or(0, |(place, _)| place)
    };
    segments.iter().position(named).unwrap_or_else(largest)
}

/// All customers together, as what is shown of the segments makes them: from their own numbers, those of a segment could
/// be found.
fn together(total: &RetentionReport, segments: &[Segment]) -> RetentionReport {
    let overall = (0_u32..).zip(&total.overall).map(|(column, _)| {
        let told = segments.iter().filter_map(|one| one.overall(column));
        told.reduce(|sum, one| Overall {
            retained: sum.retained + one.retained,
            size: sum.size + one.size,
            cohorts: sum.cohorts.max(one.cohorts),
        })
    });
    RetentionReport {
        customers: segments.iter().map(|one| one.report.customers).sum(),
        signup_given: 0,
        signup_inferred: 0,
        left_out: counted(total.left_out),
        internal: counted(total.internal),
        cohorts: Vec::new(),
        overall: overall.collect(),
        ..total.clone()
    }
}

/// What a change comes from, if every number of it is told elsewhere or tells of nobody's few.
fn told_mix(report: &ComparisonReport, shown: &ComparisonReport, mix: &Mix) -> Option<Mix> {
    let alike = |(one, other): (&Segment, &Segment)| {
        one.key == other.key && one.overall(mix.column) == other.overall(mix.column)
    };
    let same = report.segments.len() == shown.segments.len()
        && report.segments.iter().zip(&shown.segments).all(alike);
    let few = mix
        .parts
        .iter()
        .any(|part| few_of(part.before.0, part.before.1) || few_of(part.after.0, part.after.1));
    (same && !few && shown.column == Some(mix.column)).then(|| mix.clone())
}
