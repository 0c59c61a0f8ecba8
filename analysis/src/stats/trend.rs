//! Do rates rise or fall over ordered groups?

use super::float;

/// One of several ordered groups.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TrendGroup {
    /// Its place on the scale; only differences matter.
    pub score: f64,
    /// Successes; more than `trials` count as all.
    pub successes: u64,
    /// Trials.
    pub trials: u64,
}

/// The Cochran-Armitage statistic for a linear trend of rates over ordered groups: standard normal where there is no
/// trend, positive where rates rise with the score.
///
/// `None` when the data can hold no trend: fewer than two scores with trials, or nothing but successes or failures.
///
/// z = Σ sᵢ(xᵢ − nᵢp̄) / √(p̄(1 − p̄)(Σ nᵢsᵢ² − (Σ nᵢsᵢ)²/N)) with p̄ = Σxᵢ/N. Sources: W. G. Cochran, Biometrics 10
/// (1954), 417-451; P. Armitage, Biometrics 11 (1955), 375-386; in this form A. Agresti, Categorical Data Analysis,
/// section 5.3.5.
pub fn cochran_armitage(groups: &[TrendGroup]) -> Option<f64> {
    let trials: f64 = groups.iter().map(|group| float(group.trials)).sum();
    let successes = |group: &TrendGroup| float(group.successes.min(group.trials));
    let all: f64 = groups.iter().map(successes).sum();
    if trials == 0.0 || all == 0.0 || all == trials {
        return None;
    }
    let mean = all / trials;
    // Scores are counted from their mean, which leaves nothing to cancel out in the variance.
    let centre = groups
        .iter()
        .map(|g| float(g.trials) * g.score)
        .sum::<f64>()
        / trials;
    let covariance: f64 = groups
        .iter()
        .map(|group| (group.score - centre) * (successes(group) - float(group.trials) * mean))
        .sum();
    let spread: f64 = groups
        .iter()
        .map(|group| float(group.trials) * (group.score - centre).powi(2))
        .sum();
    let variance = mean * (1.0 - mean) * spread;
    let z = covariance / variance.sqrt();
    (variance > 0.0 && z.is_finite()).then_some(z)
}
