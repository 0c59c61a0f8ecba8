//! Conditions as text: `all(where:plan:is:pro,any(behaviour:did:order:3,not(segment:trial)))`.
//!
//! What stands in brackets is separated by commas. Inside a condition on a trait or on behaviour, which is written as in
//! a question's address, brackets and commas are written `%28`, `%29` and `%2C`.

use std::fmt;

use super::{Condition, MAX_DEPTH};
use crate::query::{Behaviour, TraitFilter};

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |f: &mut fmt::Formatter<'_>, name: &str, parts: &[Condition]| {
            write!(f, "{name}(")?;
            for (place, part) in parts.iter().enumerate() {
                if place > 0 {
                    f.write_str(",")?;
                }
                write!(f, "{part}")?;
            }
            f.write_str(")")
        };
        match self {
            Condition::All(parts) => group(f, "all", parts),
            Condition::Any(parts) => group(f, "any", parts),
            Condition::Not(part) => write!(f, "not({part})"),
            Condition::Trait(filter) => write!(f, "where:{}", escape(&filter.to_string())),
            Condition::Behaviour(behaviour) => {
                write!(f, "behaviour:{}", escape(&behaviour.to_string()))
            }
            Condition::Segment(slug) => write!(f, "segment:{}", escape(slug)),
        }
    }
}

impl Condition {
    /// Reads a condition from its text; `None` if it is not one, or lies too deep. Groups may be empty, as they are while
    /// a condition is built.
    pub fn parse(text: &str) -> Option<Condition> {
        let (condition, rest) = read(text, 1)?;
        rest.is_empty().then_some(condition)
    }
}

/// A condition at the beginning of a text, and what follows it.
fn read(text: &str, depth: usize) -> Option<(Condition, &str)> {
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(rest) = text.strip_prefix("all(") {
        let (parts, rest) = parts(rest, depth)?;
        return Some((Condition::All(parts), rest));
    }
    if let Some(rest) = text.strip_prefix("any(") {
        let (parts, rest) = parts(rest, depth)?;
        return Some((Condition::Any(parts), rest));
    }
    if let Some(rest) = text.strip_prefix("not(") {
        let (part, rest) = read(rest, depth + 1)?;
        return Some((Condition::Not(Box::new(part)), rest.strip_prefix(')')?));
    }
    let end = text.find([',', ')']).unwrap_or(text.len());
    let (leaf, rest) = text.split_at(end);
    let leaf = match leaf.split_once(':')? {
        ("where", filter) => Condition::Trait(TraitFilter::parse(&unescape(filter))?),
        ("behaviour", one) => Condition::Behaviour(Behaviour::parse(&unescape(one))?),
        ("segment", slug) => Condition::Segment(unescape(slug)),
        _ => return None,
    };
    Some((leaf, rest))
}

/// The conditions up to the closing bracket, and what follows it.
fn parts(mut text: &str, depth: usize) -> Option<(Vec<Condition>, &str)> {
    let mut parts = Vec::new();
    if let Some(rest) = text.strip_prefix(')') {
        return Some((parts, rest));
    }
    loop {
        let (part, rest) = read(text, depth + 1)?;
        parts.push(part);
        match rest.strip_prefix(',') {
            Some(rest) => text = rest,
            None => return Some((parts, rest.strip_prefix(')')?)),
        }
    }
}

const ESCAPED: [(&str, &str); 3] = [("(", "%28"), (")", "%29"), (",", "%2C")];

/// A `%` of the condition's own is written `%25` there, so these escapes can't be taken for others.
fn escape(text: &str) -> String {
    let escape = |text: String, (plain, escaped): (&str, &str)| text.replace(plain, escaped);
    ESCAPED.into_iter().fold(text.to_owned(), escape)
}

fn unescape(text: &str) -> String {
    let unescape = |text: String, (plain, escaped): (&str, &str)| text.replace(escaped, plain);
    ESCAPED.into_iter().fold(text.to_owned(), unescape)
}
