//! Files and imports in words.

use analysis::import::{ImportPhase, ImportProgress, ImportSummary, TimeGuess};
use analysis::period::Calendar;
use analysis::words::{date, date_time, thousands};
use jiff::Timestamp;
use jiff::civil::Date;
use std::time::Duration;

/// "812 bytes", "3.4 KB", "12 MB".
pub fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (1_000_000_000_000, "TB"),
        (1_000_000_000, "GB"),
        (1_000_000, "MB"),
        (1_000, "KB"),
    ];
    let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| bytes >= *unit) else {
        return count(bytes, "byte");
    };
    let tenths = bytes / (unit / 10);
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {name}"),
        (whole @ 0..10, tenth) => format!("{whole}.{tenth} {name}"),
        (whole, _) => format!("{whole} {name}"),
    }
}

/// An error's message as a sentence of its own.
pub fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let mut text: String = match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    };
    if !text.ends_with(['.', '?', '!']) {
        text.push('.');
    }
    text
}

/// "1 row", "12,345 rows".
pub(crate) fn count(number: u64, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(number))
}

/// "6 Jan 2025 09:05", in the calendar's zone.
pub(super) fn moment(calendar: &Calendar, at: Timestamp) -> String {
    date_time(calendar.datetime(at))
}

pub(super) fn percent(progress: &ImportProgress) -> u32 {
    let done = u128::from(progress.bytes_done) * 100 / u128::from(progress.bytes_total.max(1));
    u32::try_from(done).unwrap_or(100).min(100)
}

/// Where an import stands, in a list.
pub(super) fn state(progress: &ImportProgress) -> String {
    match progress.phase {
        ImportPhase::Uploaded => "to be confirmed".to_owned(),
        ImportPhase::Queued => "waiting".to_owned(),
        ImportPhase::Running => format!("running, {} %", percent(progress)),
        ImportPhase::Done => "done".to_owned(),
        ImportPhase::Failed => "stopped".to_owned(),
    }
}

/// "42 % · 1,200,000 rows · 95,000 a second · about 3 minutes left".
pub(super) fn pace(progress: &ImportProgress) -> String {
    let mut parts = vec![
        format!("{} %", percent(progress)),
        count(progress.rows, "row"),
    ];
    if progress.rejected > 0 {
        parts.push(format!("{} rejected", thousands(progress.rejected)));
    }
    if let Some(rate) = whole(progress.rows_per_second).filter(|rate| *rate > 0) {
        parts.push(format!("{} a second", thousands(rate)));
    }
    if let Some(left) = progress.seconds_left.and_then(whole) {
        parts.push(match left {
            0..90 => format!("{} left", count(left.max(1), "second")),
            90..5_400 => format!("about {} left", count((left + 30) / 60, "minute")),
            _ => format!("about {} left", count((left + 1_800) / 3_600, "hour")),
        });
    }
    parts.join(" · ")
}

/// The whole part of a number that is not negative.
fn whole(number: f64) -> Option<u64> {
    Some(Duration::try_from_secs_f64(number).ok()?.as_secs())
}

/// "61,911 rows stored, 12 rejected."
pub(super) fn outcome(summary: &ImportSummary) -> String {
    format!(
        "{} stored, {} rejected.",
        count(summary.stored, "row"),
        thousands(summary.rejected)
    )
}

/// What else there is to say of an import that is done.
pub(super) fn outcome_details(summary: &ImportSummary, calendar: &Calendar) -> String {
    let mut parts = Vec::new();
    if summary.duplicates > 0 {
        let were = if summary.duplicates == 1 {
            "was"
        } else {
            "were"
        };
        let rows = count(summary.duplicates, "row");
        parts.push(format!("{rows} {were} already there"));
    }
    if summary.erased > 0 {
        let rows = count(summary.erased, "row");
        parts.push(format!("{rows} of customers who were erased left out"));
    }
    if summary.customers_new > 0 {
        parts.push(count(summary.customers_new, "new customer"));
    }
    if let (Some(from), Some(until)) = (summary.from, summary.until) {
        let (from, until) = (calendar.date(from), calendar.date(until));
        parts.push(if from == until {
            format!("all on {}", date(from))
        } else {
            format!("from {} to {}", date(from), date(until))
        });
    }
    parts.join(" · ")
}

