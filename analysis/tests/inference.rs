//! Tests, adjustments and sample sizes against published worked values and against slow but plain programs.

use analysis::stats::{
    Stratum, TrendGroup, Z_80, Z_90, cochran_armitage, holm, mantel_haenszel, newcombe, p_value,
    per_side,
};
use proptest::collection::vec;
use proptest::prelude::*;

#[track_caller]
fn near(found: f64, expected: f64, within: f64) {
    assert!(
        (found - expected).abs() <= within,
        "{found} is not {expected} ± {within}"
    );
}

fn groups(list: &[(f64, u64, u64)]) -> Vec<TrendGroup> {
    let group = |&(score, successes, trials)| TrendGroup {
        score,
        successes,
        trials,
    };
    list.iter().map(group).collect()
}

/// Successes and trials.
type Side = (u64, u64);

fn strata(list: &[(Side, Side)]) -> Vec<Stratum> {
    list.iter().map(|&(a, b)| Stratum { a, b }).collect()
}

/// Agresti, Categorical Data Analysis, table 3.7 and section 5.3.5: alcohol and malformations, z² = 6.57, p = 0.010.
#[test]
fn trend_published() {
    let z = cochran_armitage(&groups(&[
        (0.0, 48, 17_114),
        (0.5, 38, 14_502),
        (1.5, 5, 793),
        (4.0, 1, 127),
        (7.0, 1, 38),
    ]))
    .expect("a trend");
    near(z * z, 6.57, 0.005);
    assert!(z > 0.0);
    near(p_value(z), 0.0104, 0.0001);
}

/// The University Group Diabetes Program, deaths by age, as worked in K. J. Rothman, Epidemiology: An Introduction,
/// chapter 10: difference 0.035 with a 90 % interval from -0.018 to 0.087.
#[test]
fn mantel_haenszel_published() {
    let found = mantel_haenszel(&strata(&[((8, 106), (5, 120)), ((22, 98), (16, 85))]))
        .expect("a difference");
    near(found.difference, 0.035, 0.0005);
    let narrower = 1.644_854 / 1.959_964;
    let end = |end: f64| found.difference + (end - found.difference) * narrower;
    near(end(found.interval.low), -0.018, 0.001);
    near(end(found.interval.high), 0.087, 0.001);
    assert_eq!((found.strata, found.customers), (2, 409));
}

/// Admissions to six departments of Berkeley (P. J. Bickel and others, Science 187 (1975), 398-404): the statistic
/// without continuity correction is 1.5246, p = 0.217. All together, men seem to be preferred by 14 points.
#[test]
fn mantel_haenszel_sees_through_berkeley() {
    let departments = strata(&[
        ((512, 825), (89, 108)),
        ((353, 560), (17, 25)),
        ((120, 325), (202, 593)),
        ((138, 417), (131, 375)),
        ((53, 191), (94, 393)),
        ((22, 373), (24, 341)),
    ]);
    let found = mantel_haenszel(&departments).expect("a difference");
    near(found.z * found.z, 1.5246, 0.0001);
    near(p_value(found.z), 0.2169, 0.0001);
    assert!(found.interval.low < 0.0 && 0.0 < found.interval.high);
    assert!(found.difference < 0.0);
    let all = newcombe((1198, 2691), (557, 1835)).expect("a difference");
    assert!(all.low > 0.1);
}

/// The worked example of the article on the procedure in Wikipedia, and R's `p.adjust`.
#[test]
fn holm_published() {
    let check = |given: &[f64], expected: &[f64]| {
        let found = holm(given);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            near(*found, *expected, 1e-12);
        }
    };
    check(&[0.01, 0.04, 0.03, 0.005], &[0.03, 0.06, 0.06, 0.02]);
    check(
        &[0.01, 0.02, 0.03, 0.04, 0.05],
        &[0.05, 0.08, 0.09, 0.09, 0.09],
    );
    check(&[], &[]);
    check(&[0.6, 0.7], &[1.0, 1.0]);
    check(&[f64::NAN, 0.0, -1.0], &[1.0, 0.0, 0.0]);
}

