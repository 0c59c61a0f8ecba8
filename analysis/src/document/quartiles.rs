//! Answers about features as other programs get them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::quartiles::{
    Cuts, Effect, Group, Launch, Needed, Part, Plan, QuartileReport, Reading, ScanRow, Single,
    Trend, Verdict,
};
use crate::query::{QuartileQuery, Zeros};
use crate::stats::{Interval, rate};
use crate::words;

/// An answer about a feature, written out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuartileDocument<'a> {
    /// Every choice behind the numbers, in one line.
    pub method: String,
    /// The verdict of the reading that was asked for, in words.
    pub finding: FindingDocument,
    /// The question, with the events that were used.
    pub query: &'a QuartileQuery,
    /// IANA name of the zone in which cohorts were cut.
    pub zone: &'a str,
    /// The exclusive limit of what was visible.
    pub as_of: Timestamp,
    /// First local date of the first cohort.
    pub from: Date,
    /// First local date of the last cohort.
    pub to: Date,
    /// Customers in the cohorts whose outcome window had not ended at as-of.
    pub not_over: u64,
    /// Customers of the workspace with neither a signup nor an event.
    pub left_out: u64,
    /// Customers left out of the whole workspace as internal or test ones.
    pub internal: u64,
    /// The reading that was asked for.
    pub reading: ReadingDocument<'a>,
    /// The reading with the other landmark.
    pub other: ReadingDocument<'a>,
    /// What an experiment takes to find the difference that remains; `null` where there is no difference.
    pub experiment: Option<Plan>,
    /// What a feature that is still to be launched needs; `null` without customers.
    pub launch: Option<&'a Launch>,
}

/// A verdict in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FindingDocument {
    /// "Confirmed".
    pub tag: String,
    /// What it says.
    pub sentence: String,
    /// The numbers behind it; empty where there are none.
    pub evidence: String,
    /// What it can't prove, or what would settle it.
    pub caution: String,
}

/// One way to read the data: with or without the landmark.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadingDocument<'a> {
    /// Whether only customers count who were active in the last exposure period.
    pub landmark: bool,
    /// What can be said.
    #[serde(flatten)]
    pub verdict: VerdictDocument,
    /// Customers counted.
    pub customers: u64,
    /// Customers left out by the landmark.
    pub gone: u64,
    /// Where the groups end; `null` when usage does not vary enough to split.
    pub cuts: Option<Cuts>,
    /// The groups, most active first.
    pub groups: Vec<GroupDocument>,
    /// How many customers used the feature exactly so often; of those in the quartiles.
    pub usage: Vec<UsageDocument>,
    /// The difference of attrition, highly minus infrequently active, as it is.
    pub raw: Option<&'a Effect>,
    /// The difference that remains between customers whose other activity is alike.
    pub adjusted: Option<&'a Effect>,
    /// How many strata of other activity hold both heavy and light users.
    pub strata: u32,
    /// The trend over the three groups.
    pub trend: Option<Trend>,
}

/// What can be said, in stable words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VerdictDocument {
    /// `confirmed`, `reverse`, `no_material_difference`, `too_little_data`, `confounded` or `not_enough_variation`.
    pub verdict: &'static str,
    /// What would settle it, where there is too little data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<Needed>,
    /// What the two differences say, where they do not say the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contradiction: Option<Contradiction>,
}

/// What the difference as it is and the adjusted one say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Contradiction {
    /// The difference as it is.
    pub raw: Single,
    /// The difference between customers who are alike otherwise.
    pub adjusted: Single,
}

/// Customers who used the feature about equally often.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupDocument {
    /// Which one.
    pub group: Part,
    /// The fewest uses.
    pub uses_from: u32,
    /// The most uses; `null` for no limit.
    pub uses_to: Option<u32>,
    /// Their number.
    pub customers: u64,
    /// Their share of the users; `null` for those who never used it.
    pub share: Option<f64>,
    /// Of these, customers without any activity in the outcome window.
    pub left: u64,
    /// The share that left, 0 to 1.
    pub rate: Option<f64>,
    /// Lower end of the rate's 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the rate's 95 % interval.
    pub high: Option<f64>,
    /// How many were active in each period of the outcome window.
    pub active: Vec<PeriodDocument>,
}

