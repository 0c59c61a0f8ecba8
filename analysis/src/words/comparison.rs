//! What can be said about segments.

use super::quartiles::{Finding, Tone, p_value};
use super::{
    column_name, customers, date, entered, interval, list, method, percent, sentence_case,
    thousands,
};
use crate::comparison::{ComparisonReport, Mix, Pair, Segment};
use crate::query::{ComparisonQuery, Split};
use crate::stats::Survival;

mod differ;
mod guarded;

use differ::differences;
pub(super) use guarded::guarded_finding;

/// "channel", "saved segments".
pub fn split(query: &ComparisonQuery) -> String {
    match &query.split {
        Some(Split::Trait(name)) => name.clone(),
        Some(Split::Saved(_)) => "saved segments".to_owned(),
        None => "a trait".to_owned(),
    }
}

/// "1 day", "28 days".
pub fn days(count: u32) -> String {
    match count {
        1 => "1 day".to_owned(),
        _ => format!("{} days", thousands(u64::from(count))),
    }
}

/// The median lifetime with its interval: "41 days (38 to 45)", "41 days (38 or more)", "not reached".
pub fn lifetime(survival: &Survival) -> String {
    let number = |days: u32| thousands(u64::from(days));
    match (survival.customers, survival.median) {
        (0, _) => "–".to_owned(),
        (_, None) => match survival.median_interval.0 {
            Some(low) => format!("not reached ({} or more)", days(low)),
            None => "not reached".to_owned(),
        },
        (_, Some(median)) => match survival.median_interval {
            (Some(low), Some(high)) => {
                format!("{} ({} to {})", days(median), number(low), number(high))
            }
            (Some(low), None) => format!("{} ({} or more)", days(median), number(low)),
            (None, _) => days(median),
        },
    }
}

/// The answer in words: which segments differ, and which can't be told apart.
pub fn comparison_finding(report: &ComparisonReport) -> Finding {
    let some: Vec<&Segment> = with_customers(report).collect();
    let plain = |tag: &str, sentence: String| Finding {
        tag: tag.to_owned(),
        tone: Tone::Plain,
        sentence,
        evidence: String::new(),
        caution: String::new(),
    };
    let by = split(&report.query);
    match (some.as_slice(), report.test) {
        ([], _) => {
            let entered = report.any().map_or("signed up".to_owned(), |one| entered(&one.query));
            plain("Nobody", format!("Nobody who is asked about {entered} in this time."))
        }
        ([only], _) => plain(
            "One segment",
            format!(
                "There is nothing to compare: all {} are in one segment, {}.",
                customers(only.report.customers),
                only.name
            ),
        ),
        (_, None) => plain(
            "Too early",
            "It can’t be told yet whether the segments differ: too few have left while others were still watched."
                .to_owned(),
        ),
        (some, Some(_)) => {
            let any = report.pairs.iter().any(Pair::differs);
            let (sentence, beside) = match any {
                true => {
                    let clauses = differences(report);
                    // What a heading can hold; the rest is said below it.
                    let shown = if clauses.len() > 2 { 1 } else { clauses.len() };
                    let (first, rest) = clauses.split_at(shown);
                    let beside = match rest {
                        [] => String::new(),
                        rest => format!("Beside that, {}. ", rest.join("; ")),
                    };
                    (format!("By {by}: {}.", first.join("; ")), beside)
                }
                false => {
                    let alike = format!(
                        "By {by}, the {} segments can’t be told apart: none loses its customers sooner than another beyond what chance explains.",
                        some.len()
                    );
                    (alike, String::new())
                }
            };
            Finding {
                tag: if any { "They differ" } else { "Can’t be told apart" }.to_owned(),
                tone: if any { Tone::Careful } else { Tone::Plain },
                sentence,
                evidence: beside + &evidence(report),
                caution: caution(report, any),
            }
        }
    }
}

fn with_customers(report: &ComparisonReport) -> impl Iterator<Item = &Segment> {
    let segments = report.segments.iter();
    segments.filter(|segment| segment.report.customers > 0)
}

/// The test behind the sentence, and the lifetimes at its ends.
fn evidence(report: &ComparisonReport) -> String {
    let Some(test) = report.test else {
        return String::new();
    };
    let differ = report.pairs.iter().filter(|pair| pair.differs()).count();
    let pairs = match (differ, report.pairs.len()) {
        (_, 1) => String::new(),
        (0, all) => format!("; none of {all} pairs differs after Holm’s correction"),
        (differ, all) => format!("; {differ} of {all} pairs differ after Holm’s correction"),
    };
    let mut text = format!(
        "Log-rank test of how long customers stayed: χ² = {:.1} with {} degree{} of freedom, {}{pairs}.",
        test.chi_squared,
        test.freedom,
        if test.freedom == 1 { "" } else { "s" },
        p_value(test.p)
    );
    let medians = with_customers(report).filter_map(|one| Some((one.survival.median?, one)));
    let mut medians: Vec<(u32, &Segment)> = medians.collect();
    medians.sort_by_key(|(median, _)| *median);
    if let [(_, first), .., (_, last)] = medians.as_slice() {
        text.push_str(&format!(
            " Half of {} were gone after {}; half of {} after {}.",
            first.name,
            lifetime(&first.survival),
            last.name,
            lifetime(&last.survival)
        ));
    }
    text
}

