//! Leaving: the definitions' worked examples, small histories by hand, addresses and sentences.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use analysis::churn::{Answer, Churn, ChurnPlan, History, Lifecycle, Returns, Stickiness, answer};
use analysis::period::{Calendar, Grain, Periods, WeekStart};
use analysis::query::{AsOf, ChurnQuery, CohortRange, append_params, split_url_query};
use analysis::shape::{About, RetentionPlan};
use analysis::words;
use jiff::Timestamp;
use jiff::civil::Date;

fn close(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
}

#[test]
fn worked_examples_of_the_definitions() {
    // 10,000 at the start, 7,000 new, 15,000 at the end: 2,000 lost, 20 %
    let grown = Churn {
        opening: 10_000,
        lost: 2_000,
        new: 7_000,
        returned: 0,
    };
    assert_eq!(grown.closing(), 15_000);
    close(grown.gross(), 0.2);
    close(grown.net(), -0.5);
    // 5,000, of the same 4,500 at the end: 10 %
    let shrunk = Churn {
        opening: 5_000,
        lost: 500,
        ..Churn::default()
    };
    assert_eq!(shrunk.closing(), 4_500);
    close(shrunk.gross(), 0.1);
    close(shrunk.net(), 0.1);
    // 200 with 15 lost: 7.5 %
    let few = Churn {
        opening: 200,
        lost: 15,
        new: 3,
        returned: 12,
    };
    close(few.gross(), 0.075);
    close(few.net(), 0.0);
    let interval = few.interval().unwrap();
    close(Some(interval.low), 0.045_974_917_184);
    close(Some(interval.high), 0.120_043_610_236);
    let nobody = Churn::default();
    assert_eq!((nobody.gross(), nobody.net()), (None, None));
    assert_eq!(nobody.interval(), None);
}

#[test]
fn growth_and_stickiness() {
    let cycle = Lifecycle {
        new: 30,
        retained: 100,
        returned: 10,
        dormant: Some(20),
    };
    assert_eq!(cycle.active(), 140);
    close(cycle.growth(), 2.0);
    for dormant in [None, Some(0)] {
        assert_eq!(Lifecycle { dormant, ..cycle }.growth(), None);
    }
    // three on 1 day, one on 4 of 7
    let sticky = Stickiness {
        days: vec![3, 0, 0, 1, 0, 0, 0],
    };
    assert_eq!(sticky.customers(), 4);
    close(sticky.mean_days(), 7.0 / 4.0);
    close(sticky.mean_share(), 0.25);
    assert_eq!((sticky.between(1, 3), sticky.between(4, 7)), (3, 1));
    assert_eq!(Stickiness::default().mean_share(), None);
}

#[test]
fn the_proposed_threshold_is_the_gap_of_nine_in_ten() {
    let returns = |after: Vec<u64>| Returns {
        horizon: u32::try_from(after.len()).unwrap(),
        after,
        ..Returns::default()
    };
    let most = returns(vec![50, 30, 9, 1, 10]);
    close(most.within(1), 0.5);
    close(most.within(3), 0.89);
    close(most.within(9), 1.0);
    assert_eq!(most.proposal(), Some(4), "exactly 90 % is enough");
    assert_eq!(returns(vec![29]).proposal(), None, "too few");
    assert_eq!(returns(vec![30]).proposal(), Some(1));
    assert_eq!(Returns::default().within(3), None);
}

/// The answer about customers with these active dates in UTC, as of a date.
fn ask(query: &ChurnQuery, people: &[Vec<Date>], as_of: &str) -> Answer {
    let calendar = Calendar::new("UTC", WeekStart::Monday).unwrap();
    let now: Timestamp = format!("{as_of}T00:00:00Z").parse().unwrap();
    let periods = RetentionPlan::new(&query.population(), &calendar, now).unwrap();
    let first = people.iter().flatten().min();
    let plan = ChurnPlan::new(query, &periods, first.map(|date| calendar.midnight(*date)));
    let mut history = History::default();
    for dates in people {
        let days = dates.iter().filter_map(|date| {
            let place = plan.days.starts.binary_search(date).ok()?;
            u16::try_from(place).ok()
        });
        history.push(days);
    }
    answer(query, &plan, &history, About::default())
}

