//! Conditions as text: `plan:is:pro:team`, `plan:not:free`, `seats:between:10:`, `plan:set`, `plan:unset`.
//!
//! Parts are separated by colons; inside a part `:` is written `%3A` and `%` is written `%25`.

use std::fmt;

use super::{TraitFilter, TraitTest};

impl fmt::Display for TraitFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.name))?;
        match &self.test {
            TraitTest::Is(values) => write_values(f, "is", values),
            TraitTest::IsNot(values) => write_values(f, "not", values),
            TraitTest::Between { min, max } => {
                let bound = |bound: &Option<f64>| bound.map(|b| b.to_string()).unwrap_or_default();
                write!(f, ":between:{}:{}", bound(min), bound(max))
            }
            TraitTest::Set => f.write_str(":set"),
            TraitTest::Unset => f.write_str(":unset"),
        }
    }
}

fn write_values(f: &mut fmt::Formatter<'_>, test: &str, values: &[String]) -> fmt::Result {
    write!(f, ":{test}")?;
    for value in values {
        write!(f, ":{}", escape(value))?;
    }
    Ok(())
}

impl TraitFilter {
    /// Reads a condition from its text; `None` if it is not one, or one that breaks a limit.
    pub fn parse(text: &str) -> Option<TraitFilter> {
        let mut parts = text.split(':');
        let name = unescape(parts.next()?)?;
        let test = match (parts.next()?, parts.collect::<Vec<_>>().as_slice()) {
            ("is", values) => TraitTest::Is(unescape_all(values)?),
            ("not", values) => TraitTest::IsNot(unescape_all(values)?),
            ("between", [min, max]) => TraitTest::Between {
                min: bound(min)?,
                max: bound(max)?,
            },
            ("set", []) => TraitTest::Set,
            ("unset", []) => TraitTest::Unset,
            _ => return None,
        };
        let filter = TraitFilter { name, test };
        filter.check().is_ok().then_some(filter)
    }
}

/// An end of a numeric range: `Some(None)` if left open, `None` if it is no number.
fn bound(text: &str) -> Option<Option<f64>> {
    if text.is_empty() {
        return Some(None);
    }
    text.parse().ok().map(Some)
}

pub(super) fn escape(part: &str) -> String {
    part.replace('%', "%25").replace(':', "%3A")
}

fn unescape_all(parts: &[&str]) -> Option<Vec<String>> {
    parts.iter().map(|part| unescape(part)).collect()
}

/// Undoes [`escape`]; `None` for any other use of `%`, so that every text has one meaning.
pub(super) fn unescape(part: &str) -> Option<String> {
    let mut pieces = part.split('%');
    let mut text = pieces.next()?.to_owned();
    for piece in pieces {
        if let Some(rest) = piece.strip_prefix("25") {
            text.push('%');
            text.push_str(rest);
        } else {
            let rest = piece
                .strip_prefix("3A")
                .or_else(|| piece.strip_prefix("3a"))?;
            text.push(':');
            text.push_str(rest);
        }
    }
    Some(text)
}