/// A period of the outcome window.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PeriodDocument {
    /// Its number, counted from the signup from 1.
    pub period: u32,
    /// Customers active in it.
    pub active: u64,
    /// Their share of the group, 0 to 1.
    pub rate: Option<f64>,
    /// Lower end of the rate's 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the rate's 95 % interval.
    pub high: Option<f64>,
}

/// A number of uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UsageDocument {
    /// How often.
    pub uses: u32,
    /// Customers who used the feature exactly so often.
    pub customers: u64,
}

/// All features, written out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScanDocument<'a> {
    /// Every choice behind the numbers, in one line.
    pub method: String,
    /// The question, with the events that were used.
    pub query: &'a QuartileQuery,
    /// IANA name of the zone in which cohorts were cut.
    pub zone: &'a str,
    /// The exclusive limit of what was visible.
    pub as_of: Timestamp,
    /// First local date of the first cohort.
    pub from: Date,
    /// First local date of the last cohort.
    pub to: Date,
    /// Customers counted.
    pub customers: u64,
    /// Customers left out by the landmark.
    pub gone: u64,
    /// Customers in the cohorts whose outcome window had not ended at as-of.
    pub not_over: u64,
    /// Every event as a feature: those that keep customers most first, those without an adjusted difference last.
    pub features: Vec<FeatureDocument<'a>>,
    /// Events that were left out, being used by the fewest.
    pub not_scanned: u32,
}

/// One feature of a scan.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FeatureDocument<'a> {
    /// The event's name, or that of a saved set of events.
    pub feature: &'a str,
    /// The set's name in addresses, if it is one.
    pub set: Option<&'a str>,
    /// What can be said about the feature for itself.
    #[serde(flatten)]
    pub verdict: VerdictDocument,
    /// Whether chance among so many features does not explain the adjusted difference: `holm` is below 0.05.
    pub stands: bool,
    /// Customers counted who used it at least once.
    pub users: u64,
    /// The difference of attrition, highly minus infrequently active, as it is.
    pub raw: Option<&'a Effect>,
    /// The difference that remains between customers whose other activity is alike.
    pub adjusted: Option<&'a Effect>,
    /// The p-value of the adjusted difference, corrected for the number of features by Holm.
    pub holm: Option<f64>,
}

impl<'a> QuartileDocument<'a> {
    /// Writes an answer out.
    pub fn new(report: &'a QuartileReport) -> Self {
        let finding = words::finding(report);
        Self {
            method: words::quartile_method(report),
            finding: FindingDocument {
                tag: finding.tag,
                sentence: finding.sentence,
                evidence: finding.evidence,
                caution: finding.caution,
            },
            query: &report.query,
            zone: &report.zone,
            as_of: report.as_of,
            from: report.cohorts.0,
            to: report.cohorts.1,
            not_over: report.not_over,
            left_out: report.no_start,
            internal: report.internal,
            reading: ReadingDocument::new(&report.reading, &report.query),
            other: ReadingDocument::new(&report.other, &report.query),
            experiment: report.experiment,
            launch: report.launch.as_ref(),
        }
    }
}

