//! The cohorts of a report.

use jiff::civil::Date;
use serde::{Deserialize, Serialize, Serializer};

use crate::report::{CellFacts, CellState, Cohort, RetentionReport};

/// What is said of each cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Its counts, its rate and the rate's interval.
    #[default]
    Rates,
    /// Its counts alone, as lists: a fourteenth of the bytes.
    Counts,
}

/// The cohorts of a report, each written out when it is its turn: a report may have a hundred thousand cells.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CohortDocuments<'a> {
    report: &'a RetentionReport,
    detail: Detail,
}

impl<'a> CohortDocuments<'a> {
    pub(super) fn new(report: &'a RetentionReport, detail: Detail) -> Self {
        Self { report, detail }
    }

    /// The cohorts one by one, with rates and intervals.
    pub fn iter(&self) -> impl Iterator<Item = CohortDocument> {
        let cohorts = self.report.cohorts.iter();
        cohorts.map(|cohort| CohortDocument::new(self.report, cohort))
    }
}

impl Serialize for CohortDocuments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.report.cohorts.iter().map(|cohort| match self.detail {
            Detail::Rates => CohortForm::Rates(CohortDocument::new(self.report, cohort)),
            Detail::Counts => CohortForm::Counts(CohortCounts::new(cohort)),
        }))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for CohortDocuments<'_> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Vec::<CohortForm>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<CohortForm>::json_schema(generator)
    }

    fn inline_schema() -> bool {
        Vec::<CohortForm>::inline_schema()
    }
}

/// A cohort with the detail asked for.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum CohortForm {
    /// Cell by cell.
    Rates(CohortDocument),
    /// As lists of counts, with `cells=counts`.
    Counts(CohortCounts),
}

/// A cohort and its cells.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CohortDocument {
    /// First local date of its period.
    pub start: Date,
    /// Its number of customers.
    pub size: u32,
    /// Whether more may still join.
    pub forming: bool,
    /// Column by column, column 0 first; columns that had not begun have no cell.
    pub cells: Vec<CellDocument>,
    /// What happened in its period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A cohort and its counts.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CohortCounts {
    /// First local date of its period.
    pub start: Date,
    /// Its number of customers.
    pub size: u32,
    /// Whether more may still join.
    pub forming: bool,
    /// Customers who count as retained, column 0 first; columns that had not begun are left out.
    pub retained: Vec<u32>,
    /// The denominators, where they are not the cohort's size (*previous period*).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<Vec<u32>>,
    /// How final the counts are: each state with the number of columns that are in it, one after the other.
    pub states: Vec<(CellState, u32)>,
    /// What happened in its period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A cell of a cohort.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CellDocument {
    /// Customers who count as retained.
    pub retained: u64,
    /// The denominator, where it is not the cohort's size (*previous period*).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// How final the count is.
    pub state: CellState,
    /// The rate, 0 to 1; `null` when the denominator is 0.
    pub rate: Option<f64>,
    /// Lower end of the rate's 95 % interval; `null` where there is no estimate.
    pub low: Option<f64>,
    /// Upper end of the rate's 95 % interval.
    pub high: Option<f64>,
}

impl CohortDocument {
    fn new(report: &RetentionReport, cohort: &Cohort) -> Self {
        let columns = 0..u32::try_from(cohort.cells.len()).unwrap_or(u32::MAX);
        let facts = columns.map_while(|period| report.cell_of(cohort, period));
        Self {
            start: cohort.start,
            size: cohort.size,
            forming: cohort.forming,
            cells: facts
                .map(|facts| CellDocument::new(&facts, cohort.size))
                .collect(),
            note: cohort.note.clone(),
        }
    }
}

impl CohortCounts {
    fn new(cohort: &Cohort) -> Self {
        let based = cohort.cells.iter().any(|cell| cell.base.is_some());
        let bases = cohort.cells.iter();
        let bases = bases.map(|cell| cell.base.unwrap_or(cohort.size));
        let mut states: Vec<(CellState, u32)> = Vec::new();
        for cell in &cohort.cells {
            match states.last_mut() {
                Some((state, columns)) if *state == cell.state => *columns += 1,
                _ => states.push((cell.state, 1)),
            }
        }
        Self {
            start: cohort.start,
            size: cohort.size,
            forming: cohort.forming,
            retained: cohort.cells.iter().map(|cell| cell.retained).collect(),
            of: based.then(|| bases.collect()),
            states,
            note: cohort.note.clone(),
        }
    }
}

impl CellDocument {
    fn new(facts: &CellFacts, size: u32) -> Self {
        Self {
            retained: facts.retained,
            of: (facts.size != u64::from(size)).then_some(facts.size),
            state: facts.state,
            rate: facts.rate,
            low: facts.interval.map(|interval| interval.low),
            high: facts.interval.map(|interval| interval.high),
        }
    }
}
