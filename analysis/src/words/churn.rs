//! What can be said about leaving.

use jiff::civil::Date;

use super::{
    customers, date, decimal, fine_interval, fine_percent, percent, period_name, sentence_case,
    thousands,
};
use crate::churn::{Churn, ChurnPeriod, ChurnReport, Fading, RECENT_DAYS, Week};
use crate::period::Grain;
use crate::stats::{Interval, float, newcombe, rate};

mod method;

pub use method::churn_method;

/// A period can stand out among at least this many.
const MIN_PERIODS: usize = 6;
/// How many scaled median deviations above the median a period that stands out lies.
const FAR: f64 = 3.0;
/// The median deviation times this is a normal distribution's standard deviation.
const SCALED: f64 = 1.4826;

/// "in January 2025", "in the week of 6 Jan 2025".
pub fn in_period(grain: Grain, start: Date) -> String {
    let the = if grain == Grain::Week { "the " } else { "" };
    format!("in {the}{}", period_name(grain, start))
}

/// The answer: "In October 2026 4.1 % of 12,340 customers left (3.8 to 4.5 %), 0.6 points fewer than a year before.", or
/// why there is none.
pub fn churn_headline(report: &ChurnReport) -> String {
    let Some((period, churn)) = report.picked_period() else {
        return no_answer(report);
    };
    let (Some(gross), Some(interval)) = (churn.gross(), churn.interval()) else {
        return format!(
            "Nobody was active at the start of {}.",
            period_name(report.query.grain, period.start)
        );
    };
    let mut text = format!(
        "{} {} of {} left ({})",
        sentence_case(&in_period(report.query.grain, period.start)),
        fine_percent(gross),
        customers(churn.opening),
        fine_interval(interval),
    );
    if let Some((difference, interval)) = period.before.and_then(|it| churn.difference(&it)) {
        text.push_str(&format!(", {}", against_year_ago(difference, interval)));
    }
    text.push('.');
    text
}

fn no_answer(report: &ChurnReport) -> String {
    let noun = report.query.grain.noun(1);
    match report.customers {
        0 => "Nobody was active yet.".to_owned(),
        _ => format!("No {noun} asked for has ended yet, so nobody can have left in it."),
    }
}

/// "0.6 points fewer than a year before"; says so where chance explains it.
pub fn against_year_ago(difference: f64, interval: Interval) -> String {
    let size = decimal((difference * 100.0).abs());
    let points = if size == "1" { "point" } else { "points" };
    let more = if difference < 0.0 { "fewer" } else { "more" };
    if interval.low > 0.0 || interval.high < 0.0 {
        format!("{size} {points} {more} than a year before")
    } else if size == "0" {
        "the same as a year before".to_owned()
    } else {
        format!("{size} {points} {more} than a year before, which can be chance")
    }
}

/// What else the numbers say, a sentence each: net churn, the period that stands out, coming and going, stickiness, who
/// is quietly leaving.
pub fn churn_findings(report: &ChurnReport) -> Vec<String> {
    let mut findings = churn_movements(report);
    findings.extend((report.customers > 0).then(|| quietly(report)));
    findings
}

/// The same without who is quietly leaving.
pub fn churn_movements(report: &ChurnReport) -> Vec<String> {
    let mut findings = Vec::new();
    if let Some((period, churn)) = report.picked_period() {
        findings.extend(net(&churn));
        findings.extend(growth(report, period));
    }
    findings.extend(churn_stands_out(report));
    findings.extend(dormancy_stands_out(report));
    if let Some((period, _)) = report.picked_period() {
        findings.extend(sticky(report, period));
    }
    findings
}

fn net(churn: &Churn) -> Option<String> {
    let net = churn.net()?;
    let came = match (churn.new, churn.returned) {
        (0, 0) => "Nobody came or came back".to_owned(),
        (new, 0) => format!("{} came and nobody came back", thousands(new)),
        (0, returned) => format!("Nobody came and {} came back", thousands(returned)),
        (new, returned) => format!(
            "{} came and {} came back",
            thousands(new),
            thousands(returned)
        ),
    };
    let closing = thousands(churn.closing());
    let sum = match net {
        _ if churn.closing() == churn.opening => "as many were active at its end".to_owned(),
        net if net < 0.0 => format!("more than left, so {closing} were active at its end"),
        _ => format!("fewer than left, so {closing} were active at its end"),
    };
    Some(format!("{came}, {sum}: net churn {}.", fine_percent(net)))
}

