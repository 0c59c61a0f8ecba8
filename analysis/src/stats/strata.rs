//! A difference of rates with something else held still.

use super::{Interval, Z, float, newcombe};

/// Two groups of customers who are alike in something: (successes, trials) of each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stratum {
    /// The first group.
    pub a: (u64, u64),
    /// The second group.
    pub b: (u64, u64),
}

/// The difference of two rates that all strata have in common.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stratified {
    /// Rate of the first group minus rate of the second, from -1 to 1.
    pub difference: f64,
    /// Its 95 % interval.
    pub interval: Interval,
    /// The Mantel-Haenszel statistic of the hypothesis that there is no difference in any stratum; standard normal
    /// where it holds. 0 when the counts can say nothing about it.
    pub z: f64,
    /// How many strata hold customers of both groups; the others say nothing about a difference.
    pub strata: u32,
    /// Customers in these strata.
    pub customers: u64,
}

/// The Mantel-Haenszel difference of two rates over strata; `None` when no stratum has trials on both sides.
///
/// Each stratum weighs w = nm/N, with n and m the sizes of its groups and N = n + m: δ = Σw(p − q) / Σw. The interval is
/// δ ± 1.96·√(δΣP + ΣQ)/Σw, with P = (n²y − m²x + nm(m − n)/2)/N² and Q = (x(m − y) + y(n − x))/(2N) for x of n and y of
/// m: right both for few large strata and for many small ones. Where this variance vanishes (nobody or everybody on a
/// side), the interval is Newcombe's for the strata taken together, which has a width there. The statistic is Σ(x − nT/N) /
/// √(Σ nmT(N − T)/(N²(N − 1))) with T = x + y, without continuity correction.
///
/// Sources: S. Greenland, J. M. Robins, Biometrics 41 (1985), 55-68 (estimate); T. Sato, Biometrics 45 (1989), 1323-1324
/// (variance); N. Mantel, W. Haenszel, Journal of the National Cancer Institute 22 (1959), 719-748 (statistic).
pub fn mantel_haenszel(strata: &[Stratum]) -> Option<Stratified> {
    let mut sums = Sums::default();
    let (mut a, mut b) = ((0, 0), (0, 0));
    let mut count = 0;
    for stratum in strata.iter().filter(|one| one.a.1 > 0 && one.b.1 > 0) {
        let (x, n) = (stratum.a.0.min(stratum.a.1), stratum.a.1);
        let (y, m) = (stratum.b.0.min(stratum.b.1), stratum.b.1);
        sums.add(float(x), float(n), float(y), float(m));
        a = (a.0 + x, a.1 + n);
        b = (b.0 + y, b.1 + m);
        count += 1;
    }
    if count == 0 {
        return None;
    }
    let difference = (sums.difference / sums.weight).clamp(-1.0, 1.0);
    let variance = (difference * sums.p + sums.q) / (sums.weight * sums.weight);
    // Below this, what is left of the variance is rounding.
    let interval = if variance > 1e-15 {
        let half = Z * variance.sqrt();
        Interval {
            low: (difference - half).max(-1.0),
            high: (difference + half).min(1.0),
        }
    } else {
        let pooled = newcombe(a, b)?;
        Interval {
            low: pooled.low.min(difference),
            high: pooled.high.max(difference),
        }
    };
    Some(Stratified {
        difference,
        interval,
        z: if sums.chance > 0.0 {
            sums.excess / sums.chance.sqrt()
        } else {
            0.0
        },
        strata: count,
        customers: a.1 + b.1,
    })
}

/// What the formulas sum over strata.
#[derive(Default)]
struct Sums {
    weight: f64,
    difference: f64,
    p: f64,
    q: f64,
    excess: f64,
    chance: f64,
}

impl Sums {
    fn add(&mut self, x: f64, n: f64, y: f64, m: f64) {
        let all = n + m;
        self.weight += n * m / all;
        self.difference += (x * m - y * n) / all;
        self.p += (n * n * y - m * m * x + n * m * (m - n) / 2.0) / (all * all);
        self.q += (x * (m - y) + y * (n - x)) / (2.0 * all);
        let total = x + y;
        self.excess += x - n * total / all;
        self.chance += n * m * total * (all - total) / (all * all * (all - 1.0));
    }
}
