//! Intervals, tests and sample sizes for rates.
//!
//! All intervals and tests are two-sided, intervals with 95 % confidence where no other is named. They are exact functions
//! of the counts and never NaN; where there is nothing to divide by, the answer is `None`.

use serde::{Deserialize, Serialize};

mod holm;
mod mix;
mod size;
mod strata;
mod survival;
#[cfg(feature = "inference")]
mod tail;
mod trend;

pub use holm::holm;
pub use mix::{Contribution, Shift, kitagawa};
pub(crate) use size::whole;
pub use size::{Z_80, Z_90, per_side};
pub use strata::{Stratified, Stratum, mantel_haenszel};
pub use survival::{Ending, LogRank, Step, Survival, at_risk, kaplan_meier, log_rank};
#[cfg(feature = "inference")]
pub use tail::{chi_squared_p, p_value};
pub use trend::{TrendGroup, cochran_armitage};

/// The 97.5 % quantile of the standard normal distribution, which leaves 2.5 % on each side.
pub const Z: f64 = 1.959_963_984_540_054;
/// The 99.5 % quantile, for intervals with 99 % confidence.
pub const Z_99: f64 = 2.575_829_303_548_901;

/// A confidence interval, both ends included. For a rate, `0 <= low <= high <= 1`; for a difference of rates, between
/// -1 and 1.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Wilson's score interval for `successes` of `trials`, without continuity correction.
///
/// `None` without trials. The lower end is exactly 0 at no success and the upper exactly 1 at nothing but successes;
/// more successes than trials count as all. Source: E. B. Wilson, JASA 22 (1927), 209-212; method 3 in R. G. Newcombe,
/// Statistics in Medicine 17 (1998), 857-872.
pub fn wilson(successes: u64, trials: u64) -> Option<Interval> {
    wilson_at(Z, successes, trials)
}

/// [`wilson`] with the confidence that belongs to the quantile `z`, such as [`Z_99`].
pub fn wilson_at(z: f64, successes: u64, trials: u64) -> Option<Interval> {
    let p = rate(successes, trials)?;
    let n = float(trials);
    let scale = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / scale;
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt() / scale;
    // The ends and `p` itself are held by hand: rounding must not leave 1e-17 where the formula says 0.
    let low = if successes == 0 {
        0.0
    } else {
        (centre - half).clamp(0.0, p)
    };
    let high = if successes >= trials {
        1.0
    } else {
        (centre + half).clamp(p, 1.0)
    };
    Some(Interval { low, high })
}

/// Newcombe's hybrid score interval for the difference of two independent rates, `a.0 / a.1 - b.0 / b.1`.
///
/// Each argument is (successes, trials); `None` when either has no trials. Source: method 10 in R. G. Newcombe,
/// Statistics in Medicine 17 (1998), 873-890.
pub fn newcombe(a: (u64, u64), b: (u64, u64)) -> Option<Interval> {
    newcombe_at(Z, a, b)
}

/// [`newcombe`] with the confidence that belongs to the quantile `z`, such as [`Z_99`].
pub fn newcombe_at(z: f64, a: (u64, u64), b: (u64, u64)) -> Option<Interval> {
    let (rate_a, rate_b) = (rate(a.0, a.1)?, rate(b.0, b.1)?);
    let (of_a, of_b) = (wilson_at(z, a.0, a.1)?, wilson_at(z, b.0, b.1)?);
    let difference = rate_a - rate_b;
    let below = (rate_a - of_a.low).hypot(of_b.high - rate_b);
    let above = (of_a.high - rate_a).hypot(rate_b - of_b.low);
    Some(Interval {
        low: (difference - below).max(-1.0),
        high: (difference + above).min(1.0),
    })
}

/// `successes / trials` between 0 and 1; `None` without trials.
pub fn rate(successes: u64, trials: u64) -> Option<f64> {
    (trials > 0).then(|| float(successes.min(trials)) / float(trials))
}

/// A count as a number that can be divided; exact up to 2^53.
#[expect(
    clippy::as_conversions,
    reason = "no lossless From exists; counts stay far below 2^53"
)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}
