//! What can be said about a feature.

use serde::{Deserialize, Serialize};

use super::{customers, events, percent, sentence_case, thousands};
use crate::quartiles::{
    Effect, Launch, Needed, Plan, QuartileReport, Reading, ScanRow, Single, Verdict,
};
use crate::stats::whole;

mod effect;
mod method;

pub use effect::{effect, group_uses, lopsided, p_value, signed_points};
pub use method::quartile_method;

/// How a finding is meant, for those who look at its colour first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// It keeps customers.
    Good,
    /// It harms.
    Bad,
    /// Take care.
    Careful,
    /// Nothing to act on.
    Plain,
}

/// The verdict in words, with the numbers that carry it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// "Confirmed".
    pub tag: String,
    /// How it is meant.
    pub tone: Tone,
    /// "Customers who use drawing heavily leave less: 17 % against 43 % of light users."
    pub sentence: String,
    /// Differences, intervals, trend; empty where there are none.
    pub evidence: String,
    /// What it can't prove, or what would settle it.
    pub caution: String,
}

/// The tag of a verdict.
pub fn verdict_tag(verdict: &Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Confirmed => ("Confirmed", Tone::Good),
        Verdict::Reverse => ("Reverse", Tone::Bad),
        Verdict::NoMaterialDifference => ("No material difference", Tone::Plain),
        Verdict::TooLittleData { .. } => ("Too little data", Tone::Plain),
        Verdict::Confounded { .. } => ("Confounded", Tone::Careful),
        Verdict::NotEnoughVariation => ("Usage does not vary enough", Tone::Plain),
    }
}

/// The tag of a feature in the scan: a finding that chance among so many features could explain is not called one.
pub fn scan_tag(row: &ScanRow) -> (&'static str, Tone) {
    match row.verdict {
        Verdict::Confirmed | Verdict::Reverse if !row.stands() => ("May be luck", Tone::Plain),
        ref verdict => verdict_tag(verdict),
    }
}

/// The feature that was looked at: its events, or the name of their set.
pub fn feature(report: &QuartileReport) -> String {
    match &report.set {
        Some(set) => format!("“{}”", set.name),
        None => events(&report.query.feature),
    }
}

/// The finding about the question's own feature.
pub fn finding(report: &QuartileReport) -> Finding {
    let reading = &report.reading;
    let (tag, tone) = verdict_tag(&reading.verdict);
    Finding {
        tag: tag.to_owned(),
        tone,
        sentence: sentence(report),
        evidence: evidence(report),
        caution: caution(report),
    }
}

fn sentence(report: &QuartileReport) -> String {
    let reading = &report.reading;
    let feature = feature(report);
    let Some(quartiles) = &reading.quartiles else {
        return no_groups(report, &feature);
    };
    let rate = |rate: Option<f64>| percent(rate.unwrap_or_default());
    let heavy = rate(quartiles.high.attrition());
    let light = rate(quartiles.infrequent.attrition());
    match reading.verdict {
        Verdict::Confirmed => format!(
            "Customers who use {feature} heavily leave less: {heavy} against {light} of light users."
        ),
        Verdict::Reverse => format!(
            "Customers who use {feature} heavily leave more: {heavy} against {light} of light users. Consider rolling it back."
        ),
        Verdict::NoMaterialDifference => format!(
            "How much customers use {feature} makes no material difference: {heavy} of heavy and {light} of light users left."
        ),
        Verdict::TooLittleData { .. } => format!(
            "It can’t be told yet whether using {feature} keeps customers: {heavy} of heavy and {light} of light users left."
        ),
        Verdict::Confounded { raw, adjusted } => {
            confounded(&feature, (&heavy, &light), raw, adjusted)
        }
        Verdict::NotEnoughVariation => no_groups(report, &feature),
    }
}

