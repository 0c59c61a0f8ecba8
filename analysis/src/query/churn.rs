//! The question about leaving: how many customers left in each period, how they come and go, how often they are there.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::check::check_year;
use super::problem::{ParamProblem, Params, date, whole};
use super::url::{
    activity, as_of, as_of_param, cohort_params, cohorts, event_names, filters, segments,
};
use super::{AsOf, CohortRange, QueryError, RetentionQuery, TraitFilter};
use crate::period::Grain;

/// The longest inactivity threshold, in days: two years.
pub const MAX_THRESHOLD: u32 = 730;
/// The most days among which a customer's active days are counted.
pub const MAX_STICKY_DAYS: u32 = 90;
/// The days among which a customer's active days are counted, unless the query says otherwise: four whole weeks, so that
/// every weekday weighs the same.
pub const DEFAULT_STICKY_DAYS: u32 = 28;
/// Below this share of his own earlier pace, in percent, a customer is quietly leaving, unless the query says otherwise.
pub const DEFAULT_PACE: u32 = 50;

/// Of the customers who were active at the start of each period, how many were no longer active at its end?
///
/// A customer is active at an instant when he did something within the inactivity threshold before it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ChurnQuery {
    /// The length of periods: weeks, months, quarters or years.
    pub grain: Grain,
    /// Which periods.
    pub periods: CohortRange,
    /// Days without activity after which a customer is no longer active; `None` for what the data propose.
    pub threshold: Option<u32>,
    /// Stickiness: among how many days, up to the end of each period, active days are counted.
    pub sticky_days: u32,
    /// Customers whose activity fell below this share of their own earlier pace, in percent, are quietly leaving.
    pub pace: u32,
    /// Any date in the period whose lost customers are looked at; `None` for the newest that has ended.
    pub period: Option<Date>,
    /// The saved definition of what counts as active, by its name in addresses; `active` then has to be empty. What it
    /// asks for in a period has to be done on a day to make that an active one.
    pub activity: Option<String>,
    /// Names of the events that count as active; empty for a saved definition, the workspace's own unless one is named,
    /// and when any event counts.
    pub active: Vec<String>,
    /// Whether every event counts as active.
    pub any_event: bool,
    /// Which customers; empty for all.
    pub filters: Vec<TraitFilter>,
    /// Saved segments to which customers must belong, as in a question about retention.
    pub segments: Vec<String>,
    /// The limit of what is visible.
    pub as_of: AsOf,
}

impl Default for ChurnQuery {
    fn default() -> Self {
        Self::customary(Grain::Month)
    }
}

impl ChurnQuery {
    /// The question as it is usually put for periods of this length: the running period, and a year or more before it.
    pub fn customary(grain: Grain) -> Self {
        let periods = match grain {
            Grain::Day | Grain::Week => 27,
            Grain::Month => 13,
            Grain::Quarter => 9,
            Grain::Year => 6,
        };
        ChurnQuery {
            grain,
            periods: CohortRange::Last(periods),
            threshold: None,
            sticky_days: DEFAULT_STICKY_DAYS,
            pace: DEFAULT_PACE,
            period: None,
            activity: None,
            active: Vec::new(),
            any_event: false,
            filters: Vec::new(),
            segments: Vec::new(),
            as_of: AsOf::default(),
        }
    }

    /// Sorts and deduplicates the names of events and segments, so that equal questions are equal values.
    pub fn normalise(&mut self) {
        for names in [&mut self.active, &mut self.segments] {
            names.sort();
            names.dedup();
        }
    }

    /// The customers asked about and what makes them active, as a question about their retention.
    pub fn population(&self) -> RetentionQuery {
        RetentionQuery {
            grain: self.grain,
            activity: self.activity.clone(),
            active: self.active.clone(),
            any_event: self.any_event,
            cohorts: self.periods,
            as_of: self.as_of,
            filters: self.filters.clone(),
            segments: self.segments.clone(),
            ..RetentionQuery::default()
        }
    }

    /// Takes over the customers asked about and what makes them active. Other periods let the one looked at go.
    pub fn set_population(&mut self, population: &RetentionQuery) {
        if self.grain != population.grain || self.periods != population.cohorts {
            self.period = None;
        }
        self.grain = population.grain;
        self.periods = population.cohorts;
        self.activity.clone_from(&population.activity);
        self.active.clone_from(&population.active);
        self.any_event = population.any_event;
        self.as_of = population.as_of;
        self.filters.clone_from(&population.filters);
        self.segments.clone_from(&population.segments);
    }

    /// How many periods make a year.
    pub fn periods_a_year(&self) -> u32 {
        match self.grain {
            Grain::Day => 365,
            Grain::Week => 52,
            Grain::Month => 12,
            Grain::Quarter => 4,
            Grain::Year => 1,
        }
    }