impl<'a> ReadingDocument<'a> {
    fn new(reading: &'a Reading, query: &QuartileQuery) -> Self {
        let cuts = reading.quartiles.as_ref().map(|of| of.cuts);
        let groups = Part::ALL.into_iter().filter_map(|part| {
            let uses = uses(part, cuts, query.zeros);
            let group = reading.group(part)?;
            Some(GroupDocument::new(
                part,
                uses,
                group,
                reading.users(),
                query.exposure,
            ))
        });
        Self {
            landmark: reading.landmark,
            verdict: VerdictDocument::new(&reading.verdict),
            customers: reading.customers,
            gone: reading.gone,
            cuts,
            groups: groups.collect(),
            usage: reading
                .usage
                .iter()
                .map(|&(uses, customers)| UsageDocument { uses, customers })
                .collect(),
            raw: reading.raw.as_ref(),
            adjusted: reading.adjusted.as_ref(),
            strata: reading.strata,
            trend: reading.trend,
        }
    }
}

/// The fewest and the most uses of a group.
fn uses(part: Part, cuts: Option<Cuts>, zeros: Zeros) -> (u32, Option<u32>) {
    let Some(Cuts { bottom, top }) = cuts else {
        return (0, Some(0));
    };
    let least = u32::from(zeros == Zeros::Apart);
    match part {
        Part::High => (top, None),
        Part::Moderate => (bottom + 1, Some(top - 1)),
        Part::Infrequent => (least, Some(bottom)),
        Part::Never => (0, Some(0)),
    }
}

impl VerdictDocument {
    fn new(verdict: &Verdict) -> Self {
        let mut document = Self {
            verdict: "",
            needed: None,
            contradiction: None,
        };
        document.verdict = match *verdict {
            Verdict::Confirmed => "confirmed",
            Verdict::Reverse => "reverse",
            Verdict::NoMaterialDifference => "no_material_difference",
            Verdict::TooLittleData { needed } => {
                document.needed = Some(needed);
                "too_little_data"
            }
            Verdict::Confounded { raw, adjusted } => {
                document.contradiction = Some(Contradiction { raw, adjusted });
                "confounded"
            }
            Verdict::NotEnoughVariation => "not_enough_variation",
        };
        document
    }
}

fn ends(interval: Option<Interval>) -> (Option<f64>, Option<f64>) {
    (
        interval.map(|interval| interval.low),
        interval.map(|interval| interval.high),
    )
}

impl GroupDocument {
    fn new(
        part: Part,
        (uses_from, uses_to): (u32, Option<u32>),
        group: &Group,
        users: u64,
        exposure: u32,
    ) -> Self {
        let (low, high) = ends(group.interval());
        let active = group.active.iter().enumerate();
        Self {
            group: part,
            uses_from,
            uses_to,
            customers: group.customers,
            share: rate(group.customers, users).filter(|_| part != Part::Never),
            left: group.left,
            rate: group.attrition(),
            low,
            high,
            active: active
                .zip(exposure + 1..)
                .map(|((place, &active), period)| {
                    let found = group.retention(place);
                    let (low, high) = ends(found.map(|(_, interval)| interval));
                    PeriodDocument {
                        period,
                        active,
                        rate: found.map(|(rate, _)| rate),
                        low,
                        high,
                    }
                })
                .collect(),
        }
    }
}

impl<'a> ScanDocument<'a> {
    /// Writes a scan out.
    pub fn new(report: &'a QuartileReport) -> Self {
        Self {
            method: words::quartile_method(report),
            query: &report.query,
            zone: &report.zone,
            as_of: report.as_of,
            from: report.cohorts.0,
            to: report.cohorts.1,
            customers: report.reading.customers,
            gone: report.reading.gone,
            not_over: report.not_over,
            features: report.scan.iter().map(FeatureDocument::new).collect(),
            not_scanned: report.not_scanned,
        }
    }
}

impl<'a> FeatureDocument<'a> {
    fn new(row: &'a ScanRow) -> Self {
        Self {
            feature: &row.feature,
            set: row.set.as_ref().map(|set| set.slug.as_str()),
            verdict: VerdictDocument::new(&row.verdict),
            stands: row.stands(),
            users: row.users,
            raw: row.raw.as_ref(),
            adjusted: row.adjusted.as_ref(),
            holm: row.holm,
        }
    }
}
