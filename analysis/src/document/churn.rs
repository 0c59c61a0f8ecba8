//! Reports about leaving as other programs get them.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::annotation::Annotation;
use crate::churn::{Churn, ChurnPeriod, ChurnReport, LostCustomer, QuietCustomer};
use crate::query::ChurnQuery;
use crate::report::CellState;
use crate::words;

/// What all reports about leaving begin with.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChurnHead<'a> {
    /// Every choice behind the numbers, in one line.
    pub method: String,
    /// The question, with the events that were used.
    pub query: &'a ChurnQuery,
    /// The inactivity threshold that was used, in days.
    pub threshold: u32,
    /// IANA name of the zone in which days and periods were cut.
    pub zone: &'a str,
    /// The exclusive limit of what was visible.
    pub as_of: Timestamp,
    /// The newest event stored.
    pub watermark: Option<Timestamp>,
    /// Customers who were ever active before as-of.
    pub customers: u64,
    /// Customers left out of the whole workspace as internal or test ones.
    pub internal: u64,
    /// What happened on the days of its periods, in their order.
    pub annotations: &'a [Annotation],
}

/// A report on churn, written out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChurnDocument<'a> {
    /// What it is about.
    #[serde(flatten)]
    pub head: ChurnHead<'a>,
    /// How fast customers come back.
    pub returns: ReturnsDocument<'a>,
    /// Periods, oldest first.
    pub periods: Vec<ChurnPeriodDocument>,
    /// Active customers with a pace of their own.
    pub known_pace: u64,
    /// Of these, customers who are quietly leaving.
    pub quietly_leaving: u64,
}

/// How fast customers come back.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReturnsDocument<'a> {
    /// The number of days within which 90 % of returns came; `null` with fewer than 30.
    pub proposal: Option<u32>,
    /// For how many days each gap was followed.
    pub horizon: u32,
    /// Returns after exactly 1, 2, 3 … days, up to the horizon.
    pub after: &'a [u64],
    /// Gaps that had not ended after the horizon's days.
    pub open: u64,
    /// Gaps that began too late to be followed for so long.
    pub too_recent: u64,
}

/// A period.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChurnPeriodDocument {
    /// Its first local date.
    pub start: Date,
    /// Its last local date.
    pub last: Date,
    /// `complete` or `running`; nobody is lost in a running period.
    pub state: CellState,
    /// Customers active at its start.
    pub opening: u64,
    /// What became of them; `null` while it runs.
    pub churn: Option<ChurnCounts>,
    /// The same period a year earlier; `null` where nobody was active at its start.
    pub before: Option<ChurnCounts>,
}

/// What became of customers in a period.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChurnCounts {
    /// Active at its start.
    pub opening: u64,
    /// Of these, no longer active at its end.
    pub lost: u64,
    /// Active at its end and never before its start.
    pub new: u64,
    /// Active at its end and some time before, but not at its start.
    pub returned: u64,
    /// Active at its end.
    pub closing: u64,
    /// lost / opening; `null` when nobody was active at the start.
    pub gross: Option<f64>,
    /// Lower end of the gross rate's 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the gross rate's 95 % interval.
    pub high: Option<f64>,
    /// (lost − new − returned) / opening; negative where more came than left.
    pub net: Option<f64>,
}

/// A report on how customers come and go, written out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LifecycleDocument<'a> {
    /// What it is about.
    #[serde(flatten)]
    pub head: ChurnHead<'a>,
    /// Periods, oldest first.
    pub periods: Vec<LifecyclePeriod>,
}

/// Who came and went in a period.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LifecyclePeriod {
    /// Its first local date.
    pub start: Date,
    /// Its last local date.
    pub last: Date,
    /// `complete` or `running`.
    pub state: CellState,
    /// Active in it.
    pub active: u64,
    /// Active in it for the first time ever.
    pub new: u64,
    /// Active in it and in the period before.
    pub retained: u64,
    /// Active in it and some time ago, but not in the period before.
    pub returned: u64,
    /// Active in the period before and not in it; `null` while it runs.
    pub dormant: Option<u64>,
    /// (new + returned) / dormant; `null` while it runs and when nobody became dormant.
    pub growth: Option<f64>,
}

/// A report on how often customers are there, written out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StickinessDocument<'a> {
    /// What it is about.
    #[serde(flatten)]
    pub head: ChurnHead<'a>,
    /// Periods that have ended, oldest first.
    pub periods: Vec<StickinessPeriod<'a>>,
}

