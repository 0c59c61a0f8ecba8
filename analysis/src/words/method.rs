//! The method line: every choice behind a report, in one line that travels with it.

use super::entry::often;
use super::{
    activity, as_of, behaviour, column_name, customers, date_time, entered, event_filter, filter,
    in_segments, list, thousands,
};
use crate::period::{Grain, WeekStart};
use crate::query::{
    BeforeStart, ColumnZero, RetentionKind, RetentionQuery, StartRule, Unit, Window,
};
use crate::report::RetentionReport;

impl RetentionReport {
    /// The method line, see [`method_line`].
    pub fn method(&self) -> String {
        method_line(self)
    }
}

/// Names every choice behind the report's numbers, separated by " · ".
pub fn method_line(report: &RetentionReport) -> String {
    parts(report, true).join(" · ")
}

/// The parts of the method line, with or without where signups were taken from.
pub(super) fn parts(report: &RetentionReport, signups: bool) -> Vec<String> {
    let query = &report.query;
    let periods = query.grain.noun(0);
    let from = match (query.grain, report.week_start) {
        (Grain::Week, WeekStart::Monday) => " from Monday",
        (Grain::Week, WeekStart::Sunday) => " from Sunday",
        _ => "",
    };
    let calendar = format!("alendar {periods}{from}, {}", report.zone);
    let mut parts = match query.window {
        Window::Calendar => vec![format!("C{calendar}")],
        Window::Rolling => vec![
            format!(
                "Rolling {} from each {}'s own start",
                rolling(query.grain),
                query.unit.noun(1)
            ),
            format!("cohorts by c{calendar}"),
        ],
    };
    if query.unit == Unit::Accounts {
        parts.push("accounts, each its customers together".to_owned());
    }
    parts.extend(match query.start {
        StartRule::Signup => None,
        StartRule::FirstEvent | StartRule::EachEvent => {
            Some(format!("cohorts of those who {}", entered(query)))
        }
    });
    let active = match &report.activity {
        Some(defined) => often(defined.clone(), query),
        None => activity(query),
    };
    parts.extend([format!("active = {active}"), kind(query)]);
    if query.before_start == BeforeStart::Count {
        parts.push("events before the start count in its own period".to_owned());
    }
    if query.column_zero == ColumnZero::Measured {
        parts.push(format!(
            "column 0: active in {}",
            column_name(query, 0).replace(" or later", " or a later one")
        ));
    }
    parts.extend(
        query
            .filters
            .iter()
            .map(|condition| format!("only where {}", filter(condition))),
    );
    let accounts = query.account_filters.iter();
    parts.extend(accounts.map(|condition| format!("only of accounts where {}", filter(condition))));
    let behaviours = query.behaviours.iter();
    parts.extend(behaviours.map(|one| format!("only those who {}", behaviour(one))));
    if !query.segments.is_empty() {
        parts.push(format!("only those {}", in_segments(&query.segments)));
    }
    for (what, filters) in [
        ("start", &query.start_where),
        ("active", &query.active_where),
    ] {
        let conditions: Vec<String> = filters.iter().map(event_filter).collect();
        if !conditions.is_empty() {
            parts.push(format!("{what}: only {}", list(&conditions, "and")));
        }
    }
    parts.push(format!("overall row pooled over finished {periods}"));
    parts.push("intervals Wilson 95\u{a0}%".to_owned());
    if query.start == StartRule::Signup && signups {
        parts.push(format!(
            "signup given for {}, first event for {}",
            thousands(report.signup_given),
            thousands(report.signup_inferred)
        ));
    }
    if report.internal > 0 {
        parts.push(format!(
            "{} left out as internal",
            customers(report.internal)
        ));
    }
    if report.left_out > 0 {
        let without = match query.unit {
            Unit::Customers => "signup and events",
            Unit::Accounts => "an account",
        };
        parts.push(format!(
            "{} without {without} left out",
            customers(report.left_out)
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
    parts
}

/// What a rolling period is.
fn rolling(grain: Grain) -> &'static str {
    match grain {
        Grain::Day => "days of 24 hours",
        Grain::Week => "weeks of 7 × 24 hours",
        Grain::Month => "months by anniversary",
        Grain::Quarter => "quarters by anniversary",
        Grain::Year => "years by anniversary",
    }
}

/// The kind of retention, explained.
fn kind(query: &RetentionQuery) -> String {
    let period = query.grain.noun(1);
    let limit = match query.follow_up {
        Some(last) => {
            format!(", counted up to {period} {last} for every cohort")
        }
        None => String::new(),
    };
    match query.kind {
        RetentionKind::On => format!("on: active in that very {period}"),
        RetentionKind::OnOrAfter => {
            format!("on or after: active in that {period} or a later one{limit}")
        }
        RetentionKind::Brackets => format!("brackets: active in any {period} of the span{limit}"),
        RetentionKind::Streak => format!("streak: active in every {period} from 1 on"),
        RetentionKind::Previous => {
            format!(
                "previous {period}: active in that {period}, of those active in the {period} before"
            )
        }
    }
}
