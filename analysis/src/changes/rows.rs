//! The numbers of an answer that has no matrix of its own, each under a name.

use std::collections::BTreeMap;

use super::Difference;
use crate::churn::ChurnReport;
use crate::comparison::ComparisonReport;
use crate::quartiles::{Part, QuartileReport};
use crate::report::RetentionReport;
use crate::saved::Answer;
use crate::words;

type Rows = Vec<(String, u64)>;

/// The numbers in the order of their page; none of a matrix, which is compared by its cells.
pub(super) fn rows(answer: &Answer) -> Rows {
    match answer {
        Answer::Retention(_) => Vec::new(),
        Answer::Features(report) => features(report),
        Answer::Segments(report) => segments(report),
        Answer::Churn(report) => churn(report),
    }
}

/// Where they differ: what was there before in its order, then what is new.
pub(super) fn differ(before: &Rows, after: &Rows) -> Vec<Difference> {
    let of = |rows: &Rows| -> BTreeMap<String, u64> { rows.iter().cloned().collect() };
    let (old, new) = (of(before), of(after));
    let fresh = after.iter().filter(|(name, _)| !old.contains_key(name));
    let names = before.iter().chain(fresh).map(|(name, _)| name);
    names
        .map(|name| Difference {
            name: name.clone(),
            before: old.get(name).copied(),
            after: new.get(name).copied(),
        })
        .filter(|change| change.before != change.after)
        .collect()
}

fn features(report: &QuartileReport) -> Rows {
    let reading = &report.reading;
    let mut rows = Vec::new();
    for part in Part::ALL {
        if let Some(group) = reading.group(part) {
            let name = words::part_name(part);
            rows.push((format!("{name}, customers"), group.customers));
            rows.push((format!("{name}, left"), group.left));
        }
    }
    rows.push(("left out as already gone".to_owned(), reading.gone));
    rows.push(("left out as too new".to_owned(), report.not_over));
    let scan = report.scan.iter();
    rows.extend(scan.map(|row| (format!("{}, users", row.feature), row.users)));
    rows
}

fn segments(report: &ComparisonReport) -> Rows {
    let mut rows = Vec::new();
    for segment in &report.segments {
        let name = &segment.name;
        rows.push((format!("{name}, customers"), segment.report.customers));
        rows.extend(pooled(name, &segment.report));
        rows.push((format!("{name}, gone"), segment.survival.ended));
    }
    rows
}

fn pooled(name: &str, report: &RetentionReport) -> Rows {
    let columns = (0_u32..).zip(&report.overall).skip(1);
    let told = columns.filter_map(|(column, overall)| {
        let column = words::column_name(&report.query, column);
        Some((format!("{name}, active in {column}"), (*overall)?.retained))
    });
    told.collect()
}

fn churn(report: &ChurnReport) -> Rows {
    let mut rows = vec![("threshold, days".to_owned(), u64::from(report.threshold))];
    for period in report.periods.iter().rev() {
        let name = words::period_name(report.query.grain, period.start);
        let mut add = |what: &str, count: u64| rows.push((format!("{name}, {what}"), count));
        add("active at its start", period.opening);
        if let Some(churn) = period.churn {
            add("left", churn.lost);
            add("new", churn.new);
            add("came back", churn.returned);
        }
        add("active in it", period.lifecycle.active());
    }
    rows.push(("quietly leaving".to_owned(), report.quiet.leaving));
    rows
}
