//! Segments: sets of customers that have a name.
//!
//! A *living* segment is a condition, asked anew whenever the segment is used. A *frozen* one is a list of customers,
//! kept since the instant at which it was frozen.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::query::{Behaviour, MAX_TEXT, QueryError, TraitFilter};

mod change;
mod check;
mod draft;
mod text;

pub use change::Path;
pub use check::{MAX_CONDITIONS, MAX_DEPTH, MAX_DESCRIPTION, MAX_SEGMENTS, check_segment_slugs};
pub use draft::{Draft, Step};

/// Who belongs to a segment.
///
/// Traits are those that customers have now; behaviour is what they did before as-of, its days counted from the signup.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// All of these hold. Of none: everybody.
    All(Vec<Condition>),
    /// At least one of these holds.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
    /// What a trait must be.
    Trait(TraitFilter),
    /// What the customer must have done or not done.
    Behaviour(Behaviour),
    /// The saved segment that the customer must belong to, by its name in addresses.
    Segment(String),
}

impl Default for Condition {
    fn default() -> Self {
        Condition::EVERYBODY
    }
}

/// A condition that is not made of others.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Leaf<'a> {
    /// On a trait.
    Trait(&'a TraitFilter),
    /// On what was done.
    Behaviour(&'a Behaviour),
    /// On belonging to a saved segment.
    Segment(&'a str),
}

impl Condition {
    /// Everybody.
    pub const EVERYBODY: Condition = Condition::All(Vec::new());

    /// The conditions that are not made of others, from left to right.
    pub fn leaves(&self) -> Vec<Leaf<'_>> {
        match self {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().flat_map(Condition::leaves).collect()
            }
            Condition::Not(part) => part.leaves(),
            Condition::Trait(filter) => vec![Leaf::Trait(filter)],
            Condition::Behaviour(behaviour) => vec![Leaf::Behaviour(behaviour)],
            Condition::Segment(slug) => vec![Leaf::Segment(slug)],
        }
    }

    /// Names of the events that it is about, in order.
    pub fn events(&self) -> BTreeSet<&str> {
        let leaves = self.leaves().into_iter();
        let events = leaves.filter_map(|leaf| match leaf {
            Leaf::Behaviour(behaviour) => Some(behaviour.event.as_str()),
            Leaf::Trait(_) | Leaf::Segment(_) => None,
        });
        events.collect()
    }

    /// Names in addresses of the saved segments that it is made of, in order.
    pub fn segments(&self) -> BTreeSet<&str> {
        let leaves = self.leaves().into_iter();
        let segments = leaves.filter_map(|leaf| match leaf {
            Leaf::Segment(slug) => Some(slug),
            Leaf::Trait(_) | Leaf::Behaviour(_) => None,
        });
        segments.collect()
    }
}

/// A saved segment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Segment {
    /// Its name in addresses and questions.
    pub slug: String,
    /// Its name on pages.
    pub name: String,
    /// What it is for, or where it came from; may be empty.
    pub description: String,
    /// Who belongs to it; of a frozen one, who did when it was frozen, if that was a condition.
    pub condition: Option<Condition>,
    /// Since when its members are a fixed list; `None` for a living one.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub frozen_at: Option<Timestamp>,
}

impl Segment {
    /// Whether its members are a fixed list.
    pub fn is_frozen(&self) -> bool {
        self.frozen_at.is_some()
    }
}

/// How many belong to a segment, of how many customers there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SegmentCount {
    /// Members who had signed up before as-of and are not internal.
    pub customers: u64,
    /// All customers who had and are not.
    pub of: u64,
}

/// Whether a segment can have this name.
///
/// # Errors
/// When it is empty or too long.
pub fn check_segment_name(name: &str) -> Result<(), QueryError> {
    crate::query::check_name("A segment’s name", name)
}

/// Whether a segment can have this description.
///
/// # Errors
/// When it is too long.
pub fn check_description(text: &str) -> Result<(), QueryError> {
    let given = text.chars().count();
    if given > MAX_DESCRIPTION {
        return Err(QueryError::DescriptionTooLong { given });
    }
    if text.contains('\0') {
        let what = "A description";
        return Err(QueryError::ZeroCharacter { what });
    }
    Ok(())
}

/// A name and a description cut to what they can be.
pub fn fitting(name: &str, description: &str) -> (String, String) {
    let cut = |text: &str, most| text.chars().filter(|one| *one != '\0').take(most).collect();
    (cut(name, MAX_TEXT), cut(description, MAX_DESCRIPTION))
}
