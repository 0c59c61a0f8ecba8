//! Reads the files that others wrote: dialect, columns, instants, rows. It is given a reader and today's date and gives
//! back typed rows, or says why not; nothing is guessed where a wrong guess would be silent. No data base, no async, no
//! clock.
//!
//! [`preview`] looks at the beginning of a file, a person confirms or corrects it, [`Mapping::new`] fixes what was
//! agreed, and [`Rows`] reads the file with it in constant memory.

mod columns;
mod delimiter;
mod error;
mod key;
mod mapping;
mod preview;
mod records;
mod reject;
mod rows;
mod source;
mod time;
mod value;

pub use error::IntakeError;
pub use key::event_key;
pub use mapping::{ColumnChoice, Mapping, Options};
pub use preview::preview;
pub use reject::{Reason, Rejected};
pub use rows::{CustomerRecord, EventRecord, Row, Rows};
pub use time::{DateOrder, TimeFormat};

/// Longest id, event name and column name that is stored, in characters.
pub const MAX_NAME: usize = 200;

/// Most columns of a file.
pub const MAX_COLUMNS: usize = 1_000;
