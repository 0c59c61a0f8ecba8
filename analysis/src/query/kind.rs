//! When a customer counts as retained.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::problem::whole;
use crate::names::named;

/// When a customer counts as retained in period `k`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RetentionKind {
    /// Active in period `k`.
    #[default]
    On,
    /// Active in period `k` or in any later one.
    OnOrAfter,
    /// Active anywhere in a span of periods: the columns are [`Bracket`]s.
    Brackets,
    /// Active in every period from 1 to `k`.
    Streak,
    /// Active in period `k`, of those active in period `k - 1`.
    Previous,
}

named!(
    RetentionKind: On = "on",
    OnOrAfter = "on_or_after",
    Brackets = "brackets",
    Streak = "streak",
    Previous = "previous",
);

impl RetentionKind {
    /// Whether returns can be counted up to the same horizon for every cohort.
    pub fn takes_follow_up(self) -> bool {
        matches!(self, RetentionKind::OnOrAfter | RetentionKind::Brackets)
    }
}

/// What stands in column 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ColumnZero {
    /// The cohort's size: everybody entered in that period, active or not.
    #[default]
    Size,
    /// Those measured active in period 0; for *on or after*, in period 0 or later.
    Measured,
}

named!(ColumnZero: Size = "size", Measured = "measured");

/// A span of periods, both ends included: a column of *brackets*. Written "4-6", or "14-" when it has no end.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Bracket {
    /// The first period, at least 1.
    pub from: u32,
    /// The last period; `None` when all later ones belong to it.
    #[serde(default)]
    pub to: Option<u32>,
}

/// The spans used unless the question names its own: 1 to 3, 4 to 6, 7 to 13.
pub const DEFAULT_BRACKETS: [Bracket; 3] = [
    Bracket {
        from: 1,
        to: Some(3),
    },
    Bracket {
        from: 4,
        to: Some(6),
    },
    Bracket {
        from: 7,
        to: Some(13),
    },
];

impl fmt::Display for Bracket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-", self.from)?;
        match self.to {
            Some(to) => write!(f, "{to}"),
            None => Ok(()),
        }
    }
}

/// A text that names no span of periods.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a span of periods such as 4-6 or 14-")]
pub struct NotABracket;

impl FromStr for Bracket {
    type Err = NotABracket;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, to) = text.split_once('-').ok_or(NotABracket)?;
        let period = |text: &str| {
            let period = if text.is_empty() { None } else { whole(text) };
            period.ok_or(NotABracket)
        };
        Ok(Bracket {
            from: period(from)?,
            to: if to.is_empty() {
                None
            } else {
                Some(period(to)?)
            },
        })
    }
}