    /// Whether the question keeps all limits. What depends on the calendar is checked when the periods are cut.
    pub fn validate(&self) -> Result<(), QueryError> {
        self.population().validate()?;
        if self.grain == Grain::Day {
            return Err(QueryError::ChurnGrain { given: self.grain });
        }
        if let Some(given) = self.threshold.filter(|days| !legal(*days, MAX_THRESHOLD)) {
            return Err(QueryError::Threshold { given });
        }
        if !(2..=MAX_STICKY_DAYS).contains(&self.sticky_days) {
            let given = self.sticky_days;
            return Err(QueryError::StickyDays { given });
        }
        if !legal(self.pace, 99) {
            return Err(QueryError::Pace { given: self.pace });
        }
        self.period.map_or(Ok(()), check_year)
    }

    /// Reads the question from decoded URL parameters.
    ///
    /// Never fails: whatever is missing takes its default, whatever is wrong is reported and takes its default. The
    /// result always passes [`ChurnQuery::validate`]. Campaign marks (`utm_…`) are passed over, unknown parameters
    /// reported.
    pub fn parse<'a>(
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<ParamProblem>) {
        let mut params = Params::new(params);
        let grain = params.parsed("grain", "week, month, quarter or year", "month", |text| {
            text.parse().ok().filter(|grain| *grain != Grain::Day)
        });
        let mut query = ChurnQuery::customary(grain.unwrap_or(Grain::Month));
        query.periods = cohorts(&mut params, query.grain, query.periods);
        let expected = format!("a number of days from 1 to {MAX_THRESHOLD}");
        query.threshold = params.parsed("threshold", &expected, "what the data propose", |text| {
            whole(text).filter(|days| legal(*days, MAX_THRESHOLD))
        });
        let expected = format!("a number of days from 2 to {MAX_STICKY_DAYS}");
        let usual = DEFAULT_STICKY_DAYS.to_string();
        let days = params.parsed("days", &expected, &usual, |text| {
            whole(text).filter(|days| (2..=MAX_STICKY_DAYS).contains(days))
        });
        query.sticky_days = days.unwrap_or(DEFAULT_STICKY_DAYS);
        let usual = DEFAULT_PACE.to_string();
        let pace = params.parsed("pace", "a share in percent, from 1 to 99", &usual, |text| {
            whole(text).filter(|share| legal(*share, 99))
        });
        query.pace = pace.unwrap_or(DEFAULT_PACE);
        let expected = "a date in a period, such as 2025-01-31";
        query.period = params.parsed("period", expected, "the newest that has ended", |text| {
            date(text).filter(|date| check_year(*date).is_ok())
        });
        query.active = event_names(&mut params, "active");
        query.activity = activity(&mut params, &query.active);
        if params.switch("any") == Some(true) {
            if query.active.is_empty() && query.activity.is_none() {
                query.any_event = true;
            } else {
                params.problem("any", "1", "no “active” or “activity” beside it", "");
            }
        }
        query.filters = filters(&mut params, "where");
        query.segments = segments(&mut params);
        query.as_of = as_of(&mut params);
        params.report_unknown(&[]);
        (query, params.problems)
    }

    /// The parameters that differ from the default, in a fixed order, not yet percent-encoded.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        let usual = ChurnQuery::customary(self.grain);
        let mut params: Vec<(&'static str, String)> = Vec::new();
        if self.grain != Grain::Month {
            params.push(("grain", self.grain.to_string()));
        }
        if self.periods != usual.periods {
            params.extend(cohort_params(self.periods));
        }
        params.extend(self.threshold.map(|days| ("threshold", days.to_string())));
        if self.sticky_days != usual.sticky_days {
            params.push(("days", self.sticky_days.to_string()));
        }
        if self.pace != usual.pace {
            params.push(("pace", self.pace.to_string()));
        }
        params.extend(self.period.map(|date| ("period", date.to_string())));
        let activity = self.activity.iter();
        params.extend(activity.map(|slug| ("activity", slug.clone())));
        params.extend(self.active.iter().map(|event| ("active", event.clone())));
        if self.any_event && self.active.is_empty() {
            params.push(("any", "1".to_owned()));
        }
        let filters = self.filters.iter();
        params.extend(filters.map(|filter| ("where", filter.to_string())));
        let segments = self.segments.iter();
        params.extend(segments.map(|slug| ("segment", slug.clone())));
        params.extend(as_of_param(self.as_of));
        params
    }
}

fn legal(given: u32, most: u32) -> bool {
    (1..=most).contains(&given)
}
