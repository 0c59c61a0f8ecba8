//! Conditions on what events carry and on what customers did, and their texts.
//!
//! `size:is:large` on the events named `order` is written `order:size:is:large`, on all events `:size:is:large`. Who did
//! `order` at least 3 times is `did:order:3`, who did not do so in the week from his start on is `not:order:3:0-7`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::TraitFilter;
use super::filter::{escape, unescape};
use super::problem::whole;

/// A condition on a property of events. All those that are about an event must hold for it to count.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventFilter {
    /// The name of the events that it is about; `None` for all.
    #[serde(default)]
    pub event: Option<String>,
    /// The property and what it must be; an event without it is treated as a customer without the trait.
    pub property: TraitFilter,
}

impl fmt::Display for EventFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let event = self.event.as_deref().unwrap_or_default();
        write!(f, "{}:{}", escape(event), self.property)
    }
}

impl EventFilter {
    /// Reads a condition from its text; `None` if it is not one, or one that breaks a limit.
    pub fn parse(text: &str) -> Option<EventFilter> {
        let (event, property) = text.split_once(':')?;
        let event = Some(unescape(event)?).filter(|event| !event.is_empty());
        let property = TraitFilter::parse(property)?;
        let filter = EventFilter { event, property };
        filter.check().is_ok().then_some(filter)
    }
}

/// A condition on what a customer did.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Behaviour {
    /// The event's name.
    pub event: String,
    /// Whether he must have done it, or must not.
    pub did: bool,
    /// How often counts as having done it, at least 1.
    pub at_least: u32,
    /// When; `None` for ever before as-of.
    #[serde(default)]
    pub days: Option<Days>,
}

/// Days of 24 hours after a customer's own start: `[start + from, start + to)`, never beyond as-of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Days {
    /// The first, counted from 0.
    pub from: u32,
    /// The first that no longer belongs to it; after `from`.
    pub to: u32,
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let did = if self.did { "did" } else { "not" };
        write!(f, "{did}:{}:{}", escape(&self.event), self.at_least)?;
        match self.days {
            Some(Days { from, to }) => write!(f, ":{from}-{to}"),
            None => Ok(()),
        }
    }
}

impl Behaviour {
    /// Reads a condition from its text; `None` if it is not one, or one that breaks a limit.
    pub fn parse(text: &str) -> Option<Behaviour> {
        let parts: Vec<&str> = text.split(':').collect();
        let (did, event, at_least, days) = match parts.as_slice() {
            [did, event, at_least] => (did, event, at_least, None),
            [did, event, at_least, days] => {
                let (from, to) = days.split_once('-')?;
                let (from, to) = (number(from)?, number(to)?);
                (did, event, at_least, Some(Days { from, to }))
            }
            _ => return None,
        };
        let behaviour = Behaviour {
            event: unescape(event)?,
            did: match *did {
                "did" => true,
                "not" => false,
                _ => return None,
            },
            at_least: number(at_least)?,
            days,
        };
        behaviour.check().is_ok().then_some(behaviour)
    }
}

fn number(text: &str) -> Option<u32> {
    if text.is_empty() { None } else { whole(text) }
}
