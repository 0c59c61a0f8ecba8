//! Tails of distributions.

use statrs::function::erf::erfc;
use statrs::function::gamma::gamma_ur;

/// The probability of a standard normal value at least as far from 0 as `z`, on either side. 1 for what is no number.
pub fn p_value(z: f64) -> f64 {
    if z.is_nan() {
        return 1.0;
    }
    erfc(z.abs() / std::f64::consts::SQRT_2).clamp(0.0, 1.0)
}

/// The probability of a chi-squared value of so many degrees of freedom that is at least as large. 1 for what is no
/// number, or without freedom.
pub fn chi_squared_p(chi_squared: f64, freedom: u32) -> f64 {
    if freedom == 0 || chi_squared.is_nan() || chi_squared <= 0.0 {
        return 1.0;
    }
    // Beyond this it is 0 to the last digit, and the series need not find out.
    if chi_squared > 3_000.0 {
        return 0.0;
    }
    gamma_ur(f64::from(freedom) / 2.0, chi_squared / 2.0).clamp(0.0, 1.0)
}