/// Active days up to the end of a period.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StickinessPeriod<'a> {
    /// Its first local date.
    pub start: Date,
    /// Its last local date, and that of the days.
    pub last: Date,
    /// Customers active on at least one of the days.
    pub customers: u64,
    /// Their mean number of active days.
    pub mean_days: Option<f64>,
    /// Their mean share of active days, 0 to 1.
    pub mean_share: Option<f64>,
    /// Customers active on exactly 1, 2, 3 … of the days.
    pub days: &'a [u64],
}

/// The customers lost in a period, written out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LostDocument<'a> {
    /// What it is about.
    #[serde(flatten)]
    pub head: ChurnHead<'a>,
    /// First local date of the period; `null` when none has ended.
    pub period: Option<Date>,
    /// How many were lost: the period's number.
    pub total: u64,
    /// All of them.
    pub lost: &'a [LostCustomer],
}

/// The customers who are quietly leaving, written out.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuietDocument<'a> {
    /// What it is about.
    #[serde(flatten)]
    pub head: ChurnHead<'a>,
    /// How many there are.
    pub total: u64,
    /// All of them.
    pub quiet: &'a [QuietCustomer],
}

impl<'a> ChurnHead<'a> {
    fn new(report: &'a ChurnReport) -> Self {
        Self {
            method: words::churn_method(report),
            query: &report.query,
            threshold: report.threshold,
            zone: &report.zone,
            as_of: report.as_of,
            watermark: report.watermark,
            customers: report.customers,
            internal: report.internal,
            annotations: &report.annotations,
        }
    }
}

impl<'a> ChurnDocument<'a> {
    /// Writes a report's churn out.
    pub fn new(report: &'a ChurnReport) -> Self {
        let returns = &report.returns;
        Self {
            head: ChurnHead::new(report),
            returns: ReturnsDocument {
                proposal: returns.proposal(),
                horizon: returns.horizon,
                after: &returns.after,
                open: returns.open,
                too_recent: returns.too_recent,
            },
            periods: report
                .periods
                .iter()
                .map(|period| ChurnPeriodDocument {
                    start: period.start,
                    last: period.last,
                    state: state(period),
                    opening: period.opening,
                    churn: period.churn.map(ChurnCounts::new),
                    before: period.before.map(ChurnCounts::new),
                })
                .collect(),
            known_pace: report.quiet.known,
            quietly_leaving: report.quiet.leaving,
        }
    }
}

impl ChurnCounts {
    fn new(churn: Churn) -> Self {
        let interval = churn.interval();
        Self {
            opening: churn.opening,
            lost: churn.lost,
            new: churn.new,
            returned: churn.returned,
            closing: churn.closing(),
            gross: churn.gross(),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
            net: churn.net(),
        }
    }
}

impl<'a> LifecycleDocument<'a> {
    /// Writes out how a report's customers came and went.
    pub fn new(report: &'a ChurnReport) -> Self {
        let periods = report.periods.iter().map(|period| {
            let of = period.lifecycle;
            LifecyclePeriod {
                start: period.start,
                last: period.last,
                state: state(period),
                active: of.active(),
                new: of.new,
                retained: of.retained,
                returned: of.returned,
                dormant: of.dormant,
                growth: of.growth(),
            }
        });
        Self {
            head: ChurnHead::new(report),
            periods: periods.collect(),
        }
    }
}

impl<'a> StickinessDocument<'a> {
    /// Writes out how often a report's customers were there.
    pub fn new(report: &'a ChurnReport) -> Self {
        let periods = report.periods.iter().filter_map(|period| {
            let of = period.stickiness.as_ref()?;
            Some(StickinessPeriod {
                start: period.start,
                last: period.last,
                customers: of.customers(),
                mean_days: of.mean_days(),
                mean_share: of.mean_share(),
                days: &of.days,
            })
        });
        Self {
            head: ChurnHead::new(report),
            periods: periods.collect(),
        }
    }
}

impl<'a> LostDocument<'a> {
    /// Writes out the customers lost in the picked period; `lost` are all of them.
    pub fn new(report: &'a ChurnReport, lost: &'a [LostCustomer]) -> Self {
        Self {
            head: ChurnHead::new(report),
            period: report.picked,
            total: report.picked_period().map_or(0, |(_, churn)| churn.lost),
            lost,
        }
    }
}

impl<'a> QuietDocument<'a> {
    /// Writes out who is quietly leaving; `quiet` are all of them.
    pub fn new(report: &'a ChurnReport, quiet: &'a [QuietCustomer]) -> Self {
        Self {
            head: ChurnHead::new(report),
            total: report.quiet.leaving,
            quiet,
        }
    }
}

fn state(period: &ChurnPeriod) -> CellState {
    match period.churn {
        Some(_) => CellState::Complete,
        None => CellState::Running,
    }
}
