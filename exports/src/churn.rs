//! Answers about leaving as an export.

use crate::sheet::{Cell, Column, Kind, Row, Sheet, Value};
use crate::{Export, Origin, Picture};
use analysis::churn::{Churn, ChurnReport, Week};
use analysis::words;

impl Export {
    /// An answer about leaving. Lists of customers are files of their own.
    pub fn churn(origin: Origin<'_>, report: &ChurnReport) -> Self {
        let noun = report.query.grain.noun(1);
        let method = words::churn_method(report);
        let mut export = Self::new(
            origin,
            format!("Churn by {noun}"),
            method,
            report.as_of_local,
        );
        export.sentence = words::churn_headline(report);
        let mut findings = words::churn_findings(report).into_iter();
        export.evidence = findings.next().unwrap_or_default();
        export.notes = findings.chain(words::churn_stale(report)).collect();
        export.sheets = vec![
            periods(report),
            lifecycle(report),
            days(report),
            returns(report),
            fading(report),
        ];
        export.pictures = pictures(report);
        export
    }
}

fn pictures(report: &ChurnReport) -> Vec<Picture> {
    let noun = report.query.grain.noun(1);
    let key = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let pairs = pairs.iter();
        pairs
            .map(|(class, text)| ((*class).to_owned(), (*text).to_owned()))
            .collect()
    };
    let until = report
        .picked_period()
        .map_or_else(String::new, |(period, _)| {
            format!(
                ", up to the end of {}",
                words::period_name(report.query.grain, period.start)
            )
        });
    vec![
        Picture {
            part: "periods",
            title: format!("Churn by {noun}"),
            svg: charts::churn(report),
            key: key(&[
                ("days", &format!("this {noun}, with interval")),
                ("earlier", "a year before"),
            ]),
        },
        Picture {
            part: "lifecycle",
            title: format!("Coming and going, by {noun}"),
            svg: charts::lifecycle(report),
            key: key(&[
                ("new", "new"),
                ("returned", "returned"),
                ("retained", "retained"),
                ("dormant", "dormant, below the line"),
            ]),
        },
        Picture {
            part: "days",
            title: format!(
                "On how many of {} they are active{until}",
                words::days_text(report.query.sticky_days)
            ),
            svg: charts::stickiness(report),
            key: Vec::new(),
        },
        Picture {
            part: "returns",
            title: "How soon customers come back".to_owned(),
            svg: charts::returns(report),
            key: Vec::new(),
        },
        Picture {
            part: "fading",
            title: format!("Active days a week{until}"),
            svg: charts::fading(report),
            key: key(&[
                ("regular", "regular: active at its start and end"),
                ("new", "new in it"),
                ("lost", "lost in it"),
            ]),
        },
    ]
}

fn value<T: Into<Value>>(value: Option<T>) -> Cell {
    Cell::from(Value::from(value))
}

/// A row for each period, newest first, as on the page.
fn periods(report: &ChurnReport) -> Sheet {
    let rows = report.periods.iter().rev().map(|period| {
        let churn = period.churn;
        let interval = churn.and_then(|churn| churn.interval());
        let before = period.before;
        let difference = churn.zip(before);
        let difference = difference.and_then(|(churn, before)| churn.difference(&before));
        let count = |of: fn(&Churn) -> u64| value(churn.as_ref().map(of));
        let mut row = Row::new([
            Cell::from(period.start),
            Cell::from(period.last),
            Cell::from(period.opening),
            count(|churn| churn.lost),
            value(churn.and_then(|churn| churn.gross())),
            value(interval.map(|bounds| bounds.low)),
            value(interval.map(|bounds| bounds.high)),
            value(before.and_then(|churn| churn.gross())),
            value(difference.map(|(difference, _)| difference)),
            count(|churn| churn.new),
            count(|churn| churn.returned),
            count(Churn::closing),
            value(churn.and_then(|churn| churn.net())),
        ]);
        if churn.is_none() {
            row.cells.iter_mut().for_each(|cell| cell.running = true);
        }
        row
    });
    Sheet {
        part: "periods",
        title: "Churn by period".to_owned(),
        columns: vec![
            Column::new("period", Kind::Date),
            Column::new("last day", Kind::Date),
            Column::new("active at start", Kind::Count),
            Column::new("left", Kind::Count),
            Column::new("churn", Kind::FineShare),
            Column::new("low", Kind::FineShare),
            Column::new("high", Kind::FineShare),
            Column::new("a year before", Kind::FineShare),
            Column::new("difference", Kind::Points),
            Column::new("new", Kind::Count),
            Column::new("came back", Kind::Count),
            Column::new("active at end", Kind::Count),
            Column::new("net churn", Kind::FineShare),
        ],
        rows: rows.collect(),
    }
}

