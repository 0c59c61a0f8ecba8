//! Events that are one feature together, under a name.

use serde::{Deserialize, Serialize};

use crate::query::{MAX_EVENTS, QueryError, check_name, is_slug};

/// Events that are one feature together.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FeatureSet {
    /// Its name in addresses and questions.
    pub slug: String,
    /// Its name on pages.
    pub name: String,
    /// Names of its events, in order, each once.
    pub events: Vec<String>,
}

impl FeatureSet {
    /// Whether it can be saved.
    ///
    /// # Errors
    /// The first limit that it breaks.
    pub fn validate(&self) -> Result<(), QueryError> {
        if !is_slug(&self.slug) {
            let slug = self.slug.clone();
            return Err(QueryError::UnknownFeatureSet { slug });
        }
        check_name("A feature’s name", &self.name)?;
        let given = self.events.len();
        if given == 0 || given > MAX_EVENTS {
            return Err(QueryError::TooManyFeatureEvents { given });
        }
        let mut events = self.events.iter();
        events.try_for_each(|event| check_name("An event name", event))
    }
}
