//! The mathematics of who stays.
//!
//! Periods, questions, reports, intervals and the words that explain them. Everything here is a pure function of its
//! arguments: no input or output, no async, no clock, no framework. "Now" and the time zone come in as arguments, so the
//! same question always has the same answer. What each number means is written down in `docs/DEFINITIONS.md`.
//!
//! The feature `inference` adds what needs distributions (p-values, and the answers about features that rest on them),
//! the feature `zones` adds what needs the time-zone data base (`period::Calendar`, `shape`, `tally`); the browser goes
//! without it and works on finished reports.

mod names;

pub mod alert;
pub mod annotation;
pub mod candidates;
pub mod changes;
pub mod churn;
pub mod comparison;
pub mod document;
pub mod export;
pub mod import;
pub mod period;
pub mod quartiles;
pub mod query;
pub mod report;
pub mod rule;
pub mod saved;
pub mod schedule;
pub mod segment;
#[cfg(feature = "zones")]
pub mod shape;
pub mod stats;
#[cfg(feature = "zones")]
pub mod tally;
pub mod withhold;
pub mod words;
pub mod workflow;
