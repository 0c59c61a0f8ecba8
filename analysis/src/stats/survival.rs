//! How long something lasts when not everything has ended yet: Kaplan-Meier and log-rank.

use serde::{Deserialize, Serialize};

use super::{Interval, Z, float};

/// Customers with the same survival time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ending {
    /// The time, in whole days.
    pub time: u32,
    /// Whether it ended there; else it had lasted so long when it was last looked at (*censored*).
    pub ended: bool,
    /// How many customers; at least 1.
    pub customers: u64,
}

/// A time at which something ended, and what had survived it.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// The time, in whole days.
    pub time: u32,
    /// Customers who had survived until just before it and were still being watched.
    pub at_risk: u64,
    /// Of these, customers whose survival ended there.
    pub ended: u64,
    /// The share that survives beyond it, 0 to 1.
    pub survival: f64,
    /// Greenwood's standard error of that share.
    pub error: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// A survival curve.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Survival {
    /// Customers watched.
    pub customers: u64,
    /// Of these, customers whose survival ended.
    pub ended: u64,
    /// The longest time watched, in days.
    pub last: u32,
    /// The times at which somebody's survival ended, ascending.
    pub steps: Vec<Step>,
    /// The first time by which half had ended; `None` while more than half survive.
    pub median: Option<u32>,
    /// The ends of the median's 95 % interval; `None` where the data reach no such end.
    pub median_interval: (Option<u32>, Option<u32>),
}

impl Survival {
    /// The curve at a time: the share that survives beyond it, with its interval; 1 and no interval before anything ended.
    /// `None` without customers and after the last time watched.
    pub fn at(&self, time: u32) -> Option<(f64, Option<Interval>)> {
        if self.customers == 0 || time > self.last {
            return None;
        }
        let steps = self.steps.partition_point(|step| step.time <= time);
        let step = steps.checked_sub(1).and_then(|place| self.steps.get(place));
        Some(step.map_or((1.0, None), |step| (step.survival, Some(step.interval))))
    }
}

/// Times ascending, each once: (time, ended, censored).
fn by_time(endings: &[Ending]) -> Vec<(u32, u64, u64)> {
    let mut sorted: Vec<&Ending> = endings.iter().filter(|one| one.customers > 0).collect();
    sorted.sort_by_key(|one| one.time);
    let mut times: Vec<(u32, u64, u64)> = Vec::new();
    for one in sorted {
        if times.last().is_none_or(|(time, ..)| *time != one.time) {
            times.push((one.time, 0, 0));
        }
        if let Some((_, ended, censored)) = times.last_mut() {
            *(if one.ended { ended } else { censored }) += one.customers;
        }
    }
    times
}

/// Customers still watched and alive just before a time.
pub fn at_risk(endings: &[Ending], time: u32) -> u64 {
    let later = endings.iter().filter(|one| one.time >= time);
    later.map(|one| one.customers).sum()
}

/// The Kaplan-Meier estimate, with Greenwood's errors and the intervals of the logarithm of the cumulative hazard
/// (*log-log*). Who is censored at a time was still at risk at it.
///
/// S(t) = Π(1 − d/n); error S·√Σ d/(n(n − d)); interval S^exp(±1.96·√Σ d/(n(n − d)) / ln S). Where nobody survives, which
/// has no such interval, it ends with the upper end of the step before. The median is the first time at which S ≤ ½, its
/// interval the times at which ½ lies in that of S.
///
/// Sources: E. L. Kaplan, P. Meier, JASA 53 (1958), 457-481; M. Greenwood, Reports on Public Health 33 (1926); J. D.
/// Kalbfleisch, R. L. Prentice, The Statistical Analysis of Failure Time Data (1980), section 1.3 (intervals); R.
/// Brookmeyer, J. Crowley, Biometrics 38 (1982), 29-41 (median).
pub fn kaplan_meier(endings: &[Ending]) -> Survival {
    let times = by_time(endings);
    let customers = times
        .iter()
        .map(|(_, ended, censored)| ended + censored)
        .sum();
    let mut curve = Survival {
        customers,
        last: times.last().map_or(0, |(time, ..)| *time),
        ..Survival::default()
    };
    let (mut left, mut survival, mut spread, mut high) = (customers, 1.0_f64, 0.0, 1.0);
    for (time, ended, censored) in times {
        let at_risk = left;
        left -= ended + censored;
        if ended == 0 {
            continue;
        }
        curve.ended += ended;
        let (d, n) = (float(ended), float(at_risk));
        // Exactly 0 where all who were left ended, and so is the error.
        survival *= (n - d) / n;
        let interval = if ended < at_risk {
            spread += d / (n * (n - d));
            let power = (Z * spread.sqrt() / survival.ln()).exp();
            Interval {
                low: survival.powf(1.0 / power).min(survival),
                high: survival.powf(power).max(survival),
            }
        } else {
            Interval { low: 0.0, high }
        };
        high = interval.high;
        curve.steps.push(Step {
            time,
            at_risk,
            ended,
            survival,
            error: survival * spread.sqrt(),
            interval,
        });
    }
    let first = |reached: &dyn Fn(&Step) -> bool| {
        let step = curve.steps.iter().find(|step| reached(step));
        step.map(|step| step.time)
    };
    // A product of exact shares may miss a half by its rounding.
    let half = 0.5 + 1e-12;
    let median = first(&|step| step.survival <= half);
    let low = first(&|step| step.interval.low <= half);
    let high = first(&|step| step.interval.high <= half);
    curve.median = median;
    curve.median_interval = (low, high);
    curve
}

