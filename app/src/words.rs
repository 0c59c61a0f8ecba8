//! The page's own labels. Sentences about numbers are `analysis::words`'s.

use analysis::quartiles::{Bars, Part, QuartileReport};
use analysis::query::{CellRef, OverallRow, RetentionKind, StartRule, Unit};
use analysis::report::RetentionReport;
use analysis::stats::{Interval, newcombe};
use analysis::words::{
    capital, column_name, counted, effect, interval, percent, period_name, thousands,
};

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
    format!(
        "Left within {outcome} {}, by usage · {} customers",
        report.query.grain.noun(u64::from(outcome)),
        thousands(report.reading.customers)
    )
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

/// Steps of the heat scale above the lowest.
const STEPS: f64 = 20.0;

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
