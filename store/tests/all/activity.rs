//! The activity index while it is written, folded, damaged and made anew: always the reference's report.

use crate::engines::agree;
use crate::role::limited;
use crate::world::{Customer, World, settings, with_traits, worlds};
use analysis::period::Grain;
use analysis::query::{AsOf, CohortRange, RetentionKind, RetentionQuery};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sqlx::PgPool;
use store::{CustomerRecord, Engine, EventRecord, Store, StoreError, Workspace, shard};

/// Questions that share what is in memory, and some that can't.
async fn all_agree(store: &Store, workspace: &Workspace, world: &World, runner: &mut TestRunner) {
    let dates = ["2024-05-13", "2024-01-17", "2024-02-29", "2024-11-01"];
    for (place, from) in dates.into_iter().enumerate() {
        let kind = RetentionKind::ALL[place];
        let query = settings(kind).new_tree(runner).unwrap().current();
        let shown = [Grain::Week, Grain::Month, Grain::Week, Grain::Day];
        let filters = world.filters.iter().filter(|_| place % 2 == 0);
        // Mostly without what the index leaves to the reference.
        let query = match place {
            0 => query,
            _ => RetentionQuery {
                start_where: Vec::new(),
                active_where: Vec::new(),
                behaviours: Vec::new(),
                ..query
            },
        };
        let query = RetentionQuery {
            grain: shown[place],
            cohorts: CohortRange::Between {
                from: from.parse().unwrap(),
                to: None,
            },
            filters: filters.cloned().collect(),
            ..query
        };
        let day = Date::constant(2024, 12, 29);
        let instants = [
            world.as_of,
            "2025-06-01T00:00:00Z".parse().unwrap(),
            world.as_of + SignedDuration::from_micros(1),
        ];
        for as_of in instants
            .map(AsOf::Instant)
            .into_iter()
            .chain([AsOf::Date(day)])
        {
            let query = RetentionQuery {
                as_of,
                ..query.clone()
            };
            // A question whose cohorts begin after its as-of has no answer.
            match store.retention(workspace, &query, Timestamp::MAX).await {
                Err(StoreError::Query(_)) => {}
                _ => {
                    agree(store, workspace, &query).await;
                }
            }
        }
    }
}

