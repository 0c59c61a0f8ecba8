//! A report as other programs get it: counts, and what follows from them, unrounded.
//!
//! [`crate::report::RetentionReport`] holds what the numbers follow from; here they are written out, with stable names,
//! so that nobody has to know Wilson's formula to read them.

use jiff::Timestamp;
use serde::Serialize;

mod churn;
mod cohorts;
mod comparison;
mod quartiles;

pub use churn::{
    ChurnCounts, ChurnDocument, ChurnHead, ChurnPeriodDocument, LifecycleDocument, LifecyclePeriod,
    LostDocument, QuietDocument, ReturnsDocument, StickinessDocument, StickinessPeriod,
};
pub use cohorts::{
    CellDocument, CohortCounts, CohortDocument, CohortDocuments, CohortForm, Detail,
};
pub use comparison::{
    DifferenceDocument, LifetimeDocument, MixDocument, MixPartDocument, PairDocument,
    SegmentDocument, SegmentsDocument, SurvivalDocument,
};
pub use quartiles::{
    Contradiction, FeatureDocument, FindingDocument, GroupDocument, PeriodDocument,
    QuartileDocument, ReadingDocument, ScanDocument, UsageDocument, VerdictDocument,
};

use crate::query::{CellRef, RetentionQuery};
use crate::report::{CellFacts, RetentionReport};
use crate::words;

/// A retention report, written out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RetentionDocument<'a> {
    /// Every choice behind the numbers, in one line.
    pub method: String,
    /// The question, with the events that were used.
    pub query: &'a RetentionQuery,
    /// IANA name of the zone in which periods were cut.
    pub zone: &'a str,
    /// The exclusive limit of what was visible.
    pub as_of: Timestamp,
    /// The newest event stored.
    pub watermark: Option<Timestamp>,
    /// Customers in all cohorts.
    pub customers: u64,
    /// Of these, customers whose signup was given.
    pub signup_given: u64,
    /// Of these, customers whose signup is the instant of their first event.
    pub signup_inferred: u64,
    /// Customers of the workspace who could not be placed, having neither a signup nor an event.
    pub left_out: u64,
    /// Customers left out of the whole workspace as internal or test ones.
    pub internal: u64,
    /// What each column looks at, column 0 first: "4" is the fourth period after the cohort's own.
    pub columns: Vec<String>,
    /// Every cohort of the range, oldest first, empty ones too.
    pub cohorts: CohortDocuments<'a>,
    /// Column by column, pooled over the cohorts that had finished it; `null` where none had.
    pub overall: Vec<Option<OverallDocument>>,
}

/// A column of the overall row.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OverallDocument {
    /// Customers who count as retained, over all pooled cohorts.
    pub retained: u64,
    /// The denominator.
    pub of: u64,
    /// How many cohorts are pooled.
    pub cohorts: u32,
    /// The rate, 0 to 1.
    pub rate: Option<f64>,
    /// Lower end of the rate's 95 % interval; `null` where there is no estimate.
    pub low: Option<f64>,
    /// Upper end of the rate's 95 % interval.
    pub high: Option<f64>,
}

impl<'a> RetentionDocument<'a> {
    /// Writes a report out, every cell with its rate and interval.
    pub fn new(report: &'a RetentionReport) -> Self {
        Self::of(report, Detail::Rates)
    }

    /// Writes a report out.
    pub fn of(report: &'a RetentionReport, detail: Detail) -> Self {
        let columns = || 0..u32::try_from(report.columns()).unwrap_or(u32::MAX);
        Self {
            method: words::method_line(report),
            query: &report.query,
            zone: &report.zone,
            as_of: report.as_of,
            watermark: report.watermark,
            customers: report.customers,
            signup_given: report.signup_given,
            signup_inferred: report.signup_inferred,
            left_out: report.left_out,
            internal: report.internal,
            columns: columns()
                .map(|column| words::column_label(&report.query, column))
                .collect(),
            cohorts: CohortDocuments::new(report, detail),
            overall: columns()
                .map(|column| {
                    let at = CellRef {
                        cohort: None,
                        period: column,
                    };
                    report.cell(at).map(|facts| OverallDocument::new(&facts))
                })
                .collect(),
        }
    }
}

impl OverallDocument {
    fn new(facts: &CellFacts) -> Self {
        Self {
            retained: facts.retained,
            of: facts.size,
            cohorts: facts.cohorts,
            rate: facts.rate,
            low: facts.interval.map(|interval| interval.low),
            high: facts.interval.map(|interval| interval.high),
        }
    }
}
