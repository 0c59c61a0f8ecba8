//! The parts of the question in words.

use super::{date, list, thousands};
use crate::period::Grain;
use crate::query::{AsOf, Behaviour, CohortRange, Days, EventFilter, TraitFilter, TraitTest};

/// "any of `report_published`, `board_shared`"; a single event stands alone; the workspace's own definition when empty.
pub fn events(names: &[String]) -> String {
    match names {
        [] => "the workspace's definition".to_owned(),
        [name] => name.clone(),
        names => format!("any of {}", names.join(", ")),
    }
}

/// "the last 26 weeks", "weeks from 6 Jan 2025", "weeks from 6 Jan 2025 to 3 Mar 2025".
pub fn cohort_range(range: CohortRange, grain: Grain) -> String {
    let plural = grain.noun(0);
    match range {
        CohortRange::Last(1) => format!("the last {}", grain.noun(1)),
        CohortRange::Last(count) => format!("the last {} {plural}", thousands(u64::from(count))),
        CohortRange::Between { from, to: None } => format!("{plural} from {}", date(from)),
        CohortRange::Between { from, to: Some(to) } => {
            format!("{plural} from {} to {}", date(from), date(to))
        }
    }
}

/// "now", "1 Jan 2025", "2025-01-01T12:00:00Z".
pub fn as_of(limit: AsOf) -> String {
    match limit {
        AsOf::Now => "now".to_owned(),
        AsOf::Date(day) => date(day),
        AsOf::Instant(at) => at.to_string(),
    }
}

/// "plan is pro or team", "plan is not free", "seats is from 10 to 50", "plan is set", "plan is not set".
pub fn filter(filter: &TraitFilter) -> String {
    let TraitFilter { name, test } = filter;
    match test {
        TraitTest::Is(values) => format!("{name} is {}", list(values, "or")),
        TraitTest::IsNot(values) => format!("{name} is not {}", list(values, "or")),
        TraitTest::Between { min, max } => match (min, max) {
            (Some(min), Some(max)) if min == max => format!("{name} is {min}"),
            (Some(min), Some(max)) => format!("{name} is from {min} to {max}"),
            (Some(min), None) => format!("{name} is at least {min}"),
            (None, Some(max)) => format!("{name} is at most {max}"),
            (None, None) => format!("{name} is a number"),
        },
        TraitTest::Set => format!("{name} is set"),
        TraitTest::Unset => format!("{name} is not set"),
    }
}

/// "order with size is large", "events with size is not set".
pub fn event_filter(filter: &EventFilter) -> String {
    let event = filter.event.as_deref().unwrap_or("events");
    format!("{event} with {}", self::filter(&filter.property))
}

/// "did order", "did order at least 3 times from day 0 to day 7 after the start", "did not do order".
pub fn behaviour(behaviour: &Behaviour) -> String {
    let Behaviour { event, did, .. } = behaviour;
    let did = if *did { "did" } else { "did not do" };
    let often = match behaviour.at_least {
        1 => String::new(),
        count => format!(" at least {} times", thousands(u64::from(count))),
    };
    let when = match behaviour.days {
        Some(Days { from, to }) => format!(" from day {from} to day {to} after the start"),
        None => String::new(),
    };
    format!("{did} {event}{often}{when}")
}
