//! The page's own labels. Sentences about numbers are `analysis::words`'s.

use analysis::quartiles::{Bars, QuartileReport};
use analysis::query::{CellRef, OverallRow, Unit};
use analysis::report::RetentionReport;
use analysis::stats::{Interval, newcombe};
use analysis::words::{
    capital, column_name, counted, effect, interval, percent, period_name, thousands,
};

pub use analysis::words::{
    caption, chart_title, cohorts_head, cohorts_title, curves_title, groups_title, heat,
    overall_head, part_name, running_note, tight, usage_title,
};

/// "Mean of the finished cohorts' rates, week 4: 26 %."
pub fn average_sentence(
    report: &RetentionReport,
    row: OverallRow,
    period: u32,
    average: f64,
) -> String {
    let name = match row {
        OverallRow::Pooled => "All",
        OverallRow::Mean => "Mean of the",
        OverallRow::Median => "Median of the",
    };
    format!(
        "{name} finished cohorts’ rates, {}: {}. Each cohort weighs the same, however small.",
        column_name(&report.query, period),
        percent(average)
    )
}

/// "Week of 6 Jan 2025, week 4" or "All cohorts, week 4".
pub fn cell_title(report: &RetentionReport, cell: CellRef) -> String {
    let grain = report.query.grain;
    let whose = match cell.cohort {
        Some(start) => capital(&period_name(grain, start)),
        None => "All finished cohorts".to_owned(),
    };
    format!("{whose}, {} {}", grain.noun(1), cell.period)
}

/// "112 of 431 customers".
pub fn of_counted(unit: Unit, retained: u64, size: u64) -> String {
    format!("{} of {}", thousands(retained), counted(unit, size))
}

/// The cell's interval, and whether it can be told apart from the other finished cohorts of its column.
pub fn against_overall(report: &RetentionReport, cell: CellRef) -> String {
    let Some((facts, bounds)) = report.cell(cell).and_then(|facts| {
        let bounds = facts.interval?;
        Some((facts, bounds))
    }) else {
        return "Nobody is in this cohort.".to_owned();
    };
    let own = format!(
        "Between {} with 95 % confidence.",
        interval(bounds).replace(" to ", " and ")
    );
    let overall = report.cell(CellRef {
        cohort: None,
        period: cell.period,
    });
    let Some((all, all_rate)) = overall.filter(|_| cell.cohort.is_some()).and_then(|all| {
        let rate = all.rate?;
        Some((all, rate))
    }) else {
        return own;
    };
    // The cohort is compared with the others, not with a total that contains it.
    let finished = facts.state != analysis::report::CellState::Running;
    let (inside, of) = if finished {
        (
            all.retained.saturating_sub(facts.retained),
            all.size.saturating_sub(facts.size),
        )
    } else {
        (all.retained, all.size)
    };
    let verdict = match newcombe((facts.retained, facts.size), (inside, of)) {
        None => return own,
        Some(Interval { low, .. }) if low > 0.0 => "this one lies clearly above the others",
        Some(Interval { high, .. }) if high < 0.0 => "this one lies clearly below the others",
        Some(_) => "this one can’t be told apart from the others",
    };
    let yet = if finished { "" } else { " so far" };
    format!(
        "{own} All finished cohorts together: {} in {} {}; {verdict}{yet}.",
        percent(all_rate),
        report.query.grain.noun(1),
        cell.period
    )
}

/// "103 did".
pub fn those_who_stayed(count: u64) -> String {
    format!("{} did", thousands(count))
}

/// "509 did not".
pub fn those_who_did_not(count: u64) -> String {
    format!("{} did not", thousands(count))
}

/// "1 use", "6 uses"; nothing for none.
pub fn uses(count: u64) -> String {
    match count {
        0 => String::new(),
        1 => "1 use".to_owned(),
        many => format!("{} uses", thousands(many)),
    }
}

/// What the other landmark would make of it.
pub fn other_reading(report: &QuartileReport) -> String {
    let other = &report.other;
    let whom = match other.landmark {
        true => format!(
            "Of those still active in {} {} alone",
            report.query.grain.noun(1),
            report.query.exposure
        ),
        false => "Counting also those who had already gone, who look like light users".to_owned(),
    };
    match &other.raw {
        Some(raw) => format!(
            "{whom}: {} ({} customers).",
            effect(raw),
            thousands(other.customers)
        ),
        None => format!("{whom}: usage does not vary enough to split."),
    }
}

/// Those whom the bars leave out.
pub fn beyond(bars: &Bars) -> String {
    match (bars.beyond, bars.bars.last()) {
        (0, _) | (_, None) => String::new(),
        (1, Some(last)) => format!(
            "One customer used it more than {} times and is not drawn.",
            thousands(u64::from(last.to))
        ),
        (many, Some(last)) => format!(
            "{} customers used it more than {} times and are not drawn.",
            thousands(many),
            thousands(u64::from(last.to))
        ),
    }
}

/// Features that the scan leaves out.
pub fn not_scanned(report: &QuartileReport) -> String {
    match report.not_scanned {
        0 => String::new(),
        1 => "One event with the fewest users is not shown.".to_owned(),
        many => format!(
            "{} events with the fewest users are not shown.",
            thousands(u64::from(many))
        ),
    }
}
