//! Tails of distributions.

use statrs::function::erf::erfc;

/// The probability of a standard normal value at least as far from 0 as `z`, on either side. 1 for what is no number.
pub fn p_value(z: f64) -> f64 {
    if z.is_nan() {
        return 1.0;
    }
    erfc(z.abs() / std::f64::consts::SQRT_2).clamp(0.0, 1.0)
}
