//! Why a file as a whole can't be read.

use crate::MAX_COLUMNS;
use std::io;

/// Why a file can't be read at all; single bad rows are [`crate::Rejected`] instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// The reader failed.
    #[error("the file can't be read: {message}")]
    Io {
        /// What kind of failure.
        kind: io::ErrorKind,
        /// What the reader said.
        message: String,
    },
    /// A gzip file without its end.
    #[error("the compressed file is cut off: it ends in the middle")]
    CutOff,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Sixteen-bit text, as spreadsheets like to write it.
    #[error("the file is UTF-16: save it as “CSV UTF-8” and try again")]
    Utf16,
    /// Something else than delimited text.
    #[error("this is {0}, not a CSV file")]
    NotCsv(&'static str),
    /// The first row can't serve as headings.
    #[error("the first row can't be read as headings: {0}")]
    Header(&'static str),
    /// More columns than can be kept.
    #[error("the file has {0} columns, and the most that can be read is {MAX_COLUMNS}")]
    TooManyColumns(usize),
    /// The columns are not those that were confirmed.
    #[error("the file's columns are not those of its preview")]
    OtherColumns,
    /// The zone for times without offset is unknown.
    #[error("unknown time zone {0}")]
    Zone(String),
    /// Questions that a person has to answer first.
    #[error("{}", .0.join(" "))]
    Unanswered(Vec<String>),
}

impl From<io::Error> for IntakeError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // only the decompressor reads "exactly so many bytes"
            io::ErrorKind::UnexpectedEof => Self::CutOff,
            kind => Self::Io {
                kind,
                message: error.to_string(),
            },
        }
    }
}
