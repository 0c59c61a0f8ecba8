//! Why a total moved.

use serde::{Deserialize, Serialize};

use super::rate;

/// A part of a population at two times: (successes, trials) before and after.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shift {
    /// At the first time.
    pub before: (u64, u64),
    /// At the second time.
    pub after: (u64, u64),
}

/// What a part contributes to a change of the total rate.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Contribution {
    /// By its share of the population.
    pub mix: f64,
    /// By its own rate.
    pub rate: f64,
}

/// Splits the change of a total rate into what the parts' shares and what their rates contributed; `None` when there was
/// nobody at one of the times. All contributions add up to the change.
///
/// A part that is empty at one time is taken to have had its other rate then, so that it contributes by its share alone.
/// A share's contribution is measured against the mean of both totals, so that a part whose rate is the total's
/// contributes nothing by growing: mixᵢ = (s'ᵢ − sᵢ)((rᵢ + r'ᵢ)/2 − (R + R')/2), rateᵢ = (r'ᵢ − rᵢ)(sᵢ + s'ᵢ)/2. Source: E. M.
/// Kitagawa, JASA 50 (1955), 1168-1194; subtracting a constant from all rates changes no sum, since shares add up to 1.
pub fn kitagawa(parts: &[Shift]) -> Option<Vec<Contribution>> {
    let sum = |of: fn(&Shift) -> (u64, u64)| {
        let all = parts.iter().map(of);
        all.fold((0, 0), |sum, (x, n)| (sum.0 + x.min(n), sum.1 + n))
    };
    let (before, after) = (sum(|part| part.before), sum(|part| part.after));
    let centre = f64::midpoint(rate(before.0, before.1)?, rate(after.0, after.1)?);
    let contributions = parts.iter().map(|part| {
        let share = |trials, all| rate(trials, all).unwrap_or_default();
        let shares = (share(part.before.1, before.1), share(part.after.1, after.1));
        let (old, new) = (
            rate(part.before.0, part.before.1),
            rate(part.after.0, part.after.1),
        );
        let (Some(old), Some(new)) = (old.or(new), new.or(old)) else {
            return Contribution::default();
        };
        Contribution {
            mix: (shares.1 - shares.0) * (f64::midpoint(old, new) - centre),
            rate: (new - old) * f64::midpoint(shares.0, shares.1),
        }
    });
    Some(contributions.collect())
}
