//! What happened on a day: releases, outages, campaigns, marked on everything that has days.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::query::{QueryError, check_name, check_year};
use crate::report::Cohort;
use crate::words;

/// Something that happened on a day.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// The day, in the workspace's zone.
    pub date: Date,
    /// What happened, in 1 to 200 characters.
    pub text: String,
}

impl Annotation {
    /// The same without spaces around its text, if it can be kept.
    ///
    /// # Errors
    /// The first limit that it breaks.
    pub fn checked(self) -> Result<Self, QueryError> {
        let text = self.text.trim().to_owned();
        check_year(self.date)?;
        check_name("An annotation", &text)?;
        Ok(Self { text, ..self })
    }
}

impl std::fmt::Display for Annotation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", words::date(self.date), self.text)
    }
}

/// Notes with each cohort what happened in its period; `all` must not reach beyond the last one's. The browser is told no
/// more than that: it has no use for the days.
pub fn note(cohorts: &mut [Cohort], all: &[Annotation]) {
    let mut end = None;
    for cohort in cohorts.iter_mut().rev() {
        let within = all
            .iter()
            .filter(|one| one.date >= cohort.start && end.is_none_or(|end| one.date < end));
        let told: Vec<String> = within.map(ToString::to_string).collect();
        cohort.note = (!told.is_empty()).then(|| told.join("; "));
        end = Some(cohort.start);
    }
}
