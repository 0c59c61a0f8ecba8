//! What an answer about a feature may tell to anybody.
//!
//! Groups are parts of one whole, and what is found out about the feature follows from all of them. So with one group
//! withheld nothing is told that holds it: no total, no share, no difference, no verdict, and no other feature, whose
//! numbers of users are parts of the same whole.

use super::{counted, few_of};
use crate::quartiles::{Group, Part, QuartileReport, Quartiles, Reading, ScanRow, Verdict};
use crate::stats::holm;

/// What was taken out of an answer about a feature.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WithheldGroups {
    groups: Vec<Part>,
    curves: Vec<Part>,
    finding: bool,
    features: usize,
}

impl WithheldGroups {
    /// Whether a group is not told.
    pub fn has(&self, part: Part) -> bool {
        self.groups.contains(&part)
    }

    /// How many groups are not told.
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// How many groups that are told have a curve that is not.
    pub fn curves(&self) -> usize {
        self.curves.len()
    }

    /// Whether nothing is told that rests on all groups together: the finding, other features, what a launch takes.
    pub fn has_finding(&self) -> bool {
        self.finding
    }

    /// How many features are left out of the scan.
    pub fn features(&self) -> usize {
        self.features
    }
}

/// The report without what tells of few customers, and what was taken out.
///
/// How often the feature was used, use by use, and the other reading are not told at all: the one mostly tells of few, the
/// other is the same customers but for some.
pub fn withhold_features(report: &QuartileReport) -> (QuartileReport, WithheldGroups) {
    let reading = &report.reading;
    let parts = || {
        let all = Part::ALL.into_iter();
        all.filter_map(|part| Some((part, reading.group(part)?)))
    };
    let groups: Vec<Part> = parts()
        .filter(|(_, group)| few_of(group.left, group.customers))
        .map(|(part, _)| part)
        .collect();
    let curves = parts().filter(|(part, group)| !groups.contains(part) && few_in_curve(group));
    let finding =
        !groups.is_empty() || (reading.quartiles.is_none() && few_without_groups(reading));
    let mut withheld = WithheldGroups {
        curves: curves.map(|(part, _)| part).collect(),
        finding,
        features: 0,
        groups,
    };
    let mut shown = QuartileReport {
        not_over: counted(report.not_over),
        no_start: counted(report.no_start),
        internal: counted(report.internal),
        reading: told(reading, &withheld),
        scan: Vec::new(),
        ..report.clone()
    };
    shown.other = Reading {
        landmark: report.other.landmark,
        ..nothing(reading)
    };
    if finding {
        (shown.experiment, shown.launch, shown.not_scanned) = (None, None, 0);
    } else {
        shown.scan = scan(report);
        withheld.features = report.scan.len() - shown.scan.len();
    }
    (shown, withheld)
}

fn few_in_curve(group: &Group) -> bool {
    let mut active = group.active.iter();
    active.any(|active| few_of(*active, group.customers))
}

/// Without groups, there are those who used it and those who did not.
fn few_without_groups(reading: &Reading) -> bool {
    let all = (reading.all.left, reading.all.customers);
    let never = reading.never.as_ref();
    let never = never.map_or((0, 0), |group| (group.left, group.customers));
    let users = (all.0.saturating_sub(never.0), all.1.saturating_sub(never.1));
    [all, users].into_iter().any(|(left, of)| few_of(left, of))
}

fn told(reading: &Reading, withheld: &WithheldGroups) -> Reading {
    let group =
        |part: Part, group: &Group| match (withheld.has(part), withheld.curves.contains(&part)) {
            (true, _) => Group::default(),
            (false, true) => Group {
                active: Vec::new(),
                ..group.clone()
            },
            (false, false) => group.clone(),
        };
    let never = reading.never.as_ref();
    let never = never.map(|never| group(Part::Never, never));
    let quartiles = reading.quartiles.as_ref().map(|of| Quartiles {
        cuts: of.cuts,
        infrequent: group(Part::Infrequent, &of.infrequent),
        moderate: group(Part::Moderate, &of.moderate),
        high: group(Part::High, &of.high),
    });
    if withheld.finding {
        return Reading {
            never,
            quartiles,
            ..nothing(reading)
        };
    }
    let split = quartiles.is_some();
    let usage = reading.usage.iter().filter(|_| !split);
    Reading {
        gone: counted(reading.gone),
        all: Group {
            active: Vec::new(),
            ..reading.all.clone()
        },
        // Without groups, it is said how often the feature was used, but not by how many.
        usage: usage.map(|(uses, _)| (*uses, 0)).collect(),
        never,
        quartiles,
        ..reading.clone()
    }
}

/// A reading of which nothing is told.
fn nothing(reading: &Reading) -> Reading {
    Reading {
        landmark: reading.landmark,
        customers: 0,
        gone: 0,
        all: Group::default(),
        never: None,
        quartiles: None,
        usage: Vec::new(),
        raw: None,
        adjusted: None,
        strata: 0,
        trend: None,
        verdict: Verdict::NotEnoughVariation,
    }
}

/// The features of which neither users nor others nor any group tell of few. Their p-values are corrected anew: those
/// left out count as tested and as large as can be, which corrects by no less than all features together do.
fn scan(report: &QuartileReport) -> Vec<ScanRow> {
    let customers = report.reading.customers;
    let tells_of_few = |row: &&ScanRow| {
        let groups = row.groups.iter().flatten();
        few_of(row.users, customers) || groups.into_iter().any(|(left, of)| few_of(*left, *of))
    };
    let mut rows: Vec<ScanRow> = report
        .scan
        .iter()
        .filter(|row| !tells_of_few(row))
        .cloned()
        .collect();
    let tested = |row: &&ScanRow| row.adjusted.is_some();
    let all = report.scan.iter().filter(tested).count();
    let mut given: Vec<f64> = rows
        .iter()
        .filter_map(|row| Some(row.adjusted?.p))
        .collect();
    given.resize(all, 1.0);
    let told = rows.iter_mut().filter(|row| row.adjusted.is_some());
    for (row, p) in told.zip(holm(&given)) {
        row.holm = Some(p);
    }
    rows
}
