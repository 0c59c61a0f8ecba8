//! When something is sent, and what an alert found, in words.

use jiff::civil::Weekday;

use super::{
    cohorts, column_name, counted, customers, entered, fine_interval, fine_percent, in_period,
    interval, percent, signed_points, thousands,
};
use crate::alert::{Alert, Condition, Reading, Threshold};
use crate::churn::ChurnReport;
use crate::period::Grain;
use crate::query::{ChurnQuery, RetentionQuery, pairs, split_url_query};
use crate::report::RetentionReport;
use crate::saved::ReportKind;
use crate::schedule::{Day, Occasion, Schedule};
use crate::stats::Interval;

/// What an alert found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noticed {
    /// "26 % retained in week 8, below 30 %: 107 of 412 customers who signed up in the week of 6 Jan 2025 (interval 22 to
    /// 30 %)."
    pub sentence: String,
    /// What it was compared with; empty for a threshold.
    pub evidence: String,
}

/// "every Monday at 08:00", "on day 1 of each month at 08:00".
fn schedule(schedule: Schedule) -> String {
    let hour = schedule.hour;
    match schedule.day {
        Day::Week(weekday) => format!("every {} at {hour:02}:00", weekday_name(weekday)),
        Day::Month(day) => format!("on day {day} of each month at {hour:02}:00"),
    }
}

/// "Monday".
pub fn weekday_name(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// When something is sent that asks a saved question: "every Monday at 08:00", "when retention in week 8 falls below 30 %".
pub fn occasion(occasion: Occasion, kind: ReportKind, question: &str) -> String {
    let parts = split_url_query(question);
    match (occasion, kind) {
        (Occasion::Schedule(it), _) => schedule(it),
        (Occasion::Alert(alert), ReportKind::Churn) => {
            let grain = ChurnQuery::parse(pairs(&parts)).0.grain;
            let (one, many) = (grain.noun(1), grain.noun(0));
            let wanted = wanted(alert.condition, &format!("the {many} before"));
            format!("when churn of a {one} {wanted}")
        }
        (Occasion::Alert(alert), _) => {
            let query = RetentionQuery::parse(pairs(&parts)).0;
            let column = column_name(&query, alert.period);
            let wanted = wanted(alert.condition, "the cohorts before");
            format!("when retention in {column} {wanted}")
        }
    }
}

fn wanted(condition: Condition, before: &str) -> String {
    match condition {
        Condition::Below(threshold) => format!("falls below {}", limit(threshold)),
        Condition::Above(threshold) => format!("rises above {}", limit(threshold)),
        Condition::Differs => format!("differs from {before}"),
    }
}

fn limit(threshold: Threshold) -> String {
    format!("{threshold}\u{a0}%")
}

/// What a retention alert found, whether its condition is met or not.
pub fn retention_noticed(report: &RetentionReport, alert: Alert, reading: &Reading) -> Noticed {
    let query = &report.query;
    let sentence = format!(
        "{} retained in {}, {}: {} of {} who {} {} (interval {}).",
        percent(reading.rate),
        column_name(query, alert.period),
        verdict(alert.condition, reading),
        thousands(reading.count),
        counted(query.unit, reading.size),
        entered(query),
        in_period(query.grain, reading.start),
        interval(reading.interval),
    );
    let of = |count, size, pooled| {
        let cohorts = cohorts(u64::from(pooled));
        let (count, size) = (thousands(count), counted(query.unit, size));
        format!("{count} of {size} in {cohorts}")
    };
    Noticed {
        sentence,
        evidence: compared(alert.condition, reading, percent, of),
    }
}

/// What an alert on churn found, whether its condition is met or not.
pub fn churn_noticed(report: &ChurnReport, condition: Condition, reading: &Reading) -> Noticed {
    let grain = report.query.grain;
    let sentence = format!(
        "{} left {}, {}: {} of {} (interval {}).",
        fine_percent(reading.rate),
        in_period(grain, reading.start),
        verdict(condition, reading),
        thousands(reading.count),
        customers(reading.size),
        fine_interval(reading.interval),
    );
    let of = |count, size, pooled| {
        let periods = format!(
            "{} {}",
            thousands(u64::from(pooled)),
            grain.noun(u64::from(pooled))
        );
        let (count, size) = (thousands(count), customers(size));
        format!("{count} of {size} in {periods}")
    };
    Noticed {
        sentence,
        evidence: compared(condition, reading, fine_percent, of),
    }
}

/// "below 30 %", "not clearly below 30 %", "6.1 points less than before".
fn verdict(condition: Condition, reading: &Reading) -> String {
    let clearly = if reading.met { "" } else { "not clearly " };
    match (condition, reading.before) {
        (Condition::Below(threshold), _) => format!("{clearly}below {}", limit(threshold)),
        (Condition::Above(threshold), _) => format!("{clearly}above {}", limit(threshold)),
        (Condition::Differs, None) => "with nothing before to compare it with".to_owned(),
        (Condition::Differs, Some(before)) if reading.met => {
            let than = if before.difference.high < 0.0 {
                "less"
            } else {
                "more"
            };
            format!("{than} than before")
        }
        (Condition::Differs, Some(_)) => "as before within chance".to_owned(),
    }
}

fn compared(
    condition: Condition,
    reading: &Reading,
    percent: fn(f64) -> String,
    of: impl Fn(u64, u64, u32) -> String,
) -> String {
    let Some(before) = reading.before.filter(|_| condition == Condition::Differs) else {
        return String::new();
    };
    let Some(rate) = crate::stats::rate(before.count, before.size) else {
        return String::new();
    };
    let Interval { low, high } = before.difference;
    format!(
        "Before: {}, {}. The difference is {} points (99\u{a0}% interval {} to {}).",
        percent(rate),
        of(before.count, before.size, before.pooled),
        signed_points(reading.rate - rate),
        signed_points(low),
        signed_points(high),
    )
}

/// Why an alert on retention has nothing to look at yet.
pub fn retention_waits(query: &RetentionQuery, period: u32) -> String {
    format!(
        "No cohort has finished {} yet, with events stored from after it.",
        column_name(query, period)
    )
}

/// Why an alert on churn has nothing to look at yet.
pub fn churn_waits(grain: Grain) -> String {
    format!(
        "No {} has ended yet, with events stored from after it.",
        grain.noun(1)
    )
}
