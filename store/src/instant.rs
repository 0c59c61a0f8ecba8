//! `jiff` everywhere, `time` only where sqlx needs it.

use jiff::Timestamp;
use time::OffsetDateTime;

/// For binding. Every `jiff` instant lies within what `time` can hold.
pub(crate) fn to_db(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(at.as_nanosecond())
        .expect("jiff's years -9999..=9999 are time's years as well")
}

/// From a row. Postgres can hold instants beyond the year 9999; they become the last instant there is.
pub(crate) fn from_db(at: OffsetDateTime) -> Timestamp {
    Timestamp::from_nanosecond(at.unix_timestamp_nanos()).unwrap_or(if at.year() > 0 {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    })
}
