//! What a link says of its numbers.

use jiff::civil::DateTime;

use super::comparison::{guarded_finding, method_parts};
use super::method::parts;
use super::quartiles::{Finding, Tone, finding, quartile_method};
use super::{
    churn_findings, churn_headline, churn_method, churn_movements, comparison_finding, date_time,
    feature, headline, in_period, thousands,
};
use crate::churn::ChurnReport;
use crate::quartiles::QuartileReport;
use crate::report::RetentionReport;
use crate::withhold::{FEWEST, Shown, Withheld, WithheldGroups, WithheldPeriods, WithheldSegments};

/// What a link says first: what was found. Without a tag where the page of its kind has none.
pub fn shown_finding(shown: &Shown) -> Finding {
    let plain = |sentence: String, evidence: String| Finding {
        tag: String::new(),
        tone: Tone::Plain,
        sentence,
        evidence,
        caution: String::new(),
    };
    match shown {
        Shown::Retention(report, withheld) if report.customers == 0 && !withheld.is_empty() => {
            plain(
                format!("Nothing is told of these cohorts: none has {FEWEST} customers."),
                String::new(),
            )
        }
        Shown::Retention(report, _) => {
            let found = headline(report);
            plain(found.sentence, found.evidence)
        }
        Shown::Features(report, withheld) if withheld.has_finding() => Finding {
            tag: "Withheld".to_owned(),
            ..plain(untold_feature(report), String::new())
        },
        Shown::Features(report, _) => finding(report),
        Shown::Segments(report, withheld) if withheld.is_guarded() => {
            guarded_finding(report, withheld.segments())
        }
        Shown::Segments(report, _) => comparison_finding(report),
        Shown::Churn(report, withheld) => {
            let untold = report.picked.filter(|start| withheld.has(*start));
            let sentence = untold.map_or_else(
                || churn_headline(report),
                |start| {
                    format!(
                        "What became of customers {} is not told here: a number of it tells of fewer than {FEWEST}.",
                        in_period(report.query.grain, start)
                    )
                },
            );
            plain(sentence, String::new())
        }
    }
}

fn untold_feature(report: &QuartileReport) -> String {
    let what = match report.query.feature.as_slice() {
        [] => "a feature".to_owned(),
        _ => feature(report),
    };
    format!(
        "Whether using {what} keeps customers is not told here: of at least one group fewer than {FEWEST} customers were \
         counted, left or stayed."
    )
}

/// What else an answer about leaving says on a link.
pub fn shown_churn(report: &ChurnReport, withheld: &WithheldPeriods) -> Vec<String> {
    match withheld.has_quiet() {
        true => churn_movements(report),
        false => churn_findings(report),
    }
}

/// The method line of an answer on a link. `guarded`: numbers that tell of few customers were taken out.
pub fn shown_method(shown: &Shown, guarded: bool) -> String {
    let (mut parts, withheld) = match shown {
        Shown::Retention(report, withheld) => return shared_method(report, withheld, guarded),
        Shown::Features(report, withheld) => (vec![quartile_method(report)], features(withheld)),
        Shown::Segments(report, withheld) => (method_parts(report, guarded), segments(withheld)),
        Shown::Churn(report, withheld) => (vec![churn_method(report)], churn(report, withheld)),
    };
    parts.extend(guarded.then_some(withheld));
    parts.join(" · ")
}

/// The method line of a matrix on a link. `guarded`: numbers that tell of few customers were taken out.
pub fn shared_method(report: &RetentionReport, withheld: &Withheld, guarded: bool) -> String {
    let mut parts = parts(report, !guarded);
    if guarded {
        parts.push(match withheld.len() {
            0 if withheld.is_empty() => format!(
                "nothing had to be withheld: no cell tells of fewer than {FEWEST} customers"
            ),
            1 => format!(
                "1 cell that tells of fewer than {FEWEST} customers is withheld and left out of the overall row"
            ),
            many => format!(
                "{} cells that tell of fewer than {FEWEST} customers are withheld and left out of the overall row",
                number(many)
            ),
        });
    }
    parts.join(" · ")
}

fn features(withheld: &WithheldGroups) -> String {
    let mut taken = Vec::new();
    taken.extend(some(withheld.groups(), "group", "groups"));
    if withheld.has_finding() {
        taken.push("whatever rests on all groups".to_owned());
    }
    taken.extend(some(withheld.curves(), "group’s curve", "groups’ curves"));
    taken.extend(some(
        withheld.features(),
        "feature of the scan",
        "features of the scan",
    ));
    withhold(
        taken,
        "how often the feature was used, use by use, is never told",
    )
}

fn segments(withheld: &WithheldSegments) -> String {
    let mut taken = Vec::new();
    taken.extend(some(
        withheld.segments(),
        "segment with its name",
        "segments with their names",
    ));
    taken.extend(some(withheld.cells(), "cell", "cells"));
    if withheld.has_mix() {
        taken.push("mix and rate".to_owned());
    }
    withhold(
        taken,
        "totals are of the cells that are shown, and how long customers stayed, day by day, is never told",
    )
}

fn churn(report: &ChurnReport, withheld: &WithheldPeriods) -> String {
    let grain = report.query.grain;
    let mut taken = Vec::new();
    taken.extend(some(withheld.len(), grain.noun(1), grain.noun(2)));
    if withheld.has_quiet() {
        taken.push("who is quietly leaving".to_owned());
    }
    withhold(
        taken,
        "returns, active days and how those lost faded, day by day, are never told",
    )
}

/// "1 group", "3 groups"; nothing for none.
fn some(count: usize, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{} {many}", number(count))),
    }
}

fn withhold(taken: Vec<String>, never: &str) -> String {
    let taken = match taken.is_empty() {
        true => format!("no number shown tells of fewer than {FEWEST} customers"),
        false => format!(
            "withheld, since fewer than {FEWEST} customers stand behind a number: {}",
            super::list(&taken, "and")
        ),
    };
    format!("{taken}; where small numbers are withheld, {never}")
}

fn number(count: usize) -> String {
    thousands(u64::try_from(count).unwrap_or(u64::MAX))
}

/// "Pinned on 22 Nov 2026 20:45: these numbers stay as they are. Data version 130."; `data` begins with the number of
/// writes.
pub fn pinned(at: DateTime, data: &str) -> String {
    let writes = data.split('.').next().unwrap_or_default();
    format!(
        "Pinned on {}: these numbers stay as they are. Data version {writes}.",
        date_time(at)
    )
}

/// "Live: asked anew whenever it is looked at; these numbers are as of 22 Nov 2026 20:45."
pub fn live(as_of: DateTime) -> String {
    format!(
        "Live: asked anew whenever it is looked at; these numbers are as of {}.",
        date_time(as_of)
    )
}
