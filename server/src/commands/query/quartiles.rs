//! Features on the command line.

use super::number;
use analysis::document::{QuartileDocument, ReadingDocument, ScanDocument};
use analysis::quartiles::Effect;
use std::io::Write;

/// A row for each group of both readings, the one that was asked for first; the method line goes to standard error.
pub(super) fn write_groups(
    document: &QuartileDocument<'_>,
    output: impl Write,
) -> anyhow::Result<()> {
    eprintln!("{}", document.method);
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record([
        "landmark",
        "group",
        "uses_from",
        "uses_to",
        "customers",
        "left",
        "rate",
        "low",
        "high",
    ])?;
    for reading in [&document.reading, &document.other] {
        write_reading(reading, &mut rows)?;
    }
    rows.flush()?;
    Ok(())
}

fn write_reading(
    reading: &ReadingDocument<'_>,
    rows: &mut csv::Writer<impl Write>,
) -> anyhow::Result<()> {
    for group in &reading.groups {
        let name = match group.group {
            analysis::quartiles::Part::High => "high",
            analysis::quartiles::Part::Moderate => "moderate",
            analysis::quartiles::Part::Infrequent => "infrequent",
            analysis::quartiles::Part::Never => "never",
        };
        rows.write_record([
            reading.landmark.to_string(),
            name.to_owned(),
            group.uses_from.to_string(),
            group
                .uses_to
                .map(|uses| uses.to_string())
                .unwrap_or_default(),
            group.customers.to_string(),
            group.left.to_string(),
            number(group.rate),
            number(group.low),
            number(group.high),
        ])?;
    }
    Ok(())
}

/// A row for each feature; the method line goes to standard error.
pub(super) fn write_scan(document: &ScanDocument<'_>, output: impl Write) -> anyhow::Result<()> {
    eprintln!("{}", document.method);
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record([
        "feature",
        "verdict",
        "stands",
        "users",
        "difference",
        "low",
        "high",
        "p",
        "adjusted_difference",
        "adjusted_low",
        "adjusted_high",
        "adjusted_p",
        "holm",
    ])?;
    for row in &document.features {
        let mut record = vec![
            row.feature.to_owned(),
            row.verdict.verdict.to_owned(),
            row.stands.to_string(),
            row.users.to_string(),
        ];
        record.extend(effect(row.raw));
        record.extend(effect(row.adjusted));
        record.push(number(row.holm));
        rows.write_record(record)?;
    }
    rows.flush()?;
    Ok(())
}

/// Difference, ends of its interval, p-value.
fn effect(effect: Option<&Effect>) -> [String; 4] {
    [
        effect.map(|effect| effect.difference),
        effect.map(|effect| effect.interval.low),
        effect.map(|effect| effect.interval.high),
        effect.map(|effect| effect.p),
    ]
    .map(number)
}
