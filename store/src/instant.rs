//! `jiff` everywhere, `time` only where sqlx needs it.

use jiff::Timestamp;
use time::OffsetDateTime;

/// For binding. Every `jiff` instant lies within what `time` can hold.
pub(crate) fn to_db(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(at.as_nanosecond())
        .expect("jiff's years -9999..=9999 are time's years as well")
}

/// For binding: microseconds since 1970.
pub(crate) fn micros_to_db(micros: i64) -> OffsetDateTime {
    to_db(Timestamp::from_microsecond(micros).expect("cut from an instant of jiff's"))
}

/// From a row. Postgres can hold instants beyond the year 9999; they become the last instant there is.
pub(crate) fn from_db(at: OffsetDateTime) -> Timestamp {
    Timestamp::from_nanosecond(at.unix_timestamp_nanos()).unwrap_or(if at.year() > 0 {
        Timestamp::MAX
    } else {
        Timestamp::MIN
    })
}

/// From microseconds since 1970, in the same way.
pub(crate) fn from_micros(micros: i64) -> Timestamp {
    let beyond = || {
        if micros > 0 {
            Timestamp::MAX
        } else {
            Timestamp::MIN
        }
    };
    Timestamp::from_microsecond(micros).unwrap_or_else(|_| beyond())
}

/// The microseconds since 1970 that Postgres keeps of an instant. It counts from 2000, and sqlx cuts towards that.
pub(crate) fn stored_micros(at: OffsetDateTime) -> i64 {
    const BETWEEN: i128 = 946_684_800_000_000;
    let micros = (at.unix_timestamp_nanos() - BETWEEN * 1_000) / 1_000 + BETWEEN;
    i64::try_from(micros).expect("the years of `time` fit")
}