fn every(from: &str, to: &str, step: usize) -> Vec<Date> {
    let from: Date = from.parse().unwrap();
    let to: Date = to.parse().unwrap();
    let days = from.series(jiff::ToSpan::day(1));
    days.take_while(|date| *date < to).step_by(step).collect()
}

fn query(threshold: u32) -> ChurnQuery {
    ChurnQuery {
        threshold: Some(threshold),
        active: vec!["visit".to_owned()],
        ..ChurnQuery::default()
    }
}

#[test]
fn a_small_history_by_hand() {
    let people = [
        // stays
        every("2025-01-01", "2025-06-10", 5),
        // leaves in March
        every("2025-01-10", "2025-03-05", 5),
        // comes in March
        every("2025-03-20", "2025-06-10", 5),
        // gone from February on, back in April
        [
            every("2025-01-01", "2025-01-31", 5),
            every("2025-04-03", "2025-06-10", 5),
        ]
        .concat(),
    ];
    let Answer { report, lost, .. } = ask(&query(10), &people, "2025-06-10");
    let moves: Vec<_> = report
        .periods
        .iter()
        .map(|one| {
            one.churn
                .map(|of| (of.opening, of.lost, of.new, of.returned))
        })
        .collect();
    assert_eq!(
        moves,
        [
            Some((0, 0, 3, 0)),
            Some((3, 1, 0, 0)),
            Some((2, 1, 1, 0)),
            Some((2, 0, 0, 1)),
            Some((3, 0, 0, 0)),
            None,
        ]
    );
    let running = report.periods.last().unwrap();
    assert_eq!((running.opening, running.before), (3, None));
    assert_eq!(running.lifecycle.dormant, None);
    assert!(running.stickiness.is_none());
    let cycles: Vec<_> = report
        .periods
        .iter()
        .map(|one| {
            let of = one.lifecycle;
            (of.new, of.retained, of.returned, of.dormant)
        })
        .collect();
    assert_eq!(
        cycles,
        [
            (3, 0, 0, Some(0)),
            (0, 2, 0, Some(1)),
            (1, 2, 0, Some(0)),
            (0, 2, 1, Some(1)),
            (0, 3, 0, Some(0)),
            (0, 3, 0, None),
        ]
    );
    assert_eq!(report.picked.unwrap().to_string(), "2025-05-01");
    assert!(lost.is_empty());
    let march = ChurnQuery {
        period: Some("2025-03-31".parse().unwrap()),
        ..query(10)
    };
    let Answer { report, lost, .. } = ask(&march, &people, "2025-06-10");
    assert_eq!(report.picked.unwrap().to_string(), "2025-03-01");
    assert_eq!(lost.len(), 1);
    assert_eq!((lost[0].place, lost[0].active_days), (1, 11));
    assert_eq!(lost[0].last_active.to_string(), "2025-03-01");
    assert_eq!(lost[0].back, None);
    let fading = report.fading.unwrap();
    let week = fading.lost.last().unwrap();
    assert_eq!((week.customers, week.days), (1, 0));
    // the running month can't be looked at
    let june = ChurnQuery {
        period: Some("2025-06-01".parse().unwrap()),
        ..query(10)
    };
    let Answer { report, .. } = ask(&june, &people, "2025-06-10");
    assert_eq!(report.picked.unwrap().to_string(), "2025-05-01");
    assert!(!report.shows_period_asked_for());
}

#[test]
fn the_year_before_stands_beside() {
    let people = [
        every("2024-01-01", "2024-03-01", 3),
        every("2024-01-01", "2025-04-01", 3),
        every("2025-01-01", "2025-03-01", 3),
    ];
    let asked = ChurnQuery {
        periods: CohortRange::Last(2),
        ..query(10)
    };
    let Answer { report, .. } = ask(&asked, &people, "2025-04-01");
    let march = report.periods.last().unwrap();
    let (now, then) = (march.churn.unwrap(), march.before.unwrap());
    assert_eq!((now.opening, now.lost), (2, 1));
    assert_eq!((then.opening, then.lost), (2, 1));
    close(now.difference(&then).map(|(points, _)| points), 0.0);
    let sentence = words::churn_headline(&report);
    assert!(
        sentence.starts_with("In March 2025 50\u{a0}% of 2 customers left (")
            && sentence.ends_with("), the same as a year before."),
        "{sentence}"
    );
}

