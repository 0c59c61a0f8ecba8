//! When a customer did what a definition says, by trying all ways.

use crate::world::{Customer, Told};
use analysis::query::{ActivityDefinition, ActivityEvent, ActivityRule, TraitTest};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The instants, in order.
pub fn occurrences(customer: &Customer, definition: &ActivityDefinition) -> Vec<Timestamp> {
    let mut found = Vec::new();
    match &definition.rule {
        ActivityRule::AnyOf(events) => {
            let did = |told: &&Told| events.iter().any(|event| serves(event, told));
            found.extend(customer.events.iter().filter(did).map(|(_, at, _)| *at));
        }
        ActivityRule::Workflow { steps, within } => {
            let limit = SignedDuration::from_secs(i64::from(*within));
            let mut rest: Vec<&Told> = customer.events.iter().collect();
            while let Some(end) = first_end(&rest, steps, limit) {
                found.push(end);
                rest.retain(|(_, at, _)| *at > end);
            }
        }
    }
    found.sort_unstable();
    found
}

/// The earliest instant at which all steps can be done.
fn first_end(
    events: &[&Told],
    steps: &[ActivityEvent],
    limit: SignedDuration,
) -> Option<Timestamp> {
    let mut ends: Vec<Timestamp> = events.iter().map(|(_, at, _)| *at).collect();
    ends.sort_unstable();
    ends.into_iter()
        .find(|&end| can_end(events, steps, limit, end, &mut Vec::new()))
}

fn can_end(
    events: &[&Told],
    steps: &[ActivityEvent],
    limit: SignedDuration,
    end: Timestamp,
    used: &mut Vec<usize>,
) -> bool {
    let Some(step) = steps.get(used.len()) else {
        return used.last().is_some_and(|&last| events[last].1 == end);
    };
    for (place, told) in events.iter().enumerate() {
        let at = told.1;
        let after = used.last().is_none_or(|&last| events[last].1 <= at);
        let in_time = used
            .first()
            .is_none_or(|&first| at.duration_since(events[first].1) <= limit);
        if at <= end && after && in_time && !used.contains(&place) && serves(step, told) {
            used.push(place);
            if can_end(events, steps, limit, end, used) {
                return true;
            }
            used.pop();
        }
    }
    false
}

fn serves(event: &ActivityEvent, (name, _, size): &Told) -> bool {
    let size = size.as_ref().filter(|size| !size.is_null());
    let text = size.map(|size| match size {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let among = |list: &[String]| text.as_ref().is_some_and(|text| list.contains(text));
    let passes = |test: &TraitTest| match test {
        TraitTest::Is(list) => among(list),
        TraitTest::IsNot(list) => !among(list),
        TraitTest::Set => text.is_some(),
        TraitTest::Unset => text.is_none(),
        TraitTest::Between { min, max } => size.and_then(Value::as_f64).is_some_and(|size| {
            min.is_none_or(|min| size >= min) && max.is_none_or(|max| size <= max)
        }),
    };
    *name == event.event && event.conditions.iter().all(|one| passes(&one.test))
}
