//! One text, one instant.

use super::TimeFormat;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Reads the instants of one column.
#[derive(Clone, Debug)]
pub(crate) struct TimeReader {
    format: TimeFormat,
    /// The zone of times without offset.
    zone: TimeZone,
}

impl TimeReader {
    pub(crate) fn new(format: TimeFormat, zone: TimeZone) -> Self {
        Self { format, zone }
    }

    /// The instant, or none when the text is not of the column's format. A local time that the zone skips is moved
    /// forward by the gap; of two instants with the same local time, the first is taken.
    pub(crate) fn read(&self, text: &str) -> Option<Timestamp> {
        match self.format {
            TimeFormat::Epoch => epoch(text),
            TimeFormat::Iso => iso(text, &self.zone),
            TimeFormat::DayFirst | TimeFormat::MonthFirst => {
                let (text, zone) = match named_utc(text) {
                    Some(local) => (local, &TimeZone::UTC),
                    None => (text, &self.zone),
                };
                let parts = Parts::of(text)?;
                let (day, month) = match self.format {
                    TimeFormat::DayFirst => (parts.first, parts.second),
                    _ => (parts.second, parts.first),
                };
                zone.to_timestamp(parts.local(day, month)?).ok()
            }
        }
    }
}

/// Seconds and smaller units since 1970 by magnitude, with an optional fraction.
pub(super) fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let unit = EpochUnit::of(whole);
    // 18 digits: more than any unit has nanoseconds
    let fraction = fraction.get(..18).unwrap_or(fraction);
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let below = fraction.parse::<i128>().ok()? * unit.nanoseconds() / scale;
    Timestamp::from_nanosecond(i128::from(whole) * unit.nanoseconds() + below).ok()
}

/// The unit of a count since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum EpochUnit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl EpochUnit {
    /// 10¹⁰ seconds are the year 2286, 10¹⁰ milliseconds April 1970; likewise above.
    pub(super) fn of(count: u64) -> Self {
        if count < 10_u64.pow(10) {
            Self::Seconds
        } else if count < 10_u64.pow(13) {
            Self::Millis
        } else if count < 10_u64.pow(16) {
            Self::Micros
        } else {
            Self::Nanos
        }
    }

    fn nanoseconds(self) -> i128 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }
}

/// ISO 8601, and what programs write that mean it: a blank before the offset, `UTC` for `Z`, slashes with the year first.
pub(super) fn iso(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(pieces) = Pieces::parse(text) {
        return pieces_instant(&pieces, zone);
    }
    if let Some(local) = named_utc(text) {
        return iso(local, &TimeZone::UTC);
    }
    if let Some((local, offset)) = text.rsplit_once(' ')
        && offset.starts_with(['+', '-'])
    {
        let joined = format!("{local}{offset}");
        return pieces_instant(&Pieces::parse(&joined).ok()?, zone);
    }
    let parts = Parts::of(text).filter(|parts| parts.year_first)?;
    zone.to_timestamp(parts.local(parts.second, parts.first)?)
        .ok()
}

fn pieces_instant(pieces: &Pieces<'_>, zone: &TimeZone) -> Option<Timestamp> {
    let local = pieces
        .date()
        .to_datetime(pieces.time().unwrap_or(Time::midnight()));
    if let Some(offset) = pieces.to_numeric_offset() {
        return offset.to_timestamp(local).ok();
    }
    match pieces.to_time_zone() {
        Ok(Some(own)) => own.to_timestamp(local).ok(),
        Ok(None) => zone.to_timestamp(local).ok(),
        Err(_) => None,
    }
}

/// The text before a closing `UTC` or `GMT`.
fn named_utc(text: &str) -> Option<&str> {
    let (local, name) = text.rsplit_once(' ')?;
    ["UTC", "GMT", "Z"]
        .contains(&name)
        .then(|| local.trim_end())
}

/// A date in three numbers with slashes, dots or dashes, and a time of day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Parts {
    /// With the year in front, month and day; else day and month in the order that is in question.
    pub(super) first: i8,
    pub(super) second: i8,
    year: i16,
    pub(super) year_first: bool,
    time: Time,
}

