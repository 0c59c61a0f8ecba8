//! Titles and short names that stand over tables and charts, the same on pages and in files.

use super::{counted, thousands};
use crate::quartiles::{Part, QuartileReport};
use crate::query::{OverallRow, RetentionKind, StartRule};
use crate::report::RetentionReport;

/// Steps of the heat scale above the lowest.
const STEPS: f64 = 20.0;

/// "Still active, by weeks since signup".
pub fn chart_title(report: &RetentionReport) -> String {
    let active = match report.query.kind {
        RetentionKind::On => "Still active",
        RetentionKind::OnOrAfter => "Came back then or later",
        RetentionKind::Brackets => "Came back in each span",
        RetentionKind::Streak => "Active without a gap",
        RetentionKind::Previous => "Stayed on from the period before",
    };
    let noun = report.query.grain.noun(2);
    format!("{active}, by {noun} since {}", start(report))
}

/// What cohorts are counted from.
fn start(report: &RetentionReport) -> &'static str {
    match report.query.start {
        StartRule::Signup => "signup",
        StartRule::FirstEvent | StartRule::EachEvent => "the start",
    }
}

/// What stands above the names of cohorts.
pub fn cohorts_head(report: &RetentionReport) -> &'static str {
    match report.query.start {
        StartRule::Signup => "Signed up",
        StartRule::FirstEvent | StartRule::EachEvent => "Started",
    }
}

/// "26 cohorts · 7,647 customers".
pub fn cohorts_title(report: &RetentionReport) -> String {
    let cohorts = report.cohorts.len();
    let s = if cohorts == 1 { "" } else { "s" };
    let counted = counted(report.query.unit, report.customers);
    format!("{cohorts} cohort{s} · {counted}")
}

/// What the table is, for those who hear it.
pub fn caption(report: &RetentionReport) -> String {
    format!(
        "Retention by {0} of {1}: a row for each cohort, newest first, a column for each {0} after {1}",
        report.query.grain.noun(1),
        start(report)
    )
}

/// What the overall row is.
pub fn overall_head(row: OverallRow) -> &'static str {
    match row {
        OverallRow::Pooled => "Overall",
        OverallRow::Mean => "Mean of rates",
        OverallRow::Median => "Median of rates",
    }
}

/// A percentage as a cell has room for: "26%".
pub fn tight(percent: &str) -> String {
    percent.replace('\u{a0}', "")
}

/// An interval as a cell has room for: "22–30".
pub fn cell_span(low: f64, high: f64) -> String {
    format!("{:.0}–{:.0}", low * 100.0, high * 100.0)
}

/// "unfinished week, left out of the overall row".
pub fn running_note(report: &RetentionReport) -> String {
    format!(
        "unfinished {}, left out of the overall row",
        report.query.grain.noun(1)
    )
}

/// "Highly active".
pub fn part_name(part: Part) -> &'static str {
    match part {
        Part::High => "Highly active",
        Part::Moderate => "Moderately active",
        Part::Infrequent => "Infrequently active",
        Part::Never => "Never used",
    }
}

/// "Left within 8 weeks, by usage · 3,641 customers".
pub fn groups_title(report: &QuartileReport) -> String {
    let outcome = report.query.outcome;
    let noun = report.query.grain.noun(u64::from(outcome));
    match report.reading.customers {
        // Their number is withheld: groups need customers.
        0 => format!("Left within {outcome} {noun}, by usage"),
        all => format!(
            "Left within {outcome} {noun}, by usage · {} customers",
            thousands(all)
        ),
    }
}

/// "How often it was used in the first 4 weeks".
pub fn usage_title(report: &QuartileReport) -> String {
    match report.query.exposure {
        1 => format!(
            "How often it was used in the first {}",
            report.query.grain.noun(1)
        ),
        periods => format!(
            "How often it was used in the first {periods} {}",
            report.query.grain.noun(0)
        ),
    }
}

/// "Still active in each week after those, by usage".
pub fn curves_title(report: &QuartileReport) -> String {
    format!(
        "Still active in each {} after, by usage",
        report.query.grain.noun(1)
    )
}

/// The step of the scale for a share; `top` is the share at its dark end.
pub fn heat(share: f64, top: f64) -> u8 {
    if top <= 0.0 {
        return 0;
    }
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 20 by the clamp"
    )]
    let step = (share / top * STEPS).clamp(0.0, STEPS).round() as u8;
    step
}
