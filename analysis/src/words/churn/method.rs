//! The method line of an answer about leaving.

use super::super::{as_of, customers, date_time, filter, in_segments};
use super::days_text;
use crate::churn::{ChurnReport, EARLIER_DAYS, MIN_PACE, RECENT_DAYS};
use crate::period::{Grain, WeekStart};

/// Names every choice behind the report's numbers, separated by " · ".
pub fn churn_method(report: &ChurnReport) -> String {
    let query = &report.query;
    let noun = query.grain.noun(1);
    let from = match (query.grain, report.week_start) {
        (Grain::Week, WeekStart::Monday) => " from Monday",
        (Grain::Week, WeekStart::Sunday) => " from Sunday",
        _ => "",
    };
    let proposed = match query.threshold {
        None if report.returns.proposal().is_some() => ", as the data propose",
        _ => "",
    };
    let threshold = days_text(report.threshold);
    let mut parts = vec![
        format!("Calendar {}{from}, {}", query.grain.noun(0), report.zone),
        format!(
            "active = {} on one of the {threshold} before{proposed}",
            report.activity
        ),
        format!("gross churn = lost / active at the {noun}’s start, Wilson interval 95\u{a0}%"),
        "net churn also subtracts those who came or came back, and can be negative".to_owned(),
        format!(
            "a {noun} still running loses nobody; a year before = {}",
            match query.grain {
                Grain::Week => "52 weeks earlier".to_owned(),
                _ => format!("the same {noun}"),
            }
        ),
        format!("coming and going by activity in the {noun} itself"),
        format!(
            "stickiness among the {} days up to the {noun}’s end, of those active on any of them",
            query.sticky_days
        ),
        format!(
            "quietly leaving = active days in the last {RECENT_DAYS} below {}\u{a0}% of the pace in up to {EARLIER_DAYS} \
             days before, of those with at least {MIN_PACE} active days in {RECENT_DAYS}",
            query.pace
        ),
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
    if report.internal > 0 {
        parts.push(format!(
            "{} left out as internal",
            customers(report.internal)
        ));
    }
    let mut limit = format!("as of {}", date_time(report.as_of_local));
    if report.as_of_was_ahead() {
        limit.push_str(&format!(" ({} has not come yet)", as_of(query.as_of)));
    }
    parts.push(limit);
    parts.push(match report.watermark_local {
        Some(newest) => format!("data up to {}", date_time(newest)),
        None => "no data yet".to_owned(),
    });
    parts.join(" · ")
}