impl Parts {
    /// None unless some day and month can be meant.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once([' ', 'T']) {
            Some((date, time)) => (date.trim_end_matches(','), clock(time.trim())?),
            None => (text, Time::midnight()),
        };
        let separator = date.chars().find(|character| !character.is_ascii_digit())?;
        if !matches!(separator, '/' | '.' | '-') {
            return None;
        }
        let mut numbers = date.split(separator);
        let (a, b, c) = (numbers.next()?, numbers.next()?, numbers.next()?);
        if numbers.next().is_some() {
            return None;
        }
        let year_first = a.len() == 4;
        let (first, second, year) = if year_first { (b, c, a) } else { (a, b, c) };
        let parts = Self {
            first: part(first)?,
            second: part(second)?,
            year: self::year(year)?,
            year_first,
            time,
        };
        let possible = parts.local(parts.first, parts.second).is_some()
            || parts.local(parts.second, parts.first).is_some();
        possible.then_some(parts)
    }

    /// The local time when `day` and `month` are meant.
    pub(super) fn local(self, day: i8, month: i8) -> Option<DateTime> {
        let (day, month) = if self.year_first {
            (self.second, self.first)
        } else {
            (day, month)
        };
        Date::new(self.year, month, day)
            .ok()
            .map(|date| date.to_datetime(self.time))
    }
}

fn part(text: &str) -> Option<i8> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Two digits are the one year between 1971 and 2070 that they can mean.
fn year(text: &str) -> Option<i16> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i16 = text.parse().ok()?;
    match (text.len(), year) {
        (4, year) => Some(year),
        (2, 0..=70) => Some(2000 + year),
        (2, _) => Some(1900 + year),
        _ => None,
    }
}

