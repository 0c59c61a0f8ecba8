//! The limits of a segment's condition.

use super::Condition;
use crate::query::QueryError;

/// The most conditions within conditions: three groups within one another, one of them negated, and what they hold.
pub const MAX_DEPTH: usize = 5;
/// The most conditions on traits and behaviour in one segment.
pub const MAX_CONDITIONS: usize = 20;
/// The most segments that one question can name.
pub const MAX_SEGMENTS: usize = 8;
/// The longest description, in characters.
pub const MAX_DESCRIPTION: usize = 1_000;
/// The longest name in addresses.
const MAX_SLUG: usize = 63;

impl Condition {
    /// Whether the condition keeps all limits.
    ///
    /// # Errors
    /// The first limit that it breaks.
    pub fn validate(&self) -> Result<(), QueryError> {
        if *self == Condition::EVERYBODY {
            return Ok(());
        }
        self.check_shape(1)?;
        let given = self.leaves().len();
        if given > MAX_CONDITIONS {
            return Err(QueryError::TooManyConditions { given });
        }
        Ok(())
    }

    fn check_shape(&self, depth: usize) -> Result<(), QueryError> {
        if depth > MAX_DEPTH {
            return Err(QueryError::ConditionTooDeep);
        }
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                if parts.is_empty() {
                    return Err(QueryError::EmptyGroup);
                }
                let mut parts = parts.iter();
                parts.try_for_each(|part| part.check_shape(depth + 1))
            }
            Condition::Not(part) => part.check_shape(depth + 1),
            Condition::Trait(filter) => filter.check(),
            Condition::Behaviour(behaviour) => behaviour.check(),
            Condition::Segment(slug) => check_segment_slugs(std::slice::from_ref(slug)),
        }
    }
}

/// Whether a question can name these segments.
///
/// # Errors
/// When there are too many, or when one can't be a segment's name in addresses.
pub fn check_segment_slugs(slugs: &[String]) -> Result<(), QueryError> {
    if slugs.len() > MAX_SEGMENTS {
        let given = slugs.len();
        return Err(QueryError::TooManySegments { given });
    }
    match slugs.iter().find(|slug| !is_slug(slug)) {
        Some(slug) => Err(QueryError::UnknownSegment { slug: slug.clone() }),
        None => Ok(()),
    }
}

/// Whether a text has the form of a segment's name in addresses.
fn is_slug(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let known = |byte: u8| letter(byte) || byte == b'-';
    text.len() <= MAX_SLUG && text.bytes().all(known) && text.bytes().next().is_some_and(letter)
}
