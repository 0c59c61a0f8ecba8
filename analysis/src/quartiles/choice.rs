//! Which feature is looked at when none is named.

use std::cmp::Reverse;

use super::{ScanRow, Verdict};
use crate::candidates::no_value;

/// The most interesting feature of a scan: the one that keeps customers most, else the one that drives most away, if
/// chance does not explain it; else the one that most customers use. Never an event that by its name shows no value, such
/// as a login, a sign-up or a page view; `None` when there is no other.
pub fn interesting(scan: &[ScanRow]) -> Option<&ScanRow> {
    let rows = || {
        scan.iter()
            .filter(|row| row.set.is_some() || no_value(&row.feature).is_none())
    };
    let found = |row: &&ScanRow, verdict: Verdict| row.stands() && row.verdict == verdict;
    rows()
        .find(|row| found(row, Verdict::Confirmed))
        .or_else(|| rows().rev().find(|row| found(row, Verdict::Reverse)))
        .or_else(|| rows().min_by_key(|row| (Reverse(row.users), &row.feature)))
}
