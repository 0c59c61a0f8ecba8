//! Alerts against oracles of their own: the score test that Wilson's interval inverts, ends found by bisection, and a
//! plain walk over the cohorts.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::alert::{
    Alert, Condition, Reading, Threshold, becomes_final, read_churn, read_retention,
};
use analysis::churn::{Churn, ChurnPeriod, ChurnReport, Lifecycle, Quietly, Returns};
use analysis::period::{Grain, WeekStart};
use analysis::query::{AsOf, ChurnQuery, RetentionKind, RetentionQuery, Window};
use analysis::report::{CellState, RetentionReport};
use analysis::words;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::prelude::*;

#[path = "support/matrix.rs"]
mod matrix;
use matrix::matrix;

const FIRST: Date = Date::constant(2025, 1, 6);
/// A Wednesday: the sixth week is running, the fifth ended on Sunday.
const NOW: &str = "2025-02-12T12:00:00Z";

fn query() -> RetentionQuery {
    RetentionQuery {
        kind: RetentionKind::On,
        ..RetentionQuery::default()
    }
}

fn percent(number: &str) -> Threshold {
    number.parse().unwrap()
}

fn below(period: u32, number: &str) -> Alert {
    Alert {
        period,
        condition: Condition::Below(percent(number)),
    }
}

#[test]
fn thresholds() {
    for (text, permille) in [
        ("40", 400),
        (" 37.5 ", 375),
        ("0.1", 1),
        ("99.9", 999),
        ("05", 50),
    ] {
        assert_eq!(percent(text).as_permille(), permille, "{text}");
    }
    for text in [
        "", "0", "0.0", "100", "99.99", "-1", "+5", "1e1", "4,5", ".5", "5.", "NaN", "٣", "5 %",
    ] {
        assert!(text.parse::<Threshold>().is_err(), "{text}");
    }
    assert_eq!(percent("37.5").to_string(), "37.5");
    assert_eq!(percent("40").to_string(), "40");
}

/// The worked example of docs/DEFINITIONS.md.
#[test]
fn the_worked_example() {
    let rows: [(u32, &[u32]); 5] = [
        (400, &[130, 100, 90]),
        (500, &[160, 120]),
        (412, &[107]),
        (380, &[90]),
        (300, &[12]),
    ];
    let report = matrix(query(), FIRST, NOW, &rows);
    let alert = below(1, "30");
    // The fourth cohort's week 1 ended on Sunday, the fifth's is running.
    let reading = read_retention(alert, &report).unwrap();
    assert_eq!(
        (reading.start, reading.count, reading.size),
        (date(2025, 1, 27), 90, 380)
    );
    assert!(reading.met);
    let said = words::retention_noticed(&report, alert, &reading);
    assert_eq!(
        said.sentence,
        "24\u{a0}% retained in week 1, below 30\u{a0}%: 90 of 380 customers who signed up in the week of 27 Jan 2025 \
         (interval 20 to 28\u{a0}%)."
    );
    assert_eq!(said.evidence, "");
    // 25 % lies within the interval.
    assert!(!read_retention(below(1, "25"), &report).unwrap().met);
    let differs = Alert {
        period: 1,
        condition: Condition::Differs,
    };
    let reading = read_retention(differs, &report).unwrap();
    let before = reading.before.unwrap();
    assert_eq!((before.count, before.size, before.pooled), (397, 1312, 3));
    let said = words::retention_noticed(&report, differs, &reading);
    assert!(!reading.met, "{reading:?}");
    assert_eq!(
        said.evidence,
        "Before: 30\u{a0}%, 397 of 1,312 customers in 3 cohorts. The difference is −6.6 points (99\u{a0}% interval −13 to \
         +0.2)."
    );
    assert!(
        said.sentence.contains("as before within chance"),
        "{}",
        said.sentence
    );
}

#[test]
fn what_is_unfinished_is_passed_over() {
    let rows: [(u32, &[u32]); 5] = [
        (400, &[200, 200, 200, 200]),
        (400, &[200, 200, 200, 0]),
        (400, &[200, 200, 0]),
        (400, &[200, 0]),
        (400, &[0]),
    ];
    let report = matrix(query(), FIRST, NOW, &rows);
    // The running cell of each column has nobody yet.
    for period in 1..=4 {
        let reading = read_retention(below(period, "30"), &report).unwrap();
        assert_eq!((reading.count, reading.met), (200, false), "{period}");
    }
    assert_eq!(read_retention(below(5, "30"), &report), None);
    assert_eq!(read_retention(below(900, "30"), &report), None);
    // Column 0 is the cohort itself.
    assert_eq!(read_retention(below(0, "30"), &report), None);
}

