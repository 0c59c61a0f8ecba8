//! Reading URL parameters leniently: a bad one is named, explained and replaced by a default.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The longest excerpt of what was given that a message repeats, in characters.
const MAX_EXCERPT: usize = 60;

/// A URL parameter that could not be used as given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ParamProblem {
    /// The parameter's name.
    pub param: String,
    /// What was given, shortened if long.
    pub given: String,
    /// What would have been understood; empty if there is no such parameter.
    pub expected: String,
    /// What is used instead, in words; empty if it is just left out.
    pub used: String,
}

impl fmt::Display for ParamProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ParamProblem {
            param,
            given,
            expected,
            used,
        } = self;
        if expected.is_empty() {
            write!(f, "There is no setting “{param}”; it is ignored.")
        } else if used.is_empty() {
            write!(f, "“{param}={given}” is ignored: expected {expected}.")
        } else {
            write!(
                f,
                "“{param}={given}” cannot be used: expected {expected}. Using {used}."
            )
        }
    }
}

/// Decoded parameters that are taken one by one, with the problems met so far.
pub(crate) struct Params<'a> {
    given: Vec<(&'a str, &'a str)>,
    pub(crate) problems: Vec<ParamProblem>,
}

impl<'a> Params<'a> {
    /// Parameters without a value count as not given: a form without script sends its empty fields.
    pub(crate) fn new(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let given = params.into_iter().filter(|(_, value)| !value.is_empty());
        Params {
            given: given.collect(),
            problems: Vec::new(),
        }
    }

    /// Takes out every value of a parameter that may be repeated.
    pub(crate) fn all(&mut self, name: &str) -> Vec<&'a str> {
        let mut values = Vec::new();
        self.given.retain(|(given, value)| {
            let taken = *given == name;
            if taken {
                values.push(*value);
            }
            !taken
        });
        values
    }

    /// Takes out the value of a parameter that may be given once; the first counts.
    pub(crate) fn one(&mut self, name: &str) -> Option<&'a str> {
        let values = self.all(name);
        for extra in values.iter().skip(1) {
            self.problem(name, extra, &format!("“{name}” only once"), "");
        }
        values.first().copied()
    }

    /// What has not been taken, for another reader, and the problems met so far.
    pub(super) fn rest(self) -> (Vec<(&'a str, &'a str)>, Vec<ParamProblem>) {
        (self.given, self.problems)
    }

    /// What is left is no setting, unless it is among the `known` ones or a campaign's mark.
    pub(crate) fn report_unknown(&mut self, known: &[&str]) {
        for (name, value) in std::mem::take(&mut self.given) {
            if !known.contains(&name) && !name.starts_with("utm_") {
                self.problem(name, value, "", "");
            }
        }
    }

    /// A parameter read by `read`; a value it refuses is a problem.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &str,
        expected: &str,
        used: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.one(name)?;
        let parsed = read(value);
        if parsed.is_none() {
            self.problem(name, value, expected, used);
        }
        parsed
    }

    /// A parameter whose values have names.
    pub(crate) fn named<T: FromStr + fmt::Display>(
        &mut self,
        name: &str,
        expected: &str,
        default: T,
    ) -> Option<T> {
        self.parsed(name, expected, &default.to_string(), |text| {
            text.parse().ok()
        })
    }

    /// A parameter that is on ("1") or off ("0").
    pub(crate) fn switch(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, "1 or 0", "0", |text| match text {
            "1" => Some(true),
            "0" => Some(false),
            _ => None,
        })
    }

    pub(crate) fn problem(&mut self, param: &str, given: &str, expected: &str, used: &str) {
        self.problems.push(ParamProblem {
            param: shorten(param),
            given: shorten(given),
            expected: expected.to_owned(),
            used: used.to_owned(),
        });
    }
}

/// A whole number in plain digits: no sign, no spaces.
pub(crate) fn whole(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// A date in the form 2025-01-31 and no other.
pub(crate) fn date(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok()?;
    (date.to_string() == text).then_some(date)
}

/// An excerpt for messages.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_EXCERPT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
