//! Finding a column's format from samples.

use super::read::{EpochUnit, Parts, iso};
use super::{DateOrder, TimeFormat};
use analysis::import::TimeGuess;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// What the samples of a column say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Guess {
    pub(crate) time: TimeGuess,
    /// What a person has to answer or mend before the column can be read.
    pub(crate) problem: Option<String>,
}

impl Guess {
    fn clear(time: TimeGuess) -> Self {
        Self {
            time,
            problem: None,
        }
    }
}

/// What one text looks like.
enum Look {
    Iso,
    /// Eight digits that are a date; also a count of seconds in 1970 to 1973.
    Compact,
    Epoch(EpochUnit),
    Dated(Parts),
}

/// The format of most samples. `order` is a person's answer, when there is one.
pub(crate) fn guess<'a>(
    samples: impl Iterator<Item = &'a str> + Clone,
    order: Option<DateOrder>,
) -> Guess {
    let mut iso = 0_u32;
    let mut compact = 0_u32;
    let mut epoch = [0_u32; 4];
    let mut dated: Vec<(&str, Parts)> = Vec::new();
    for sample in samples.clone() {
        match look(sample) {
            Some(Look::Iso) => iso += 1,
            Some(Look::Compact) => compact += 1,
            Some(Look::Epoch(unit)) => {
                let index = match unit {
                    EpochUnit::Seconds => 0,
                    EpochUnit::Millis => 1,
                    EpochUnit::Micros => 2,
                    EpochUnit::Nanos => 3,
                };
                epoch[index] += 1;
            }
            Some(Look::Dated(parts)) => dated.push((sample, parts)),
            None => {}
        }
    }
    let epochs: u32 = epoch.iter().sum();
    // A column of compact dates has nothing but them; among counts they are counts.
    let (iso, epochs) = if epochs == 0 {
        (iso + compact, 0)
    } else {
        (iso, epochs + compact)
    };
    let dates = u32::try_from(dated.len()).unwrap_or(u32::MAX);
    match iso.max(epochs).max(dates) {
        0 => nothing_readable(samples),
        most if most == iso => Guess::clear(TimeGuess::Iso),
        most if most == dates => dates_guess(&dated, order),
        _ => Guess::clear(match epoch {
            [seconds, millis, micros, nanos] if seconds >= millis.max(micros).max(nanos) => {
                TimeGuess::EpochSeconds
            }
            [_, millis, micros, nanos] if millis >= micros.max(nanos) => TimeGuess::EpochMillis,
            _ => TimeGuess::EpochMicros,
        }),
    }
}

/// How a column with this guess is read; none while a question is open.
pub(crate) fn format(time: &TimeGuess) -> Option<TimeFormat> {
    match time {
        TimeGuess::Iso => Some(TimeFormat::Iso),
        TimeGuess::EpochSeconds | TimeGuess::EpochMillis | TimeGuess::EpochMicros => {
            Some(TimeFormat::Epoch)
        }
        TimeGuess::DayFirst => Some(TimeFormat::DayFirst),
        TimeGuess::MonthFirst => Some(TimeFormat::MonthFirst),
        TimeGuess::Ambiguous { .. } | TimeGuess::None => None,
    }
}

fn look(text: &str) -> Option<Look> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    if super::read::epoch(text).is_some() {
        let compact = text.len() == 8 && text.parse::<Date>().is_ok_and(|date| date.year() > 1970);
        return Some(if compact {
            Look::Compact
        } else {
            Look::Epoch(EpochUnit::of(whole.parse().ok()?))
        });
    }
    if iso(text, &TimeZone::UTC).is_some() {
        return Some(Look::Iso);
    }
    let local = text.strip_suffix(" UTC").unwrap_or(text);
    Parts::of(local).map(Look::Dated)
}

fn nothing_readable<'a>(mut samples: impl Iterator<Item = &'a str>) -> Guess {
    Guess {
        time: TimeGuess::None,
        problem: samples.next().map(|sample| {
            format!(
                "“{sample}” can't be read as a time. Known are ISO 8601 (2026-04-03T12:00:00Z), seconds, milliseconds \
                 or microseconds since 1970, and dates such as 3/4/2026 12:00."
            )
        }),
    }
}

