//! How the reader looks at a report. All of it is answered in the browser, from counts that are already there.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::problem::{ParamProblem, Params, shorten};
use crate::names::named;

/// What stands in a cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// Retained customers as a share of the cohort.
    #[default]
    Percent,
    /// Retained customers.
    Count,
    /// The share that was not retained.
    Attrition,
}

named!(Show: Percent = "percent", Count = "count", Attrition = "attrition");

/// The upper end of the colour scale.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// The largest rate in the table.
    #[default]
    Largest,
    /// 100 %.
    Hundred,
}

named!(Scale: Largest = "largest", Hundred = "hundred");

/// What the overall row shows of a column's finished cohorts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverallRow {
    /// All their customers together: every customer weighs the same.
    #[default]
    Pooled,
    /// The plain mean of their rates: every cohort weighs the same.
    Mean,
    /// The median of their rates.
    Median,
}

named!(OverallRow: Pooled = "pooled", Mean = "mean", Median = "median");

/// One cell of the matrix, written "2025-01-06.4" or "overall.4".
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct CellRef {
    /// The cohort's first date; `None` for the overall row.
    pub cohort: Option<Date>,
    /// Periods after the cohort's own.
    pub period: u32,
}

impl fmt::Display for CellRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cohort {
            Some(start) => write!(f, "{start}.{}", self.period),
            None => write!(f, "overall.{}", self.period),
        }
    }
}

/// A text that names no cell.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("“{0}” is not a cell; expected for example 2025-01-06.4 or overall.4")]
pub struct NotACell(String);

impl FromStr for CellRef {
    type Err = NotACell;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (row, period) = text.rsplit_once('.')?;
            let cohort = match row {
                "overall" => None,
                date => Some(super::problem::date(date)?),
            };
            let period = super::problem::whole(period)?;
            Some(CellRef { cohort, period })
        };
        parse().ok_or_else(|| NotACell(shorten(text)))
    }
}

/// What the reader sees of a report.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionView {
    /// What stands in the cells.
    pub show: Show,
    /// Whether each cell shows its interval.
    pub intervals: bool,
    /// The upper end of the colour scale.
    pub scale: Scale,
    /// Whether cells line up by calendar date instead of by age.
    pub diagonal: bool,
    /// What the overall row shows.
    pub overall: OverallRow,
    /// The cell that explains itself beside the matrix.
    pub cell: Option<CellRef>,
}

impl RetentionView {
    /// Reads the view from decoded URL parameters. Parameters of the question are passed over.
    pub fn parse<'a>(
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<ParamProblem>) {
        let mut params = Params::new(params);
        let mut view = RetentionView::default();
        if let Some(show) = params.named("show", &Show::expected(), Show::default()) {
            view.show = show;
        }
        if let Some(intervals) = params.switch("intervals") {
            view.intervals = intervals;
        }
        if let Some(scale) = params.named("scale", &Scale::expected(), Scale::default()) {
            view.scale = scale;
        }
        if let Some(diagonal) = params.switch("diagonal") {
            view.diagonal = diagonal;
        }
        let rows = OverallRow::expected();
        if let Some(overall) = params.named("overall", &rows, OverallRow::default()) {
            view.overall = overall;
        }
        view.cell = params.parsed(
            "cell",
            "a cell such as 2025-01-06.4 or overall.4",
            "",
            |text| text.parse().ok(),
        );
        (view, params.problems)
    }

    /// The parameters that differ from the default, in a fixed order, not yet percent-encoded.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        let mut params = Vec::new();
        if self.show != Show::default() {
            params.push(("show", self.show.to_string()));
        }
        if self.intervals {
            params.push(("intervals", "1".to_owned()));
        }
        if self.scale != Scale::default() {
            params.push(("scale", self.scale.to_string()));
        }
        if self.diagonal {
            params.push(("diagonal", "1".to_owned()));
        }
        if self.overall != OverallRow::default() {
            params.push(("overall", self.overall.to_string()));
        }
        if let Some(cell) = self.cell {
            params.push(("cell", cell.to_string()));
        }
        params
    }
}
