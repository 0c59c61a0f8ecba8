//! The question about a feature: do those who use it more leave less?

use serde::{Deserialize, Serialize};

use super::check::check_name;
use super::problem::{ParamProblem, Params, whole};
use super::url::{
    activity, as_of, as_of_param, cohort_params, cohorts, event_names, filters, segments,
};
use super::{
    AsOf, CohortRange, MAX_EVENTS, QueryError, RetentionQuery, TraitFilter, Window, is_slug,
};
use crate::names::named;
use crate::period::Grain;

/// The most periods of an exposure or an outcome window.
pub const MAX_WINDOW: u32 = 60;
/// The largest difference that can be called immaterial, in points.
pub const MAX_MATERIAL: u32 = 50;
/// A difference that stays within this many points, either way, is not material, unless the query says otherwise.
pub const DEFAULT_MATERIAL: u32 = 5;

/// Where customers go who never used the feature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Zeros {
    /// They are a group of their own.
    #[default]
    Apart,
    /// They are counted as zeros inside the quartiles.
    Inside,
}

named!(Zeros: Apart = "apart", Inside = "inside");

/// Among customers who signed up in some periods, did those who used a feature more in their first periods leave less in
/// the periods after?
///
/// Periods are rolling: they follow each other from the customer's own signup.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct QuartileQuery {
    /// Names of the events that are the feature; empty for the one that comes first in the scan.
    pub feature: Vec<String>,
    /// The saved set of events that is the feature, by its name in addresses; `feature` then has to be empty.
    pub set: Option<String>,
    /// The length of periods.
    pub grain: Grain,
    /// In which periods of the calendar customers signed up.
    pub cohorts: CohortRange,
    /// Periods from the signup in which usage is counted, at least 1.
    pub exposure: u32,
    /// Periods after those in which leaving is observed, at least 1.
    pub outcome: u32,
    /// Whether only customers count who were active in the last exposure period, so that those already gone do not look
    /// like people who use little.
    pub landmark: bool,
    /// Where customers go who never used the feature.
    pub zeros: Zeros,
    /// Differences within this many points are not material.
    pub material: u32,
    /// The saved definition of what counts as active, by its name in addresses; `active` then has to be empty.
    pub activity: Option<String>,
    /// Names of the events that count as active; empty for a saved definition, the workspace's own unless one is named.
    pub active: Vec<String>,
    /// Which customers; empty for all.
    pub filters: Vec<TraitFilter>,
    /// Saved segments to which customers must belong, as in a question about retention.
    pub segments: Vec<String>,
    /// The limit of what is visible.
    pub as_of: AsOf,
}

impl Default for QuartileQuery {
    fn default() -> Self {
        Self::customary(Grain::default())
    }
}

impl QuartileQuery {
    /// The question as it is usually put for periods of this length.
    pub fn customary(grain: Grain) -> Self {
        let (cohorts, exposure, outcome) = match grain {
            Grain::Day => (180, 7, 28),
            Grain::Week => (104, 4, 8),
            Grain::Month => (24, 1, 3),
            Grain::Quarter => (12, 1, 2),
            Grain::Year => (6, 1, 1),
        };
        QuartileQuery {
            feature: Vec::new(),
            set: None,
            grain,
            cohorts: CohortRange::Last(cohorts),
            exposure,
            outcome,
            landmark: true,
            zeros: Zeros::default(),
            material: DEFAULT_MATERIAL,
            activity: None,
            active: Vec::new(),
            filters: Vec::new(),
            segments: Vec::new(),
            as_of: AsOf::default(),
        }
    }

    /// Asks about these events as a feature.
    pub fn choose(&mut self, events: Vec<String>) {
        self.feature = events;
        self.set = None;
    }

    /// Asks about a saved set of events as a feature.
    pub fn choose_set(&mut self, slug: &str) {
        self.feature.clear();
        self.set = Some(slug.to_owned());
    }

    /// Sorts and deduplicates the names of events and segments, so that equal questions are equal values.
    pub fn normalise(&mut self) {
        for names in [&mut self.active, &mut self.feature, &mut self.segments] {
            names.sort();
            names.dedup();
        }
    }

    /// The customers asked about and what makes them active, as a question about their retention.
    pub fn population(&self) -> RetentionQuery {
        RetentionQuery {
            grain: self.grain,
            window: Window::Rolling,
            activity: self.activity.clone(),
            active: self.active.clone(),
            cohorts: self.cohorts,
            as_of: self.as_of,
            filters: self.filters.clone(),
            segments: self.segments.clone(),
            ..RetentionQuery::default()
        }
    }

