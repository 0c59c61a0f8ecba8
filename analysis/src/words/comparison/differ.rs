//! Which segments differ and which do not, in a few clauses instead of a table of pairs.

use super::{and, rate};
use crate::comparison::{ComparisonReport, Pair};

/// "affiliate loses its customers sooner than every other segment (16 % active in week 8, …)", "a, b and c can’t be told
/// apart": at least one clause, the most telling first. Names are the customers' own words and keep their spelling.
pub(super) fn differences(report: &ComparisonReport) -> Vec<String> {
    let all: Vec<usize> = (0..report.segments.len())
        .filter(|place| report.segments[*place].report.customers > 0)
        .collect();
    let name = |place: usize| report.segments[place].name.as_str();
    let quoted = |place: usize| match rate(report, place) {
        Some(rate) => format!(" ({rate})"),
        None => String::new(),
    };
    let beats = |sooner: usize, later: usize| {
        let pair = report.pair(sooner, later);
        pair.is_some_and(|pair| pair.differs() && pair.sooner == sooner)
    };
    let others = |place: usize| all.iter().copied().filter(move |other| *other != place);
    let worst = all
        .iter()
        .copied()
        .find(|&one| others(one).all(|other| beats(one, other)));
    let best = all
        .iter()
        .copied()
        .find(|&one| others(one).all(|other| beats(other, one)));
    let mut clauses: Vec<String> = Vec::new();
    if let ([_, _], Some(worst), Some(best)) = (all.as_slice(), worst, best) {
        return vec![format!(
            "{} loses its customers sooner{} than {}{}",
            name(worst),
            quoted(worst),
            name(best),
            quoted(best)
        )];
    }
    if let Some(worst) = worst {
        let rate = quoted(worst);
        clauses.push(format!(
            "{} loses its customers sooner than every other segment{rate}",
            name(worst)
        ));
    }
    if let Some(best) = best {
        let rate = quoted(best);
        clauses.push(format!(
            "{} keeps its customers longer than every other segment{rate}",
            name(best)
        ));
    }
    let rest: Vec<usize> = all
        .iter()
        .copied()
        .filter(|place| Some(*place) != worst && Some(*place) != best)
        .collect();
    for &one in &rest {
        let later: Vec<&str> = rest
            .iter()
            .filter(|other| beats(one, **other))
            .map(|other| name(*other))
            .collect();
        if !later.is_empty() {
            let whom = if clauses.is_empty() {
                "its customers"
            } else {
                "them"
            };
            clauses.push(format!(
                "{} loses {whom} sooner than {}",
                name(one),
                and(&later)
            ));
        }
    }
    for alike in cliques(report, &all) {
        let names: Vec<&str> = alike.iter().map(|place| name(*place)).collect();
        clauses.push(format!("{} can’t be told apart", and(&names)));
    }
    clauses
}

/// Sets of segments of which no two can be told apart, so that each such pair is in one.
fn cliques(report: &ComparisonReport, all: &[usize]) -> Vec<Vec<usize>> {
    let alike = |a: usize, b: usize| report.pair(a, b).is_none_or(|pair: &Pair| !pair.differs());
    let mut found: Vec<Vec<usize>> = Vec::new();
    for (place, &a) in all.iter().enumerate() {
        for &b in &all[place + 1..] {
            let known = |set: &Vec<usize>| set.contains(&a) && set.contains(&b);
            if !alike(a, b) || found.iter().any(known) {
                continue;
            }
            let mut set = vec![a, b];
            for &more in all {
                if !set.contains(&more) && set.iter().all(|one| alike(*one, more)) {
                    set.push(more);
                }
            }
            set.sort_unstable();
            found.push(set);
        }
    }
    found
}