fn caution(report: &ComparisonReport, any: bool) -> String {
    let mut parts = Vec::new();
    if report.overlapping > 0 {
        let are = if report.overlapping == 1 { "is" } else { "are" };
        parts.push(format!(
            "{} {are} in more than one of these segments and {are} counted in each, which makes differences look smaller than they are.",
            sentence_case(&customers(report.overlapping))
        ));
    }
    match &report.query.split {
        _ if !any => {}
        Some(Split::Trait(name)) => parts.push(format!(
            "What this can’t prove: that {name} itself makes the difference, rather than what else sets these customers apart."
        )),
        _ => parts.push(
            "What this can’t prove: that being in a segment makes the difference, rather than what else sets these customers apart."
                .to_owned(),
        ),
    }
    parts.join(" ")
}

/// One pair in a sentence: "affiliate leaves sooner than referral, p < 0.001".
pub fn pair_sentence(report: &ComparisonReport, pair: &Pair) -> String {
    let name = |place: usize| report.segments.get(place).map_or("–", |one| &one.name);
    let (sooner, later, p) = (name(pair.sooner), name(pair.later), p_value(pair.holm));
    match pair.differs() {
        true => format!("{sooner} leaves sooner than {later}, {p} after Holm’s correction"),
        false => format!("{sooner} and {later} can’t be told apart, {p} after Holm’s correction"),
    }
}

/// What a change of the total comes from: "Retention in week 8 fell from 31 % to 26 %: 1 point …".
pub fn mix_sentence(report: &ComparisonReport, mix: &Mix) -> String {
    let Some((before, after)) = mix.totals() else {
        return "There is nobody to compare with.".to_owned();
    };
    let (by_mix, by_rate) = mix.sums();
    let query = &report.query.retention;
    let since = format!(
        "those who {} in {} from {} to {}",
        entered(query),
        query.grain.noun(0),
        date(mix.cohorts.0),
        date(mix.cohorts.1)
    );
    let column = column_name(query, mix.column);
    let change = after - before;
    if change.abs() < 0.0005 {
        return format!(
            "Against {since}, the share active in {column} has not moved: {} then and now.",
            percent(after)
        );
    }
    let moved = if change > 0.0 { "rose" } else { "fell" };
    format!(
        "Against {since}, the share active in {column} {moved} from {} to {}, by {}: {} because of who came (mix), {} because of how they stayed (rate).",
        percent(before),
        percent(after),
        points(change.abs()),
        signed(by_mix),
        signed(by_rate)
    )
}

fn points(difference: f64) -> String {
    format!("{:.1} points", difference * 100.0)
}

fn signed(difference: f64) -> String {
    super::signed_points(difference)
}

/// Names every choice behind the numbers, separated by " · ".
pub fn comparison_method(report: &ComparisonReport) -> String {
    method_parts(report, false).join(" · ")
}

/// The parts of the method line. `guarded`: where signups were taken from, and how long customers stayed, are not told.
pub(super) fn method_parts(report: &ComparisonReport, guarded: bool) -> Vec<String> {
    let Some(any) = report.any() else {
        return Vec::new();
    };
    let whole = report.total.is_some() && !guarded;
    let mut parts = vec![match &report.query.split {
        Some(Split::Trait(name)) if report.folded > 0 => format!(
            "Segments by {name}: the {} values with the most customers, {} others together",
            crate::query::MAX_SIDE_BY_SIDE,
            thousands(u64::from(report.folded))
        ),
        _ => format!("Segments by {}", split(&report.query)),
    }];
    let mut shared = method::parts(any, whole).into_iter();
    if let Some(first) = shared.next() {
        parts.push(
            first
                .replacen("Calendar", "calendar", 1)
                .replacen("Rolling", "rolling", 1),
        );
    }
    // What is said last are as-of and the newest event.
    let mut shared: Vec<String> = shared.collect();
    let last = shared.split_off(shared.len().saturating_sub(2));
    parts.extend(shared);
    match guarded {
        true => parts.push("differences Newcombe".to_owned()),
        false => parts.extend([
            format!(
                "gone = no active event for {}, counted at the last one; others watched until as-of",
                days(report.query.inactivity())
            ),
            "differences Newcombe, lifetimes Kaplan–Meier with Greenwood’s log-log intervals, log-rank, Holm over pairs"
                .to_owned(),
        ]),
    }
    if report.mix.is_some() {
        parts.push("mix and rate by Kitagawa".to_owned());
    }
    parts.extend(last);
    parts
}

/// "16 % active in week 8, interval 14 to 18 %"; `None` without a rate.
fn rate(report: &ComparisonReport, place: usize) -> Option<String> {
    let column = report.column?;
    let (rate, bounds) = report.segments.get(place)?.retention(column)?;
    let column = column_name(&report.query.retention, column);
    Some(format!(
        "{} active in {column}, interval {}",
        percent(rate),
        interval(bounds)
    ))
}

/// "a, b and c".
fn and(names: &[&str]) -> String {
    list(names, "and")
}
