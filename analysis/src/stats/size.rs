//! How many are needed to tell.

use super::Z;

/// The 80 % quantile of the standard normal distribution: a difference is found in four of five experiments.
pub const Z_80: f64 = 0.841_621_233_572_914;
/// The 90 % quantile of the standard normal distribution.
pub const Z_90: f64 = 1.281_551_565_544_6;

/// How many are needed on each side of an experiment to tell the rates `a` and `b` apart at the 5 % level with the power
/// that belongs to the quantile `z_power` ([`Z_80`], [`Z_90`]).
///
/// `None` when the rates are equal or no rates, or when it would be more than 2⁵³.
///
/// n = (z√(2p̄(1 − p̄)) + z'√(a(1 − a) + b(1 − b)))² / (a − b)² with p̄ = (a + b)/2, without continuity correction.
/// Source: J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for Rates and Proportions, 3rd ed. (2003), formula 4.14.
pub fn per_side(a: f64, b: f64, z_power: f64) -> Option<u64> {
    let rates = 0.0..=1.0;
    if !rates.contains(&a) || !rates.contains(&b) || a == b {
        return None;
    }
    let mean = f64::midpoint(a, b);
    let under_none = Z * (2.0 * mean * (1.0 - mean)).sqrt();
    let under_some = z_power * (a * (1.0 - a) + b * (1.0 - b)).sqrt();
    whole(((under_none + under_some) / (a - b)).powi(2))
}

/// A positive number rounded up; `None` beyond 2⁵³.
#[expect(
    clippy::as_conversions,
    reason = "whole, positive and below 2^53, where every whole number is exact"
)]
pub(crate) fn whole(number: f64) -> Option<u64> {
    let up = number.ceil();
    (0.0..=9_007_199_254_740_992.0)
        .contains(&up)
        .then_some(up as u64)
}
