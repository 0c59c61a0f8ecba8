//! Questions about leaving against a naive program on random events.

mod naive;

use crate::role::limited;
use crate::world::{self, World, worlds};
use analysis::period::Grain;
use analysis::query::{AsOf, ChurnQuery, CohortRange, TraitFilter, TraitTest};
use jiff::{SignedDuration, Timestamp};
use naive::{Lost, Oracle, Period};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sqlx::PgPool;
use store::{ChurnAnswer, Engine, Store, StoreError, Workspace};

/// Rounds of random data; each asks several questions.
const ROUNDS: usize = 32;

const THRESHOLDS: [Option<u32>; 6] = [None, Some(1), Some(7), Some(30), Some(90), Some(400)];

/// What both engines say.
async fn agree(store: &Store, workspace: &Workspace, query: &ChurnQuery) -> ChurnAnswer {
    let by = |engine| store.churn_by(engine, workspace, query, (Timestamp::MAX, usize::MAX));
    let answer = by(Engine::Index).await.unwrap();
    assert_eq!(by(Engine::Reference).await.unwrap(), answer, "{query:#?}");
    answer
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn random_worlds_match_the_naive_program(pool: PgPool) {
    let store = limited(pool).await;
    let mut runner = TestRunner::deterministic();
    let (mut lost, mut quiet, mut proposed, mut returned) = (0, 0, 0, 0);
    for round in 0..ROUNDS {
        let mut world: World = worlds().new_tree(&mut runner).unwrap().current();
        steady(&mut world);
        if round % 3 > 0 {
            world.filters.clear();
        }
        if round == 0 {
            world.customers.truncate(1);
        }
        let workspace = world.store(&store, &format!("round-{round}")).await;
        for (number, grain) in [Grain::Week, Grain::Month, Grain::Quarter, Grain::Year]
            .into_iter()
            .enumerate()
        {
            let any_event = round % 4 == 3;
            let names = ["order", "visit"][round % 2..].iter();
            let query = ChurnQuery {
                periods: CohortRange::Between {
                    from: world.from,
                    to: None,
                },
                threshold: THRESHOLDS[(round + number) % THRESHOLDS.len()],
                sticky_days: [7, 28, 2, 90][(round + number) % 4],
                pace: [50, 90, 20][round % 3],
                active: names
                    .filter(|_| !any_event)
                    .map(|&name| name.to_owned())
                    .collect(),
                any_event,
                filters: world.filters.clone(),
                as_of: AsOf::Instant(world.as_of),
                ..ChurnQuery::customary(grain)
            };
            let found = agree(&store, &workspace, &query).await;
            compare(&world, &query, &found);
            // any period can be looked at, by any of its dates
            for period in &found.report.periods {
                let one = ChurnQuery {
                    period: Some(period.last),
                    ..query.clone()
                };
                let looked = agree(&store, &workspace, &one).await;
                if period.churn.is_some() {
                    assert_eq!(looked.report.picked, Some(period.start));
                }
                compare(&world, &one, &looked);
                lost += looked.lost.len();
                returned += looked.lost.iter().filter(|one| one.back.is_some()).count();
                if number > 0 {
                    break;
                }
            }
            quiet += found.quiet.len();
            proposed += usize::from(found.report.returns.proposal().is_some());
        }
    }
    assert!(lost > 100, "{lost} were lost");
    assert!(quiet > 20, "{quiet} were leaving quietly");
    assert!(returned > 5, "{returned} came back");
    assert!(proposed > 20, "{proposed} thresholds were proposed");
}

/// Adds customers' habits, so that there is a pace, and an end to it.
fn steady(world: &mut World) {
    let begin: Timestamp = "2024-06-01T05:00:00Z".parse().unwrap();
    for (number, customer) in world.customers.iter_mut().enumerate() {
        let every = i32::try_from(number % 5 + 1).unwrap();
        let days = [90, 240, 300][number % 3] / every;
        let events = (0..days).map(|n| {
            // the longer, the rarer for some
            let stretch = if number % 4 == 0 { n / 20 } else { 0 };
            let day = SignedDuration::from_hours(24) * (every * n + stretch * n);
            ("visit".to_owned(), begin + day, None)
        });
        customer.events.extend(events);
    }
}

fn compare(world: &World, query: &ChurnQuery, found: &ChurnAnswer) {
    let oracle = Oracle::new(world, query);
    let report = &found.report;
    let context = format!("{query:#?}: {world:#?}");
    let customers = u64::try_from(oracle.customers()).unwrap();
    assert_eq!(report.customers, customers, "{context}");
    let returns = &report.returns;
    assert_eq!(
        (
            returns.horizon,
            returns.after.clone(),
            returns.open,
            returns.too_recent
        ),
        oracle.returns(),
        "{context}"
    );
    assert_eq!(report.threshold, oracle.threshold(), "{context}");
    let periods: Vec<Period> = report.periods.iter().map(Period::from).collect();
    assert_eq!(periods, oracle.periods(), "{context}");
    for period in &report.periods {
        if let Some(churn) = period.churn {
            let next = report.periods.iter().find(|one| one.start > period.last);
            if let Some(next) = next {
                assert_eq!(churn.closing(), next.opening, "{context}");
            }
        }
    }
    let (known, quiet) = oracle.quiet();
    let mut names: Vec<String> = found.quiet.iter().map(|one| one.customer.clone()).collect();
    names.sort();
    assert_eq!((report.quiet.known, names), (known, quiet), "{context}");
    let Some((picked, churn)) = report.picked_period() else {
        assert!(found.lost.is_empty(), "{context}");
        return;
    };
    let mut lost: Vec<Lost> = found
        .lost
        .iter()
        .map(|one| {
            let days = usize::try_from(one.active_days).unwrap();
            (one.customer.clone(), one.last_active, days, one.back)
        })
        .collect();
    lost.sort();
    assert_eq!(lost, oracle.lost(picked.start), "{context}");
    assert_eq!(lost.len(), usize::try_from(churn.lost).unwrap());
    let fading = report.fading.as_ref().unwrap();
    for (week, back) in fading.lost.iter().rev().zip(0..) {
        let expected = oracle.lost_week(picked.start, back);
        assert_eq!((week.customers, week.days), expected, "{context}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_empty_workspace_and_one_customer(pool: PgPool) {
    let store = limited(pool).await;
    let now: Timestamp = "2025-08-15T12:00:00Z".parse().unwrap();
    let query = ChurnQuery {
        active: vec!["visit".to_owned()],
        threshold: Some(30),
        ..ChurnQuery::default()
    };
    let nobody = world::with_traits(&[]).store(&store, "nobody").await;
    let none = store.churn(&nobody, &ChurnQuery::default(), now, 9).await;
    assert!(matches!(none, Err(StoreError::NoActivity)), "{none:?}");
    let empty = store.churn(&nobody, &query, now, 9).await.unwrap();
    assert_eq!((empty.report.customers, empty.report.picked), (0, None));
    assert!(empty.report.periods.is_empty() && empty.lost.is_empty());
    assert_eq!(
        analysis::words::churn_headline(&empty.report),
        "Nobody was active yet."
    );

    // once on 1 May: new in May, lost in June by a threshold of 30 days
    let world = world::with_traits(&[("a", r#"{"plan": "pro"}"#), ("b", "{}")]);
    let workspace = world.store(&store, "two").await;
    let june = ChurnQuery {
        period: Some("2025-06-30".parse().unwrap()),
        filters: vec![TraitFilter {
            name: "plan".to_owned(),
            test: TraitTest::Set,
        }],
        ..query.clone()
    };
    let found = store.churn(&workspace, &june, now, 9).await.unwrap();
    let moves: Vec<_> = found
        .report
        .periods
        .iter()
        .map(|one| {
            (
                one.start.to_string(),
                one.opening,
                one.churn.map(|of| (of.lost, of.new)),
            )
        })
        .collect();
    // 31 days lie between 1 May and 1 June: already gone again by then
    assert_eq!(
        moves,
        [
            ("2025-05-01".to_owned(), 0, Some((0, 0))),
            ("2025-06-01".to_owned(), 0, Some((0, 0))),
            ("2025-07-01".to_owned(), 0, Some((0, 0))),
            ("2025-08-01".to_owned(), 0, None),
        ]
    );
    let longer = ChurnQuery {
        threshold: Some(31),
        ..june
    };
    let found = store.churn(&workspace, &longer, now, 9).await.unwrap();
    let (period, churn) = found.report.picked_period().unwrap();
    assert_eq!(
        (period.start.to_string(), churn.opening, churn.lost),
        ("2025-06-01".to_owned(), 1, 1)
    );
    assert_eq!(found.lost.len(), 1);
    assert_eq!(found.lost[0].customer, "a");
    assert_eq!(found.lost[0].last_active.to_string(), "2025-05-01");

    let bad = ChurnQuery {
        grain: Grain::Day,
        ..query
    };
    let bad = store.churn(&workspace, &bad, now, 9).await;
    assert!(matches!(bad, Err(StoreError::Query(_))), "{bad:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn lists_are_cut_and_internal_customers_are_left_out(pool: PgPool) {
    let store = limited(pool).await;
    let now: Timestamp = "2025-08-15T12:00:00Z".parse().unwrap();
    let people: Vec<(&str, &str)> = vec![
        ("a", r#"{"plan": "pro"}"#),
        ("b", "{}"),
        ("c", "{}"),
        ("d", "{}"),
    ];
    let workspace = world::with_traits(&people).store(&store, "four").await;
    let query = ChurnQuery {
        active: vec!["visit".to_owned()],
        threshold: Some(40),
        period: Some("2025-06-01".parse().unwrap()),
        ..ChurnQuery::default()
    };
    let found = store.churn(&workspace, &query, now, 3).await.unwrap();
    assert_eq!(found.report.picked_period().unwrap().1.lost, 4);
    assert_eq!(found.lost.len(), 3);
    let filter = TraitFilter {
        name: "plan".to_owned(),
        test: TraitTest::Set,
    };
    store.set_internal(workspace.id, &[filter]).await.unwrap();
    let workspace = store.workspace("four").await.unwrap();
    let found = store.churn(&workspace, &query, now, 9).await.unwrap();
    assert_eq!(found.report.picked_period().unwrap().1.lost, 3);
    assert_eq!(found.report.internal, 1);
    let mut names: Vec<&str> = found.lost.iter().map(|one| one.customer.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["b", "c", "d"]);
}
