//! The answer to a [`RetentionQuery`]: counts, sizes and states, from which every rate, interval and sentence follows.
//!
//! The report carries integers only, so that the same report gives the same numbers on the server and in the browser.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::names::named;
use crate::period::WeekStart;
use crate::query::{AsOf, CellRef, ColumnZero, OverallRow, RetentionQuery};
use crate::rule::Rule;
use crate::stats::{Interval, rate, wilson};

/// How final a cell's count is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// The period (or span) had ended at as-of for every member: the count is final.
    Complete,
    /// The period had begun but not ended at as-of.
    Running,
    /// *On or after* and brackets without end: the period had ended, but later returns can still raise the count.
    Open,
}

named!(CellState: Complete = "complete", Running = "running", Open = "open");

/// One cohort in one period.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cell {
    /// Customers of the cohort who count as retained; in period 0, the cohort's size unless column 0 is measured.
    pub retained: u32,
    /// The denominator where it is not the cohort's size: *previous period* counts those active in the period before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<u32>,
    /// How final the count is.
    pub state: CellState,
}

/// The customers who signed up in one period, and what became of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Cohort {
    /// First local date of the period in which they signed up.
    pub start: Date,
    /// Their number.
    pub size: u32,
    /// Whether the cohort's own period had not ended at as-of, so that more may still join.
    pub forming: bool,
    /// `cells[k]` is the `k`-th period after the cohort's own, or the `k`-th bracket. Periods that had not begun at as-of have no cell.
    pub cells: Vec<Cell>,
    /// What happened in that period, in words; see [`crate::annotation::note`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One column of the overall row, pooled over the cohorts whose cell is complete, or open where it never will be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Overall {
    /// Σ retained.
    pub retained: u64,
    /// Σ of the denominators, as a rule the cohorts' sizes.
    pub size: u64,
    /// How many cohorts were pooled; empty cohorts are not counted.
    pub cohorts: u32,
}

/// The retention matrix.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RetentionReport {
    /// The question as asked, with `active` resolved to the names that were used.
    pub query: RetentionQuery,
    /// IANA name of the zone in which periods were cut.
    pub zone: String,
    /// The weekday on which weeks begin.
    pub week_start: WeekStart,
    /// The exclusive limit of what was visible: the instant asked for, or now if that is earlier.
    pub as_of: Timestamp,
    /// The local date of `as_of`.
    pub as_of_date: Date,
    /// What a clock in the zone showed at `as_of`.
    pub as_of_local: DateTime,
    /// Every cohort of the range, oldest first, empty ones too.
    pub cohorts: Vec<Cohort>,
    /// One entry per column; `None` where no cohort had finished the period.
    pub overall: Vec<Option<Overall>>,
    /// Customers in all cohorts; one who joined several is counted in each.
    pub customers: u64,
    /// Of these, customers whose signup was given; 0 when cohorts begin with an event.
    pub signup_given: u64,
    /// Of these, customers whose signup is the instant of their first event; 0 when cohorts begin with an event.
    pub signup_inferred: u64,
    /// The newest event stored.
    pub watermark: Option<Timestamp>,
    /// What a clock in the zone showed at `watermark`.
    pub watermark_local: Option<DateTime>,
    /// Customers of the workspace who could not be placed, having neither a signup nor an event; 0 when cohorts begin
    /// with an event.
    pub left_out: u64,
    /// Customers left out of the whole workspace as internal or test ones.
    #[serde(default)]
    pub internal: u64,
    /// The saved definition of activity that the question names, in words.
    #[serde(default)]
    pub activity: Option<String>,
}

/// Everything to be said about one cell, also of the overall row.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct CellFacts {
    /// The cohort's first date; `None` for the overall row.
    pub cohort: Option<Date>,
    /// The column: periods after the cohort's own, or the number of the bracket.
    pub period: u32,
    /// Customers who count as retained.
    pub retained: u64,
    /// The denominator: customers in the cohort, or in all pooled cohorts; for *previous period* those of them who were
    /// active in the period before.
    pub size: u64,
    /// How many cohorts stand behind it: 1, or the number pooled.
    pub cohorts: u32,
    /// How final the count is.
    pub state: CellState,
    /// `retained / size`, 0 to 1; `None` when `size` is 0.
    pub rate: Option<f64>,
    /// Wilson's 95 % interval of the rate; `None` when `size` is 0 and for a column 0 that is the size itself.
    pub interval: Option<Interval>,
    /// Whether `size` is below the query's limit for small cohorts.
    pub small: bool,
}

impl Cohort {
    /// What the overall row takes from a column: retained and denominator. `None` while the cell can still change in
    /// time, and when there is nobody in the denominator.
    pub(crate) fn settled(&self, rule: &Rule, column: usize) -> Option<(u32, u32)> {
        let cell = self.cells.get(column)?;
        let size = cell.base.unwrap_or(self.size);
        (size > 0 && cell.state == rule.settled(column)).then_some((cell.retained, size))
    }
}

impl Overall {
    /// One column pooled over the cohorts that have members to count in it and have settled it.
    pub(crate) fn of(rule: &Rule, cohorts: &[Cohort], column: usize) -> Option<Self> {
        let settled = cohorts
            .iter()
            .filter_map(|cohort| cohort.settled(rule, column));
        settled.fold(None, |pooled, (retained, size)| {
            let before = pooled.unwrap_or(Overall {
                retained: 0,
                size: 0,
                cohorts: 0,
            });
            Some(Overall {
                retained: before.retained + u64::from(retained),
                size: before.size + u64::from(size),
                cohorts: before.cohorts + 1,
            })
        })
    }
}

