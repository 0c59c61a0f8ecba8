//! Reports drawn as SVG by plotters, on the server only: its text measuring differs between native and wasm, so a
//! picture must never be drawn on both sides of a hydrated view.
//!
//! Plotters knows no classes; colours are the only mark it lets through. So every role has a colour of its own (see
//! [`ink`]), which is exchanged for a class at the end, and the style sheet decides what it looks like in each theme.

mod churn;
mod comparison;
mod ink;
mod matrix;
mod notes;
mod quartiles;
mod retention;

pub use churn::{churn, fading, lifecycle, returns, stickiness};
pub use comparison::{lifetimes, segments};
pub use matrix::{MATRIX_COLUMNS, MATRIX_ROWS, matrix};
pub use quartiles::{groups, usage};
pub use retention::retention;