/// Writes a part of the world: every third event of every customer, and what is known of a third of them.
async fn write_part(store: &Store, workspace: &Workspace, world: &World, turn: usize) {
    let batch = store.open_batch(workspace.id, "test").await.unwrap();
    let events: Vec<EventRecord> = world
        .customers
        .iter()
        .flat_map(|customer| customer.event_records().skip(turn).step_by(3))
        .collect();
    store
        .write_events(workspace.id, batch, &events)
        .await
        .unwrap();
    let customers: Vec<CustomerRecord> = world
        .customers
        .iter()
        .skip(turn)
        .step_by(3)
        .map(Customer::record)
        .collect();
    store
        .write_customers(workspace.id, &customers)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn engines_agree_while_the_index_grows(pool: PgPool) {
    let mut runner = TestRunner::deterministic();
    for round in 0..12_usize {
        // The smallest memory forgets everything at once.
        let memory = [store::INDEX_MEMORY, 30_000, 0][round % 3];
        let store = limited(pool.clone()).await.with_index_memory(memory);
        // Half of the worlds are read by several connections at once.
        let store = match round % 2 {
            0 => store.with_little_work(0),
            _ => store,
        };
        let world = worlds().new_tree(&mut runner).unwrap().current();
        let empty = World {
            customers: Vec::new(),
            ..world.clone()
        };
        let workspace = empty.store(&store, &format!("round-{round}")).await;
        all_agree(&store, &workspace, &world, &mut runner).await;
        for turn in 0..3 {
            write_part(&store, &workspace, &world, turn).await;
            all_agree(&store, &workspace, &world, &mut runner).await;
            if (round + turn) % 2 == 0 {
                store.fold_activity(workspace.id, 1).await.unwrap();
                all_agree(&store, &workspace, &world, &mut runner).await;
            }
            // the same once more is stored once
            write_part(&store, &workspace, &world, turn).await;
            let doubts = store
                .verify_activity(workspace.id, 1, |_, _| {})
                .await
                .unwrap();
            assert_eq!(doubts, [], "round {round}, turn {turn}");
        }
        assert_eq!(store.fold_activity(workspace.id, 1_000).await.unwrap(), 0);
        store.reindex(workspace.id, |_, _| {}).await.unwrap();
        assert_eq!(store.fold_activity(workspace.id, 1).await.unwrap(), 0);
        all_agree(&store, &workspace, &world, &mut runner).await;
        let doubts = store
            .verify_activity(workspace.id, 1, |_, _| {})
            .await
            .unwrap();
        assert_eq!(doubts, []);
    }
}

/// A workspace with many customers in one shard's journal, and a question about them.
async fn small(store: &Store) -> (Workspace, World, RetentionQuery) {
    let names: Vec<String> = (0..100).map(|n| format!("customer {n}")).collect();
    let traits: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "{}")).collect();
    let world = with_traits(&traits);
    let workspace = world.store(store, "small").await;
    let query = RetentionQuery {
        active: vec!["visit".to_owned()],
        cohorts: CohortRange::Between {
            from: world.from,
            to: None,
        },
        as_of: AsOf::Instant(world.as_of),
        ..RetentionQuery::default()
    };
    (workspace, world, query)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn writers_and_folding_side_by_side(pool: PgPool) {
    let store = limited(pool).await;
    let (workspace, world, query) = small(&store).await;
    let write = |turn: usize| {
        let (store, workspace, world) = (store.clone(), workspace.clone(), world.clone());
        async move {
            let batch = store.open_batch(workspace.id, "test").await.unwrap();
            for round in 0..10_usize {
                let events: Vec<EventRecord> = world
                    .customers
                    .iter()
                    .map(|customer| {
                        let at = world.as_of
                            - SignedDuration::from_hours(i64::try_from(round * 7 + turn).unwrap());
                        let told = ("visit".to_owned(), at, None);
                        customer.event(1000 + turn * 10 + round, &told)
                    })
                    .collect();
                store
                    .write_events(workspace.id, batch, &events)
                    .await
                    .unwrap();
            }
        }
    };
    let fold = async {
        let mut folded = 0;
        for _ in 0..10 {
            folded += store.fold_activity(workspace.id, 1).await.unwrap();
            let report = store
                .retention_by(Engine::Index, &workspace, &query, Timestamp::MAX)
                .await
                .unwrap();
            assert_eq!(report.customers, 100);
        }
        folded
    };
    let fold_too = async {
        for _ in 0..5 {
            store.fold_activity(workspace.id, 1).await.unwrap();
            store.reindex(workspace.id, |_, _| {}).await.unwrap();
        }
    };
    let ((), (), (), folded, ()) = tokio::join!(write(0), write(1), write(2), fold, fold_too);
    assert!(folded > 0);
    let doubts = store
        .verify_activity(workspace.id, 1, |_, _| {})
        .await
        .unwrap();
    assert_eq!(doubts, []);
    store.fold_activity(workspace.id, 1).await.unwrap();
    agree(&store, &workspace, &query).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_damaged_index_is_found_passed_over_and_mended(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let (workspace, _, query) = small(&store).await;
    store.fold_activity(workspace.id, 1).await.unwrap();
    let reference = store
        .retention_by(Engine::Reference, &workspace, &query, Timestamp::MAX)
        .await
        .unwrap();
    let damage = [
        "update activity_chunk set days = substr(days, 1, length(days) - 1) where shard = $1",
        "update activity_shard set starts = '\\x07' where shard = $1",
        "with written as (
             update shard set version = version + 1 where shard = $1 returning workspace_id, shard, version
         )
         insert into activity_journal (workspace_id, shard, version, segment)
         select workspace_id, shard, version, '\\x01ff' from written",
    ];
    let hurt = shard("customer 5");
    for statement in damage {
        // Another store has nothing in memory.
        let store = limited(pool.clone()).await;
        sqlx::query(statement)
            .bind(hurt)
            .execute(&pool)
            .await
            .unwrap();
        let index = store
            .retention_by(Engine::Index, &workspace, &query, Timestamp::MAX)
            .await;
        assert!(matches!(index, Err(StoreError::Index(_))), "{index:?}");
        let fastest = store.retention(&workspace, &query, Timestamp::MAX).await;
        assert_eq!(fastest.unwrap(), reference);
        let doubts = store
            .verify_activity(workspace.id, 1, |_, _| {})
            .await
            .unwrap();
        assert_eq!(doubts.len(), 1);
        assert_eq!(doubts[0].shard, hurt);
        let mut told = Vec::new();
        store
            .reindex(workspace.id, |done, of| told.push((done, of)))
            .await
            .unwrap();
        assert_eq!(told.first().unwrap().0, 0);
        assert_eq!(told.last().unwrap().0, told.last().unwrap().1);
        agree(&store, &workspace, &query).await;
    }
    // What is lost without a trace is found by the comparison.
    sqlx::query("delete from activity_chunk where shard = $1")
        .bind(hurt)
        .execute(&pool)
        .await
        .unwrap();
    let doubts = store
        .verify_activity(workspace.id, 1, |_, _| {})
        .await
        .unwrap();
    assert!(doubts[0].problem.contains("it lacks"), "{doubts:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn shards_from_before_the_index(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let (workspace, world, query) = small(&store).await;
    let clear = [
        "delete from activity_journal",
        "delete from activity_chunk",
        "delete from activity_shard",
        "update shard set indexed = false, version = 0, traits_version = 0",
    ];
    for statement in clear {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let store = limited(pool.clone()).await;
    write_part(&store, &workspace, &world, 0).await;
    let index = store
        .retention_by(Engine::Index, &workspace, &query, Timestamp::MAX)
        .await;
    assert!(matches!(index, Err(StoreError::NotFound)), "{index:?}");
    assert_eq!(
        store
            .retention(&workspace, &query, Timestamp::MAX)
            .await
            .unwrap()
            .customers,
        100
    );
    store.index_missing().await.unwrap();
    agree(&store, &workspace, &query).await;
    let doubts = store
        .verify_activity(workspace.id, 1, |_, _| {})
        .await
        .unwrap();
    assert_eq!(doubts, []);
}
