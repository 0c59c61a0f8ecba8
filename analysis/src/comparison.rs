//! Do segments stay alike? The same question asked of each, and what can be said of their differences.
//!
//! What the numbers mean is written down in `docs/DEFINITIONS.md`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

#[cfg(all(feature = "inference", feature = "zones"))]
mod answer;

#[cfg(all(feature = "inference", feature = "zones"))]
pub use answer::{ComparisonFacts, answer};

use crate::query::{CellRef, ColumnZero, ComparisonQuery};
use crate::report::{Overall, RetentionReport};
use crate::stats::{Contribution, Ending, Interval, Survival, newcombe, rate};

/// Which customers a segment holds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SegmentKey {
    /// Those with this value of the trait.
    Value(String),
    /// Those of the saved segment with this name in addresses.
    Saved(String),
    /// Those with a value that is no segment of its own.
    Other,
    /// Those without the trait.
    Unset,
}

impl SegmentKey {
    /// What names it as a baseline: its value, or its name in addresses. A trait's value comes before what is not one.
    pub fn param(&self) -> &str {
        match self {
            Self::Value(name) | Self::Saved(name) => name,
            Self::Other => "other",
            Self::Unset => "not set",
        }
    }
}

/// A segment, and what became of its customers.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Segment {
    /// Which customers it holds.
    pub key: SegmentKey,
    /// Its name on pages.
    pub name: String,
    /// Its retention.
    pub report: RetentionReport,
    /// How long its customers stayed.
    pub endings: Vec<Ending>,
    /// The survival curve of that.
    pub survival: Survival,
}

impl Segment {
    /// What its overall row says of a column.
    pub fn overall(&self, column: u32) -> Option<Overall> {
        overall(&self.report, column)
    }

    /// The share retained in a column, pooled, with Wilson's interval; `None` where no cohort has finished it.
    pub fn retention(&self, column: u32) -> Option<(f64, Interval)> {
        let facts = self.report.cell(CellRef {
            cohort: None,
            period: column,
        })?;
        Some((facts.rate?, facts.interval?))
    }
}

/// A column of a report's overall row.
pub fn overall(report: &RetentionReport, column: u32) -> Option<Overall> {
    *report.overall.get(usize::try_from(column).ok()?)?
}

/// A log-rank test.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Test {
    /// The statistic.
    pub chi_squared: f64,
    /// Its degrees of freedom.
    pub freedom: u32,
    /// The probability of one at least as large where there is no difference.
    pub p: f64,
}

/// Two segments compared.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Pair {
    /// The place of the segment whose customers left sooner.
    pub sooner: usize,
    /// The place of the other.
    pub later: usize,
    /// The log-rank test of the two.
    pub test: Test,
    /// Its p-value, corrected for the number of pairs by Holm.
    pub holm: f64,
}

impl Pair {
    /// Whether the two differ, chance among so many pairs included.
    pub fn differs(&self) -> bool {
        self.holm < 0.05
    }
}

/// What a segment contributed to a change of the total.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct MixPart {
    /// Retained and customers in the cohorts compared with.
    pub before: (u64, u64),
    /// Retained and customers in the cohorts asked for.
    pub after: (u64, u64),
    /// How much of the change comes from its share and how much from its rate.
    pub contribution: Contribution,
}

/// A change of the total, split into who signed up and how they stayed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Mix {
    /// First dates of the first and the last cohort compared with.
    pub cohorts: (Date, Date),
    /// The column whose rates are compared.
    pub column: u32,
    /// One for each segment.
    pub parts: Vec<MixPart>,
}

impl Mix {
    /// The total rate before and after.
    pub fn totals(&self) -> Option<(f64, f64)> {
        let sum = |of: fn(&MixPart) -> (u64, u64)| {
            let all = self.parts.iter().map(of);
            all.fold((0, 0), |sum, (x, n)| (sum.0 + x, sum.1 + n))
        };
        let (before, after) = (sum(|part| part.before), sum(|part| part.after));
        Some((rate(before.0, before.1)?, rate(after.0, after.1)?))
    }

    /// What shares and what rates contributed together.
    pub fn sums(&self) -> (f64, f64) {
        let all = self.parts.iter().map(|part| part.contribution);
        all.fold((0.0, 0.0), |sum, one| (sum.0 + one.mix, sum.1 + one.rate))
    }
}