fn confounded(
    feature: &str,
    (heavy, light): (&str, &str),
    raw: Single,
    adjusted: Single,
) -> String {
    let more = |single| match single {
        Single::Reverse => "more",
        _ => "less",
    };
    match (raw, adjusted) {
        (Single::Confirmed | Single::Reverse, Single::Confirmed | Single::Reverse) => format!(
            "Heavy users of {feature} leave {} ({heavy} against {light}), but among equally active customers they leave {}.",
            more(raw),
            more(adjusted)
        ),
        (Single::Confirmed | Single::Reverse, Single::NoMaterialDifference) => format!(
            "Heavy users of {feature} leave {} ({heavy} against {light}), but not because of it: among equally active customers the difference is gone.",
            more(raw)
        ),
        (Single::Confirmed | Single::Reverse, Single::TooLittleData) => format!(
            "Heavy users of {feature} leave {} ({heavy} against {light}), but it may not be because of it: among equally active customers the difference can’t be told from none.",
            more(raw)
        ),
        _ => format!(
            "Among equally active customers, heavy users of {feature} leave {}, though over all customers it does not show: {heavy} against {light}.",
            more(adjusted)
        ),
    }
}

fn no_groups(report: &QuartileReport, feature: &str) -> String {
    let (reading, query) = (&report.reading, &report.query);
    let window = window(report);
    if reading.customers == 0 {
        return match report.not_over {
            0 => "Nobody who is asked about signed up in this time.".to_owned(),
            _ => format!(
                "Too early to tell: nobody who is asked about has been a customer for {} {} yet.",
                query.exposure + query.outcome,
                query.grain.noun(0)
            ),
        };
    }
    match reading.usage.as_slice() {
        _ if query.feature.is_empty() && !report.scan.is_empty() => format!(
            "Nothing that customers did in {window} shows by its name that they got value. Choose what is a feature."
        ),
        _ if query.feature.is_empty() => format!("Nobody sent any event in {window}."),
        [] => format!("Nobody used {feature} in {window}."),
        [(0, _)] => format!("Nobody used {feature} in {window}."),
        [(uses, _)] => format!(
            "Usage of {feature} does not vary enough to split: everybody who used it did so {}.",
            times(*uses)
        ),
        _ => format!("Usage of {feature} does not vary enough to split."),
    }
}

/// "their first 4 weeks", "their first week".
fn window(report: &QuartileReport) -> String {
    let (grain, exposure) = (report.query.grain, report.query.exposure);
    match exposure {
        1 => format!("their first {}", grain.noun(1)),
        _ => format!("their first {exposure} {}", grain.noun(0)),
    }
}

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{} times", thousands(u64::from(count))),
    }
}

fn evidence(report: &QuartileReport) -> String {
    let reading = &report.reading;
    let Some(raw) = &reading.raw else {
        return String::new();
    };
    let mut text = sentence_case(&effect(raw));
    text.push_str(". ");
    match &reading.adjusted {
        Some(adjusted) => text.push_str(&remains(reading, adjusted)),
        None => text.push_str(
            "How active customers are overall can’t be accounted for: heavy and light users have no level of it in common. ",
        ),
    }
    if let Some(trend) = reading.trend {
        text.push_str(&format!("Trend {}", p_value(trend.p)));
        let scanned = report.scan.iter().filter(|row| row.holm.is_some()).count();
        let own = report.scan.iter().find(|row| report.shows(row));
        if let Some((row, p)) = own.and_then(|row| Some((row, row.holm?)))
            && scanned > 1
            && matches!(row.verdict, Verdict::Confirmed | Verdict::Reverse)
        {
            text.push_str(&match row.stands() {
                true => format!("; the difference stands after correcting for {scanned} features ({})", p_value(p)),
                false => format!("; among {scanned} features chance alone could bring this about ({} after correction)", p_value(p)),
            });
        }
        text.push('.');
    }
    text.trim_end().to_owned()
}

/// What accounting for overall activity leaves.
fn remains(reading: &Reading, adjusted: &Effect) -> String {
    let left = effect(adjusted);
    let so = match reading.verdict {
        Verdict::Confirmed | Verdict::Reverse => {
            ", so this is not just heavy users doing more of everything"
        }
        _ => "",
    };
    format!("After accounting for how active customers are overall: {left}{so}. ")
}