/// `8:26`, `08:26:59.123`, `8:26 PM`.
fn clock(text: &str) -> Option<Time> {
    let upper = text.to_ascii_uppercase();
    let (clock, half) = match (upper.strip_suffix("AM"), upper.strip_suffix("PM")) {
        (Some(clock), _) => (clock.trim_end(), Some(0)),
        (_, Some(clock)) => (clock.trim_end(), Some(12)),
        _ => (upper.as_str(), None),
    };
    let mut numbers = clock.split(':');
    let hour = part(numbers.next()?)?;
    let minute = part(numbers.next()?)?;
    let (second, fraction) = match numbers.next() {
        None => (0, SignedDuration::ZERO),
        Some(text) => {
            let (second, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
            (part(second)?, below_second(fraction)?)
        }
    };
    if numbers.next().is_some() {
        return None;
    }
    let hour = match half {
        None => hour,
        Some(half) => (1..=12).contains(&hour).then(|| hour % 12 + half)?,
    };
    Time::new(hour, minute, second, 0)
        .ok()?
        .checked_add(fraction)
        .ok()
}

fn below_second(digits: &str) -> Option<SignedDuration> {
    let digits = digits.get(..9).unwrap_or(digits);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let missing = 9 - u32::try_from(digits.len()).ok()?;
    Some(SignedDuration::from_nanos(
        digits.parse::<i64>().ok()? * 10_i64.pow(missing),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(format: TimeFormat, cases: &[(&str, Option<&str>)]) {
        let reader = TimeReader::new(format, TimeZone::get("Europe/Berlin").unwrap());
        for (text, expected) in cases {
            let expected = expected.map(|instant| instant.parse::<Timestamp>().unwrap());
            assert_eq!(reader.read(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_iso() {
        check(
            TimeFormat::Iso,
            &[
                ("2016-01-15T22:21:11Z", Some("2016-01-15T22:21:11Z")),
                ("2024-06-01T12:00:00+02:00", Some("2024-06-01T10:00:00Z")),
                (
                    "2024-06-01T12:00:00.123456-0500",
                    Some("2024-06-01T17:00:00.123456Z"),
                ),
                ("2024-06-01 12:00:00+00", Some("2024-06-01T12:00:00Z")),
                ("2024-06-01 12:00:00 +0200", Some("2024-06-01T10:00:00Z")),
                ("2024-06-01 12:00:00 UTC", Some("2024-06-01T12:00:00Z")),
                ("2024-06-01 12:00:00.5 UTC", Some("2024-06-01T12:00:00.5Z")),
                ("20240601T120000Z", Some("2024-06-01T12:00:00Z")),
                // without offset: Berlin, summer and winter
                ("2024-06-01 12:00:00", Some("2024-06-01T10:00:00Z")),
                ("2024-01-01T12:00", Some("2024-01-01T11:00:00Z")),
                ("2024-01-01", Some("2023-12-31T23:00:00Z")),
                ("20240101", Some("2023-12-31T23:00:00Z")),
                ("2024/01/31 8:05", Some("2024-01-31T07:05:00Z")),
                // skipped and repeated local times
                ("2024-03-31 02:30:00", Some("2024-03-31T01:30:00Z")),
                ("2024-10-27 02:30:00", Some("2024-10-27T00:30:00Z")),
                (
                    "2024-01-01T00:00[America/New_York]",
                    Some("2024-01-01T05:00:00Z"),
                ),
                ("2024-13-01", None),
                ("2023-02-29", None),
                ("2024-01-01 25:00:00", None),
                ("yesterday", None),
                ("01/02/2024", None),
                ("", None),
            ],
        );
    }

    #[test]
    fn reads_epochs_by_magnitude() {
        check(
            TimeFormat::Epoch,
            &[
                ("1602611311", Some("2020-10-13T17:48:31Z")),
                ("1602611311.25", Some("2020-10-13T17:48:31.25Z")),
                ("1602611311250", Some("2020-10-13T17:48:31.25Z")),
                ("1602611311250000", Some("2020-10-13T17:48:31.25Z")),
                ("1602611311250000000", Some("2020-10-13T17:48:31.25Z")),
                ("1602611311250.5", Some("2020-10-13T17:48:31.2505Z")),
                ("0", Some("1970-01-01T00:00:00Z")),
                ("1.6E+12", None),
                ("-5", None),
                ("16026113112500000000000", None),
                ("12:00", None),
                (".", None),
            ],
        );
    }

    #[test]
    fn reads_day_first_and_month_first() {
        check(
            TimeFormat::DayFirst,
            &[
                ("03/04/2026", Some("2026-04-02T22:00:00Z")),
                ("3.4.2026 9:05", Some("2026-04-03T07:05:00Z")),
                ("31-12-2024 23:59:59.999", Some("2024-12-31T22:59:59.999Z")),
                ("31/12/24, 11:00 pm", Some("2024-12-31T22:00:00Z")),
                ("31/12/2024 11:00 UTC", Some("2024-12-31T11:00:00Z")),
                ("12/31/2024", None),
                ("29/02/2023", None),
                ("1/1/024", None),
                ("1/1", None),
                ("1/1/2024/5", None),
                ("1/1/2024 13:00 PM", None),
            ],
        );
        check(
            TimeFormat::MonthFirst,
            &[
                ("03/04/2026", Some("2026-03-03T23:00:00Z")),
                ("12/1/2010 8:26", Some("2010-12-01T07:26:00Z")),
                ("12/1/99 12:26 AM", Some("1999-11-30T23:26:00Z")),
                ("31/12/2024", None),
            ],
        );
    }

    proptest! {
        #[test]
        fn every_unit_means_the_same_instant(second in 31_536_000_i64..9_999_999_999) {
            let expected = Timestamp::from_second(second).unwrap();
            for unit in ["", "000", "000000", "000000000"] {
                prop_assert_eq!(epoch(&format!("{second}{unit}")), Some(expected));
            }
        }

        #[test]
        fn reading_never_panics(text in "\\PC*", digits in "[0-9:/. TZ+-]{0,30}") {
            for format in [TimeFormat::Iso, TimeFormat::Epoch, TimeFormat::DayFirst, TimeFormat::MonthFirst] {
                let reader = TimeReader::new(format, TimeZone::UTC);
                reader.read(&text);
                reader.read(&digits);
            }
        }

        #[test]
        fn iso_comes_back(nanosecond in 31_536_000_000_000_000_i128..4_000_000_000_000_000_000) {
            let at = Timestamp::from_nanosecond(nanosecond).unwrap();
            prop_assert_eq!(iso(&at.to_string(), &TimeZone::UTC), Some(at));
            let local = at.to_zoned(TimeZone::UTC).datetime().to_string();
            prop_assert_eq!(iso(&local, &TimeZone::UTC), Some(at));
        }
    }
}
