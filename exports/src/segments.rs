//! Segments side by side as an export.

use crate::sheet::{Cell, Column, Kind, Row, Sheet, Value};
use crate::{Export, Origin, Picture};
use analysis::comparison::ComparisonReport;
use analysis::stats::{at_risk, rate};
use analysis::words;
use jiff::civil::DateTime;

impl Export {
    /// Segments compared.
    pub fn segments(origin: Origin<'_>, report: &ComparisonReport) -> Self {
        let query = &report.query;
        let title = format!("Segments by {}", words::split(query));
        let as_of = report.any().map_or(DateTime::MIN, |any| any.as_of_local);
        let found = words::comparison_finding(report);
        let mut export = Self::new(origin, title, words::comparison_method(report), as_of);
        export.sentence = match found.sentence.as_str() {
            "" => found.tag,
            sentence => sentence.to_owned(),
        };
        export.evidence = found.evidence;
        export
            .notes
            .extend(Some(found.caution).filter(|caution| !caution.is_empty()));
        export.sheets = vec![
            summary(report),
            curves(report),
            differences(report),
            lifetimes(report),
            pairs(report),
            mix(report),
        ];
        let key = report.segments.iter().enumerate();
        let key = key
            .map(|(place, segment)| (format!("s{}", report.colour(place)), segment.name.clone()));
        let key: Vec<_> = key.collect();
        export.pictures = vec![
            Picture {
                part: "curves",
                title: format!(
                    "Still active, by {} since the start",
                    query.retention.grain.noun(2)
                ),
                svg: charts::segments(report),
                key: key.clone(),
            },
            Picture {
                part: "lifetimes",
                title: format!(
                    "Not yet gone, by days since the start; gone is {} without activity",
                    words::days(query.inactivity())
                ),
                svg: charts::lifetimes(report),
                key,
            },
        ];
        export
    }
}

fn number(value: Option<f64>) -> Cell {
    Cell::from(Value::from(value))
}

/// Every segment with its size, its quoted rate, its difference from the baseline and its median lifetime.
fn summary(report: &ComparisonReport) -> Sheet {
    let column = report.column.map_or_else(
        || "active".to_owned(),
        |column| {
            format!(
                "active in {}",
                words::column_name(&report.query.retention, column)
            )
        },
    );
    let rows = report.segments.iter().enumerate().map(|(place, segment)| {
        let found = report.column.and_then(|column| segment.retention(column));
        let interval = found.map(|(_, interval)| interval);
        let difference = report
            .column
            .and_then(|column| report.difference(place, column));
        let apart = difference.map(|(_, interval)| interval);
        let (low, high) = segment.survival.median_interval;
        Row::new([
            Cell::from(segment.name.clone()),
            Cell::from(segment.report.customers),
            number(found.map(|(rate, _)| rate)),
            number(interval.map(|bounds| bounds.low)),
            number(interval.map(|bounds| bounds.high)),
            number(difference.map(|(difference, _)| difference)),
            number(apart.map(|bounds| bounds.low)),
            number(apart.map(|bounds| bounds.high)),
            Cell::from(Value::from(segment.survival.median)),
            Cell::from(Value::from(low)),
            Cell::from(Value::from(high)),
        ])
    });
    let base = report.segments.get(report.baseline);
    let base = base.map_or("the baseline", |one| one.name.as_str());
    Sheet {
        part: "segments",
        title: "Segments".to_owned(),
        columns: vec![
            Column::new("segment", Kind::Text),
            Column::new("customers", Kind::Count),
            Column::new(column, Kind::Share),
            Column::new("low", Kind::Share),
            Column::new("high", Kind::Share),
            Column::new(format!("against {base}"), Kind::Points),
            Column::new("difference low", Kind::Points),
            Column::new("difference high", Kind::Points),
            Column::new("median days", Kind::Count),
            Column::new("median low", Kind::Count),
            Column::new("median high", Kind::Count),
        ],
        rows: rows.collect(),
    }
}

/// A row for each segment, with its pooled retention in each period.
fn curves(report: &ComparisonReport) -> Sheet {
    let query = &report.query.retention;
    let places = 1..report.columns();
    let mut columns = vec![
        Column::new("segment", Kind::Text),
        Column::new("customers", Kind::Count),
    ];
    for column in places.clone() {
        let label = words::column_label(query, column);
        columns.push(Column::new(label.clone(), Kind::Share));
        columns.push(Column::new(format!("{label} low"), Kind::Share));
        columns.push(Column::new(format!("{label} high"), Kind::Share));
    }
    let top = report.largest_rate();
    let rows = report.segments.iter().map(|segment| {
        let shares = places.clone().flat_map(|column| {
            let found = segment.retention(column);
            let interval = found.map(|(_, interval)| interval);
            let mut share = number(found.map(|(rate, _)| rate));
            share.heat = found.map(|(rate, _)| words::heat(rate, top));
            [
                share,
                number(interval.map(|bounds| bounds.low)),
                number(interval.map(|bounds| bounds.high)),
            ]
        });
        let head = [
            Cell::from(segment.name.clone()),
            Cell::from(segment.report.customers),
        ];
        Row::new(head.into_iter().chain(shares))
    });
    Sheet {
        part: "curves",
        title: "Still active, by segment".to_owned(),
        rows: rows.collect(),
        columns,
    }
}

