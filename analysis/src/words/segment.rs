//! Segments in words.

use super::{behaviour, filter, list, percent, thousands};
use crate::segment::{Condition, SegmentCount};
use crate::stats::rate;

/// "everyone", "those whose plan is pro and who did order", "those who did visit or (whose plan is pro and …)", "not
/// those who did order".
pub fn condition(condition: &Condition) -> String {
    match condition {
        everybody if *everybody == Condition::EVERYBODY => "everyone".to_owned(),
        Condition::Not(_) => clause(condition, true),
        some => format!("those {}", clause(some, true)),
    }
}

fn clause(condition: &Condition, outermost: bool) -> String {
    let group = |parts: &[Condition], conjunction: &str| {
        let clauses: Vec<String> = parts.iter().map(|part| clause(part, false)).collect();
        // Commas can't be told from those within a list of values.
        let text = clauses.join(&format!(" {conjunction} "));
        if outermost || parts.len() == 1 {
            text
        } else {
            format!("({text})")
        }
    };
    match condition {
        Condition::All(parts) => group(parts, "and"),
        Condition::Any(parts) => group(parts, "or"),
        Condition::Not(part) => format!("not those {}", clause(part, false)),
        Condition::Trait(one) => format!("whose {}", filter(one)),
        Condition::Behaviour(one) => format!("who {}", behaviour(one)),
        Condition::Segment(slug) => in_segments(std::slice::from_ref(slug)),
    }
}

/// "1,204 of 12,000 customers, 10.0 %"; of nobody, without a share.
pub fn segment_count(count: SegmentCount) -> String {
    let SegmentCount { customers, of } = count;
    let share = rate(customers, of).map(percent);
    let share = share.map(|share| format!(", {share}")).unwrap_or_default();
    let s = if of == 1 { "" } else { "s" };
    format!(
        "{} of {} customer{s}{share}",
        thousands(customers),
        thousands(of)
    )
}

/// "in segment “pro”", "in segments “pro” and “new”"; empty for none.
pub fn in_segments(slugs: &[String]) -> String {
    let quoted: Vec<String> = slugs.iter().map(|slug| format!("“{slug}”")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => format!("in segment {one}"),
        some => format!("in segments {}", list(some, "and")),
    }
}
