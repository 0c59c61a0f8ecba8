//! What puts a customer into a cohort, and what he has to do there, in words.

use super::{events, thousands};
use crate::query::{RetentionQuery, StartRule};

/// What the members of a cohort did to enter it: "signed up", "first did order", "did any of order, visit".
pub fn entered(query: &RetentionQuery) -> String {
    match query.start {
        StartRule::Signup => "signed up".to_owned(),
        StartRule::FirstEvent => format!("first did {}", started(query)),
        StartRule::EachEvent => format!("did {}", started(query)),
    }
}

/// From when on periods are counted: "signing up", "first doing order", "doing any of order, visit".
pub fn entering(query: &RetentionQuery) -> String {
    match query.start {
        StartRule::Signup => "signing up".to_owned(),
        StartRule::FirstEvent => format!("first doing {}", started(query)),
        StartRule::EachEvent => format!("doing {}", started(query)),
    }
}

fn started(query: &RetentionQuery) -> String {
    match query.start_events.is_empty() {
        true => "anything".to_owned(),
        false => events(&query.start_events),
    }
}

/// What makes a period active: "order", "any event", "any of order, visit, at least 3 times"; a saved
/// definition by its name in addresses.
pub fn activity(query: &RetentionQuery) -> String {
    let what = match &query.activity {
        Some(slug) => slug.clone(),
        None if query.any_event => "any event".to_owned(),
        None => events(&query.active),
    };
    often(what, query)
}

/// With how often it has to be done, if more than once.
pub(super) fn often(what: String, query: &RetentionQuery) -> String {
    match query.min_count {
        0 | 1 => what,
        count => format!("{what}, at least {} times", thousands(u64::from(count))),
    }
}
