//! What can be said of segments where how long their customers stayed is not told: the rates that are shown.

use super::{caution, split, with_customers};
use crate::comparison::{ComparisonReport, Segment};
use crate::stats::Interval;
use crate::withhold::FEWEST;
use crate::words::quartiles::{Finding, Tone};
use crate::words::{column_name, interval, percent};

/// The answer in words, from the rates of the column that is quoted. `left_out`: segments of which nothing is told.
pub(in crate::words) fn guarded_finding(report: &ComparisonReport, left_out: usize) -> Finding {
    let some: Vec<&Segment> = with_customers(report).collect();
    let by = split(&report.query);
    let column = report.column;
    let rates = some
        .iter()
        .filter_map(|one| Some((one.name.as_str(), one.retention(column?)?)));
    let mut rates: Vec<(&str, (f64, Interval))> = rates.collect();
    rates.sort_by(|(_, (a, _)), (_, (b, _))| a.total_cmp(b));
    let told = |tag: &str, sentence: String| Finding {
        tag: tag.to_owned(),
        tone: Tone::Plain,
        sentence,
        evidence: String::new(),
        caution: caution(report, false),
    };
    match (some.as_slice(), rates.as_slice(), column) {
        ([], ..) if left_out == 0 => super::comparison_finding(report),
        ([], ..) => told(
            "Withheld",
            format!(
                "Nothing is told of these segments: none has {FEWEST} customers in any of its cohorts."
            ),
        ),
        ([only], ..) if left_out > 0 => told(
            "One segment",
            format!(
                "There is nothing to compare: {} is the only segment that can be told of here.",
                only.name
            ),
        ),
        ([_], ..) => super::comparison_finding(report),
        (_, [(first, (low, around)), .., (last, (high, about))], Some(column)) => Finding {
            evidence: format!(
                "Interval of {first} {}, of {last} {}.",
                interval(*around),
                interval(*about)
            ),
            ..told(
                "Side by side",
                format!(
                    "By {by}, the share active in {} goes from {} ({first}) to {} ({last}).",
                    column_name(&report.query.retention, column),
                    percent(*low),
                    percent(*high)
                ),
            )
        },
        _ => told(
            "Too little to tell",
            format!(
                "How the segments by {by} differ can’t be told here: too few cohorts have finished, or too many of their \
                 cells tell of fewer than {FEWEST} customers."
            ),
        ),
    }
}
