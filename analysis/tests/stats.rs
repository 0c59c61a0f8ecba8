//! Intervals against the worked values of the papers that define them.

use analysis::stats::{Interval, newcombe, rate, wilson};
use proptest::prelude::*;

#[track_caller]
fn check(found: Option<Interval>, low: f64, high: f64) {
    let found = found.expect("an interval");
    let near = |a: f64, b: f64| (a - b).abs() <= 0.000_05 + 1e-12;
    assert!(
        near(found.low, low) && near(found.high, high),
        "{found:?} is not {low} to {high}"
    );
}

/// Newcombe 1998, Statistics in Medicine 17:857, table I, method 3.
#[test]
fn wilson_published() {
    check(wilson(81, 263), 0.2553, 0.3662);
    check(wilson(15, 148), 0.0624, 0.1605);
    check(wilson(0, 20), 0.0, 0.1611);
    check(wilson(1, 29), 0.0061, 0.1718);
}

/// Newcombe 1998, Statistics in Medicine 17:873, table II, method 10.
#[test]
fn newcombe_published() {
    check(newcombe((56, 70), (48, 80)), 0.0524, 0.3339);
    check(newcombe((9, 10), (3, 10)), 0.1705, 0.8090);
    check(newcombe((6, 7), (2, 7)), 0.0582, 0.8062);
    check(newcombe((5, 56), (0, 29)), -0.0381, 0.1926);
    check(newcombe((0, 10), (0, 20)), -0.1611, 0.2775);
    check(newcombe((0, 10), (0, 10)), -0.2775, 0.2775);
    check(newcombe((10, 10), (0, 20)), 0.6791, 1.0);
    check(newcombe((10, 10), (0, 10)), 0.6075, 1.0);
}

/// The numbers that the documentation of two limits gives as their reason.
#[test]
fn widths_that_justify_limits() {
    let points = |successes, trials| {
        let found = wilson(successes, trials).expect("trials");
        (found.high - found.low) * 100.0
    };
    let widest = |trials| (0..=trials).map(|s| points(s, trials)).fold(0.0, f64::max);
    assert!((33.0..34.0).contains(&widest(30)));
    assert!((19.0..20.0).contains(&widest(100)));
}

#[test]
fn ends_are_exact() {
    for trials in [1, 2, 30, 1_000, 1_000_000_000_000] {
        let none = wilson(0, trials).expect("trials");
        let all = wilson(trials, trials).expect("trials");
        assert_eq!(none.low, 0.0);
        assert_eq!(all.high, 1.0);
        assert!(none.high > 0.0 && all.low < 1.0);
    }
}

#[test]
fn nothing_to_divide_by() {
    assert_eq!(rate(0, 0), None);
    assert_eq!(wilson(0, 0), None);
    assert_eq!(wilson(3, 0), None);
    assert_eq!(newcombe((1, 2), (0, 0)), None);
    assert_eq!(newcombe((0, 0), (1, 2)), None);
}

#[test]
fn more_successes_than_trials_count_as_all() {
    assert_eq!(rate(5, 4), Some(1.0));
    assert_eq!(wilson(5, 4), wilson(4, 4));
    let widest = newcombe((u64::MAX, u64::MAX), (0, u64::MAX)).expect("trials");
    assert!(widest.low > 0.999 && widest.high == 1.0);
}

fn counts() -> impl Strategy<Value = (u64, u64)> {
    let small = (1_u64..200).prop_flat_map(|trials| (0..=trials, Just(trials)));
    let large = (1_u64..3_000_000_000).prop_flat_map(|trials| (0..=trials, Just(trials)));
    prop_oneof![small, large]
}

proptest! {
    /// Wilson's ends are the rates at which the observed one lies just 1.96 standard errors away.
    #[test]
    fn wilson_solves_the_score_equation((successes, trials) in counts()) {
        let found = wilson(successes, trials).expect("trials");
        let p = rate(successes, trials).expect("trials");
        let n: f64 = u32::try_from(trials).expect("below 2^32").into();
        for (end, bound) in [(found.low, successes == 0), (found.high, successes == trials)] {
            let standard_error = (end * (1.0 - end) / n).sqrt();
            if !bound {
                let z = (p - end).abs() / standard_error;
                prop_assert!((z - 1.959_963_984_540_054).abs() < 1e-4, "{} of {}: {}", successes, trials, z);
            }
        }
    }

    #[test]
    fn wilson_holds_the_rate((successes, trials) in counts()) {
        let found = wilson(successes, trials).expect("trials");
        let p = rate(successes, trials).expect("trials");
        prop_assert!(0.0 <= found.low && found.low <= p && p <= found.high && found.high <= 1.0);
        prop_assert!(found.low < found.high);
        let mirrored = wilson(trials - successes, trials).expect("trials");
        prop_assert!((mirrored.low - (1.0 - found.high)).abs() < 1e-12);
        prop_assert!((mirrored.high - (1.0 - found.low)).abs() < 1e-12);
        let tenfold = wilson(successes * 10, trials * 10).expect("trials");
        prop_assert!(tenfold.high - tenfold.low < found.high - found.low);
    }

    #[test]
    fn newcombe_holds_the_difference(a in counts(), b in counts()) {
        let found = newcombe(a, b).expect("trials");
        let difference = rate(a.0, a.1).expect("trials") - rate(b.0, b.1).expect("trials");
        prop_assert!(-1.0 <= found.low && found.low <= difference);
        prop_assert!(difference <= found.high && found.high <= 1.0);
        let swapped = newcombe(b, a).expect("trials");
        prop_assert!((swapped.low + found.high).abs() < 1e-12);
        prop_assert!((swapped.high + found.low).abs() < 1e-12);
    }
}