/// Day or month first, proven by parts above 12 or answered by a person.
fn dates_guess(dated: &[(&str, Parts)], order: Option<DateOrder>) -> Guess {
    let day_first = dated.iter().find(|(_, parts)| parts.first > 12);
    let month_first = dated.iter().find(|(_, parts)| parts.second > 12);
    let refuted = |sample: &str, claim: &str| Guess {
        time: TimeGuess::Ambiguous {
            sample: sample.to_owned(),
        },
        problem: Some(format!(
            "The dates were said to be {claim} first, but “{sample}” can't be."
        )),
    };
    match (order, day_first, month_first) {
        (Some(DateOrder::DayFirst), None, Some((sample, _))) => refuted(sample, "day"),
        (Some(DateOrder::MonthFirst), Some((sample, _)), None) => refuted(sample, "month"),
        (Some(DateOrder::DayFirst), ..) | (None, Some(_), None) => {
            Guess::clear(TimeGuess::DayFirst)
        }
        (Some(DateOrder::MonthFirst), ..) | (None, None, Some(_)) => {
            Guess::clear(TimeGuess::MonthFirst)
        }
        (None, Some((day, _)), Some((month, _))) => Guess {
            time: TimeGuess::Ambiguous {
                sample: (*day).to_owned(),
            },
            problem: Some(format!(
                "Both “{day}” and “{month}” occur: are the dates day first or month first? Rows that don't fit the \
                 answer will be set aside."
            )),
        },
        (None, None, None) => {
            let sample = dated.first().map_or("", |(sample, _)| sample);
            Guess {
                time: TimeGuess::Ambiguous {
                    sample: sample.to_owned(),
                },
                problem: Some(format!(
                    "Is “{sample}” day first or month first? The file doesn't tell."
                )),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(samples: &[&str], order: Option<DateOrder>, expected: &TimeGuess) {
        let found = guess(samples.iter().copied(), order);
        assert_eq!(&found.time, expected, "{samples:?}");
        let open = matches!(expected, TimeGuess::Ambiguous { .. })
            || (*expected == TimeGuess::None && !samples.is_empty());
        assert_eq!(found.problem.is_some(), open, "{samples:?}");
    }

    fn ambiguous(sample: &str) -> TimeGuess {
        TimeGuess::Ambiguous {
            sample: sample.to_owned(),
        }
    }

    #[test]
    fn tells_formats_apart() {
        for (samples, expected) in [
            (&["2024-01-01T00:00:00Z", "bad"][..], TimeGuess::Iso),
            (&["2024-01-01 00:00:00.000000"], TimeGuess::Iso),
            (&["2024/13/01", "2024/01/13"], TimeGuess::Iso),
            (&["20240131", "20231224"], TimeGuess::Iso),
            (
                &["20240131", "31536000", "40000000"],
                TimeGuess::EpochSeconds,
            ),
            (&["1602611311"], TimeGuess::EpochSeconds),
            (&["1602611311.5"], TimeGuess::EpochSeconds),
            (&["1602611311000", "1602611311"], TimeGuess::EpochSeconds),
            (
                &["1602611311000", "1602611312000", "5"],
                TimeGuess::EpochMillis,
            ),
            (&["1602611311000000"], TimeGuess::EpochMicros),
            (&["03/04/2026", "31/01/2026 10:00"], TimeGuess::DayFirst),
            (&["3.4.2026", "13.4.2026"], TimeGuess::DayFirst),
            (&["03/04/2026", "12/31/2026"], TimeGuess::MonthFirst),
            (
                &["12/1/2010 8:26", "12/13/2010 8:26"],
                TimeGuess::MonthFirst,
            ),
            (&["03/04/2026", "04/03/2026"], ambiguous("03/04/2026")),
            (&["13/04/2026", "04/13/2026"], ambiguous("13/04/2026")),
            (&["soon", "later"], TimeGuess::None),
            (&[], TimeGuess::None),
        ] {
            check(samples, None, &expected);
        }
    }

    #[test]
    fn takes_an_answer_unless_it_is_refuted() {
        let answer = Some(DateOrder::DayFirst);
        check(&["03/04/2026"], answer, &TimeGuess::DayFirst);
        check(&["13/04/2026", "04/13/2026"], answer, &TimeGuess::DayFirst);
        check(&["04/13/2026"], answer, &ambiguous("04/13/2026"));
        let answer = Some(DateOrder::MonthFirst);
        check(&["03/04/2026"], answer, &TimeGuess::MonthFirst);
        check(&["13/04/2026"], answer, &ambiguous("13/04/2026"));
        check(&["2026-04-03"], answer, &TimeGuess::Iso);
    }
}