/// A row for each other segment, with its difference from the baseline in each period.
fn differences(report: &ComparisonReport) -> Sheet {
    let query = &report.query.retention;
    let places = 1..report.columns();
    let mut columns = vec![Column::new("segment", Kind::Text)];
    for column in places.clone() {
        let label = words::column_label(query, column);
        columns.push(Column::new(label.clone(), Kind::Points));
        columns.push(Column::new(format!("{label} low"), Kind::Points));
        columns.push(Column::new(format!("{label} high"), Kind::Points));
    }
    let others = (0..report.segments.len()).filter(|place| *place != report.baseline);
    let rows = others.map(|place| {
        let points = places.clone().flat_map(|column| {
            let found = report.difference(place, column);
            let interval = found.map(|(_, interval)| interval);
            [
                number(found.map(|(difference, _)| difference)),
                number(interval.map(|bounds| bounds.low)),
                number(interval.map(|bounds| bounds.high)),
            ]
        });
        Row::new(std::iter::once(Cell::from(report.segments[place].name.clone())).chain(points))
    });
    Sheet {
        part: "differences",
        title: "Differences".to_owned(),
        rows: rows.collect(),
        columns,
    }
}

/// How many of each segment were not yet gone after so many days.
fn lifetimes(report: &ComparisonReport) -> Sheet {
    let mut columns = vec![Column::new("days", Kind::Count)];
    for segment in &report.segments {
        columns.push(Column::new(segment.name.clone(), Kind::Share));
        columns.push(Column::new(format!("{} low", segment.name), Kind::Share));
        columns.push(Column::new(format!("{} high", segment.name), Kind::Share));
        columns.push(Column::new(
            format!("{} watched", segment.name),
            Kind::Count,
        ));
    }
    let rows = report.ticks().into_iter().map(|tick| {
        let cells = report.segments.iter().flat_map(|segment| {
            let found = segment.survival.at(tick);
            let interval = found.and_then(|(_, interval)| interval);
            [
                number(found.map(|(share, _)| share)),
                number(interval.map(|bounds| bounds.low)),
                number(interval.map(|bounds| bounds.high)),
                Cell::from(at_risk(&segment.endings, tick)),
            ]
        });
        Row::new(std::iter::once(Cell::from(tick)).chain(cells))
    });
    Sheet {
        part: "lifetimes",
        title: "Survival".to_owned(),
        rows: rows.collect(),
        columns,
    }
}

/// The log-rank test of every two segments.
fn pairs(report: &ComparisonReport) -> Sheet {
    let name = |place: usize| {
        report
            .segments
            .get(place)
            .map_or("", |one| one.name.as_str())
    };
    let mut pairs: Vec<_> = report.pairs.iter().collect();
    pairs.sort_by(|one, other| one.holm.total_cmp(&other.holm));
    let rows = pairs.into_iter().map(|pair| {
        let verdict = match pair.differs() {
            true => "differ",
            false => "can’t be told apart",
        };
        Row::new([
            Cell::from(name(pair.sooner)),
            Cell::from(name(pair.later)),
            Cell::from(verdict),
            Cell::from(pair.test.chi_squared),
            Cell::from(pair.test.p),
            Cell::from(pair.holm),
        ])
    });
    Sheet {
        part: "pairs",
        title: "Pairs of segments".to_owned(),
        columns: vec![
            Column::new("left sooner", Kind::Text),
            Column::new("left later", Kind::Text),
            Column::new("verdict", Kind::Text),
            Column::new("chi-squared", Kind::Number),
            Column::new("p", Kind::P),
            Column::new("corrected p", Kind::P),
        ],
        rows: rows.collect(),
    }
}

/// What a change of the total comes from.
fn mix(report: &ComparisonReport) -> Sheet {
    let parts = report.mix.as_ref().map_or(&[][..], |mix| &mix.parts);
    let before: u64 = parts.iter().map(|part| part.before.1).sum();
    let after: u64 = parts.iter().map(|part| part.after.1).sum();
    let rows = parts.iter().zip(&report.segments).map(|(part, segment)| {
        Row::new([
            Cell::from(segment.name.clone()),
            number(rate(part.before.1, before)),
            number(rate(part.after.1, after)),
            number(rate(part.before.0, part.before.1)),
            number(rate(part.after.0, part.after.1)),
            Cell::from(part.contribution.mix),
            Cell::from(part.contribution.rate),
        ])
    });
    Sheet {
        part: "mix",
        title: "Mix against rate".to_owned(),
        columns: vec![
            Column::new("segment", Kind::Text),
            Column::new("share before", Kind::Share),
            Column::new("share after", Kind::Share),
            Column::new("active before", Kind::Share),
            Column::new("active after", Kind::Share),
            Column::new("by mix", Kind::Points),
            Column::new("by rate", Kind::Points),
        ],
        rows: rows.collect(),
    }
}
