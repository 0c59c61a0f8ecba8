//! Numbers, dates and the parts of questions, word for word. `~` stands for the no-break space.

use analysis::period::Grain;
use analysis::query::{AsOf, CohortRange, TraitFilter, TraitTest};
use analysis::stats::Interval;
use analysis::words;
use jiff::civil::{Date, date};
use proptest::prelude::*;

const FIRST: Date = Date::constant(2025, 1, 6);
const NOW: &str = "2025-01-22T11:30:00Z";

#[track_caller]
fn check(found: impl AsRef<str>, expected: &str) {
    assert_eq!(found.as_ref(), expected.replace('~', "\u{a0}"));
}

#[test]
fn numbers() {
    for (count, text) in [
        (0, "0"),
        (7, "7"),
        (999, "999"),
        (1_000, "1,000"),
        (7_647, "7,647"),
        (123_456, "123,456"),
        (1_234_567, "1,234,567"),
        (u64::MAX, "18,446,744,073,709,551,615"),
    ] {
        check(words::thousands(count), text);
    }
    for (rate, retention, attrition) in [
        (0.0, "0~%", "100~%"),
        (1e-9, "<1~%", ">99~%"),
        (0.004_9, "<1~%", ">99~%"),
        (0.005, "1~%", "99~%"),
        (0.255, "26~%", "74~%"),
        (0.5, "50~%", "50~%"),
        (0.994_9, "99~%", "1~%"),
        (0.995, ">99~%", "<1~%"),
        (0.999_999, ">99~%", "<1~%"),
        (1.0, "100~%", "0~%"),
        (f64::NAN, "–~%", "–~%"),
    ] {
        check(words::percent(rate), retention);
        check(words::attrition_percent(rate), attrition);
    }
    for (low, high, text) in [
        (0.22, 0.30, "22 to 30~%"),
        (0.0, 0.161, "0 to 16~%"),
        (0.001, 0.03, "<1 to 3~%"),
        (0.88, 1.0, "88 to 100~%"),
        (0.2961, 0.3039, "29.6 to 30.4~%"),
        (0.299_61, 0.300_39, "29.96 to 30.04~%"),
        (0.001, 0.004, "0.1 to 0.4~%"),
    ] {
        check(words::interval(Interval { low, high }), text);
    }
}

#[test]
fn dates_and_periods() {
    check(words::short_date(FIRST), "6 Jan");
    check(words::date(date(2024, 2, 29)), "29 Feb 2024");
    check(
        words::date_time(date(2024, 12, 31).at(9, 5, 59, 0)),
        "31 Dec 2024 09:05",
    );
    for (grain, start, name, label, with_year) in [
        (Grain::Day, FIRST, "6 Jan 2025", "6 Jan", "6 Jan 2025"),
        (
            Grain::Week,
            FIRST,
            "week of 6 Jan 2025",
            "6 Jan",
            "6 Jan 2025",
        ),
        (
            Grain::Month,
            date(2025, 3, 1),
            "March 2025",
            "Mar",
            "Mar 2025",
        ),
        (Grain::Quarter, date(2025, 1, 1), "Q1 2025", "Q1", "Q1 2025"),
        (
            Grain::Quarter,
            date(2025, 10, 1),
            "Q4 2025",
            "Q4",
            "Q4 2025",
        ),
        (Grain::Year, date(2025, 1, 1), "2025", "2025", "2025"),
    ] {
        check(words::period_name(grain, start), name);
        check(words::period_label(grain, start, false), label);
        check(words::period_label(grain, start, true), with_year);
    }
    for grain in Grain::ALL {
        check(grain.noun(1), grain.as_str());
        check(grain.noun(2), &format!("{grain}s"));
    }
}

#[test]
fn lists() {
    let none: [&str; 0] = [];
    check(words::list(&none, "or"), "");
    check(words::list(&["a"], "or"), "a");
    check(words::list(&["a", "b"], "and"), "a and b");
    check(words::list(&["a", "b", "c"], "or"), "a, b or c");
}

#[test]
fn questions() {
    let range = |range, grain| words::cohort_range(range, grain);
    check(
        range(CohortRange::Last(26), Grain::Week),
        "the last 26 weeks",
    );
    check(range(CohortRange::Last(1), Grain::Month), "the last month");
    let (from, to) = (FIRST, Some(date(2025, 3, 3)));
    check(
        range(CohortRange::Between { from, to: None }, Grain::Day),
        "days from 6 Jan 2025",
    );
    check(
        range(CohortRange::Between { from, to }, Grain::Week),
        "weeks from 6 Jan 2025 to 3 Mar 2025",
    );
    check(words::as_of(AsOf::Now), "now");
    check(words::as_of(AsOf::Date(FIRST)), "6 Jan 2025");
    check(
        words::as_of(AsOf::Instant(NOW.parse().expect("an instant"))),
        NOW,
    );
    check(words::events(&["login".to_owned()]), "login");
    let filter = |test| {
        words::filter(&TraitFilter {
            name: "x".to_owned(),
            test,
        })
    };
    let values = || ["a", "b", "c"].map(str::to_owned).to_vec();
    let between = |min, max| filter(TraitTest::Between { min, max });
    check(filter(TraitTest::Is(values())), "x is a, b or c");
    check(filter(TraitTest::IsNot(values())), "x is not a, b or c");
    check(filter(TraitTest::Set), "x is set");
    check(filter(TraitTest::Unset), "x is not set");
    check(between(Some(1.5), Some(3.0)), "x is from 1.5 to 3");
    check(between(Some(3.0), Some(3.0)), "x is 3");
    check(between(None, Some(3.0)), "x is at most 3");
    check(between(Some(-3.0), None), "x is at least -3");
}

proptest! {
    /// What stays and what leaves always add to 100 %, also after rounding.
    #[test]
    fn retention_and_attrition_add_to_a_hundred((retained, size) in (1_u32..5_000).prop_flat_map(|n| (0..=n, Just(n)))) {
        let rate = f64::from(retained) / f64::from(size);
        let number = |text: String| text.trim_end_matches("\u{a0}%").parse::<u32>().ok();
        match (number(words::percent(rate)), number(words::attrition_percent(rate))) {
            (Some(kept), Some(lost)) => prop_assert_eq!(kept + lost, 100),
            (kept, lost) => prop_assert!(kept.is_none() && lost.is_none() && retained > 0 && retained < size),
        }
    }

    #[test]
    fn thousands_keep_the_number(count in any::<u64>()) {
        let text = words::thousands(count);
        prop_assert_eq!(text.replace(',', ""), count.to_string());
        let groups: Vec<&str> = text.split(',').collect();
        prop_assert!((1..=3).contains(&groups[0].len()));
        prop_assert!(groups[1..].iter().all(|group| group.len() == 3));
    }
}
