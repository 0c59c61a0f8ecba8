//! Rows that can't be stored, and why.

use std::fmt;

/// A row that can't be stored. It goes into quarantine, the rest of the file goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Line of the file on which the row begins; the headings are on line 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// The row as it stands in the file, bytes that are not UTF-8 replaced, cut after 8 KiB.
    pub raw: String,
}

/// Why a row can't be stored. The sentences hold nothing of the row, so that rows can be counted by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Longer than [`crate::Rows`] holds in memory.
    TooLong,
    /// A quote that is open at the end of the file.
    OpenQuote,
    /// Not UTF-8.
    NotUtf8,
    /// Holds U+0000, which the data base can't store.
    Nul,
    /// Fewer fields than headings.
    TooFewFields,
    /// More fields than headings.
    TooManyFields,
    /// No customer.
    NoCustomer,
    /// A customer id that stands for "nobody".
    BannedCustomer,
    /// A customer id of more than 200 characters.
    LongCustomer,
    /// No event name.
    NoEvent,
    /// An event name of more than 200 characters.
    LongEvent,
    /// An account id of more than 200 characters.
    LongAccount,
    /// No time.
    NoTime,
    /// A time that can't be read in the file's format.
    BadTime,
    /// Before 1971.
    Ancient,
    /// More than 24 hours ahead.
    Future,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooLong => "the row is longer than 1 MiB, or a quote in it is never closed",
            Self::OpenQuote => "a quote in the row is never closed",
            Self::NotUtf8 => "the row is not valid UTF-8",
            Self::Nul => "the row holds a NUL character",
            Self::TooFewFields => "the row has fewer fields than the headings",
            Self::TooManyFields => "the row has more fields than the headings",
            Self::NoCustomer => "the customer is empty",
            Self::BannedCustomer => "the customer id is a placeholder, not a person",
            Self::LongCustomer => "the customer id is longer than 200 characters",
            Self::NoEvent => "the event name is empty",
            Self::LongEvent => "the event name is longer than 200 characters",
            Self::LongAccount => "the account id is longer than 200 characters",
            Self::NoTime => "the time is empty",
            Self::BadTime => "the time can't be read",
            Self::Ancient => "the time is before 1971",
            Self::Future => "the time is more than 24 hours in the future",
        })
    }
}

/// Bytes of a rejected row that are kept.
const RAW_KEPT: usize = 8 * 1024;

/// A row's bytes as text that the data base can hold.
pub(crate) fn printable(raw: &[u8]) -> String {
    let kept = raw.get(..RAW_KEPT).unwrap_or(raw);
    String::from_utf8_lossy(kept)
        .trim_matches(['\r', '\n'])
        // shown as the picture of a NUL
        .replace('\0', "\u{2400}")
}
