//! Files against the reports that they were made of: the same numbers in each form, nothing that a name could run or
//! break, and no report too small or too large.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod harm;
mod numbers;
mod pictures;
mod worlds;
