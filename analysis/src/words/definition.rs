//! Definitions of activity in words.

use super::{filter, list, thousands};
use crate::query::{ActivityDefinition, ActivityEvent, ActivityRule};

/// "any of order, watched (seconds is at least 60), at least 3 times a period", "open, then watched, within 30
/// minutes".
pub fn definition(definition: &ActivityDefinition) -> String {
    let often = match definition.at_least {
        0 | 1 => String::new(),
        count => format!(", at least {} times a period", thousands(u64::from(count))),
    };
    format!("{}{often}", activity_rule(&definition.rule))
}

/// The same without how often.
pub fn activity_rule(rule: &ActivityRule) -> String {
    let parts: Vec<String> = rule.events().iter().map(activity_event).collect();
    match (rule, parts.as_slice()) {
        (_, []) => "nothing yet".to_owned(),
        (ActivityRule::AnyOf(_), [one]) => one.clone(),
        (ActivityRule::AnyOf(_), parts) => format!("any of {}", parts.join(", ")),
        (ActivityRule::Workflow { within, .. }, parts) => {
            format!("{}, within {}", parts.join(", then "), duration(*within))
        }
    }
}

/// "watched", "watched (seconds is at least 60 and device is tv)".
pub fn activity_event(event: &ActivityEvent) -> String {
    let conditions: Vec<String> = event.conditions.iter().map(filter).collect();
    match conditions.as_slice() {
        [] => event.event.clone(),
        some => format!("{} ({})", event.event, list(some, "and")),
    }
}

/// "30 minutes", "1 hour", "90 seconds", "7 days": in the longest unit that divides it.
pub fn duration(seconds: u32) -> String {
    let (unit, length) = crate::query::unit(seconds);
    let count = seconds / length;
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {unit}{plural}", thousands(u64::from(count)))
}
