//! The question about segments: do they stay alike?

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::check::{check_name, check_year};
use super::problem::{ParamProblem, Params, date, whole};
use super::{CohortRange, MAX_THRESHOLD, QueryError, RetentionQuery, Unit};

/// The most segments side by side; further values of a trait are one more, "other".
pub const MAX_SIDE_BY_SIDE: usize = 8;
/// After so many days without activity a customer counts as gone, unless the query says otherwise.
pub const DEFAULT_INACTIVITY: u32 = 28;

/// What makes segments of customers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The values of a trait: the most frequent each for itself, the others together, and those who have none.
    Trait(String),
    /// Saved segments, by their names in addresses. A customer may be in several, or in none.
    Saved(Vec<String>),
}

/// Earlier (or later) cohorts to compare with, by local dates of their first and last period.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DateRange {
    /// Any date of the first period.
    pub from: Date,
    /// Any date of the last period.
    pub to: Date,
}

/// Of the customers who signed up in each period, how many were active in the periods after, by segment? And how long did
/// they stay?
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ComparisonQuery {
    /// What makes segments; `null` for the workspace's first trait with few values.
    pub split: Option<Split>,
    /// The segment that others are compared with, by its value or its name in addresses; `null` for the largest.
    pub baseline: Option<String>,
    /// After how many days without activity a customer counts as gone; `null` for 28.
    pub inactivity: Option<u32>,
    /// Other cohorts with which the total is compared, by mix and by rate.
    pub against: Option<DateRange>,
    /// What is asked of each segment.
    pub retention: RetentionQuery,
}

impl ComparisonQuery {
    /// After how many days without activity a customer counts as gone.
    pub fn inactivity(&self) -> u32 {
        self.inactivity.unwrap_or(DEFAULT_INACTIVITY)
    }

    /// The same question about the other cohorts.
    pub fn earlier(&self) -> Option<RetentionQuery> {
        let DateRange { from, to } = self.against?;
        Some(RetentionQuery {
            cohorts: CohortRange::Between { from, to: Some(to) },
            ..self.retention.clone()
        })
    }

    /// Whether the question keeps all limits. What depends on the calendar is checked when the periods are cut.
    pub fn validate(&self) -> Result<(), QueryError> {
        self.retention.validate()?;
        if self.retention.unit != Unit::Customers {
            return Err(QueryError::AccountComparison);
        }
        match &self.split {
            Some(Split::Trait(name)) => check_name("A trait name", name)?,
            Some(Split::Saved(names)) => {
                if names.is_empty() || names.len() > MAX_SIDE_BY_SIDE {
                    let given = names.len();
                    return Err(QueryError::SegmentCount { given });
                }
                let mut names = names.iter();
                names.try_for_each(|name| check_name("A segment's name", name))?;
            }
            None => {}
        }
        if let Some(baseline) = &self.baseline {
            check_name("The baseline", baseline)?;
        }
        let given = self.inactivity();
        if given == 0 || given > MAX_THRESHOLD {
            return Err(QueryError::Threshold { given });
        }
        self.earlier().map_or(Ok(()), |earlier| earlier.validate())
    }

    /// Reads the question from decoded URL parameters, as [`RetentionQuery::parse`] does: whatever is wrong is reported and
    /// takes its default, and the result always passes [`ComparisonQuery::validate`].
    pub fn parse<'a>(
        given: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> (Self, Vec<ParamProblem>) {
        let mut params = Params::new(given);
        let name = |text: &str| check_name("", text).is_ok().then(|| text.to_owned());
        let expected = "a name of at most 200 characters";
        let split = params.parsed("split", expected, "", name).map(Split::Trait);
        let saved = saved(&mut params);
        let split = match (split, saved.is_empty()) {
            (split, true) => split,
            (Some(Split::Trait(given)), false) => {
                params.problem("split", &given, "no “by” beside it", "");
                Some(Split::Saved(saved))
            }
            (_, false) => Some(Split::Saved(saved)),
        };
        let baseline = params.parsed("baseline", expected, "", name);
        let inactivity = params.parsed(
            "inactivity",
            &format!("a whole number of days from 1 to {MAX_THRESHOLD}"),
            &DEFAULT_INACTIVITY.to_string(),
            |text| whole(text).filter(|days| (1..=MAX_THRESHOLD).contains(days)),
        );
        let against = against(&mut params);
        let (rest, mut problems) = params.rest();
        let (mut retention, more) = RetentionQuery::parse(rest);
        problems.extend(more);
        if retention.unit != Unit::Customers {
            problems.push(ParamProblem {
                param: "unit".to_owned(),
                given: retention.unit.to_string(),
                expected: Unit::Customers.to_string(),
                used: Unit::Customers.to_string(),
            });
            retention.unit = Unit::Customers;
        }
        let query = ComparisonQuery {
            split,
            baseline,
            inactivity,
            against,
            retention,
        };
        (query, problems)
    }

    /// The parameters that differ from the default, in a fixed order, not yet percent-encoded.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        let mut params = match &self.split {
            None => Vec::new(),
            Some(Split::Trait(name)) => vec![("split", name.clone())],
            Some(Split::Saved(names)) => {
                let names = names.iter();
                names.map(|name| ("by", name.clone())).collect()
            }
        };
        if let Some(baseline) = &self.baseline {
            params.push(("baseline", baseline.clone()));
        }
        if self.inactivity() != DEFAULT_INACTIVITY {
            params.push(("inactivity", self.inactivity().to_string()));
        }
        if let Some(DateRange { from, to }) = self.against {
            params.push(("against_from", from.to_string()));
            params.push(("against_to", to.to_string()));
        }
        params.extend(self.retention.params());
        params
    }
}

/// Saved segments, each once.
fn saved(params: &mut Params<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in params.all("by") {
        if check_name("", name).is_err() {
            params.problem("by", name, "the name of a saved segment", "");
        } else if names.iter().all(|known| known != name) {
            if names.len() < MAX_SIDE_BY_SIDE {
                names.push(name.to_owned());
            } else {
                let expected = format!("at most {MAX_SIDE_BY_SIDE} segments");
                params.problem("by", name, &expected, "");
            }
        }
    }
    names
}

fn against(params: &mut Params<'_>) -> Option<DateRange> {
    let day = |text: &str| date(text).filter(|date| check_year(*date).is_ok());
    let expected = "a date such as 2025-01-31";
    let from = params.parsed("against_from", expected, "", day);
    let to = params.parsed("against_to", expected, "", day);
    match (from, to) {
        (Some(from), Some(to)) if from <= to => Some(DateRange { from, to }),
        (Some(from), Some(to)) => {
            let expected = format!("a date not before {from}");
            params.problem("against_to", &to.to_string(), &expected, "");
            None
        }
        (Some(from), None) => {
            params.problem(
                "against_from",
                &from.to_string(),
                "an “against_to” beside it",
                "",
            );
            None
        }
        (None, Some(to)) => {
            params.problem(
                "against_to",
                &to.to_string(),
                "an “against_from” beside it",
                "",
            );
            None
        }
        (None, None) => None,
    }
}
