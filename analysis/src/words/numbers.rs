//! Numbers in words.

use crate::stats::Interval;

/// What stands between a number and its percent sign.
const NO_BREAK_SPACE: char = '\u{a0}';

/// "7,647".
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate from 0 to 1 in whole percent: "26 %". "0 %" and "100 %" are said only when exact, else "<1 %" and ">99 %". A
/// dash for what is not a number.
pub fn percent(rate: f64) -> String {
    format!("{}{NO_BREAK_SPACE}%", whole_percent(rate))
}

/// The attrition that belongs to a retention rate, rounded so that both always add to 100 %.
pub fn attrition_percent(retention: f64) -> String {
    let text = match whole_percent(retention).as_str() {
        "<1" => ">99".to_owned(),
        ">99" => "<1".to_owned(),
        kept => match kept.parse::<i64>() {
            Ok(kept) => (100 - kept).to_string(),
            Err(_) => kept.to_owned(),
        },
    };
    format!("{text}{NO_BREAK_SPACE}%")
}

/// An interval of a rate: "22 to 30 %". More digits where both ends would read the same.
pub fn interval(interval: Interval) -> String {
    let Interval { low, high } = interval;
    let (mut from, mut to) = (whole_percent(low), whole_percent(high));
    for digits in 1..=2 {
        if from != to || low >= high {
            break;
        }
        from = format!("{:.digits$}", low * 100.0);
        to = format!("{:.digits$}", high * 100.0);
    }
    format!("{from} to {to}{NO_BREAK_SPACE}%")
}

fn whole_percent(rate: f64) -> String {
    let percent = (rate * 100.0).round();
    if !rate.is_finite() {
        "–".to_owned()
    } else if rate > 0.0 && percent < 1.0 {
        "<1".to_owned()
    } else if rate < 1.0 && percent >= 100.0 {
        ">99".to_owned()
    } else {
        // Adding 0 turns "-0" into "0".
        (percent + 0.0).to_string()
    }
}

/// A rate in percent with a decimal below 10: "4.1 %", "−8.4 %", "14 %". "0 %" is said only when exact, else "<0.1 %". A
/// dash for what is not a number.
pub fn fine_percent(rate: f64) -> String {
    format!("{}{NO_BREAK_SPACE}%", fine(rate))
}

/// An interval of a rate as [`fine_percent`] says it: "3.8 to 4.5 %".
pub fn fine_interval(interval: Interval) -> String {
    let Interval { low, high } = interval;
    let (from, mut to) = (fine(low), fine(high));
    if from == to && low < high {
        to = format!("{:.1}", high * 100.0);
        return format!("{:.1} to {to}{NO_BREAK_SPACE}%", low * 100.0);
    }
    format!("{from} to {to}{NO_BREAK_SPACE}%")
}

fn fine(rate: f64) -> String {
    let percent = (rate * 100.0).abs();
    if !rate.is_finite() {
        return "–".to_owned();
    }
    if percent > 0.0 && percent < 0.05 {
        return "<0.1".to_owned();
    }
    let size = decimal(percent);
    match rate < 0.0 {
        true => format!("\u{2212}{size}"),
        false => size,
    }
}

/// A number with a decimal below 10: "5.3", "1", "14", "1,596".
pub fn decimal(number: f64) -> String {
    if number.abs() < 9.95 {
        let text = format!("{number:.1}");
        return text.strip_suffix(".0").unwrap_or(&text).to_owned();
    }
    let whole = format!("{number:.0}");
    // Too large a number stays as it is.
    whole.parse().map_or(whole, thousands)
}
