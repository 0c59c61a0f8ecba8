//! The product's voice: every number, date, cell and report in plain English.
//!
//! Deterministic and without locale, so that server, browser, exports and shares say the same. Percent signs follow a
//! no-break space.

use crate::query::Unit;

mod cell;
mod churn;
mod column;
mod comparison;
mod dates;
mod definition;
mod entry;
mod headline;
mod labels;
mod method;
mod notice;
mod numbers;
mod quartiles;
mod question;
mod segment;
mod shared;
mod shown;
mod stale;

pub use cell::cell_sentence;
pub use churn::{
    against_year_ago, churn_findings, churn_headline, churn_method, churn_movements, churn_stale,
    churn_stands_out, churn_threshold, days_text, dormancy_stands_out, fading_sentence, in_period,
    quietly,
};
pub use column::{column_label, column_name};
pub use comparison::{
    comparison_finding, comparison_method, days, lifetime, mix_sentence, pair_sentence, split,
};
pub use dates::{date, date_time, period_label, period_name, short_date};
pub use definition::{activity_event, activity_rule, definition, duration};
pub use entry::{activity, entered, entering};
pub use headline::{Headline, headline};
pub use labels::{
    caption, cell_span, chart_title, cohorts_head, cohorts_title, curves_title, groups_title, heat,
    overall_head, part_name, running_note, tight, usage_title,
};
pub use method::method_line;
pub use notice::{
    Noticed, churn_noticed, churn_waits, occasion, retention_noticed, retention_waits, weekday_name,
};
pub use numbers::{
    attrition_percent, decimal, fine_interval, fine_percent, interval, percent, thousands,
};
pub use quartiles::{
    Finding, Tone, arrivals, effect, feature, finding, group_uses, launch, lopsided, p_value,
    plan_time, quartile_method, scan_tag, signed_points, verdict_tag,
};
pub use question::{as_of, behaviour, cohort_range, event_filter, events, filter};
pub use segment::{condition, in_segments, segment_count};
pub use shared::{live, pinned, shared_method, shown_churn, shown_finding, shown_method};
pub use shown::Shown;
pub use stale::stale_notice;

/// Words in a row: "a", "a or b", "a, b or c".
pub fn list(words: &[impl AsRef<str>], conjunction: &str) -> String {
    let mut text = String::new();
    for (place, word) in words.iter().enumerate() {
        if place > 0 && place + 1 == words.len() {
            text.push(' ');
            text.push_str(conjunction);
            text.push(' ');
        } else if place > 0 {
            text.push_str(", ");
        }
        text.push_str(word.as_ref());
    }
    text
}

/// The text with its first letter in upper case, to begin a sentence.
fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// "1 customer", "7,647 accounts".
pub fn counted(unit: Unit, count: u64) -> String {
    format!("{} {}", thousands(count), unit.noun(count))
}

/// "1 customer", "7,647 customers".
fn customers(count: u64) -> String {
    counted(Unit::Customers, count)
}

/// "1 cohort", "15 cohorts".
fn cohorts(count: u64) -> String {
    match count {
        1 => "1 cohort".to_owned(),
        _ => format!("{} cohorts", thousands(count)),
    }
}

/// The text with a capital letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The text as a sentence of its own; nothing stays nothing.
pub fn sentence(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("{}.", capital(text)),
    }
}
