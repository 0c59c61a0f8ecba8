//! The whole sentence behind a cell.

use super::column::span;
use super::{
    cohorts, column_name, counted, entered, interval, percent, period_name, sentence_case,
    thousands,
};
use crate::query::{CellRef, ColumnZero, RetentionKind, Unit};
use crate::report::{CellFacts, CellState, RetentionReport};
use crate::rule::Span;

/// Everything about a cell in words, e.g. "Week of 6 Jan 2025, week 4: 112 of 431, 26 %, interval 22 to 30 %.", followed
/// by what makes the number less than final or less than certain. Blank cells say why they are blank.
pub fn cell_sentence(report: &RetentionReport, at: CellRef) -> String {
    let grain = report.query.grain;
    let noun = grain.noun(1);
    let row = match at.cohort {
        Some(start) => sentence_case(&period_name(grain, start)),
        None => "All finished cohorts".to_owned(),
    };
    let measured = report.query.column_zero == ColumnZero::Measured;
    let place = match at.period {
        0 if !measured => row,
        column => format!("{row}, {}", column_name(&report.query, column)),
    };
    let Some(facts) = report.cell(at) else {
        return format!("{place}: {}.", blank(report, at));
    };
    let entered = entered(&report.query);
    let members = at.cohort.and_then(|start| report.cohort(start));
    let nobody = match members {
        Some(cohort) if cohort.size > 0 => "nobody was active in the period before".to_owned(),
        _ => format!("nobody {entered}"),
    };
    let mut sentence = format!(
        "{place}: {}.",
        count(report.query.unit, &facts, &entered, &nobody)
    );
    match facts.state {
        CellState::Running => {
            let Span { from, to } = span(&report.query, at.period);
            let whole = report.query.kind != RetentionKind::Brackets || to == Some(from);
            let what = if whole { noun } else { "span" };
            sentence.push_str(&format!(" Unfinished: this {what} still runs."));
        }
        CellState::Open if facts.size > 0 => {
            sentence.push_str(" Open: later returns can still raise it.");
        }
        CellState::Complete | CellState::Open => {}
    }
    if facts.small && facts.size > 0 {
        let limit = thousands(u64::from(report.query.small));
        let unit = report.query.unit;
        let what = match at.cohort {
            Some(_) => format!("Small cohort: fewer than {limit} {}", unit.noun(2)),
            None => format!("Few {}: fewer than {limit}", unit.noun(2)),
        };
        let wide = match facts.interval {
            None => "",
            Some(_) => ", so the interval is wide",
        };
        sentence.push_str(&format!(" {what}{wide}."));
    }
    sentence
}

/// "112 of 431, 26 %, interval 22 to 30 %".
fn count(unit: Unit, facts: &CellFacts, entered: &str, nobody: &str) -> String {
    let pooled = match facts.cohort {
        Some(_) => String::new(),
        None => format!(" in {}", cohorts(u64::from(facts.cohorts))),
    };
    if facts.size == 0 {
        return nobody.to_owned();
    }
    // Only a column that is no estimate has no interval.
    let Some(bounds) = facts.interval else {
        return format!("{} {entered}{pooled}", counted(unit, facts.size));
    };
    let mut text = format!(
        "{} of {}{pooled}",
        thousands(facts.retained),
        thousands(facts.size)
    );
    if let Some(rate) = facts.rate {
        text.push_str(&format!(", {}", percent(rate)));
    }
    text.push_str(&format!(", interval {}", interval(bounds)));
    text
}

/// Why there is no number.
fn blank(report: &RetentionReport, at: CellRef) -> &'static str {
    match at.cohort {
        Some(start) if report.cohort(start).is_none() => "not in this report",
        Some(_) => "not begun yet",
        None => "none yet",
    }
}
