//! Dates and periods in words.

use jiff::civil::{Date, DateTime};

use crate::period::Grain;

const MONTHS: [(&str, &str); 12] = [
    ("Jan", "January"),
    ("Feb", "February"),
    ("Mar", "March"),
    ("Apr", "April"),
    ("May", "May"),
    ("Jun", "June"),
    ("Jul", "July"),
    ("Aug", "August"),
    ("Sep", "September"),
    ("Oct", "October"),
    ("Nov", "November"),
    ("Dec", "December"),
];

/// The short and the long name of a date's month.
fn month(date: Date) -> (&'static str, &'static str) {
    let place = usize::try_from(date.month() - 1).unwrap_or_default();
    MONTHS[place]
}

fn quarter(date: Date) -> i8 {
    (date.month() - 1) / 3 + 1
}

/// "6 Jan".
pub fn short_date(date: Date) -> String {
    format!("{} {}", date.day(), month(date).0)
}

/// "6 Jan 2025".
pub fn date(date: Date) -> String {
    format!("{} {}", short_date(date), date.year())
}

/// "6 Jan 2025 09:05".
pub fn date_time(at: DateTime) -> String {
    format!("{} {:02}:{:02}", date(at.date()), at.hour(), at.minute())
}

/// A period's full name, as it stands inside a sentence: "6 Jan 2025", "week of 6 Jan 2025", "January 2025",
/// "Q1 2025", "2025".
pub fn period_name(grain: Grain, start: Date) -> String {
    match grain {
        Grain::Day => date(start),
        Grain::Week => format!("week of {}", date(start)),
        Grain::Month => format!("{} {}", month(start).1, start.year()),
        Grain::Quarter => format!("Q{} {}", quarter(start), start.year()),
        Grain::Year => start.year().to_string(),
    }
}

/// A period's short name for a row or an axis, with or without its year: "6 Jan", "Jan 2025", "Q1", "2025".
pub fn period_label(grain: Grain, start: Date, with_year: bool) -> String {
    let short = match grain {
        Grain::Day | Grain::Week => short_date(start),
        Grain::Month => month(start).0.to_owned(),
        Grain::Quarter => format!("Q{}", quarter(start)),
        Grain::Year => return start.year().to_string(),
    };
    if with_year {
        format!("{short} {}", start.year())
    } else {
        short
    }
}
