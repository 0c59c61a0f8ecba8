//! Segments as rows.

use super::number;
use analysis::document::{SegmentsDocument, SurvivalDocument};
use std::io::Write;

/// A row for each segment and column of its overall row; the method line goes to standard error.
pub(super) fn write_segments(
    document: &SegmentsDocument<'_>,
    output: impl Write,
) -> anyhow::Result<()> {
    eprintln!("{}", document.method);
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record([
        "segment",
        "customers",
        "column",
        "retained",
        "of",
        "rate",
        "low",
        "high",
        "difference",
        "difference_low",
        "difference_high",
    ])?;
    for segment in &document.segments {
        let retention = &segment.retention;
        let cells = retention.overall.iter().zip(&retention.columns);
        for (place, (cell, column)) in cells.enumerate() {
            let Some(cell) = cell else { continue };
            let difference = segment.differences.get(place).copied().flatten();
            rows.write_record([
                segment.name.to_owned(),
                retention.customers.to_string(),
                column.clone(),
                cell.retained.to_string(),
                cell.of.to_string(),
                number(cell.rate),
                number(cell.low),
                number(cell.high),
                number(difference.map(|one| one.difference)),
                number(difference.map(|one| one.interval.low)),
                number(difference.map(|one| one.interval.high)),
            ])?;
        }
    }
    rows.flush()?;
    Ok(())
}

/// A row for each segment and day on which somebody left; the method line goes to standard error.
pub(super) fn write_survival(
    document: &SurvivalDocument<'_>,
    output: impl Write,
) -> anyhow::Result<()> {
    eprintln!("{}", document.method);
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record([
        "segment", "day", "at_risk", "ended", "survival", "error", "low", "high",
    ])?;
    for segment in &document.segments {
        for step in segment.steps {
            rows.write_record([
                segment.name.to_owned(),
                step.time.to_string(),
                step.at_risk.to_string(),
                step.ended.to_string(),
                step.survival.to_string(),
                step.error.to_string(),
                step.interval.low.to_string(),
                step.interval.high.to_string(),
            ])?;
        }
    }
    rows.flush()?;
    Ok(())
}
