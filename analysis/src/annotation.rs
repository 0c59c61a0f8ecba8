//! What happened on a day: releases, outages, campaigns, marked on everything that has days.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::query::{QueryError, check_name, check_year};

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

/// Those of the days from `first` on and before `end`; of the last period (no `end`) all later ones.
pub fn within(
    all: &[Annotation],
    first: Date,
    end: Option<Date>,
) -> impl Iterator<Item = &Annotation> {
    all.iter()
        .filter(move |one| one.date >= first && end.is_none_or(|end| one.date < end))
}