/// The answer to a [`ComparisonQuery`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ComparisonReport {
    /// The question as asked, with its split and the events that count as active named.
    pub query: ComparisonQuery,
    /// Named segments, of a trait the largest first; then those of other values, then those of none.
    pub segments: Vec<Segment>,
    /// All customers together; `None` where segments may overlap.
    pub total: Option<RetentionReport>,
    /// How many values are in "other".
    pub folded: u32,
    /// Customers in more than one of the segments.
    pub overlapping: u64,
    /// The place of the segment that others are compared with.
    pub baseline: usize,
    /// The column that is quoted: late enough to mean staying, early enough to be known.
    pub column: Option<u32>,
    /// Whether survival differs at all; `None` when the data can't tell.
    pub test: Option<Test>,
    /// All pairs of segments that the data can compare.
    pub pairs: Vec<Pair>,
    /// What a change of the total comes from; `None` when no other cohorts were asked for, and where segments may overlap.
    pub mix: Option<Mix>,
}

impl ComparisonReport {
    /// One of the reports, for all that the question and the data have in common; `None` without segments.
    pub fn any(&self) -> Option<&RetentionReport> {
        let first = self.segments.first().map(|segment| &segment.report);
        self.total.as_ref().or(first)
    }

    /// The reports of all segments and of all together.
    pub fn reports(&self) -> impl Iterator<Item = &RetentionReport> {
        let segments = self.segments.iter().map(|segment| &segment.report);
        segments.chain(&self.total)
    }

    /// The number of cells in all matrices.
    pub fn cells(&self) -> usize {
        self.reports().map(RetentionReport::cells).sum()
    }

    /// [`Self::reports`], to be changed.
    pub fn reports_mut(&mut self) -> impl Iterator<Item = &mut RetentionReport> {
        let segments = self.segments.iter_mut().map(|segment| &mut segment.report);
        segments.chain(&mut self.total)
    }

    /// The number of a segment's colour, the same on all charts: 0 to 7, 8 for other values and 9 for none.
    pub fn colour(&self, place: usize) -> u8 {
        match self.segments.get(place).map(|segment| &segment.key) {
            Some(SegmentKey::Other) => 8,
            Some(SegmentKey::Unset) => 9,
            _ => u8::try_from(place % 8).unwrap_or_default(),
        }
    }

    /// The times at which the number of customers still watched is told: from 0 on, in even steps, at most 10 of them.
    pub fn ticks(&self) -> Vec<u32> {
        let last = self.segments.iter().map(|one| one.survival.last).max();
        let last = last.unwrap_or(0).max(1);
        let steps = [1, 2, 7, 14, 28, 56, 91, 182, 364, 728];
        let step = steps.into_iter().find(|step| last / step <= 10);
        let step = step.unwrap_or_else(|| last.div_ceil(10));
        (0..=last / step).map(|number| number * step).collect()
    }

    /// The most columns of any segment.
    pub fn columns(&self) -> u32 {
        let columns = self.segments.iter().map(|one| one.report.columns());
        u32::try_from(columns.max().unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// The difference of a segment's pooled rate from the baseline's, with Newcombe's interval; `None` for the baseline
    /// itself, where one of them has no rate, and for a column 0 that is the size itself.
    pub fn difference(&self, place: usize, column: u32) -> Option<(f64, Interval)> {
        let sizes = column == 0 && self.query.retention.column_zero == ColumnZero::Size;
        if place == self.baseline || sizes {
            return None;
        }
        let one = self.segments.get(place)?.overall(column)?;
        let base = self.segments.get(self.baseline)?.overall(column)?;
        let interval = newcombe((one.retained, one.size), (base.retained, base.size))?;
        let difference = rate(one.retained, one.size)? - rate(base.retained, base.size)?;
        Some((difference, interval))
    }

    /// The comparison of two segments, in whichever order.
    pub fn pair(&self, one: usize, other: usize) -> Option<&Pair> {
        let both = [(one, other), (other, one)];
        let mut pairs = self.pairs.iter();
        pairs.find(|pair| both.contains(&(pair.sooner, pair.later)))
    }

    /// The largest rate of all segments: the end of the scale that their matrices share.
    pub fn largest_rate(&self) -> f64 {
        let rates = self.segments.iter().map(|one| one.report.largest_rate());
        rates.fold(0.0, f64::max)
    }
}