    /// Takes over the customers asked about and what makes them active. Windows become the customary ones when periods
    /// get another length.
    pub fn set_population(&mut self, population: &RetentionQuery) {
        if self.grain != population.grain {
            let usual = QuartileQuery::customary(population.grain);
            (self.exposure, self.outcome) = (usual.exposure, usual.outcome);
            self.grain = population.grain;
        }
        self.activity.clone_from(&population.activity);
        self.active.clone_from(&population.active);
        self.cohorts = population.cohorts;
        self.as_of = population.as_of;
        self.filters.clone_from(&population.filters);
        self.segments.clone_from(&population.segments);
    }

    /// Whether the question keeps all limits. What depends on the calendar is checked when the periods are cut.
    pub fn validate(&self) -> Result<(), QueryError> {
        self.population().validate()?;
        for given in [self.exposure, self.outcome] {
            if given == 0 || given > MAX_WINDOW {
                return Err(QueryError::WindowLength { given });
            }
        }
        if self.material == 0 || self.material > MAX_MATERIAL {
            let given = self.material;
            return Err(QueryError::Material { given });
        }
        if self.feature.len() > MAX_EVENTS {
            let given = self.feature.len();
            return Err(QueryError::TooManyFeatureEvents { given });
        }
        if let Some(slug) = &self.set {
            if !self.feature.is_empty() {
                return Err(QueryError::FeatureAndSet);
            }
            if !is_slug(slug) {
                let slug = slug.clone();
                return Err(QueryError::UnknownFeatureSet { slug });
            }
        }
        let mut names = self.feature.iter();
        names.try_for_each(|event| check_name("An event name", event))
    }

    /// Reads the question from decoded URL parameters.
    ///
    /// Never fails: whatever is missing takes its default, whatever is wrong is reported and takes its default. The
    /// result always passes [`QuartileQuery::validate`]. Campaign marks (`utm_…`) are passed over, unknown parameters
    /// reported.
    pub fn parse<'a>(
        params: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<ParamProblem>) {
        let mut params = Params::new(params);
        let grain = params.named("grain", &Grain::expected(), Grain::default());
        let mut query = QuartileQuery::customary(grain.unwrap_or_default());
        query.feature = event_names(&mut params, "feature");
        query.set = params.parsed("set", "a saved feature’s name", "", |text| {
            is_slug(text).then(|| text.to_owned())
        });
        if let Some(slug) = query.set.take_if(|_| !query.feature.is_empty()) {
            params.problem("set", &slug, "no “feature” beside it", "");
        }
        query.cohorts = cohorts(&mut params, query.grain, query.cohorts);
        query.exposure = number(&mut params, "exposure", MAX_WINDOW, query.exposure);
        query.outcome = number(&mut params, "outcome", MAX_WINDOW, query.outcome);
        query.landmark = params.switch("landmark").unwrap_or(query.landmark);
        let zeros = params.named("zeros", &Zeros::expected(), Zeros::default());
        query.zeros = zeros.unwrap_or_default();
        query.material = number(&mut params, "material", MAX_MATERIAL, query.material);
        query.active = event_names(&mut params, "active");
        query.activity = activity(&mut params, &query.active);
        query.filters = filters(&mut params, "where");
        query.segments = segments(&mut params);
        query.as_of = as_of(&mut params);
        params.report_unknown(&[]);
        (query, params.problems)
    }

    /// The parameters that differ from the default, in a fixed order, not yet percent-encoded.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        let usual = QuartileQuery::customary(self.grain);
        let mut params: Vec<(&'static str, String)> = Vec::new();
        params.extend(self.feature.iter().map(|event| ("feature", event.clone())));
        let set = self.set.iter();
        params.extend(set.map(|slug| ("set", slug.clone())));
        if self.grain != Grain::default() {
            params.push(("grain", self.grain.to_string()));
        }
        if self.cohorts != usual.cohorts {
            params.extend(cohort_params(self.cohorts));
        }
        for (name, value, usual) in [
            ("exposure", self.exposure, usual.exposure),
            ("outcome", self.outcome, usual.outcome),
            ("material", self.material, usual.material),
        ] {
            if value != usual {
                params.push((name, value.to_string()));
            }
        }
        if !self.landmark {
            params.push(("landmark", "0".to_owned()));
        }
        if self.zeros != Zeros::default() {
            params.push(("zeros", self.zeros.to_string()));
        }
        let activity = self.activity.iter();
        params.extend(activity.map(|slug| ("activity", slug.clone())));
        params.extend(self.active.iter().map(|event| ("active", event.clone())));
        let filters = self.filters.iter();
        params.extend(filters.map(|filter| ("where", filter.to_string())));
        let segments = self.segments.iter();
        params.extend(segments.map(|slug| ("segment", slug.clone())));
        params.extend(as_of_param(self.as_of));
        params
    }
}

/// A whole number from 1 to `most`.
fn number(params: &mut Params<'_>, name: &str, most: u32, usual: u32) -> u32 {
    let given = params.parsed(
        name,
        &format!("a whole number from 1 to {most}"),
        &usual.to_string(),
        |text| whole(text).filter(|given| (1..=most).contains(given)),
    );
    given.unwrap_or(usual)
}
