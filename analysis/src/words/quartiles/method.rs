//! The method line of an answer about a feature.

use super::super::{as_of, date, date_time, filter, in_segments};
use super::customers;
use crate::quartiles::QuartileReport;
use crate::query::{AsOf, Zeros};

/// Names every choice behind the report's numbers, separated by " · ".
pub fn quartile_method(report: &QuartileReport) -> String {
    let (query, reading) = (&report.query, &report.reading);
    let (grain, exposure) = (query.grain, query.exposure);
    let end = exposure + query.outcome;
    let unit = grain.noun(1);
    let mut parts = vec![
        format!(
            "Signed up in {} from {} to {}, {}",
            grain.noun(0),
            date(report.cohorts.0),
            date(report.cohorts.1),
            report.zone
        ),
        format!(
            "{} counted from each customer’s own signup: usage to the end of {unit} {exposure}, leaving from there to the end of {unit} {end}",
            grain.noun(0)
        ),
        match (&query.activity, query.active.as_slice()) {
            (Some(slug), _) => format!("left = no {slug}"),
            (None, [one]) => format!("left = no {one}"),
            (None, names) => format!("left = none of {}", names.join(", ")),
        },
    ];
    parts.extend(
        query
            .filters
            .iter()
            .map(|one| format!("only where {}", filter(one))),
    );
    if !query.segments.is_empty() {
        parts.push(format!("only those {}", in_segments(&query.segments)));
    }
    parts.push(match (reading.landmark, reading.gone) {
        (true, 0) => format!("only those active in {unit} {exposure}"),
        (true, _) => format!(
            "only those active in {unit} {exposure}; {} already gone left out",
            customers(reading.gone)
        ),
        (false, _) => format!("also those no longer active in {unit} {exposure}"),
    });
    if query.zeros == Zeros::Inside {
        parts.push("customers without use counted as zeros inside the quarters".to_owned());
    }
    if report.not_over > 0 {
        parts.push(format!(
            "{} not yet observable for {end} {} and left out",
            customers(report.not_over),
            grain.noun(0)
        ));
    }
    if report.internal > 0 {
        parts.push(format!(
            "{} left out as internal",
            customers(report.internal)
        ));
    }
    if report.no_start > 0 {
        parts.push(format!(
            "{} without signup and events left out",
            customers(report.no_start)
        ));
    }
    let mut how = format!(
        "equal usage never split · Wilson and Newcombe intervals, 95\u{a0}%, Cochran–Armitage trend, Mantel–Haenszel over {} strata of all other events (Sato’s variance)",
        match query.feature.as_slice() {
            [] => "up to 4".to_owned(),
            _ => reading.strata.to_string(),
        }
    );
    if !report.scan.is_empty() {
        let tested = report.scan.iter().filter(|row| row.holm.is_some()).count();
        how.push_str(&format!(", Holm over {tested} features"));
    }
    parts.push(how);
    let mut limit = format!("as of {}", date_time(report.as_of_local));
    if ahead(report) {
        limit.push_str(&format!(" ({} has not come yet)", as_of(query.as_of)));
    }
    parts.push(limit);
    parts.push(match report.watermark_local {
        Some(newest) => format!("data up to {}", date_time(newest)),
        None => "no data yet".to_owned(),
    });
    parts.join(" · ")
}

/// Whether the question asked for an as-of that had not come yet.
fn ahead(report: &QuartileReport) -> bool {
    match report.query.as_of {
        AsOf::Now => false,
        AsOf::Date(day) => day > report.as_of_local.date(),
        AsOf::Instant(at) => at > report.as_of,
    }
}