#[test]
fn gaps_get_the_same_time_to_end() {
    // 100 days; a gap of 1 day, one of 49, one that has not ended, and one too late to tell
    let day = |n: i64| {
        let first: Date = "2025-01-01".parse().unwrap();
        first + jiff::ToSpan::days(n)
    };
    let people = [vec![day(0), day(1), day(50), day(51)], vec![day(30)]];
    let Answer { report, .. } = ask(&query(10), &people, "2025-04-11");
    let returns = &report.returns;
    assert_eq!(returns.horizon, 50);
    assert_eq!(
        (returns.total(), returns.open, returns.too_recent),
        (2, 1, 2)
    );
    assert_eq!((returns.after[0], returns.after[48]), (1, 1));
    let text = words::churn_threshold(&report);
    assert!(text.contains("each followed for that long"), "{text}");
    assert!(text.contains("Too few returns"), "{text}");
}

#[test]
fn who_fades_is_told_before_he_leaves() {
    let people = [
        // three days a week down to one
        [
            every("2025-01-01", "2025-05-14", 2),
            every("2025-05-14", "2025-06-11", 7),
        ]
        .concat(),
        every("2025-01-01", "2025-06-11", 2),
        // never had a pace
        every("2025-01-01", "2025-06-11", 14),
        // too new to have one
        every("2025-05-01", "2025-06-11", 2),
    ];
    let Answer { report, quiet, .. } = ask(&query(30), &people, "2025-06-11");
    assert_eq!((report.quiet.known, report.quiet.leaving), (2, 1));
    assert_eq!((quiet[0].place, quiet[0].recent), (0, 4));
    close(Some(quiet[0].pace), 14.0);
    assert_eq!(
        words::quietly(&report),
        "1 of the 2 customers with a pace of their own are quietly leaving: active still, but in the last 28 days at \
         less than half of that pace."
    );
}

/// Two hundred customers who come each month and stay for ten, but for `gone` of them who leave in June.
fn steady_months(gone: usize) -> Vec<Vec<Date>> {
    (0..200)
        .map(|number| {
            let end = match number {
                number if number < gone => "2025-06-10".to_owned(),
                // ten a month leave
                number if number % 2 == 0 => format!("2025-{:02}-20", number / 20 % 11 + 1),
                _ => "2025-12-01".to_owned(),
            };
            every("2024-12-01", &end, 4)
        })
        .collect()
}

#[test]
fn a_month_that_stands_out_is_named() {
    let usual = ask(&query(10), &steady_months(0), "2025-12-01").report;
    assert_eq!(words::churn_stands_out(&usual), None);
    let bad = ask(&query(10), &steady_months(90), "2025-12-01").report;
    let sentence = words::churn_stands_out(&bad).unwrap();
    assert!(sentence.starts_with("June 2025 stands out: "), "{sentence}");
    assert!(words::churn_findings(&bad).contains(&sentence));
    assert_eq!(
        words::fading_sentence(&bad),
        None,
        "nobody left in November"
    );
    let june = ChurnQuery {
        period: Some("2025-06-01".parse().unwrap()),
        ..query(10)
    };
    let june = ask(&june, &steady_months(90), "2025-12-01").report;
    let sentence = words::fading_sentence(&june).unwrap();
    assert!(sentence.contains("empty by definition"), "{sentence}");
}

#[test]
fn sentences_and_the_method() {
    let people = steady_months(90);
    let report = ask(&query(10), &people, "2025-12-01").report;
    let method = words::churn_method(&report);
    for part in [
        "Calendar months, UTC",
        "active = visit on one of the 10 days before ·",
        "Wilson interval 95\u{a0}%",
        "as of 1 Dec 2025 00:00",
        "no data yet",
    ] {
        assert!(method.contains(part), "{method}");
    }
    let auto = ChurnQuery {
        threshold: None,
        ..query(1)
    };
    let report = ask(&auto, &people, "2025-12-01").report;
    assert_eq!(report.threshold, 4, "everybody comes back after 4 days");
    assert!(words::churn_method(&report).contains("as the data propose"));
    assert!(words::churn_threshold(&report).starts_with(
        "Nine of ten returns came within 4 days, so that is the threshold. A return is"
    ));
    let none = ask(&query(10), &[], "2025-12-01").report;
    assert_eq!(words::churn_headline(&none), "Nobody was active yet.");
    assert!(none.periods.is_empty() && none.returns.total() == 0);
    let early = ChurnQuery {
        periods: CohortRange::Last(1),
        ..query(10)
    };
    let early = ask(&early, &people, "2025-06-20").report;
    assert_eq!(
        words::churn_headline(&early),
        "No month asked for has ended yet, so nobody can have left in it."
    );
    assert_eq!(words::fine_percent(0.0414), "4.1\u{a0}%");
    assert_eq!(words::fine_percent(-0.084), "−8.4\u{a0}%");
    assert_eq!(words::fine_percent(0.0), "0\u{a0}%");
    assert_eq!(words::fine_percent(0.0003), "<0.1\u{a0}%");
    assert_eq!(words::fine_percent(0.136), "14\u{a0}%");
    assert_eq!(words::fine_percent(-15.96), "−1,596\u{a0}%");
    assert!(words::churn_findings(&none).is_empty());
}

