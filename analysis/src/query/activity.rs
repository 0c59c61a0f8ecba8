//! What counts as active, as a named thing that a workspace keeps: any of some events, or a workflow of steps.

use serde::{Deserialize, Serialize};

use super::check::{check_min_count, check_name};
use super::{EventFilter, MAX_EVENTS, MAX_FILTERS, QueryError, RetentionQuery, TraitFilter};

mod draft;

pub(crate) use draft::unit;
pub use draft::{Draft, SEARCHES, TESTS};

/// The most steps of a workflow.
pub const MAX_STEPS: usize = 10;
/// The longest time in which a workflow can have to be completed, in seconds: a leap year.
pub const MAX_WITHIN: u32 = 366 * 86_400;
/// The longest name in addresses.
pub const MAX_SLUG: usize = 63;

/// An event that counts, with what it has to carry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivityEvent {
    /// The event's name.
    pub event: String,
    /// Conditions on its properties; all of them must hold.
    #[serde(default, rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<TraitFilter>,
}

/// What a customer has to do.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ActivityRule {
    /// Any of these events, each named once.
    AnyOf(Vec<ActivityEvent>),
    /// All of these steps, each at or after the one before, the last within a time of the first.
    Workflow {
        /// The steps in their order.
        steps: Vec<ActivityEvent>,
        /// Seconds from the first step within which the last has to be done, the end included.
        within: u32,
    },
}

/// A definition of activity.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivityDefinition {
    /// What people call it.
    pub name: String,
    /// What has to be done.
    pub rule: ActivityRule,
    /// How often it has to be done in a period to make it active, at least 1.
    #[serde(default = "once")]
    pub at_least: u32,
}

fn once() -> u32 {
    1
}

impl ActivityRule {
    /// Its events, or its steps in their order.
    pub fn events(&self) -> &[ActivityEvent] {
        match self {
            ActivityRule::AnyOf(events) => events,
            ActivityRule::Workflow { steps, .. } => steps,
        }
    }

    /// Whether it is a set of events without conditions: then it is no more than their names.
    pub fn is_plain(&self) -> bool {
        match self {
            ActivityRule::AnyOf(events) => events.iter().all(|event| event.conditions.is_empty()),
            ActivityRule::Workflow { .. } => false,
        }
    }

    /// The events' names, each once and in order.
    pub fn names(&self) -> Vec<String> {
        let names = self.events().iter().map(|one| one.event.clone());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names.dedup();
        names
    }
}

impl ActivityDefinition {
    /// A definition by plain events.
    pub fn of_events(name: &str, events: impl IntoIterator<Item = String>) -> Self {
        let events = events.into_iter().map(|event| ActivityEvent {
            event,
            conditions: Vec::new(),
        });
        ActivityDefinition {
            name: name.to_owned(),
            rule: ActivityRule::AnyOf(events.collect()),
            at_least: 1,
        }
    }

    /// Whether it keeps all limits.
    pub fn validate(&self) -> Result<(), QueryError> {
        check_name("The definition’s name", &self.name)?;
        check_min_count(self.at_least)?;
        let events = self.rule.events();
        match &self.rule {
            ActivityRule::AnyOf(_) => {
                if events.is_empty() {
                    return Err(QueryError::ActivityEmpty);
                }
                if events.len() > MAX_EVENTS {
                    let given = events.len();
                    return Err(QueryError::TooManyEvents { given });
                }
                let twice = (1..events.len()).find(|&place| {
                    events[..place]
                        .iter()
                        .any(|one| one.event == events[place].event)
                });
                if let Some(place) = twice {
                    let event = events[place].event.clone();
                    return Err(QueryError::ActivityTwice { event });
                }
            }
            ActivityRule::Workflow { within, .. } => {
                if !(2..=MAX_STEPS).contains(&events.len()) {
                    let given = events.len();
                    return Err(QueryError::WorkflowSteps { given });
                }
                if *within == 0 || *within > MAX_WITHIN {
                    return Err(QueryError::WorkflowLimit { given: *within });
                }
            }
        }
        let given = events.iter().map(|event| event.conditions.len()).sum();
        if given > MAX_FILTERS {
            return Err(QueryError::TooManyFilters { given });
        }
        events.iter().try_for_each(|event| {
            check_name("An event name", &event.event)?;
            event.conditions.iter().try_for_each(TraitFilter::check)
        })
    }

    /// Has a question ask for it by its events and their conditions; a workflow can't be asked for in this way, and
    /// changes nothing.
    pub fn ask_by_events(&self, query: &mut RetentionQuery) {
        let ActivityRule::AnyOf(events) = &self.rule else {
            return;
        };
        query.activity = None;
        query.active = self.rule.names();
        for event in events {
            let conditions = event.conditions.iter().map(|property| EventFilter {
                event: Some(event.event.clone()),
                property: property.clone(),
            });
            let fresh: Vec<EventFilter> = conditions
                .filter(|one| !query.active_where.contains(one))
                .collect();
            query.active_where.extend(fresh);
        }
        query.min_count = query.min_count.max(self.at_least);
    }
}

/// Whether a text can be the name of a definition in addresses: small letters, digits and hyphens, not first a hyphen.
pub fn is_slug(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.len() <= MAX_SLUG && !text.starts_with('-') && text.bytes().all(fits)
}
