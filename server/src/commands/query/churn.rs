//! Leaving on the command line.

use super::number;
use analysis::document::{
    ChurnCounts, ChurnDocument, LifecycleDocument, LostDocument, QuietDocument, StickinessDocument,
};
use std::io::Write;

/// A row for each period and one for the same a year earlier beside it; the method line goes to standard error.
pub(super) fn write_churn(document: &ChurnDocument<'_>, output: impl Write) -> anyhow::Result<()> {
    eprintln!("{}", document.head.method);
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record([
        "period",
        "last",
        "state",
        "opening",
        "lost",
        "new",
        "returned",
        "closing",
        "gross",
        "low",
        "high",
        "net",
        "before_opening",
        "before_lost",
        "before_gross",
    ])?;
    for period in &document.periods {
        let count = |of: &Option<ChurnCounts>, pick: fn(&ChurnCounts) -> u64| {
            let counts = of.as_ref();
            counts.map(|of| pick(of).to_string()).unwrap_or_default()
        };
        let rate = |of: &Option<ChurnCounts>, pick: fn(&ChurnCounts) -> Option<f64>| {
            number(of.as_ref().and_then(pick))
        };
        let (now, before) = (&period.churn, &period.before);
        rows.write_record([
            period.start.to_string(),
            period.last.to_string(),
            period.state.to_string(),
            period.opening.to_string(),
            count(now, |of| of.lost),
            count(now, |of| of.new),
            count(now, |of| of.returned),
            count(now, |of| of.closing),
            rate(now, |of| of.gross),
            rate(now, |of| of.low),
            rate(now, |of| of.high),
            rate(now, |of| of.net),
            count(before, |of| of.opening),
            count(before, |of| of.lost),
            rate(before, |of| of.gross),
        ])?;
    }
    rows.flush()?;
    Ok(())
}

/// A row for each period; the method line goes to standard error.
pub(super) fn write_lifecycle(
    document: &LifecycleDocument<'_>,
    output: impl Write,
) -> anyhow::Result<()> {
    eprintln!("{}", document.head.method);
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record([
        "period", "last", "state", "active", "new", "retained", "returned", "dormant", "growth",
    ])?;
    for period in &document.periods {
        let dormant = period.dormant.map(|count| count.to_string());
        rows.write_record([
            period.start.to_string(),
            period.last.to_string(),
            period.state.to_string(),
            period.active.to_string(),
            period.new.to_string(),
            period.retained.to_string(),
            period.returned.to_string(),
            dormant.unwrap_or_default(),
            number(period.growth),
        ])?;
    }
    rows.flush()?;
    Ok(())
}

/// A row for each period and number of active days; the method line goes to standard error.
pub(super) fn write_stickiness(
    document: &StickinessDocument<'_>,
    output: impl Write,
) -> anyhow::Result<()> {
    eprintln!("{}", document.head.method);
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record([
        "period",
        "last",
        "customers",
        "mean_days",
        "mean_share",
        "days",
        "on_so_many",
    ])?;
    for period in &document.periods {
        for (count, days) in period.days.iter().zip(1_u32..) {
            rows.write_record([
                period.start.to_string(),
                period.last.to_string(),
                period.customers.to_string(),
                number(period.mean_days),
                number(period.mean_share),
                days.to_string(),
                count.to_string(),
            ])?;
        }
    }
    rows.flush()?;
    Ok(())
}

/// A row for each customer lost; the method line goes to standard error.
pub(super) fn write_lost(document: &LostDocument<'_>, output: impl Write) -> anyhow::Result<()> {
    eprintln!("{}", document.head.method);
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record(["customer", "last_active", "active_days", "came_back"])?;
    for one in document.lost {
        rows.write_record([
            one.customer.clone(),
            one.last_active.to_string(),
            one.active_days.to_string(),
            one.back.map(|date| date.to_string()).unwrap_or_default(),
        ])?;
    }
    rows.flush()?;
    Ok(())
}

/// A row for each customer who is quietly leaving; the method line goes to standard error.
pub(super) fn write_quiet(document: &QuietDocument<'_>, output: impl Write) -> anyhow::Result<()> {
    eprintln!("{}", document.head.method);
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record(["customer", "last_active", "own_pace", "recent_days"])?;
    for one in document.quiet {
        rows.write_record([
            one.customer.clone(),
            one.last_active.to_string(),
            one.pace.to_string(),
            one.recent.to_string(),
        ])?;
    }
    rows.flush()?;
    Ok(())
}
