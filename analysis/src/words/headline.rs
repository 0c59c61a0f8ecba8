//! The answer in one sentence.

use serde::{Deserialize, Serialize};

use super::column::span;
use super::{cohorts, column_name, counted, entered, entering, interval, percent, thousands};
use crate::period::Grain;
use crate::query::{CellRef, ColumnZero, RetentionKind};
use crate::report::{CellFacts, RetentionReport};

/// A headline has to rest on at least this many cohorts, so that one odd week does not make it.
const MIN_COHORTS: u32 = 3;
/// A headline has to rest on at least this many customers: an interval of at most 20 points.
const MIN_CUSTOMERS: u64 = 100;

/// The answer in words, with the numbers that carry it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Headline {
    /// "22 % are still active 8 weeks after signing up.", or why there is no answer yet.
    pub sentence: String,
    /// "1,163 of 5,291 customers in 15 cohorts, interval 21 to 23 %."; empty without an answer.
    pub evidence: String,
    /// The overall cell that is quoted; `None` without an answer.
    pub facts: Option<CellFacts>,
}

impl RetentionReport {
    /// The overall cell that is worth quoting: the latest period that rests on enough finished cohorts.
    ///
    /// The period (of brackets, the first one) is at most 7 days, 8 weeks, 3 months, 2 quarters or 1 year after signup:
    /// late enough to mean staying, early enough to be known soon.
    pub fn quoted(&self) -> Option<CellFacts> {
        let last = horizon(self.query.grain);
        let columns = u32::try_from(self.columns()).unwrap_or(u32::MAX);
        (1..columns)
            .rev()
            .filter(|column| span(&self.query, *column).from <= last)
            .filter_map(|column| overall(self, column))
            .find(|facts| facts.cohorts >= MIN_COHORTS && facts.size >= MIN_CUSTOMERS)
    }
}

/// The answer to the question: the overall rate of the cell that is worth quoting.
pub fn headline(report: &RetentionReport) -> Headline {
    match report.quoted() {
        Some(facts) => Headline {
            sentence: answer(report, &facts),
            evidence: evidence(report, &facts),
            facts: Some(facts),
        },
        None => Headline {
            sentence: no_answer(report),
            evidence: String::new(),
            facts: None,
        },
    }
}

fn horizon(grain: Grain) -> usize {
    match grain {
        Grain::Day => 7,
        Grain::Week => 8,
        Grain::Month => 3,
        Grain::Quarter => 2,
        Grain::Year => 1,
    }
}

fn overall(report: &RetentionReport, period: u32) -> Option<CellFacts> {
    report.cell(CellRef {
        cohort: None,
        period,
    })
}

fn answer(report: &RetentionReport, facts: &CellFacts) -> String {
    let rate = facts.rate.unwrap_or_default();
    let who = if facts.retained == 0 {
        "Nobody".to_owned()
    } else if facts.retained == facts.size {
        "Everybody".to_owned()
    } else {
        percent(rate)
            .replace('<', "Less than ")
            .replace('>', "More than ")
    };
    let query = &report.query;
    let noun = query.grain.noun(u64::from(facts.period));
    let since = entering(query);
    let after = format!("{} {noun} after {since}", facts.period);
    let one = facts.retained == 0 || facts.retained == facts.size;
    let (is, was) = if one { ("is", "was") } else { ("are", "were") };
    match (query.kind, query.follow_up) {
        (RetentionKind::On, _) => format!("{who} {is} still active {after}."),
        (RetentionKind::OnOrAfter, None) => format!("{who} came back {after} or later."),
        (RetentionKind::OnOrAfter, Some(last)) => {
            let noun = query.grain.noun(1);
            format!("{who} came back {after} or later, up to {noun} {last}.")
        }
        (RetentionKind::Brackets, _) => {
            let when = column_name(query, facts.period);
            format!("{who} came back in {when} after {since}.")
        }
        (RetentionKind::Streak, _) if facts.period == 1 => {
            format!("{who} {was} active in the first {noun} after {since}.")
        }
        (RetentionKind::Streak, _) => {
            let weeks = format!("{} {noun}", facts.period);
            format!("{who} {was} active in every one of the first {weeks} after {since}.")
        }
        (RetentionKind::Previous, _) => {
            let noun = query.grain.noun(1);
            let before = facts.period.saturating_sub(1);
            let base = match (before, query.column_zero) {
                (0, ColumnZero::Size) => format!("all who {}", entered(query)),
                _ => format!("those active in {noun} {before}"),
            };
            format!("{who} of {base} {was} active in {noun} {}.", facts.period)
        }
    }
}

fn evidence(report: &RetentionReport, facts: &CellFacts) -> String {
    let mut text = format!(
        "{} of {} in {}",
        thousands(facts.retained),
        counted(report.query.unit, facts.size),
        cohorts(u64::from(facts.cohorts))
    );
    if let Some(bounds) = facts.interval {
        text.push_str(&format!(", interval {}", interval(bounds)));
    }
    text.push('.');
    text
}

fn no_answer(report: &RetentionReport) -> String {
    let entered = entered(&report.query);
    if report.customers == 0 {
        return match report.query.takes_all() {
            true => format!("Nobody {entered} in this time."),
            false => format!("Nobody who matches the filters {entered} in this time."),
        };
    }
    let noun = report.query.grain.noun(1);
    match overall(report, 1) {
        None => format!(
            "Too little data yet: no cohort has finished its first {noun} after {}.",
            entering(&report.query)
        ),
        Some(first) => format!(
            "Too little data yet: {} in {} finished {noun} 1; an answer needs {MIN_CUSTOMERS} in {MIN_COHORTS}.",
            counted(report.query.unit, first.size),
            cohorts(u64::from(first.cohorts))
        ),
    }
}
