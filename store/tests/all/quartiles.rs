//! Questions about features against a naive program on random events.

pub(crate) mod engines;
pub(crate) mod naive;

use crate::role::limited;
use crate::world::{self, World, worlds};
use analysis::period::Grain;
use analysis::quartiles::{Group, Part, QuartileReport, Reading, Verdict, Wanted};
use analysis::query::{AsOf, CohortRange, QuartileQuery, TraitFilter, TraitTest, Zeros};
use jiff::Timestamp;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sqlx::PgPool;
use store::{Members, Store, StoreError, Workspace};

/// Rounds of random data; each asks several questions.
const ROUNDS: usize = 24;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn random_worlds_match_the_naive_program(pool: PgPool) {
    let store = limited(pool).await;
    let mut runner = TestRunner::deterministic();
    let mut split = 0;
    for round in 0..ROUNDS {
        let mut world: World = worlds().new_tree(&mut runner).unwrap().current();
        busy(&mut world);
        if round % 3 > 0 {
            // filters leave few people to split
            world.filters.clear();
        }
        let workspace = world.store(&store, &format!("round-{round}")).await;
        let features = [
            vec!["visit"],
            vec!["login"],
            vec!["login", "order"],
            vec!["never sent"],
        ];
        for (number, grain) in Grain::ALL.into_iter().enumerate() {
            let windows = [(1, 1), (2, 3), (1, 60), (4, 1)];
            let (exposure, outcome) = windows[(round + number) % windows.len()];
            let feature = &features[(round + number / 2) % features.len()];
            let query = QuartileQuery {
                feature: feature.iter().map(|&name| name.to_owned()).collect(),
                exposure,
                outcome,
                landmark: round % 2 == 0,
                zeros: Zeros::ALL[round / 2 % 2],
                active: ["order", "visit"][round % 2..]
                    .iter()
                    .map(|&name| name.to_owned())
                    .collect(),
                cohorts: CohortRange::Between {
                    from: world.from,
                    to: None,
                },
                as_of: AsOf::Instant(world.as_of),
                filters: world.filters.clone(),
                ..QuartileQuery::customary(grain)
            };
            let report = engines::agree(&store, &workspace, &query).await;
            let expected = naive::quartiles(&world, &query);
            let context = format!("round {round}, {query:#?}: {world:#?}");
            assert_eq!(report.not_over, expected.not_over, "{context}");
            for (found, expected) in [
                (&report.reading, &expected.asked),
                (&report.other, &expected.other),
            ] {
                assert_eq!(naive::Reading::from(found), *expected, "{context}");
                split += usize::from(found.quartiles.is_some());
            }
            assert_eq!(report.query, query);
            groups_hold_whom_they_count(&store, &workspace, &report, &context).await;
        }
    }
    assert!(split > 30, "{split} questions had groups");
}

/// Each group as a set has as many customers as the report says, and nobody is in two.
async fn groups_hold_whom_they_count(
    store: &Store,
    workspace: &Workspace,
    report: &QuartileReport,
    context: &str,
) {
    let mut all = Members::default();
    let mut sum = 0;
    for part in Part::ALL {
        let members = store.group_members(workspace, &report.query, Timestamp::MAX, part);
        let members = members.await;
        let split = report.reading.quartiles.is_some();
        let Some(group) = report.reading.group(part).filter(|_| split) else {
            assert!(matches!(members, Err(StoreError::NotFound)), "{context}");
            continue;
        };
        let members = members.unwrap();
        assert_eq!(members.len(), group.customers, "{part:?} {context}");
        all.or(&members);
        sum += members.len();
    }
    assert_eq!(all.len(), sum);
}

/// Adds events soon after the signup, so that usage varies.
fn busy(world: &mut World) {
    for (number, customer) in world.customers.iter_mut().enumerate() {
        let Some(start) = customer.signup() else {
            continue;
        };
        let hour = jiff::SignedDuration::from_hours(5);
        let events = (0..number * 7 % 6).map(|n| {
            let name = ["login", "visit", "login", "order"][(n + number) % 4];
            (
                name.to_owned(),
                start + hour * i32::try_from(n).unwrap(),
                None,
            )
        });
        customer.events.extend(events);
    }
}

