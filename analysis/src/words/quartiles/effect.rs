//! Differences, groups and p-values in words.

use super::thousands;
use crate::quartiles::{Cuts, Effect, Quartiles};
use crate::query::Zeros;
use crate::stats::{Interval, rate};

/// "26 points less, 95 % interval 20 to 32"; "1.5 points less, 95 % interval 6.7 less to 3.7 more".
pub fn effect(effect: &Effect) -> String {
    let Effect {
        difference,
        interval: Interval { low, high },
        ..
    } = effect;
    let span = if *high <= 0.0 {
        format!("{} to {}", size(*high), size(*low))
    } else if *low >= 0.0 {
        format!("{} to {}", size(*low), size(*high))
    } else {
        format!("{} less to {} more", size(*low), size(*high))
    };
    format!("{}, 95\u{a0}% interval {span}", amount(*difference))
}

/// "26 points less", "no difference".
fn amount(difference: f64) -> String {
    let size = size(difference);
    let points = if size == "1" { "point" } else { "points" };
    match difference {
        _ if size == "0" => "no difference".to_owned(),
        difference if difference < 0.0 => format!("{size} {points} less"),
        _ => format!("{size} {points} more"),
    }
}

/// A difference in points without its sign: "26", "1.5".
fn size(difference: f64) -> String {
    let points = (difference * 100.0).abs();
    let text = match points < 9.95 {
        true => format!("{points:.1}"),
        false => format!("{points:.0}"),
    };
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// A difference in points with its sign: "−21", "+1.5", "0".
pub fn signed_points(difference: f64) -> String {
    let size = size(difference);
    match size.as_str() {
        "0" => size,
        _ if difference < 0.0 => format!("\u{2212}{size}"),
        _ => format!("+{size}"),
    }
}

/// "p = 0.012", "p < 0.001".
pub fn p_value(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".to_owned()
    } else if p < 0.1 {
        format!("p = {p:.3}")
    } else {
        format!("p = {p:.2}")
    }
}

/// The uses of the three groups, highly active first: "12 or more uses", "3 to 11 uses", "1 or 2 uses".
pub fn group_uses(cuts: Cuts, zeros: Zeros) -> [String; 3] {
    let least = match zeros {
        Zeros::Apart => 1,
        Zeros::Inside => 0,
    };
    [
        format!("{} or more uses", thousands(u64::from(cuts.top))),
        span(cuts.bottom + 1, cuts.top - 1),
        span(least, cuts.bottom),
    ]
}

fn span(least: u32, most: u32) -> String {
    let (from, to) = (thousands(u64::from(least)), thousands(u64::from(most)));
    match most.checked_sub(least) {
        None => "none".to_owned(),
        Some(0) if least == 1 => "1 use".to_owned(),
        Some(0) => format!("{from} uses"),
        Some(1) => format!("{from} or {to} uses"),
        Some(_) => format!("{from} to {to} uses"),
    }
}

/// The real shares of the groups, where equal usage makes them lopsided; empty where they are about a quarter, a half
/// and a quarter.
pub fn lopsided(quartiles: &Quartiles) -> String {
    let groups = [&quartiles.high, &quartiles.moderate, &quartiles.infrequent];
    let total: u64 = groups.iter().map(|group| group.customers).sum();
    let Some([high, moderate, infrequent]) = shares(groups.map(|group| group.customers), total)
    else {
        return String::new();
    };
    if (high - 0.25).abs() <= 0.05 && (infrequent - 0.25).abs() <= 0.05 {
        return String::new();
    }
    let whole = |share: f64| (share * 100.0).round();
    format!(
        "Equal usage is never split, so the groups are {}, {} and {}\u{a0}% of users rather than 25, 50 and 25.",
        whole(high),
        whole(moderate),
        whole(infrequent)
    )
}

fn shares(counts: [u64; 3], total: u64) -> Option<[f64; 3]> {
    let shares = counts.map(|count| rate(count, total));
    let [Some(high), Some(moderate), Some(infrequent)] = shares else {
        return None;
    };
    Some([high, moderate, infrequent])
}