/// How a file is written.
pub(super) fn dialect(delimiter: char, time: &TimeGuess, zone: &str) -> String {
    let separated = match delimiter {
        ',' => "commas",
        ';' => "semicolons",
        '\t' => "tabs",
        _ => "bars",
    };
    let (times, local) = match time {
        TimeGuess::Iso => ("times as in 2026-04-03T12:00:00Z", true),
        TimeGuess::EpochSeconds => ("times in seconds since 1970", false),
        TimeGuess::EpochMillis => ("times in milliseconds since 1970", false),
        TimeGuess::EpochMicros => ("times in microseconds since 1970", false),
        TimeGuess::DayFirst => ("dates with the day first", true),
        TimeGuess::MonthFirst => ("dates with the month first", true),
        TimeGuess::Ambiguous { .. } => ("dates that can be read in two ways", true),
        TimeGuess::None => return format!("Columns separated by {separated} · no times"),
    };
    let zoned = if local {
        format!("; without an offset they are read in {zone}")
    } else {
        String::new()
    };
    format!("Columns separated by {separated} · {times}{zoned}")
}

/// The two ways to read a date, day first and month first: "03/04/2026 is 3 Apr 2026". Without the example where a
/// part can't be a month.
pub(super) fn readings(sample: &str) -> [String; 2] {
    let numbers: Vec<i16> = sample
        .split(|letter: char| !letter.is_ascii_digit())
        .map_while(|digits| digits.parse().ok())
        .collect();
    let read = |day: usize, month: usize| -> Option<String> {
        let part = |place: usize| i8::try_from(*numbers.get(place)?).ok();
        // as they are read when they are imported: the one year between 1971 and 2070
        let year = match *numbers.get(2)? {
            year @ 0..=70 => year + 2000,
            year @ 71..=99 => year + 1900,
            year => year,
        };
        let read = Date::new(year, part(month)?, part(day)?).ok()?;
        Some(format!(": {sample} is {}", date(read)))
    };
    [
        format!("The day comes first{}", read(0, 1).unwrap_or_default()),
        format!("The month comes first{}", read(1, 0).unwrap_or_default()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1 KB"),
            (1_950, "1.9 KB"),
            (12_345, "12 KB"),
            (999_999, "999 KB"),
            (1_500_000, "1.5 MB"),
            (21_474_836_480, "21 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn a_pace_says_what_is_known() {
        let mut progress = ImportProgress {
            phase: ImportPhase::Running,
            bytes_done: 42,
            bytes_total: 100,
            rows: 1,
            rejected: 0,
            rows_per_second: 0.0,
            seconds_left: None,
            error: None,
            summary: None,
        };
        assert_eq!(pace(&progress), "42 % · 1 row");
        progress.rows = 1_200_000;
        progress.rejected = 7;
        progress.rows_per_second = 95_000.4;
        for (left, expected) in [
            (0.2, "1 second left"),
            (89.0, "89 seconds left"),
            (90.0, "about 2 minutes left"),
            (7_200.0, "about 2 hours left"),
        ] {
            progress.seconds_left = Some(left);
            let expected =
                format!("42 % · 1,200,000 rows · 7 rejected · 95,000 a second · {expected}");
            assert_eq!(pace(&progress), expected);
        }
        progress.seconds_left = Some(f64::INFINITY);
        assert!(pace(&progress).ends_with("a second"));
        progress.bytes_total = 0;
        assert_eq!(percent(&progress), 100);
    }

    #[test]
    fn dates_are_read_both_ways() {
        for (sample, day, month) in [
            (
                "03/04/2026",
                ": 03/04/2026 is 3 Apr 2026",
                ": 03/04/2026 is 4 Mar 2026",
            ),
            (
                "3.4.26 12:00",
                ": 3.4.26 12:00 is 3 Apr 2026",
                ": 3.4.26 12:00 is 4 Mar 2026",
            ),
            ("13/04/2026", ": 13/04/2026 is 13 Apr 2026", ""),
            ("soon", "", ""),
        ] {
            let [first, second] = readings(sample);
            assert_eq!(first, format!("The day comes first{day}"));
            assert_eq!(second, format!("The month comes first{month}"));
        }
    }

    #[test]
    fn sentences() {
        assert_eq!(sentence("the file is empty"), "The file is empty.");
        assert_eq!(sentence("Which?"), "Which?");
        assert_eq!(sentence(""), ".");
    }
}