/// Data that come in late: nothing is stored yet from after the newest cohort's week.
#[test]
fn what_may_still_come_in_is_passed_over() {
    let rows: [(u32, &[u32]); 4] = [
        (400, &[200, 200, 200]),
        (400, &[200, 200]),
        (400, &[200]),
        (400, &[0]),
    ];
    let mut report = matrix(query(), FIRST, NOW, &rows);
    let reads = |report: &RetentionReport| {
        read_retention(below(1, "30"), report).map(|reading| (reading.start, reading.met))
    };
    assert_eq!(reads(&report), Some((date(2025, 1, 27), true)));
    // A file with all up to Sunday, the last day of that week.
    report.watermark_local = Some(date(2025, 2, 9).at(23, 59, 59, 0));
    assert_eq!(reads(&report), Some((date(2025, 1, 20), false)));
    report.watermark_local = Some(date(2025, 2, 10).at(0, 0, 0, 0));
    assert_eq!(reads(&report), Some((date(2025, 1, 27), true)));
    report.watermark_local = None;
    assert_eq!(reads(&report), None);
    // Where periods begin with the customer, the last one's end up to a week later.
    report.query.window = Window::Rolling;
    report.watermark_local = Some(date(2025, 2, 16).at(23, 0, 0, 0));
    assert_eq!(reads(&report).unwrap().0, date(2025, 1, 20));
}

#[test]
fn numbers_that_can_rise_for_ever_are_no_alerts() {
    let mut query = RetentionQuery {
        kind: RetentionKind::OnOrAfter,
        ..query()
    };
    assert!(!becomes_final(&query, 1));
    let report = matrix(
        query.clone(),
        FIRST,
        NOW,
        &[(400, &[1, 1, 1]), (400, &[1, 1])],
    );
    assert_eq!(read_retention(below(1, "30"), &report), None);
    query.follow_up = Some(3);
    assert!(becomes_final(&query, 1));
}

/// A rate at the threshold exactly: how often chance alone would send something, summed over all counts.
#[test]
fn chance_alone_seldom_says_something() {
    for size in [20_u64, 50, 100, 400] {
        for permille in [50_u16, 300, 500, 900] {
            let threshold = Threshold::permille(permille).unwrap();
            let rate = threshold.rate();
            let mut alarms = 0.0;
            let mut log = f64::from(u32::try_from(size).unwrap()) * (1.0 - rate).ln();
            for count in 0..=size {
                let met = |condition| read(condition, &[(count, size)]).met;
                if met(Condition::Below(threshold)) {
                    alarms += log.exp();
                }
                let (n, k) = (size - count, count + 1);
                let step = |x: u64| f64::from(u32::try_from(x).unwrap()).ln();
                if n > 0 {
                    log += step(n) - step(k) + rate.ln() - (1.0 - rate).ln();
                }
            }
            // 2.5 % but for the coarseness of counts.
            assert!(alarms < 0.05, "{size} at {rate}: {alarms}");
        }
    }
}

/// Readings of churn with these losses, (lost, opening).
fn read(condition: Condition, counts: &[(u64, u64)]) -> Reading {
    read_churn(condition, &churn(counts, true)).unwrap()
}

/// A report of months, the last one ended, or running when `ended` is not.
fn churn(counts: &[(u64, u64)], ended: bool) -> ChurnReport {
    let mut start = date(2024, 1, 1);
    let mut periods = Vec::new();
    for (place, (lost, opening)) in counts.iter().enumerate() {
        let next = Grain::Month.next(start);
        let over = ended || place + 1 < counts.len();
        let churn = Churn {
            opening: *opening,
            lost: *lost,
            ..Churn::default()
        };
        periods.push(ChurnPeriod {
            start,
            last: next.yesterday().unwrap(),
            opening: *opening,
            churn: over.then_some(churn),
            before: None,
            lifecycle: Lifecycle::default(),
            stickiness: None,
        });
        start = next;
    }
    ChurnReport {
        query: ChurnQuery {
            grain: Grain::Month,
            as_of: AsOf::Now,
            ..ChurnQuery::default()
        },
        activity: String::new(),
        threshold: 30,
        returns: Returns::default(),
        zone: "UTC".to_owned(),
        week_start: WeekStart::Monday,
        as_of: Timestamp::MAX,
        as_of_local: start.at(12, 0, 0, 0),
        watermark: Some(Timestamp::MAX),
        watermark_local: Some(start.at(0, 0, 0, 0)),
        first: None,
        customers: 1,
        internal: 0,
        periods,
        picked: None,
        fading: None,
        quiet: Quietly::default(),
        annotations: Vec::new(),
    }
}

#[test]
fn churn_is_read_of_the_last_period_that_has_ended() {
    let above = Condition::Above(percent("4"));
    let counts = [(40, 1000), (80, 1000), (900, 1000)];
    let running = churn(&counts, false);
    let reading = read_churn(above, &running).unwrap();
    assert_eq!(
        (reading.start, reading.count, reading.met),
        (date(2024, 2, 1), 80, true)
    );
    let said = words::churn_noticed(&running, above, &reading);
    assert_eq!(
        said.sentence,
        "8\u{a0}% left in February 2024, above 4\u{a0}%: 80 of 1,000 customers (interval 6.5 to 9.8\u{a0}%)."
    );
    // Ended, but nothing is stored from after it.
    let mut late = churn(&counts, true);
    late.watermark_local = Some(date(2024, 3, 31).at(23, 59, 0, 0));
    assert_eq!(read_churn(above, &late).unwrap().start, date(2024, 2, 1));
    assert_eq!(read_churn(above, &churn(&[(1, 10)], false)), None);
    let differs = read(Condition::Differs, &counts);
    assert!(differs.met);
    let said = words::churn_noticed(&churn(&counts, true), Condition::Differs, &differs);
    assert!(
        said.sentence
            .contains("left in March 2024, more than before"),
        "{}",
        said.sentence
    );
    let first = read(Condition::Differs, &counts[..1]);
    assert!(!first.met && first.before.is_none());
}