/// Who came and went, period by period.
fn lifecycle(report: &ChurnReport) -> Sheet {
    let rows = report.periods.iter().rev().map(|period| {
        let of = period.lifecycle;
        let mut row = Row::new([
            Cell::from(period.start),
            Cell::from(of.active()),
            Cell::from(of.new),
            Cell::from(of.retained),
            Cell::from(of.returned),
            value(of.dormant),
            value(of.growth()),
        ]);
        if of.dormant.is_none() {
            row.cells.iter_mut().for_each(|cell| cell.running = true);
        }
        row
    });
    Sheet {
        part: "lifecycle",
        title: "Coming and going".to_owned(),
        columns: vec![
            Column::new("period", Kind::Date),
            Column::new("active", Kind::Count),
            Column::new("new", Kind::Count),
            Column::new("retained", Kind::Count),
            Column::new("returned", Kind::Count),
            Column::new("dormant", Kind::Count),
            Column::new("growth ratio", Kind::Number),
        ],
        rows: rows.collect(),
    }
}

/// On how many days customers were active, up to the end of each period.
fn days(report: &ChurnReport) -> Sheet {
    let mut columns = vec![
        Column::new("period", Kind::Date),
        Column::new("customers", Kind::Count),
        Column::new("mean days", Kind::Number),
        Column::new("mean share", Kind::Share),
    ];
    let numbers =
        (1..=report.query.sticky_days).map(|day| Column::new(words::days_text(day), Kind::Count));
    columns.extend(numbers);
    let rows = report.periods.iter().rev().filter_map(|period| {
        let of = period.stickiness.as_ref()?;
        let head = [
            Cell::from(period.start),
            Cell::from(of.customers()),
            value(of.mean_days()),
            value(of.mean_share()),
        ];
        Some(Row::new(
            head.into_iter()
                .chain(of.days.iter().map(|count| Cell::from(*count))),
        ))
    });
    Sheet {
        part: "days",
        title: "Active days".to_owned(),
        rows: rows.collect(),
        columns,
    }
}

/// How many returns came after how many days, and what share had come by then.
fn returns(report: &ChurnReport) -> Sheet {
    let returns = &report.returns;
    let rows = (1_u32..).zip(&returns.after).map(|(days, count)| {
        Row::new([
            Cell::from(days),
            Cell::from(*count),
            value(returns.within(days)),
        ])
    });
    Sheet {
        part: "returns",
        title: "How soon they come back".to_owned(),
        columns: vec![
            Column::new("days of absence", Kind::Count),
            Column::new("returns", Kind::Count),
            Column::new("share within", Kind::Share),
        ],
        rows: rows.collect(),
    }
}

/// Mean active days a week before the end of the picked period, the last week first.
fn fading(report: &ChurnReport) -> Sheet {
    let weeks = report.fading.iter().flat_map(|fading| {
        let weeks = fading.regular.iter().zip(&fading.new).zip(&fading.lost);
        weeks.rev().zip(0_u32..)
    });
    let rows = weeks.map(|(((regular, new), lost), back)| {
        let mean = |week: &Week| value(week.mean());
        Row::new([
            Cell::from(back),
            mean(regular),
            mean(new),
            mean(lost),
            Cell::from(lost.customers),
        ])
    });
    Sheet {
        part: "fading",
        title: "How they faded".to_owned(),
        columns: vec![
            Column::new("weeks before the last", Kind::Count),
            Column::new("regular", Kind::Number),
            Column::new("new", Kind::Number),
            Column::new("lost", Kind::Number),
            Column::new("lost, customers by then", Kind::Count),
        ],
        rows: rows.collect(),
    }
}
