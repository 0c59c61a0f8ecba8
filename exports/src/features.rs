//! Answers about features as an export.

use crate::sheet::{Cell, Column, Kind, Row, Sheet, Value};
use crate::{Export, Origin, Picture};
use analysis::quartiles::{Effect, Group, Part, QuartileReport, bars};
use analysis::stats::rate;
use analysis::words;

impl Export {
    /// An answer about a feature, with the scan of all features where there is one.
    pub fn features(origin: Origin<'_>, report: &QuartileReport) -> Self {
        let title = match report.query.feature.as_slice() {
            [] => "Which features keep customers?".to_owned(),
            names => format!("Does {} keep customers?", words::events(names)),
        };
        let found = words::finding(report);
        let mut export = Self::new(
            origin,
            title,
            words::quartile_method(report),
            report.as_of_local,
        );
        export.sentence = match found.sentence.as_str() {
            "" => found.tag,
            sentence => format!("{}: {sentence}", found.tag),
        };
        export.evidence = found.evidence;
        export
            .notes
            .extend(Some(found.caution).filter(|caution| !caution.is_empty()));
        let groups = groups(report);
        export.sheets = vec![
            groups_sheet(report, &groups),
            scan(report),
            curves(report, &groups),
            usage(report),
        ];
        let key = groups
            .iter()
            .map(|(part, _)| (class(*part).to_owned(), words::part_name(*part).to_owned()));
        let key: Vec<_> = key.collect();
        export.pictures = vec![
            Picture {
                part: "curves",
                title: words::curves_title(report),
                svg: charts::groups(report),
                key: key.clone(),
            },
            Picture {
                part: "usage",
                title: words::usage_title(report),
                svg: charts::usage(report),
                key,
            },
        ];
        export
    }
}

fn class(part: Part) -> &'static str {
    match part {
        Part::High => "high",
        Part::Moderate => "moderate",
        Part::Infrequent => "infrequent",
        Part::Never => "never",
    }
}

fn groups(report: &QuartileReport) -> Vec<(Part, &Group)> {
    let parts = Part::ALL.into_iter();
    parts
        .filter_map(|part| Some((part, report.reading.group(part)?)))
        .collect()
}

/// The groups, their sizes, and how many of each left.
fn groups_sheet(report: &QuartileReport, groups: &[(Part, &Group)]) -> Sheet {
    let cuts = report
        .reading
        .quartiles
        .as_ref()
        .map(|quartiles| quartiles.cuts);
    let uses = cuts.map(|cuts| words::group_uses(cuts, report.query.zeros));
    let uses = |part: Part| {
        let [high, moderate, infrequent] = uses.clone()?;
        Some(match part {
            Part::High => high,
            Part::Moderate => moderate,
            Part::Infrequent => infrequent,
            Part::Never => "0 uses".to_owned(),
        })
    };
    let users = report.reading.users();
    let rows = groups.iter().map(|(part, group)| {
        let share = rate(group.customers, users).filter(|_| *part != Part::Never);
        let interval = group.interval();
        Row::new([
            Cell::from(words::part_name(*part)),
            Cell::from(Value::from(uses(*part))),
            Cell::from(group.customers),
            Cell::from(Value::from(share)),
            Cell::from(group.left),
            Cell::from(Value::from(group.attrition())),
            Cell::from(Value::from(interval.map(|bounds| bounds.low))),
            Cell::from(Value::from(interval.map(|bounds| bounds.high))),
        ])
    });
    Sheet {
        part: "groups",
        title: "Groups by usage".to_owned(),
        columns: vec![
            Column::new("group", Kind::Text),
            Column::new("uses", Kind::Text),
            Column::new("customers", Kind::Count),
            Column::new("share of users", Kind::Share),
            Column::new("left", Kind::Count),
            Column::new("attrition", Kind::Share),
            Column::new("low", Kind::Share),
            Column::new("high", Kind::Share),
        ],
        rows: rows.collect(),
    }
}

/// Every feature, by what remains after accounting for overall activity.
fn scan(report: &QuartileReport) -> Sheet {
    let rows = report.scan.iter().map(|row| {
        let part = |effect: Option<Effect>, of: fn(&Effect) -> f64| {
            Cell::from(Value::from(effect.as_ref().map(of)))
        };
        Row::new([
            Cell::from(row.feature.clone()),
            Cell::from(words::scan_tag(row).0),
            part(row.adjusted, |effect| effect.difference),
            part(row.adjusted, |effect| effect.interval.low),
            part(row.adjusted, |effect| effect.interval.high),
            part(row.raw, |effect| effect.difference),
            Cell::from(Value::from(row.holm)),
            Cell::from(row.users),
        ])
    });
    Sheet {
        part: "scan",
        title: "All features".to_owned(),
        columns: vec![
            Column::new("feature", Kind::Text),
            Column::new("verdict", Kind::Text),
            Column::new("difference", Kind::Points),
            Column::new("low", Kind::Points),
            Column::new("high", Kind::Points),
            Column::new("unadjusted", Kind::Points),
            Column::new("corrected p", Kind::P),
            Column::new("users", Kind::Count),
        ],
        rows: rows.collect(),
    }
}

/// How many of each group were active in each period of the outcome window.
fn curves(report: &QuartileReport, groups: &[(Part, &Group)]) -> Sheet {
    let mut columns = vec![Column::new(report.query.grain.noun(1), Kind::Count)];
    for (part, _) in groups {
        let name = words::part_name(*part);
        columns.push(Column::new(name, Kind::Share));
        columns.push(Column::new(format!("{name} low"), Kind::Share));
        columns.push(Column::new(format!("{name} high"), Kind::Share));
    }
    let rows = (0..report.query.outcome).map(|period| {
        let place = usize::try_from(period).unwrap_or(usize::MAX);
        let shares = groups.iter().flat_map(|(_, group)| {
            let found = group.retention(place);
            let interval = found.map(|(_, interval)| interval);
            [
                found.map(|(rate, _)| rate),
                interval.map(|bounds| bounds.low),
                interval.map(|bounds| bounds.high),
            ]
        });
        let shares = shares.map(|share| Cell::from(Value::from(share)));
        Row::new(std::iter::once(Cell::from(report.query.exposure + period + 1)).chain(shares))
    });
    Sheet {
        part: "curves",
        title: "Still active, by group".to_owned(),
        rows: rows.collect(),
        columns,
    }
}

/// How many customers used the feature how often.
fn usage(report: &QuartileReport) -> Sheet {
    let rows = bars(&report.reading).bars.into_iter().map(|bar| {
        Row::new([
            Cell::from(bar.from),
            Cell::from(bar.to),
            Cell::from(bar.customers),
            Cell::from(words::part_name(bar.part)),
        ])
    });
    Sheet {
        part: "usage",
        title: "Number of uses".to_owned(),
        columns: vec![
            Column::new("uses from", Kind::Count),
            Column::new("uses to", Kind::Count),
            Column::new("customers", Kind::Count),
            Column::new("group", Kind::Text),
        ],
        rows: rows.collect(),
    }
}