/// Four hundred customers of a made-up product: the more they draw, the longer they stay.
fn drawers() -> World {
    let people = (0..400_u32).map(|number| {
        let uses = number % 8;
        // three of four heavy users stay, one of four light ones
        let stays = number / 8 % 4 < if uses >= 4 { 3 } else { 1 };
        (number, uses, stays)
    });
    let start: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap();
    let hour = jiff::SignedDuration::from_hours(1);
    let customers = people.map(|(number, uses, stays)| {
        let mut events = vec![("visit".to_owned(), start + hour, None)];
        events.extend((0..uses).map(|n| {
            (
                "draw".to_owned(),
                start + hour * (2 + i32::try_from(n).unwrap()),
                None,
            )
        }));
        if stays {
            events.push(("visit".to_owned(), start + hour * 24 * 8, None));
        }
        world::Customer {
            id: format!("customer {number}"),
            signup_given: Some(start),
            traits: serde_json::Map::new(),
            events,
        }
    });
    World {
        customers: customers.collect(),
        from: "2025-01-01".parse().unwrap(),
        as_of: "2025-03-01T00:00:00Z".parse().unwrap(),
        ..world::with_traits(&[])
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_feature_that_keeps_people_is_found(pool: PgPool) {
    let store = limited(pool).await;
    let world = drawers();
    let workspace = world.store(&store, "drawers").await;
    let query = QuartileQuery {
        exposure: 1,
        outcome: 1,
        active: vec!["visit".to_owned()],
        as_of: AsOf::Instant(world.as_of),
        ..QuartileQuery::default()
    };
    let report = engines::agree(&store, &workspace, &query).await;
    assert_eq!(report.query.feature, ["draw"], "the first of the scan");
    let Reading {
        verdict,
        quartiles,
        never,
        ..
    } = &report.reading;
    assert_eq!(*verdict, Verdict::Confirmed, "{report:#?}");
    let quartiles = quartiles.as_ref().unwrap();
    assert_eq!((quartiles.cuts.bottom, quartiles.cuts.top), (2, 6));
    let group = |customers, left| (customers, left);
    let counts = |group: &Group| (group.customers, group.left);
    assert_eq!(counts(&quartiles.infrequent), group(100, 74));
    assert_eq!(counts(&quartiles.high), group(100, 24));
    assert_eq!(never.as_ref().map(counts), Some(group(50, 37)));
    assert_eq!(report.scan[0].verdict, Verdict::Confirmed);
    assert!(report.scan[0].stands());
    assert_eq!(report.scan.len(), 2);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn questions_that_have_no_answer(pool: PgPool) {
    let store = limited(pool).await;
    let world = world::with_traits(&[("a", r#"{"plan": "pro"}"#), ("b", "{}")]);
    let workspace = world.store(&store, "two").await;
    let ask = |query: QuartileQuery| {
        let (store, workspace) = (store.clone(), workspace.clone());
        async move {
            store
                .quartiles(
                    &workspace,
                    &query,
                    Wanted::Both,
                    "2026-06-01T00:00:00Z".parse().unwrap(),
                )
                .await
        }
    };
    let none = ask(QuartileQuery::default()).await;
    assert!(matches!(none, Err(StoreError::NoActivity)), "{none:?}");
    let active = vec!["visit".to_owned()];
    let bad = ask(QuartileQuery {
        exposure: 0,
        active: active.clone(),
        ..QuartileQuery::default()
    })
    .await;
    assert!(matches!(bad, Err(StoreError::Query(_))), "{bad:?}");
    // everybody used it once: no groups, no verdict
    let same = ask(QuartileQuery {
        active: active.clone(),
        landmark: false,
        ..QuartileQuery::default()
    })
    .await
    .unwrap();
    assert_eq!(same.reading.verdict, Verdict::NotEnoughVariation);
    assert_eq!((same.reading.customers, same.other.gone), (2, 2));
    // nobody at all
    let nobody = ask(QuartileQuery {
        active: active.clone(),
        filters: vec![TraitFilter {
            name: "plan".to_owned(),
            test: TraitTest::Is(vec!["team".to_owned()]),
        }],
        ..QuartileQuery::default()
    })
    .await
    .unwrap();
    assert_eq!((nobody.reading.customers, nobody.not_over), (0, 0));
    assert!(nobody.query.feature.is_empty() && nobody.scan.is_empty());
    // internal customers are not counted
    let filter = TraitFilter {
        name: "plan".to_owned(),
        test: TraitTest::Set,
    };
    store.set_internal(workspace.id, &[filter]).await.unwrap();
    let workspace = store.workspace("two").await.unwrap();
    let query = QuartileQuery {
        active,
        landmark: false,
        ..QuartileQuery::default()
    };
    let one = store
        .quartiles(
            &workspace,
            &query,
            Wanted::Both,
            "2026-06-01T00:00:00Z".parse().unwrap(),
        )
        .await
        .unwrap();
    assert_eq!((one.reading.customers, one.internal), (1, 1));
}

/// The index is asked again and again while events come in, are folded, and as-of moves: what it has in memory is never
/// older than the events. The same with so little memory that nothing stays there.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn memory_is_never_behind(pool: PgPool) {
    for bytes in [store::INDEX_MEMORY, 1] {
        let store = limited(pool.clone()).await.with_index_memory(bytes);
        let mut world = drawers();
        let late = world.customers.split_off(300);
        let workspace = world.store(&store, &format!("memory-{bytes}")).await;
        let query = |as_of: &str| QuartileQuery {
            exposure: 1,
            outcome: 1,
            active: vec!["visit".to_owned()],
            as_of: AsOf::Instant(as_of.parse().unwrap()),
            ..QuartileQuery::default()
        };
        let before = engines::agree(&store, &workspace, &query("2025-03-01T00:00:00Z")).await;
        assert_eq!(before.reading.customers, 300);
        let batch = store.open_batch(workspace.id, "late").await.unwrap();
        for (number, some) in late.chunks(40).enumerate() {
            let events: Vec<_> = some
                .iter()
                .flat_map(world::Customer::event_records)
                .collect();
            store
                .write_events(workspace.id, batch, &events)
                .await
                .unwrap();
            if number == 1 {
                store.fold_activity(workspace.id, 1).await.unwrap();
            }
            // exactly at the end of everybody's window, and just before
            for as_of in ["2025-01-15T01:00:00Z", "2025-01-15T00:59:59.999999Z"] {
                engines::agree(&store, &workspace, &query(as_of)).await;
            }
        }
        let after = engines::agree(&store, &workspace, &query("2025-03-01T00:00:00Z")).await;
        assert_eq!(after.reading.customers, 400);
        let other = QuartileQuery {
            outcome: 2,
            active: vec!["draw".to_owned(), "visit".to_owned()],
            ..query("2025-03-01T00:00:00Z")
        };
        engines::agree(&store, &workspace, &other).await;
    }
}
