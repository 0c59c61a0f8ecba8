//! What the pages, the server and the command line say to each other about imports. Shapes only; reading is `intake`'s
//! work, writing is `store`'s.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a column of an imported file is used for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnRole {
    /// The customer's external id.
    Customer,
    /// The event's name.
    Event,
    /// The event's instant.
    Time,
    /// The idempotency key: the same key is stored once.
    Key,
    /// The instant of signup, in a customers file.
    SignedUp,
    /// The external id of the customer's account, in a customers file.
    Account,
    /// Kept as an event property, or as a trait in a customers file.
    Property,
    /// Not kept.
    Ignored,
}

/// One column and what it was taken for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ColumnGuess {
    /// The column's name in the file's header.
    pub name: String,
    /// What it will be used for.
    pub role: ColumnRole,
    /// Up to three values that are not empty, as they stand in the file.
    pub samples: Vec<String>,
}

/// What the rows of a file are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// One event a row.
    Events,
    /// One customer a row.
    Customers,
}

/// How a file writes instants.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeGuess {
    /// ISO 8601.
    Iso,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds since 1970.
    EpochMillis,
    /// Microseconds since 1970.
    EpochMicros,
    /// Day before month, as in 31/12/2024.
    DayFirst,
    /// Month before day, as in 12/31/2024.
    MonthFirst,
    /// Day and month cannot be told apart: a person has to answer before the import can start.
    Ambiguous {
        /// A value that can be read both ways.
        sample: String,
    },
    /// The file has no column of instants.
    None,
}

/// What was found in a file before anything is stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ImportPreview {
    /// Events or customers.
    pub kind: FileKind,
    /// What separates the columns.
    pub delimiter: char,
    /// The columns in file order.
    pub columns: Vec<ColumnGuess>,
    /// The first rows, at most ten, as they stand in the file.
    pub rows: Vec<Vec<String>>,
    /// How instants are written.
    pub time: TimeGuess,
    /// What stops the import, each with what to do about it. Empty when it can start.
    pub problems: Vec<String>,
}

/// What an import did.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ImportSummary {
    /// Rows read.
    pub rows: u64,
    /// Rows stored.
    pub stored: u64,
    /// Rows that were stored before.
    pub duplicates: u64,
    /// Rows that name a customer who was erased; they are not stored.
    pub erased: u64,
    /// Rows put into quarantine with line and reason.
    pub rejected: u64,
    /// Customers seen for the first time.
    pub customers_new: u64,
    /// The oldest instant stored.
    pub from: Option<Timestamp>,
    /// The newest instant stored.
    pub until: Option<Timestamp>,
}

/// Where an import stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportPhase {
    /// The file is here; a person has to confirm the columns.
    Uploaded,
    /// Confirmed, waiting for its turn.
    Queued,
    /// Rows are being stored.
    Running,
    /// All rows are stored or in quarantine.
    Done,
    /// Stopped by an error; nothing or only a part is stored.
    Failed,
}

/// How far an import has come.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ImportProgress {
    /// Where it stands.
    pub phase: ImportPhase,
    /// Bytes of the file read so far.
    pub bytes_done: u64,
    /// Size of the file in bytes.
    pub bytes_total: u64,
    /// Rows read so far.
    pub rows: u64,
    /// Rows put into quarantine so far.
    pub rejected: u64,
    /// Rows a second since it started.
    pub rows_per_second: f64,
    /// Seconds left at this speed, when that can be said.
    pub seconds_left: Option<f64>,
    /// Why it failed, as a sentence.
    pub error: Option<String>,
    /// What it did, once it is done.
    pub summary: Option<ImportSummary>,
}