/// Whether survival differs between groups.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LogRank {
    /// The statistic; chi-squared with `freedom` degrees of freedom where there is no difference.
    pub chi_squared: f64,
    /// Degrees of freedom, at least 1.
    pub freedom: u32,
    /// For each group, how many ended.
    pub observed: Vec<u64>,
    /// For each group, how many would have ended if all groups were alike.
    pub expected: Vec<f64>,
}

/// The log-rank test of several groups; `None` when the data can't tell any two apart, as where all but one are empty or
/// nothing ended while two groups were being watched.
///
/// With d of n ending at a time, of whom nᵢ in group i, Eᵢ sums dnᵢ/n, and the covariance sums
/// d(n − d)/(n − 1) · nᵢ/n · (δᵢⱼ − nⱼ/n); the statistic is (O − E)ᵀV⁻¹(O − E) over as many groups as V has rank. Sources: N.
/// Mantel, Cancer Chemotherapy Reports 50 (1966), 163-170; R. Peto, J. Peto, JRSS A 135 (1972), 185-207; in this form
/// J. P. Klein, M. L. Moeschberger, Survival Analysis, 2nd ed. (2003), section 7.3.
pub fn log_rank(groups: &[&[Ending]]) -> Option<LogRank> {
    let times: Vec<Vec<(u32, u64, u64)>> = groups.iter().map(|group| by_time(group)).collect();
    let all: Vec<Ending> = groups
        .iter()
        .flat_map(|group| group.iter().copied())
        .collect();
    let total = |times: &[(u32, u64, u64)]| -> u64 {
        times
            .iter()
            .map(|(_, ended, censored)| ended + censored)
            .sum()
    };
    let mut left: Vec<u64> = times.iter().map(|times| total(times)).collect();
    let mut next = vec![0; groups.len()];
    let mut observed = vec![0; groups.len()];
    let mut expected = vec![0.0; groups.len()];
    let mut covariance = vec![vec![0.0; groups.len()]; groups.len()];
    for (time, ended, _) in by_time(&all) {
        if ended > 0 {
            let (d, n) = (float(ended), float(left.iter().sum()));
            let chance = if n > 1.0 {
                d * (n - d) / (n - 1.0)
            } else {
                0.0
            };
            for (i, row) in covariance.iter_mut().enumerate() {
                let share = float(left[i]) / n;
                expected[i] += d * share;
                for (j, cell) in row.iter_mut().enumerate() {
                    let own = if i == j { 1.0 } else { 0.0 };
                    *cell += chance * share * (own - float(left[j]) / n);
                }
            }
        }
        for (i, times) in times.iter().enumerate() {
            if let Some((_, ended, censored)) = times.get(next[i]).filter(|(at, ..)| *at == time) {
                observed[i] += ended;
                left[i] -= ended + censored;
                next[i] += 1;
            }
        }
    }
    let excess: Vec<f64> = observed
        .iter()
        .zip(&expected)
        .map(|(observed, expected)| float(*observed) - expected)
        .collect();
    let (chi_squared, freedom) = quadratic(covariance, &excess);
    (freedom > 0 && chi_squared.is_finite()).then(|| LogRank {
        chi_squared: chi_squared.max(0.0),
        freedom,
        observed,
        expected,
    })
}

/// xᵀM⁻¹x over the rank of a positive semidefinite M, and that rank, by elimination with the largest pivot first.
fn quadratic(mut matrix: Vec<Vec<f64>>, x: &[f64]) -> (f64, u32) {
    let mut x = x.to_vec();
    let largest = (0..x.len()).map(|i| matrix[i][i]).fold(0.0, f64::max);
    let (mut sum, mut rank) = (0.0, 0);
    let mut open: Vec<usize> = (0..x.len()).collect();
    while let Some(place) = (0..open.len()).max_by(|a, b| {
        let (a, b) = (open[*a], open[*b]);
        matrix[a][a].total_cmp(&matrix[b][b])
    }) {
        let pivot = open.swap_remove(place);
        // What is smaller than this is left of rounding: the excesses of all groups together are 0.
        if matrix[pivot][pivot] <= largest * 1e-10 {
            break;
        }
        sum += x[pivot] * x[pivot] / matrix[pivot][pivot];
        rank += 1;
        for &i in &open {
            let factor = matrix[i][pivot] / matrix[pivot][pivot];
            x[i] -= factor * x[pivot];
            for &j in &open {
                matrix[i][j] -= factor * matrix[pivot][j];
            }
        }
    }
    (sum, rank)
}
