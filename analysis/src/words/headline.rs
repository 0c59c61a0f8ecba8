//! The answer in one sentence.

use serde::{Deserialize, Serialize};

use super::{cohorts, customers, interval, percent, thousands};
use crate::period::Grain;
use crate::query::{CellRef, RetentionKind};
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

/// The answer to the question: the overall rate of the latest period that rests on enough finished cohorts.
///
/// The period is at most 7 days, 8 weeks, 3 months, 2 quarters or 1 year after signup: late enough to mean staying,
/// early enough to be known soon.
pub fn headline(report: &RetentionReport) -> Headline {
    let quoted = (1..=horizon(report.query.grain))
        .rev()
        .filter_map(|period| overall(report, period))
        .find(|facts| facts.cohorts >= MIN_COHORTS && facts.size >= MIN_CUSTOMERS);
    match quoted {
        Some(facts) => Headline {
            sentence: answer(report, &facts),
            evidence: evidence(&facts),
            facts: Some(facts),
        },
        None => Headline {
            sentence: no_answer(report),
            evidence: String::new(),
            facts: None,
        },
    }
}

fn horizon(grain: Grain) -> u32 {
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
    let noun = report.query.grain.noun(u64::from(facts.period));
    let after = format!("{} {noun} after signing up", facts.period);
    match report.query.kind {
        RetentionKind::On => {
            let one = facts.retained == 0 || facts.retained == facts.size;
            let verb = if one { "is" } else { "are" };
            format!("{who} {verb} still active {after}.")
        }
        RetentionKind::OnOrAfter => format!("{who} came back {after} or later."),
    }
}

fn evidence(facts: &CellFacts) -> String {
    let mut text = format!(
        "{} of {} in {}",
        thousands(facts.retained),
        customers(facts.size),
        cohorts(u64::from(facts.cohorts))
    );
    if let Some(bounds) = facts.interval {
        text.push_str(&format!(", interval {}", interval(bounds)));
    }
    text.push('.');
    text
}

fn no_answer(report: &RetentionReport) -> String {
    if report.customers == 0 {
        return match report.query.filters.is_empty() {
            true => "Nobody signed up in this time.".to_owned(),
            false => "Nobody who matches the filters signed up in this time.".to_owned(),
        };
    }
    let noun = report.query.grain.noun(1);
    match overall(report, 1) {
        None => format!(
            "Too little data yet: no cohort has finished its first {noun} after signing up."
        ),
        Some(first) => format!(
            "Too little data yet: {} in {} finished {noun} 1; an answer needs {MIN_CUSTOMERS} in {MIN_COHORTS}.",
            customers(first.size),
            cohorts(u64::from(first.cohorts))
        ),
    }
}