fn parse(text: &str) -> (ChurnQuery, Vec<String>) {
    let pairs = split_url_query(text);
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let (query, problems) = ChurnQuery::parse(pairs);
    query.validate().unwrap();
    let problems = problems.iter().map(ToString::to_string);
    (query, problems.collect())
}

#[test]
fn addresses_there_and_back() {
    for text in [
        "",
        "?grain=week&last=52&threshold=14&days=7&pace=25&period=2025-03-31&active=a&active=b",
        "?from=2026-01-01&to=2026-06-30&any=1&where=plan:is:pro&as_of=2026-11-18",
        "?grain=year",
    ] {
        let (query, problems) = parse(text);
        assert!(problems.is_empty(), "{text}: {problems:?}");
        let mut address = String::new();
        append_params(&mut address, query.params());
        assert_eq!(address, text);
        let json = serde_json::to_string(&query).unwrap();
        let back: ChurnQuery = serde_json::from_str(&json).unwrap();
        assert_eq!(back, query);
    }
    let empty: ChurnQuery = serde_json::from_str("{}").unwrap();
    assert_eq!(empty, ChurnQuery::default());
    assert_eq!(parse("").0, empty);
    let (query, problems) =
        parse("?grain=day&threshold=0&days=1&pace=100&period=soon&cell=overall.4");
    assert_eq!(query, ChurnQuery::default());
    assert_eq!(
        problems,
        [
            "“grain=day” cannot be used: expected week, month, quarter or year. Using month.",
            "“threshold=0” cannot be used: expected a number of days from 1 to 730. Using what the data propose.",
            "“days=1” cannot be used: expected a number of days from 2 to 90. Using 28.",
            "“pace=100” cannot be used: expected a share in percent, from 1 to 99. Using 50.",
            "“period=soon” cannot be used: expected a date in a period, such as 2025-01-31. Using the newest that has ended.",
            "There is no setting “cell”; it is ignored.",
        ]
    );
}

#[test]
fn illegal_questions_have_codes() {
    let usual = ChurnQuery::default;
    for (query, code) in [
        (
            ChurnQuery {
                grain: Grain::Day,
                ..usual()
            },
            "churn_grain",
        ),
        (
            ChurnQuery {
                threshold: Some(731),
                ..usual()
            },
            "inactivity_threshold",
        ),
        (
            ChurnQuery {
                sticky_days: 1,
                ..usual()
            },
            "sticky_days",
        ),
        (ChurnQuery { pace: 0, ..usual() }, "own_pace"),
        (
            ChurnQuery {
                periods: CohortRange::Last(0),
                ..usual()
            },
            "cohort_count",
        ),
    ] {
        let refused = query.validate().unwrap_err();
        assert_eq!(refused.code(), code);
    }
}

#[test]
fn a_very_old_event_does_not_make_a_very_long_list_of_days() {
    let calendar = Calendar::new("Europe/Berlin", WeekStart::Monday).unwrap();
    let query = ChurnQuery {
        as_of: AsOf::Date("2025-06-01".parse().unwrap()),
        ..query(10)
    };
    let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let periods = RetentionPlan::new(&query.population(), &calendar, now).unwrap();
    let old: Timestamp = "0100-01-01T00:00:00Z".parse().unwrap();
    let plan = ChurnPlan::new(&query, &periods, Some(old));
    let Periods { starts, .. } = &plan.days;
    assert_eq!(starts.len(), 45_001);
    assert_eq!(starts.last().unwrap().to_string(), "2025-05-31");
    assert_eq!(plan.today, 45_001, "as-of is the end of the last day");
}