fn growth(report: &ChurnReport, period: &ChurnPeriod) -> Option<String> {
    let ratio = period.lifecycle.growth()?;
    let noun = report.query.grain.noun(1);
    Some(format!(
        "For each customer active the {noun} before and not in this one, {} came or came back (growth ratio).",
        decimal(ratio)
    ))
}

fn sticky(report: &ChurnReport, period: &ChurnPeriod) -> Option<String> {
    let stickiness = period.stickiness.as_ref()?;
    Some(format!(
        "Who was active in the {} days up to its end was so on {} of them on average ({}).",
        report.query.sticky_days,
        decimal(stickiness.mean_days()?),
        percent(stickiness.mean_share()?)
    ))
}

/// "412 of 3,200 customers who are active and have a pace of their own are quietly leaving: …".
pub fn quietly(report: &ChurnReport) -> String {
    let quiet = report.quiet;
    if quiet.known == 0 {
        return "Nobody who is active has been known long enough to be quietly leaving.".to_owned();
    }
    let share = match report.query.pace {
        50 => "less than half".to_owned(),
        share => format!("less than {share}\u{a0}%"),
    };
    format!(
        "{} of the {} with a pace of their own are quietly leaving: active still, but in the last {RECENT_DAYS} days \
         at {share} of that pace.",
        thousands(quiet.leaving),
        customers(quiet.known),
    )
}

/// The period in which clearly more left than usual: "September 2026 stands out: 24 % left, 15 % in a usual month."
pub fn churn_stands_out(report: &ChurnReport) -> Option<String> {
    let rates: Vec<(Date, u64, u64)> = report
        .ended()
        .map(|(period, churn)| (period.start, churn.lost, churn.opening))
        .collect();
    let (start, rate, usual) = stands_out(&rates)?;
    Some(format!(
        "{} stands out: {} left, {} in a usual {}.",
        sentence_case(&the_period(report.query.grain, start)),
        fine_percent(rate),
        fine_percent(usual),
        report.query.grain.noun(1)
    ))
}

/// The period in which clearly more of those active the period before were not seen than usual.
pub fn dormancy_stands_out(report: &ChurnReport) -> Option<String> {
    let rates: Vec<(Date, u64, u64)> = report
        .periods
        .iter()
        .filter_map(|period| {
            let dormant = period.lifecycle.dormant?;
            let before = dormant + period.lifecycle.retained;
            (before > 0).then_some((period.start, dormant, before))
        })
        .collect();
    let (start, rate, usual) = stands_out(&rates)?;
    let noun = report.query.grain.noun(1);
    Some(format!(
        "{} stands out: {} of those active the {noun} before were not seen in it, {} in a usual {noun}.",
        sentence_case(&the_period(report.query.grain, start)),
        fine_percent(rate),
        fine_percent(usual),
    ))
}

fn the_period(grain: Grain, start: Date) -> String {
    let the = if grain == Grain::Week { "the " } else { "" };
    format!("{the}{}", period_name(grain, start))
}

/// The highest of some rates, (name, count, of), with the median of all, when it lies [`FAR`] above it and clearly above
/// the others pooled.
fn stands_out<T: Copy>(rates: &[(T, u64, u64)]) -> Option<(T, f64, f64)> {
    if rates.len() < MIN_PERIODS {
        return None;
    }
    let all: Vec<f64> = rates
        .iter()
        .filter_map(|(_, count, of)| rate(*count, *of))
        .collect();
    let usual = median(all.clone())?;
    let deviation = median(all.iter().map(|rate| (rate - usual).abs()).collect())? * SCALED;
    let (name, count, of) = rates.iter().copied().max_by(|a, b| {
        let own = |(_, count, of): &(T, u64, u64)| rate(*count, *of).unwrap_or_default();
        own(a).total_cmp(&own(b))
    })?;
    let highest = rate(count, of)?;
    let (counts, sizes) = rates
        .iter()
        .fold((0, 0), |sum, (_, count, of)| (sum.0 + count, sum.1 + of));
    let apart = newcombe((count, of), (counts - count, sizes - of))?;
    let far = highest > usual + FAR * deviation && apart.low > 0.0;
    far.then_some((name, highest, usual))
}

fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    let upper = *numbers.get(middle)?;
    Some(match numbers.len() % 2 {
        0 => (numbers[middle - 1] + upper) / 2.0,
        _ => upper,
    })
}

/// The threshold, what the data propose, and what became of gaps that had not ended.
pub fn churn_threshold(report: &ChurnReport) -> String {
    let returns = &report.returns;
    let used = match (report.query.threshold, returns.proposal()) {
        (None, Some(days)) => format!(
            "Nine of ten returns came within {}, so that is the threshold.",
            days_text(days)
        ),
        (None, None) => format!(
            "Too few returns to propose a threshold, so it is {}.",
            days_text(report.threshold)
        ),
        (Some(days), Some(proposed)) if days == proposed => format!(
            "Nine of ten returns came within {}, as long as the threshold.",
            days_text(days)
        ),
        (Some(days), Some(proposed)) => format!(
            "Nine of ten returns came within {}; the threshold asked for is {}, within which {} came.",
            days_text(proposed),
            days_text(days),
            percent(returns.within(days).unwrap_or_default())
        ),
        (Some(days), None) => format!(
            "Too few returns to propose a threshold; the one asked for is {}.",
            days_text(days)
        ),
    };
    if returns.total() == 0 {
        return used;
    }
    format!(
        "{used} A return is an active day after the one before it; {} counted. Gaps that had not ended say nothing yet: \
         so that long ones have the same chance to be seen as short ones, only gaps that began at least {} before as-of \
         count, each followed for that long. {} still open after that and are no returns, {} began later and are left \
         out.",
        thousands(returns.total()),
        days_text(returns.horizon),
        was(returns.open),
        thousands(returns.too_recent)
    )
}

fn was(count: u64) -> String {
    match count {
        1 => "1 was".to_owned(),
        _ => format!("{} were", thousands(count)),
    }
}

/// "1 day", "9 days".
pub fn days_text(days: u32) -> String {
    match days {
        1 => "1 day".to_owned(),
        _ => format!("{} days", thousands(u64::from(days))),
    }
}

/// How those lost faded before they left, against those who stayed; `None` where nobody was lost.
pub fn fading_sentence(report: &ChurnReport) -> Option<String> {
    let Fading { regular, lost, .. } = report.fading.as_ref()?;
    let half = lost.len() / 2;
    let (lost_early, stayed_early) = (mean(&lost[..half])?, mean(&regular[..half])?);
    let mut text = format!(
        "In the first {half} of these weeks those lost were active on {} a week, regular customers on {}",
        a_week(lost_early),
        decimal(stayed_early)
    );
    let silent = usize::try_from(report.threshold.div_ceil(7)).unwrap_or(usize::MAX);
    let end = lost.len().saturating_sub(silent);
    if end >= half + 4 {
        let late = end - 4..end;
        if let (Some(lost), Some(stayed)) = (mean(&lost[late.clone()]), mean(&regular[late])) {
            text.push_str(&format!(
                "; in the 4 weeks before their silence on {}, regular customers on {}",
                decimal(lost),
                decimal(stayed)
            ));
        }
    }
    text.push_str(&format!(
        ". The last {} are empty by definition.",
        days_text(report.threshold)
    ));
    Some(text)
}

fn a_week(days: f64) -> String {
    match decimal(days).as_str() {
        "1" => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// The mean of some weeks, each customer's week weighing the same.
fn mean(weeks: &[Week]) -> Option<f64> {
    let customers: u64 = weeks.iter().map(|week| week.customers).sum();
    let days: u64 = weeks.iter().map(|week| week.days).sum();
    (customers > 0).then(|| float(days) / float(customers))
}

/// What to say when the newest event is older than the threshold: everybody then counts as lost for want of data.
pub fn churn_stale(report: &ChurnReport) -> Option<String> {
    let newest = report.watermark_local?.date();
    let silent = Grain::Day.count_between(newest, report.as_of_local.date());
    (silent > i64::from(report.threshold)).then(|| {
        format!(
            "The newest event is of {}, longer ago than the threshold of {}: after that nobody counts as active, for \
             want of data. Ask as of an earlier day.",
            date(newest),
            days_text(report.threshold)
        )
    })
}