/// R's `power.prop.test(p1 = .50, p2 = .75, power = .90)`: n = 76.7.
#[test]
fn sample_size_published() {
    assert_eq!(per_side(0.5, 0.75, Z_90), Some(77));
    assert_eq!(per_side(0.75, 0.5, Z_90), Some(77));
    // Fleiss and others, table A.4 without its continuity correction
    assert_eq!(per_side(0.25, 0.4, Z_80), Some(152));
    assert_eq!(per_side(0.2, 0.2, Z_80), None);
    assert_eq!(per_side(f64::NAN, 0.2, Z_80), None);
    assert_eq!(per_side(1.2, 0.2, Z_80), None);
    assert_eq!(per_side(0.5, 0.5 + 1e-12, Z_80), None);
    assert!(per_side(0.0, 1.0, Z_80).is_some());
}

#[test]
fn normal_tail_published() {
    for (z, p) in [
        (0.0, 1.0),
        (1.0, 0.317_310_5),
        (1.959_963_985, 0.05),
        (-3.290_526_73, 0.001),
    ] {
        near(p_value(z), p, 1e-7);
    }
    assert_eq!(p_value(f64::NAN), 1.0);
    assert_eq!(p_value(f64::INFINITY), 0.0);
}

#[test]
fn extremes_have_an_answer() {
    assert_eq!(cochran_armitage(&[]), None);
    assert_eq!(cochran_armitage(&groups(&[(0.0, 0, 5), (1.0, 0, 5)])), None);
    assert_eq!(cochran_armitage(&groups(&[(0.0, 5, 5), (1.0, 5, 5)])), None);
    assert_eq!(cochran_armitage(&groups(&[(0.0, 1, 5), (1.0, 0, 0)])), None);
    assert_eq!(cochran_armitage(&groups(&[(1.0, 1, 5), (1.0, 2, 5)])), None);
    assert_eq!(mantel_haenszel(&[]), None);
    assert_eq!(
        mantel_haenszel(&strata(&[((1, 2), (0, 0)), ((0, 0), (1, 2))])),
        None
    );
    for sides in [
        ((0, 9), (0, 7)),
        ((9, 9), (7, 7)),
        ((9, 9), (0, 7)),
        ((0, 1), (0, 1)),
    ] {
        let found = mantel_haenszel(&strata(&[sides])).expect("a difference");
        assert!(found.interval.low < found.interval.high, "{found:?}");
        assert!(found.z.is_finite());
    }
}

fn stratum() -> impl Strategy<Value = Stratum> {
    let side = (0_u64..40).prop_flat_map(|trials| (0..=trials, Just(trials)));
    (side.clone(), side).prop_map(|(a, b)| Stratum { a, b })
}

fn number(count: u64) -> f64 {
    u32::try_from(count).expect("small").into()
}