fn caution(report: &QuartileReport) -> String {
    let feature = feature(report);
    match report.reading.verdict {
        Verdict::Confirmed => {
            let mut text =
                format!("What this can’t prove: that bringing others to use {feature} would keep them.");
            text.push_str(&experiment(report));
            text
        }
        Verdict::Reverse => {
            let mut text = format!(
                "What this can’t prove: that {feature} itself drives customers away, rather than what brings them to use it."
            );
            text.push_str(&experiment(report));
            text
        }
        Verdict::Confounded { .. } => {
            "How active customers are overall explains at least part of the difference; what else sets heavy users apart is not known.".to_owned()
        }
        Verdict::NoMaterialDifference => format!(
            "Material is a difference of more than {} points, either way.",
            report.query.material
        ),
        Verdict::TooLittleData { needed } => settle(report, needed),
        Verdict::NotEnoughVariation => String::new(),
    }
}

/// " An experiment with 640 customers a side would settle that in about 17 weeks."
fn experiment(report: &QuartileReport) -> String {
    let Some(plan) = report.experiment else {
        return String::new();
    };
    format!(
        " An experiment with {} a side would settle that{}.",
        customers(plan.per_side),
        in_periods(report, &plan)
    )
}

fn in_periods(report: &QuartileReport, plan: &Plan) -> String {
    match plan.periods {
        Some(periods) => format!(" in about {}", count(report, periods)),
        None => String::new(),
    }
}

/// "12 weeks".
fn count(report: &QuartileReport, periods: u32) -> String {
    let noun = report.query.grain.noun(u64::from(periods));
    format!("{} {noun}", thousands(u64::from(periods)))
}

fn settle(report: &QuartileReport, needed: Needed) -> String {
    let Some(more) = needed.customers else {
        return "No number of customers would settle it.".to_owned();
    };
    let pace = match needed.periods {
        Some(periods) => format!(", {} at the pace of today", count(report, periods)),
        None => String::new(),
    };
    format!(
        "If the difference stays as it looks, about {} more would settle it{pace}.",
        customers(more)
    )
}

/// What a feature still to be launched needs: "Before a new feature is launched: …"; empty where nothing can be said.
pub fn launch(report: &QuartileReport) -> String {
    let Some(Launch { base, plans, .. }) = &report.launch else {
        return String::new();
    };
    let material = f64::from(report.query.material) / 100.0;
    let Some(plan) = plans
        .iter()
        .find(|plan| (plan.difference - material).abs() < 1e-9)
    else {
        return String::new();
    };
    let within = match plan.periods {
        Some(periods) => format!(", about {} at the pace of today", count(report, periods)),
        None => String::new(),
    };
    format!(
        "Before a new feature is launched: {} of all customers leave now. To tell a difference of {} points between the highest and the lowest quarter of its users, it takes {} in each{within} if everybody uses it.",
        percent(*base),
        report.query.material,
        customers(plan.per_side)
    )
}

/// How long a plan takes: "14 weeks", "more than 500 weeks".
pub fn plan_time(report: &QuartileReport, plan: &Plan) -> String {
    match plan.periods {
        Some(periods) => count(report, periods),
        None => format!("more than 500 {}", report.query.grain.noun(500)),
    }
}

/// "About 128 customers who signed up in a week can be counted; …": what the times of a launch rest on.
pub fn arrivals(report: &QuartileReport) -> String {
    let Some(Launch { arrivals, .. }) = &report.launch else {
        return String::new();
    };
    let (grain, query) = (report.query.grain, &report.query);
    let whom = match report.reading.landmark {
        true => format!("still there in {} {}", grain.noun(1), query.exposure),
        false => "who signed up".to_owned(),
    };
    let number = match arrivals {
        few if *few < 9.95 => format!("{few:.1}"),
        many => thousands(whole(*many).unwrap_or_default()),
    };
    format!(
        "Counted from the launch: about {number} customers {whom} come from each {}, and each of them is watched for {} {}. If only half of them use it, signing up takes twice as long.",
        grain.noun(1),
        query.exposure + query.outcome,
        grain.noun(u64::from(query.exposure + query.outcome))
    )
}
