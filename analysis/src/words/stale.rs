//! Data that end long before the instant at which they are looked at.

use super::{date, thousands};
use crate::report::RetentionReport;

/// What to say when a whole period or more lies between the newest event and as-of: its cells are 0 % for want of data,
/// not of customers. `None` when there is nothing to be said.
pub fn stale_notice(report: &RetentionReport) -> Option<String> {
    let newest = report.watermark_local?.date();
    let grain = report.query.grain;
    let start = |date| grain.floor(date, report.week_start);
    let empty = grain.count_between(start(newest), start(report.as_of_date)) - 1;
    let empty = u64::try_from(empty).ok().filter(|empty| *empty > 0)?;
    Some(format!(
        "The newest event is of {}. No event lies in the {} {} between it and as-of: 0\u{a0}% there says nothing about \
         customers. Ask as of an earlier day to leave them out.",
        date(newest),
        thousands(empty),
        grain.noun(empty),
    ))
}