/// The rate at which a score statistic reaches `z`, below or above the one that was seen: Wilson's ends, by bisection.
fn end(z: f64, (count, size): (f64, f64), upper: bool) -> f64 {
    let seen = count / size;
    let (mut near, mut far) = (seen, if upper { 1.0 } else { 0.0 });
    for _ in 0..200 {
        let middle = f64::midpoint(near, far);
        let score = (seen - middle).abs() / (middle * (1.0 - middle) / size).sqrt();
        match score > z {
            true => far = middle,
            false => near = middle,
        }
    }
    near
}

proptest! {
    #[test]
    fn a_threshold_is_passed_when_the_score_test_says_so(
        size in 1_u64..5_000, part in 0.0_f64..=1.0, permille in 1_u16..=999,
    ) {
        let wide = f64::from(u32::try_from(size).unwrap());
        let count = (0..=size).rev().find(|n| f64::from(u32::try_from(*n).unwrap()) <= part * wide).unwrap();
        let threshold = Threshold::permille(permille).unwrap();
        let (x, seen) = (threshold.rate(), f64::from(u32::try_from(count).unwrap()) / wide);
        let score = (seen - x) / (x * (1.0 - x) / wide).sqrt();
        prop_assume!((score.abs() - 1.959_964).abs() > 1e-5);
        prop_assert_eq!(read(Condition::Below(threshold), &[(count, size)]).met, score < -1.959_964);
        prop_assert_eq!(read(Condition::Above(threshold), &[(count, size)]).met, score > 1.959_964);
    }

    #[test]
    fn a_difference_is_told_when_the_interval_leaves_out_nothing(
        earlier in prop::collection::vec((0_u64..300, 0_u64..300), 1..6), own in (0_u64..300, 0_u64..300),
    ) {
        let mut counts: Vec<(u64, u64)> = earlier.iter().map(|(lost, kept)| (*lost, lost + kept + 1)).collect();
        counts.push((own.0, own.0 + own.1 + 1));
        let float = |count: u64| f64::from(u32::try_from(count).unwrap());
        let (own, before) = counts.split_last().unwrap();
        let pooled = before.iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let (a, b) = ((float(own.0), float(own.1)), (float(pooled.0), float(pooled.1)));
        let z = 2.575_829_303_548_901;
        let (p, q) = (a.0 / a.1, b.0 / b.1);
        let low = p - q - ((p - end(z, a, false)).powi(2) + (end(z, b, true) - q).powi(2)).sqrt();
        let high = p - q + ((end(z, a, true) - p).powi(2) + (q - end(z, b, false)).powi(2)).sqrt();
        let reading = read(Condition::Differs, &counts);
        let difference = reading.before.unwrap().difference;
        prop_assert!((difference.low - low.max(-1.0)).abs() < 1e-9, "{:?} {low}", difference);
        prop_assert!((difference.high - high.min(1.0)).abs() < 1e-9, "{:?} {high}", difference);
        prop_assume!(low.abs() > 1e-9 && high.abs() > 1e-9);
        prop_assert_eq!(reading.met, low > 0.0 || high < 0.0);
    }

    #[test]
    fn the_newest_complete_cohort_is_looked_at(
        rows in prop::collection::vec((0_u32..50, prop::collection::vec(0_u32..50, 0..6)), 6), period in 1_u32..7,
    ) {
        let rows: Vec<(u32, Vec<u32>)> = rows
            .into_iter()
            .map(|(size, counts)| (size, counts.into_iter().map(|count| count.min(size)).collect()))
            .collect();
        let given: Vec<(u32, &[u32])> = rows.iter().map(|(size, counts)| (*size, &counts[..])).collect();
        let report = matrix(query(), FIRST, NOW, &given);
        let column = usize::try_from(period).unwrap();
        let mut expected = None;
        let mut earlier = (0, 0);
        for cohort in &report.cohorts {
            let Some(cell) = cohort.cells.get(column) else { continue };
            if cohort.size == 0 || cell.state != CellState::Complete {
                continue;
            }
            if let Some((_, count, size)) = expected {
                earlier = (earlier.0 + count, earlier.1 + size);
            }
            expected = Some((cohort.start, u64::from(cell.retained), u64::from(cohort.size)));
        }
        let found = read_retention(below(period, "30"), &report);
        prop_assert_eq!(found.map(|reading| (reading.start, reading.count, reading.size)), expected);
        let before = found.and_then(|reading| reading.before).map_or((0, 0), |before| (before.count, before.size));
        prop_assert_eq!(before, earlier);
    }
}
