//! Survival against the worked values of the literature, and against plain programs on random data.

#![expect(clippy::as_conversions, reason = "small counts as numbers to divide")]

use analysis::stats::{
    Ending, LogRank, Shift, Survival, at_risk, chi_squared_p, kaplan_meier, kitagawa, log_rank,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn ending(time: u32, ended: bool) -> Ending {
    Ending {
        time,
        ended,
        customers: 1,
    }
}

/// Times in remission, "6+" for one still in it: E. J. Freireich et al., Blood 21 (1963), 699-716.
fn times(text: &str) -> Vec<Ending> {
    let times = text.split(' ').map(|time| {
        let number = time.trim_end_matches('+');
        ending(number.parse().expect("a time"), number == time)
    });
    times.collect()
}

fn treated() -> Vec<Ending> {
    times("6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+")
}

fn placebo() -> Vec<Ending> {
    times("1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23")
}

#[track_caller]
fn near(found: f64, expected: f64, within: f64) {
    assert!(
        (found - expected).abs() <= within,
        "{found} is not {expected}"
    );
}

/// Cox and Oakes, Analysis of Survival Data (1984), table 1.1 and p. 50; Klein and Moeschberger, table 4.1; intervals as
/// R's survfit gives them with conf.type = "log-log".
#[test]
fn kaplan_meier_published() {
    let curve = kaplan_meier(&treated());
    let expected = [
        (6, 21, 3, 0.8571, 0.0764, 0.6197, 0.9516),
        (7, 17, 1, 0.8067, 0.0869, 0.5631, 0.9228),
        (10, 15, 1, 0.7529, 0.0963, 0.5032, 0.8894),
        (13, 12, 1, 0.6902, 0.1068, 0.4316, 0.8491),
        (16, 11, 1, 0.6275, 0.1141, 0.3675, 0.8049),
        (22, 7, 1, 0.5378, 0.1282, 0.2678, 0.7468),
        (23, 6, 1, 0.4482, 0.1346, 0.1881, 0.6801),
    ];
    assert_eq!(curve.steps.len(), expected.len());
    for (step, (time, at_risk, ended, survival, error, low, high)) in
        curve.steps.iter().zip(expected)
    {
        assert_eq!(
            (step.time, step.at_risk, step.ended),
            (time, at_risk, ended)
        );
        near(step.survival, survival, 0.000_05);
        near(step.error, error, 0.000_05);
        near(step.interval.low, low, 0.000_1);
        near(step.interval.high, high, 0.000_1);
    }
    assert_eq!((curve.customers, curve.ended, curve.last), (21, 9, 35));
    assert_eq!(curve.median, Some(23));
    assert_eq!(curve.median_interval, (Some(13), None));
    let curve = kaplan_meier(&placebo());
    assert_eq!(curve.median, Some(8));
    assert_eq!(curve.median_interval, (Some(4), Some(11)));
    assert_eq!(at_risk(&placebo(), 8), 12);
    assert_eq!(at_risk(&treated(), 10), 15);
}

/// The same data: chi-squared 16.79, 19.25 and 10.75 expected (Klein and Moeschberger, example 7.2; R's survdiff).
#[test]
fn log_rank_published() {
    let (treated, placebo) = (treated(), placebo());
    let found = log_rank(&[&treated, &placebo]).expect("a test");
    near(found.chi_squared, 16.793, 0.000_5);
    assert_eq!((found.freedom, &found.observed[..]), (1, &[9, 21][..]));
    near(found.expected[0], 19.25, 0.005);
    near(found.expected[1], 10.75, 0.005);
    near(chi_squared_p(found.chi_squared, 1), 4.17e-5, 5e-7);
}

#[test]
fn chi_squared_published() {
    // the usual tables
    for (freedom, five, one) in [
        (1, 3.841_459, 6.634_897),
        (2, 5.991_465, 9.210_340),
        (7, 14.067_140, 18.475_307),
        (10, 18.307_038, 23.209_251),
    ] {
        near(chi_squared_p(five, freedom), 0.05, 1e-7);
        near(chi_squared_p(one, freedom), 0.01, 1e-7);
    }
    for nothing in [0.0, -1.0, f64::NAN] {
        assert_eq!(chi_squared_p(nothing, 3), 1.0);
    }
    assert_eq!(chi_squared_p(5.0, 0), 1.0);
    for huge in [2_900.0, 1e9, f64::INFINITY] {
        assert!(chi_squared_p(huge, 1) < 1e-300, "{huge}");
    }
}

#[test]
fn extremes_have_answers() {
    assert_eq!(kaplan_meier(&[]), Survival::default());
    assert_eq!(kaplan_meier(&[]).at(0), None);
    // all still there
    let stayed = kaplan_meier(&[ending(5, false), ending(9, false)]);
    assert_eq!(
        (stayed.median, stayed.steps.len(), stayed.last),
        (None, 0, 9)
    );
    assert_eq!(stayed.at(9), Some((1.0, None)));
    assert_eq!(stayed.at(10), None);
    // one, and gone at once
    let gone = kaplan_meier(&[ending(0, true)]);
    assert_eq!((gone.median, gone.ended), (Some(0), 1));
    let step = gone.steps[0];
    assert_eq!((step.survival, step.error), (0.0, 0.0));
    assert_eq!((step.interval.low, step.interval.high), (0.0, 1.0));
    // half exactly, after shares that are no binary fractions
    let tens: Vec<Ending> = (1..=10).map(|time| ending(time, true)).collect();
    assert_eq!(kaplan_meier(&tens).median, Some(5));
    // what can't be compared
    let some = [ending(3, true), ending(5, true)];
    let none: [Ending; 0] = [];
    let still = [ending(5, false)];
    assert_eq!(log_rank(&[]), None);
    assert_eq!(log_rank(&[&some]), None);
    assert_eq!(log_rank(&[&some, &none]), None);
    assert_eq!(log_rank(&[&still, &still]), None);
    // watched at different times only
    assert_eq!(log_rank(&[&[ending(1, false)], &some]), None);
    // the same twice
    let found = log_rank(&[&some, &some, &none]).expect("a test");
    near(found.chi_squared, 0.0, 1e-12);
    assert_eq!(found.freedom, 1);
}

#[test]
fn a_change_is_split_into_mix_and_rate() {
    // both keep their rates, the one with the lower grows: by shares alone
    let grown = kitagawa(&[
        Shift {
            before: (40, 100),
            after: (40, 100),
        },
        Shift {
            before: (20, 100),
            after: (80, 400),
        },
    ])
    .expect("parts");
    let (mix, rate) = (grown[0].mix + grown[1].mix, grown[0].rate + grown[1].rate);
    near(mix, 0.24 - 0.3, 1e-12);
    near(rate, 0.0, 1e-12);
    assert!(grown[0].mix < 0.0 && grown[1].mix < 0.0);
    // one that was not there before counts by its share
    let new = kitagawa(&[
        Shift {
            before: (50, 100),
            after: (50, 100),
        },
        Shift {
            before: (0, 0),
            after: (0, 100),
        },
    ])
    .expect("parts");
    near(new[0].mix + new[1].mix, -0.25, 1e-12);
    assert_eq!((new[0].rate, new[1].rate), (0.0, 0.0));
    assert_eq!(kitagawa(&[]), None);
    let nobody = Shift {
        before: (0, 0),
        after: (1, 2),
    };
    assert_eq!(kitagawa(&[nobody]), None);
}

/// Kaplan-Meier as Efron told it (1967): every customer has the same mass; that of a censored one is spread evenly over
/// those who are watched for longer.
fn redistributed(endings: &[Ending], time: u32) -> f64 {
    let mut people: Vec<(u32, bool, f64)> = Vec::new();
    for one in endings {
        for _ in 0..one.customers {
            people.push((one.time, one.ended, 1.0));
        }
    }
    // those who end at a time do so before others are censored at it
    people.sort_by_key(|(time, ended, _)| (*time, !ended));
    let all = people.len();
    for place in 0..all {
        let (_, ended, mass) = people[place];
        if ended {
            continue;
        }
        let later = all - place - 1;
        for person in &mut people[place + 1..] {
            person.2 += mass / later as f64;
        }
        if later > 0 {
            people[place].2 = 0.0;
        }
    }
    let gone = people.iter().filter(|(at, ended, _)| *ended && *at <= time);
    1.0 - gone.map(|(.., mass)| mass).sum::<f64>() / all as f64
}

/// The test of two groups, and of three by the inverse of a two by two matrix, person by person.
fn naive_log_rank(groups: &[Vec<Ending>]) -> Option<f64> {
    let count = |group: &[Ending], is: &dyn Fn(&Ending) -> bool| -> f64 {
        group
            .iter()
            .filter(|one| is(one))
            .map(|one| one.customers as f64)
            .sum()
    };
    let k = groups.len() - 1;
    let (mut excess, mut v) = (vec![0.0; k], vec![vec![0.0; k]; k]);
    for time in 0..=40 {
        let n: Vec<f64> = groups
            .iter()
            .map(|g| count(g, &|one| one.time >= time))
            .collect();
        let d: Vec<f64> = groups
            .iter()
            .map(|g| count(g, &|one| one.time == time && one.ended))
            .collect();
        let (all, ends): (f64, f64) = (n.iter().sum(), d.iter().sum());
        if ends == 0.0 {
            continue;
        }
        for i in 0..k {
            excess[i] += d[i] - n[i] * ends / all;
            for j in 0..k {
                if all > 1.0 {
                    let own = if i == j { all } else { 0.0 };
                    v[i][j] +=
                        n[i] * (own - n[j]) * ends * (all - ends) / (all * all * (all - 1.0));
                }
            }
        }
    }
    if k == 1 {
        return (v[0][0] > 1e-9).then(|| excess[0] * excess[0] / v[0][0]);
    }
    let determinant = v[0][0] * v[1][1] - v[0][1] * v[1][0];
    let (x, y) = (excess[0], excess[1]);
    let product = x * x * v[1][1] - 2.0 * x * y * v[0][1] + y * y * v[0][0];
    (determinant > 1e-6).then(|| product / determinant)
}

fn group() -> impl Strategy<Value = Vec<Ending>> {
    vec((0_u32..40, any::<bool>(), 1_u64..6), 0..15).prop_map(|list| {
        let endings = list.into_iter().map(|(time, ended, customers)| Ending {
            time,
            ended,
            customers,
        });
        endings.collect()
    })
}

proptest! {
    #[test]
    fn curves_match_a_plain_program(endings in group()) {
        let curve = kaplan_meier(&endings);
        let customers: u64 = endings.iter().map(|one| one.customers).sum();
        prop_assert_eq!(curve.customers, customers);
        let mut before = 1.0;
        for step in &curve.steps {
            prop_assert!((step.survival - redistributed(&endings, step.time)).abs() < 1e-9);
            prop_assert_eq!(step.at_risk, at_risk(&endings, step.time));
            let interval = step.interval;
            prop_assert!(0.0 <= interval.low && interval.low <= step.survival);
            prop_assert!(step.survival <= interval.high && interval.high <= 1.0);
            prop_assert!(step.survival < before && step.error >= 0.0 && step.error.is_finite());
            before = step.survival;
        }
        if let Some(median) = curve.median {
            let (low, high) = curve.median_interval;
            prop_assert!(low.is_some_and(|low| low <= median));
            prop_assert!(high.is_none_or(|high| median <= high));
        }
    }

    #[test]
    fn tests_match_a_plain_program(groups in vec(group(), 2..4)) {
        let slices: Vec<&[Ending]> = groups.iter().map(Vec::as_slice).collect();
        let found = log_rank(&slices);
        if let Some(LogRank { chi_squared, freedom, observed, expected }) = &found {
            prop_assert!(*chi_squared >= 0.0 && *freedom >= 1);
            let all: f64 = observed.iter().map(|count| *count as f64).sum();
            prop_assert!((all - expected.iter().sum::<f64>()).abs() < 1e-9);
            // the order of groups says nothing
            let turned: Vec<&[Ending]> = slices.iter().rev().copied().collect();
            let turned = log_rank(&turned).expect("a test");
            prop_assert!((turned.chi_squared - chi_squared).abs() < 1e-6 * (1.0 + chi_squared));
        }
        if let Some(expected) = naive_log_rank(&groups) {
            let found = found.expect("a test").chi_squared;
            prop_assert!((found - expected).abs() < 1e-6 * (1.0 + expected), "{} {}", found, expected);
        }
    }

    #[test]
    fn contributions_add_up(list in vec(((0_u64..50, 0_u64..50), (0_u64..50, 0_u64..50)), 1..6)) {
        let fit = |(x, more): (u64, u64)| (x, x + more);
        let parts: Vec<Shift> = list
            .into_iter()
            .map(|(before, after)| Shift { before: fit(before), after: fit(after) })
            .collect();
        let sum = |of: fn(&Shift) -> (u64, u64)| {
            parts.iter().map(of).fold((0, 0), |sum, (x, n)| (sum.0 + x, sum.1 + n))
        };
        let (before, after) = (sum(|part| part.before), sum(|part| part.after));
        match kitagawa(&parts) {
            None => prop_assert!(before.1 == 0 || after.1 == 0),
            Some(found) => {
                let change = after.0 as f64 / after.1 as f64 - before.0 as f64 / before.1 as f64;
                let all: f64 = found.iter().map(|one| one.mix + one.rate).sum();
                prop_assert!((all - change).abs() < 1e-9);
            }
        }
    }
}
