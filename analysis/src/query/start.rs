//! When a customer enters a cohort, and how his periods are counted from there.

use serde::{Deserialize, Serialize};

use crate::names::named;

/// What puts a customer into a cohort.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StartRule {
    /// His signup.
    #[default]
    Signup,
    /// The first of his start events ever.
    FirstEvent,
    /// Every period in which he did a start event: he joins the cohort of each.
    EachEvent,
}

named!(StartRule: Signup = "signup", FirstEvent = "first_event", EachEvent = "each_event");

/// How periods follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Period `k` is the `k`-th calendar period after the cohort's own.
    #[default]
    Calendar,
    /// Period `k` begins `k` lengths after the customer's own start instant: days of 24 hours, weeks of 7 × 24 hours,
    /// months, quarters and years by anniversary in the workspace's zone.
    Rolling,
}

named!(Window: Calendar = "calendar", Rolling = "rolling");

/// What becomes of active events of the cohort's own period that lie before the customer's start instant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BeforeStart {
    /// They do not count.
    #[default]
    Ignore,
    /// They count in period 0.
    Count,
}

named!(BeforeStart: Ignore = "ignore", Count = "count");