proptest! {
    /// z² is N r², with r the correlation of score and outcome over single customers.
    #[test]
    fn trend_is_a_correlation(counts in vec((0_u64..30, 0_u64..30), 2..6)) {
        let mut people: Vec<(f64, f64)> = Vec::new();
        let mut list = Vec::new();
        for (score, (yes, no)) in (0_u8..).zip(counts) {
            let score = f64::from(score);
            people.extend((0..yes).map(|_| (score, 1.0)));
            people.extend((0..no).map(|_| (score, 0.0)));
            list.push((score, yes, yes + no));
        }
        let n = number(people.len().try_into().expect("small"));
        let mean = |of: fn(&(f64, f64)) -> f64| people.iter().map(of).sum::<f64>() / n;
        let (sx, sy) = (mean(|p| p.0), mean(|p| p.1));
        let xy: f64 = people.iter().map(|p| (p.0 - sx) * (p.1 - sy)).sum();
        let xx: f64 = people.iter().map(|p| (p.0 - sx).powi(2)).sum();
        let yy: f64 = people.iter().map(|p| (p.1 - sy).powi(2)).sum();
        let found = cochran_armitage(&groups(&list));
        if people.is_empty() || xx < 1e-9 || yy < 1e-9 {
            prop_assert_eq!(found, None);
        } else {
            let r = xy / (xx * yy).sqrt();
            let z = found.expect("a trend");
            prop_assert!((z - r * n.sqrt()).abs() < 1e-9, "{} {}", z, r * n.sqrt());
        }
    }

    /// The weighted mean of the strata's differences, and a variance that for one stratum is the plain one.
    #[test]
    fn mantel_haenszel_is_a_weighted_mean(list in vec(stratum(), 0..6)) {
        let both: Vec<&Stratum> = list.iter().filter(|one| one.a.1 > 0 && one.b.1 > 0).collect();
        let found = mantel_haenszel(&list);
        prop_assert_eq!(found.is_some(), !both.is_empty());
        if let Some(found) = found {
            let (mut sum, mut weights) = (0.0, 0.0);
            for one in &both {
                let (n, m) = (number(one.a.1), number(one.b.1));
                let weight = 1.0 / (1.0 / n + 1.0 / m);
                sum += weight * (number(one.a.0) / n - number(one.b.0) / m);
                weights += weight;
            }
            prop_assert!((found.difference - sum / weights).abs() < 1e-12);
            prop_assert!(found.interval.low <= found.difference && found.difference <= found.interval.high);
            prop_assert!(found.interval.low < found.interval.high, "{:?}", found);
            prop_assert!(found.z.is_finite() && found.interval.low >= -1.0 && found.interval.high <= 1.0);
            // swapping the sides turns everything round
            let swapped: Vec<Stratum> = list.iter().map(|one| Stratum { a: one.b, b: one.a }).collect();
            let swapped = mantel_haenszel(&swapped).expect("as before");
            prop_assert!((swapped.difference + found.difference).abs() < 1e-12);
            prop_assert!((swapped.interval.low + found.interval.high).abs() < 1e-9);
            prop_assert!((swapped.z + found.z).abs() < 1e-9);
        }
    }

    /// Sato's variance against the binomial one, which it estimates: equal in the long run for large strata.
    #[test]
    fn sato_agrees_with_the_binomial_variance_in_large_strata(
        (x, y) in (2_000_u64..8_000, 2_000_u64..8_000), (n, m) in (10_000_u64..20_000, 10_000_u64..20_000)
    ) {
        let found = mantel_haenszel(&[Stratum { a: (x, n), b: (y, m) }]).expect("a difference");
        let (p, q) = (number(x) / number(n), number(y) / number(m));
        let half = 1.959_964 * (p * (1.0 - p) / number(n) + q * (1.0 - q) / number(m)).sqrt();
        let width = (found.interval.high - found.interval.low) / 2.0;
        prop_assert!((width / half - 1.0).abs() < 0.02, "{} {}", width, half);
    }

    /// Holm rejects exactly those that his procedure, done step by step, rejects.
    #[test]
    fn holm_is_the_step_down_procedure(given in vec(0.0_f64..0.2, 0..12)) {
        let found = holm(&given);
        let mut left: Vec<usize> = (0..given.len()).collect();
        let mut rejected = Vec::new();
        while let Some(&least) = left.iter().min_by(|a, b| given[**a].total_cmp(&given[**b])) {
            if given[least] * number(left.len().try_into().expect("small")) >= 0.05 {
                break;
            }
            rejected.push(least);
            left.retain(|one| *one != least);
        }
        for (place, p) in found.iter().enumerate() {
            prop_assert_eq!(*p < 0.05, rejected.contains(&place), "{:?} {:?}", &given, &found);
            prop_assert!(*p >= given[place] && *p <= 1.0);
        }
    }
}
