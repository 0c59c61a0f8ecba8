//! The question: one value that is the page's URL, the server call, the saved report and the API's body.
//!
//! [`RetentionQuery`] is what the server must know to count; [`RetentionView`] is how the reader looks at the answer.
//! URLs are read leniently ([`RetentionQuery::parse`]: every problem is said and a default used), calls of the API
//! strictly ([`RetentionQuery::validate`]).

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::period::Grain;

mod activity;
mod check;
mod churn;
mod comparison;
mod condition;
mod error;
mod filter;
mod kind;
mod problem;
mod quartiles;
mod start;
mod unit;
mod url;
mod view;

pub(crate) use activity::unit;
pub use activity::{
    ActivityDefinition, ActivityEvent, ActivityRule, Draft, MAX_SLUG, MAX_STEPS, MAX_WITHIN,
    SEARCHES, TESTS, is_slug,
};
pub use check::{
    MAX_BRACKETS, MAX_COHORTS, MAX_DAYS, MAX_EVENTS, MAX_FILTERS, MAX_MIN_COUNT, MAX_PERIODS,
    MAX_SMALL, MAX_TEXT, MAX_VALUES, YEARS, check_filters,
};
pub(crate) use check::{check_name, check_year};
pub use churn::{ChurnQuery, DEFAULT_PACE, DEFAULT_STICKY_DAYS, MAX_STICKY_DAYS, MAX_THRESHOLD};
pub use comparison::{ComparisonQuery, DEFAULT_INACTIVITY, DateRange, MAX_SIDE_BY_SIDE, Split};
pub use condition::{Behaviour, Days, EventFilter};
pub use error::QueryError;
pub use kind::{Bracket, ColumnZero, DEFAULT_BRACKETS, NotABracket, RetentionKind};
pub use problem::ParamProblem;
pub(crate) use problem::{Params, whole};
pub use quartiles::{DEFAULT_MATERIAL, MAX_MATERIAL, MAX_WINDOW, QuartileQuery, Zeros};
pub use start::{BeforeStart, StartRule, Window};
pub use unit::Unit;
pub use url::{VIEW_PARAMS, append_params, pairs, split_url_query, url_query};
pub use view::{CellRef, OverallRow, RetentionView, Scale, Show};

/// Below this many members a cohort counts as small, unless the query says otherwise.
///
/// At 30 members a Wilson interval is up to 34 points wide: such a rate can be almost anything.
pub const DEFAULT_SMALL: u32 = 30;

/// How many cohorts are shown unless the query says otherwise: half a year of weeks.
pub const DEFAULT_COHORTS: u32 = 26;

/// Which cohorts are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CohortRange {
    /// The newest `n` periods at as-of, the running one included.
    Last(u32),
    /// The periods from the one that contains `from` to the one that contains `to`, or up to as-of.
    Between {
        /// Any local date of the first period.
        from: Date,
        /// Any local date of the last period; `None` for the one running at as-of.
        #[serde(default)]
        to: Option<Date>,
    },
}

impl Default for CohortRange {
    fn default() -> Self {
        CohortRange::Last(DEFAULT_COHORTS)
    }
}

/// The exclusive limit of what is visible.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AsOf {
    /// The instant of asking.
    #[default]
    Now,
    /// The start of a local day: nothing of that day is visible.
    Date(Date),
    /// An instant.
    Instant(Timestamp),
}

/// What a trait must be for its customer to be counted.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TraitTest {
    /// Any of these values.
    Is(Vec<String>),
    /// None of these values; customers without the trait are counted.
    IsNot(Vec<String>),
    /// A number from `min` to `max`, both included.
    Between {
        /// The smallest that counts; `None` for no limit.
        #[serde(default)]
        min: Option<f64>,
        /// The largest that counts; `None` for no limit.
        #[serde(default)]
        max: Option<f64>,
    },
    /// Any value at all.
    Set,
    /// No value.
    Unset,
}

/// A condition on one trait. All conditions of a query must hold.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TraitFilter {
    /// The trait's name.
    pub name: String,
    /// What it must be.
    pub test: TraitTest,
}

/// Of the customers who signed up in each period, how many were active in the periods after?
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct RetentionQuery {
    /// Who is counted.
    pub unit: Unit,
    /// The length of rows and columns.
    pub grain: Grain,
    /// When a customer counts as retained.
    pub kind: RetentionKind,
    /// The columns of *brackets*, ascending and without overlap; other kinds have none of their own.
    pub brackets: Vec<Bracket>,
    /// What stands in column 0.
    pub column_zero: ColumnZero,
    /// The last period in which a return counts, the same for every cohort (*equal follow-up*): the columns of *on or
    /// after* end with it, and an open last bracket is closed by it. `None` when later returns count without limit.
    pub follow_up: Option<u32>,
    /// How periods follow each other.
    pub window: Window,
    /// What puts a customer into a cohort.
    pub start: StartRule,
    /// Names of the start events; empty for any event. Signup has none.
    pub start_events: Vec<String>,
    /// Conditions on the properties of start events. Signup has none.
    pub start_where: Vec<EventFilter>,
    /// What becomes of active events of the cohort's own period that lie before the customer's start instant.
    pub before_start: BeforeStart,
    /// The saved definition of what counts as active, by its name in addresses; the events below then have to be empty.
    pub activity: Option<String>,
    /// Names of the events that count as active; empty for a saved definition, the workspace's own unless one is named,
    /// and when any event counts.
    pub active: Vec<String>,
    /// Conditions on the properties of active events.
    pub active_where: Vec<EventFilter>,
    /// Whether every event counts as active.
    pub any_event: bool,
    /// How many of these events make a period active, at least 1.
    pub min_count: u32,
    /// Which cohorts.
    pub cohorts: CohortRange,
    /// The limit of what is visible.
    pub as_of: AsOf,
    /// Which customers; empty for all.
    pub filters: Vec<TraitFilter>,
    /// Of which accounts, by the accounts' traits; empty for all, also for customers without an account.
    pub account_filters: Vec<TraitFilter>,
    /// What customers must have done or not done; empty for all.
    pub behaviours: Vec<Behaviour>,
    /// Saved segments to which customers must belong, all of them, by their names in addresses; empty for all customers.
    pub segments: Vec<String>,
    /// Cohorts with fewer members are marked as small.
    pub small: u32,
}

impl Default for RetentionQuery {
    fn default() -> Self {
        RetentionQuery {
            unit: Unit::default(),
            grain: Grain::default(),
            kind: RetentionKind::default(),
            brackets: DEFAULT_BRACKETS.to_vec(),
            column_zero: ColumnZero::default(),
            follow_up: None,
            window: Window::default(),
            start: StartRule::default(),
            start_events: Vec::new(),
            start_where: Vec::new(),
            before_start: BeforeStart::default(),
            activity: None,
            active: Vec::new(),
            active_where: Vec::new(),
            any_event: false,
            min_count: 1,
            cohorts: CohortRange::default(),
            as_of: AsOf::default(),
            filters: Vec::new(),
            account_filters: Vec::new(),
            behaviours: Vec::new(),
            segments: Vec::new(),
            small: DEFAULT_SMALL,
        }
    }
}

impl RetentionQuery {
    /// Whether no condition chooses among customers.
    pub fn takes_all(&self) -> bool {
        self.filters.is_empty() && self.account_filters.is_empty() && self.behaviours.is_empty()
    }

    /// Sorts and deduplicates the names of events and segments, so that equal questions are equal values.
    pub fn normalise(&mut self) {
        for names in [&mut self.active, &mut self.start_events, &mut self.segments] {
            names.sort();
            names.dedup();
        }
    }
}