impl RetentionReport {
    /// The cohorts that are pooled in a column of the overall row, by their places.
    pub fn pooled(&self, column: usize) -> impl Iterator<Item = usize> {
        let rule = Rule::new(&self.query);
        let cohorts = self.cohorts.iter().enumerate();
        cohorts.filter_map(move |(place, cohort)| cohort.settled(&rule, column).map(|_| place))
    }

    /// The rate of a column of the overall row, from 0 to 1; `None` where no cohort is pooled. Only the pooled rate has an
    /// interval, see [`RetentionReport::cell`].
    pub fn overall_rate(&self, column: usize, row: OverallRow) -> Option<f64> {
        let rule = Rule::new(&self.query);
        let settled = self
            .cohorts
            .iter()
            .filter_map(|one| one.settled(&rule, column));
        let mut rates: Vec<f64> = settled
            .filter_map(|(retained, size)| rate(u64::from(retained), u64::from(size)))
            .collect();
        rates.sort_by(f64::total_cmp);
        let (half, odd) = (rates.len() / 2, rates.len() % 2 == 1);
        match row {
            OverallRow::Pooled => {
                let pooled = (*self.overall.get(column)?)?;
                rate(pooled.retained, pooled.size)
            }
            OverallRow::Mean => {
                let count = u32::try_from(rates.len()).ok().filter(|count| *count > 0)?;
                Some(rates.iter().sum::<f64>() / f64::from(count))
            }
            OverallRow::Median if odd => rates.get(half).copied(),
            OverallRow::Median => Some((rates.get(half.checked_sub(1)?)? + rates.get(half)?) / 2.0),
        }
    }

    /// The first column that says something: column 0 when it was measured, since a cohort's size is 100 % of itself.
    pub fn first_column(&self) -> usize {
        match self.query.column_zero {
            ColumnZero::Size => 1,
            ColumnZero::Measured => 0,
        }
    }

    /// The number of cells of all cohorts.
    pub fn cells(&self) -> usize {
        self.cohorts.iter().map(|cohort| cohort.cells.len()).sum()
    }

    /// The number of columns, period 0 included.
    pub fn columns(&self) -> usize {
        self.overall.len()
    }

    /// Whether the question asked for an as-of that had not come yet, so that `as_of` is now instead.
    pub fn as_of_was_ahead(&self) -> bool {
        match self.query.as_of {
            AsOf::Now => false,
            AsOf::Date(date) => date > self.as_of_date,
            AsOf::Instant(at) => at > self.as_of,
        }
    }

    /// The cohort that begins on a date.
    pub fn cohort(&self, start: Date) -> Option<&Cohort> {
        let place = self
            .cohorts
            .binary_search_by_key(&start, |cohort| cohort.start);
        self.cohorts.get(place.ok()?)
    }

    /// What is known about a cell; `None` if the report has no such cell or it is blank.
    pub fn cell(&self, at: CellRef) -> Option<CellFacts> {
        if let Some(start) = at.cohort {
            return self.cell_of(self.cohort(start)?, at.period);
        }
        let column = usize::try_from(at.period).ok()?;
        let pooled = (*self.overall.get(column)?)?;
        let state = Rule::new(&self.query).settled(column);
        Some(self.facts(at, (pooled.retained, pooled.size), pooled.cohorts, state))
    }

    /// What is known about a cell of one of the report's cohorts; `None` where it is blank.
    pub fn cell_of(&self, cohort: &Cohort, period: u32) -> Option<CellFacts> {
        let cell = cohort.cells.get(usize::try_from(period).ok()?)?;
        let counts = (cell.retained, cell.base.unwrap_or(cohort.size));
        let at = CellRef {
            cohort: Some(cohort.start),
            period,
        };
        Some(self.facts(at, (counts.0.into(), counts.1.into()), 1, cell.state))
    }

    fn facts(
        &self,
        at: CellRef,
        (retained, size): (u64, u64),
        cohorts: u32,
        state: CellState,
    ) -> CellFacts {
        let estimate = at.period > 0 || self.query.column_zero == ColumnZero::Measured;
        let interval = estimate.then(|| wilson(retained, size)).flatten();
        CellFacts {
            cohort: at.cohort,
            period: at.period,
            retained,
            size,
            cohorts,
            state,
            rate: rate(retained, size),
            interval,
            small: size < u64::from(self.query.small),
        }
    }

    /// The largest rate after period 0, from 0 to 1, over the overall row and all cohorts that are not small: the upper
    /// end of the colour scale. 0 when there is none.
    pub fn largest_rate(&self) -> f64 {
        self.telling_rates().fold(0.0, f64::max)
    }

    /// The largest attrition (1 − rate) over the same cells. 0 when there is none.
    pub fn largest_attrition(&self) -> f64 {
        self.telling_rates()
            .map(|rate| 1.0 - rate)
            .fold(0.0, f64::max)
    }

    /// The rates after period 0 that are not a small cohort's.
    fn telling_rates(&self) -> impl Iterator<Item = f64> {
        let small = u64::from(self.query.small);
        let cells = self.cohorts.iter().flat_map(|cohort| {
            let later = cohort.cells.iter().skip(1);
            later.map(move |cell| {
                let size = cell.base.unwrap_or(cohort.size);
                (u64::from(cell.retained), u64::from(size))
            })
        });
        let pooled = self.overall.iter().skip(1).flatten();
        cells
            .chain(pooled.map(|pooled| (pooled.retained, pooled.size)))
            .filter(move |(_, size)| *size >= small)
            .filter_map(|(retained, size)| rate(retained, size))
    }
}
