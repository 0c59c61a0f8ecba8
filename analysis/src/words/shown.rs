//! What stands in the cells of a matrix in the way in which the reader looks at it, the same on pages and in files.

use super::{attrition_percent, percent, thousands, tight};
use crate::query::{CellRef, OverallRow, RetentionView, Scale, Show};
use crate::report::{CellFacts, RetentionReport};
use crate::stats::Interval;

/// A report, looked at in some way.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    report: &'a RetentionReport,
    view: RetentionView,
}

impl<'a> Shown<'a> {
    /// Looks at a report.
    pub fn new(report: &'a RetentionReport, view: RetentionView) -> Self {
        Self { report, view }
    }

    /// The share at the dark end of the scale, 0 to 1.
    pub fn top(self) -> f64 {
        match (self.view.scale, self.view.show) {
            (Scale::Hundred, _) => 1.0,
            (Scale::Largest, Show::Attrition) => self.report.largest_attrition(),
            (Scale::Largest, Show::Percent | Show::Count) => self.report.largest_rate(),
        }
    }

    /// The share that a cell with this rate is coloured by.
    pub fn share(self, rate: f64) -> f64 {
        match self.view.show {
            Show::Attrition => 1.0 - rate,
            Show::Percent | Show::Count => rate,
        }
    }

    /// What stands in a cell: "26%" or "1,234".
    pub fn text(self, facts: &CellFacts, rate: f64) -> String {
        match self.view.show {
            Show::Count => thousands(facts.retained),
            Show::Percent | Show::Attrition => tight(&self.percent(rate)),
        }
    }

    /// A rate or its attrition in whole percent, rounded so that both always add to 100.
    pub fn percent(self, rate: f64) -> String {
        match self.view.show {
            Show::Count | Show::Percent => percent(rate),
            Show::Attrition => attrition_percent(rate),
        }
    }

    /// The interval of what stands in a cell, as shares.
    pub fn interval(self, facts: &CellFacts) -> Option<Interval> {
        let interval = facts.interval?;
        Some(match self.view.show {
            Show::Attrition => Interval {
                low: 1.0 - interval.high,
                high: 1.0 - interval.low,
            },
            Show::Percent | Show::Count => interval,
        })
    }

    /// What the overall row shows in the place of the pooled rate, if it is asked to: a retention rate, 0 to 1.
    pub fn average(self, at: CellRef) -> Option<f64> {
        if at.cohort.is_some() || self.view.overall == OverallRow::Pooled {
            return None;
        }
        let column = usize::try_from(at.period).ok()?;
        self.report.overall_rate(column, self.view.overall)
    }
}
