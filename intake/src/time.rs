//! How a file writes instants, and reading them.
//!
//! A column has one format. It is found from samples and never guessed where two readings are possible: 03/04/2026 is
//! read only when other rows of the file, or a person, say which part is the day.

mod guess;
mod read;

pub(crate) use guess::{format, guess};
pub(crate) use read::TimeReader;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// Which part of 03/04/2026 is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// The 3rd of April.
    DayFirst,
    /// The 4th of March.
    MonthFirst,
}

impl FromStr for DateOrder {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "day-first" => Ok(Self::DayFirst),
            "month-first" => Ok(Self::MonthFirst),
            _ => Err("day-first or month-first"),
        }
    }
}

/// How a column writes instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// ISO 8601 with or without time and offset, a blank allowed for the `T`; year first with slashes as well.
    Iso,
    /// Seconds, milliseconds, microseconds or nanoseconds since 1970, told by magnitude: between 1971 and 2286 their
    /// ranges don't touch.
    Epoch,
    /// 31/12/2024, 31.12.2024 or 31-12-2024, with or without a time of day.
    DayFirst,
    /// 12/31/2024, likewise.
    MonthFirst,
}

/// The earliest instant accepted, 1971-01-01: what lies before is a unit mistaken or an unset clock.
pub(crate) const EARLIEST: Timestamp = Timestamp::constant(31_536_000, 0);
