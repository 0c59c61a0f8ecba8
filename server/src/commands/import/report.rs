//! What the operator reads: how a file will be read, what stops it, what became of it.

use super::columns::noun;
use analysis::import::{
    ColumnRole, FileKind, ImportPreview, ImportProgress, ImportSummary, TimeGuess,
};
use analysis::words::{date_time, thousands};
use indicatif::HumanFloatCount;
use intake::Mapping;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::Path;
use store::{RejectedCount, RejectedRow};

/// Reasons that are listed.
const REASONS: usize = 10;

/// The columns with their roles and first values.
pub(super) fn columns(path: &Path, preview: &ImportPreview, mapping: &Mapping) -> String {
    let what = match preview.kind {
        FileKind::Events => "events",
        FileKind::Customers => "customers",
    };
    let mut lines = vec![format!(
        "{}: {what}, columns separated by {}{}",
        path.display(),
        separator(preview.delimiter),
        times(preview, mapping)
    )];
    let width = preview
        .columns
        .iter()
        .map(|column| column.name.chars().count())
        .max()
        .unwrap_or_default();
    for column in &preview.columns {
        let role = match (column.role, preview.kind) {
            (ColumnRole::Property, FileKind::Customers) => "trait",
            (ColumnRole::Ignored, _) => "ignored",
            (role, _) => noun(role),
        };
        let line = format!(
            "  {:width$}  {role:8}  {}",
            column.name,
            column.samples.join(", ")
        );
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

fn separator(delimiter: char) -> String {
    match delimiter {
        '\t' => "tabs".to_owned(),
        other => format!("“{other}”"),
    }
}

fn times(preview: &ImportPreview, mapping: &Mapping) -> String {
    let format = match &preview.time {
        TimeGuess::Iso => "in ISO 8601",
        TimeGuess::EpochSeconds => "in seconds since 1970",
        TimeGuess::EpochMillis => "in milliseconds since 1970",
        TimeGuess::EpochMicros => "in microseconds since 1970",
        TimeGuess::DayFirst => "with the day first",
        TimeGuess::MonthFirst => "with the month first",
        TimeGuess::Ambiguous { .. } | TimeGuess::None => return String::new(),
    };
    format!(
        "; times {format}, those without offset in {}",
        mapping.zone()
    )
}

/// The questions, and how they are answered here.
pub(super) fn problems(path: &Path, preview: &ImportPreview) -> String {
    let mut lines = vec![format!("{} can't be imported yet:", path.display())];
    lines.extend(
        preview
            .problems
            .iter()
            .map(|problem| format!("  {problem}")),
    );
    if matches!(preview.time, TimeGuess::Ambiguous { .. }) {
        lines.push("Answer with --dates day-first or --dates month-first.".to_owned());
    }
    let names: Vec<&str> = preview
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    lines.push(format!(
        "A column's role is said with --column ROLE=COLUMN, one name for all events with --event NAME; the columns are {}.",
        names.join(", ")
    ));
    lines.join("\n")
}

/// Rows so far and rows a second, for the progress bar.
pub(super) fn speed(progress: &ImportProgress) -> String {
    let rejected = match progress.rejected {
        0 => String::new(),
        rejected => format!(", {} rejected", thousands(rejected)),
    };
    format!(
        "{} rows{rejected}  {} rows/s",
        thousands(progress.rows),
        HumanFloatCount(progress.rows_per_second.round())
    )
}

/// What became of a file's rows.
pub(super) fn summary(name: &str, summary: &ImportSummary) -> String {
    let span = match (summary.from, summary.until) {
        (Some(from), Some(until)) => format!(" Events from {} to {} UTC.", utc(from), utc(until)),
        _ => String::new(),
    };
    let erased = match summary.erased {
        0 => String::new(),
        rows => format!(", {} of customers who were erased", thousands(rows)),
    };
    format!(
        "{name}: {} rows read, {} stored, {} there already, {} rejected{erased}; {} new customers.{span}",
        thousands(summary.rows),
        thousands(summary.stored),
        thousands(summary.duplicates),
        thousands(summary.rejected),
        thousands(summary.customers_new),
    )
}

fn utc(at: Timestamp) -> String {
    date_time(at.to_zoned(TimeZone::UTC).datetime())
}

/// Why rows were set aside, the most frequent reason first, and the first of them.
pub(super) fn rejected(counts: &[RejectedCount], first: Option<&RejectedRow>) -> String {
    let mut lines = vec!["Rejected rows are set aside, the others are stored:".to_owned()];
    for count in counts.iter().take(REASONS) {
        lines.push(format!("  {:>9}  {}", thousands(count.rows), count.reason));
    }
    if let Some(row) = first {
        lines.push(format!("The first is line {}.", row.line));
    }
    lines.join("\n")
}
