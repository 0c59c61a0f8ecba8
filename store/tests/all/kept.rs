//! Sets on disk: found by the next start, never of another version, never believed when they are damaged.

use crate::engines::agree;
use crate::role::limited;
use crate::world::{World, settings, with_traits, worlds};
use analysis::query::{AsOf, CohortRange, RetentionKind, RetentionQuery};
use jiff::{SignedDuration, Timestamp};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sqlx::PgPool;
use store::{Engine, EventRecord, Store, Workspace};

/// A server that was just started: nothing in memory, and all is worth keeping.
async fn started(pool: &PgPool) -> Store {
    limited(pool.clone()).await.with_little_work(0)
}

/// Questions that share sets, and a few that don't.
fn questions(world: &World, runner: &mut TestRunner) -> Vec<RetentionQuery> {
    let later = world.from.saturating_add(jiff::Span::new().weeks(3));
    let asked = [
        (world.from, world.as_of),
        (later, world.as_of - SignedDuration::from_hours(7)),
        (world.from, "2025-06-01T00:00:00Z".parse().unwrap()),
    ];
    RetentionKind::ALL
        .into_iter()
        .flat_map(|kind| {
            let query = settings(kind).new_tree(runner).unwrap().current();
            asked.map(|(from, as_of)| RetentionQuery {
                cohorts: CohortRange::Between { from, to: None },
                as_of: AsOf::Instant(as_of),
                start_where: Vec::new(),
                active_where: Vec::new(),
                behaviours: Vec::new(),
                filters: world.filters.clone(),
                ..query.clone()
            })
        })
        .collect()
}

/// Every third customer does something that he had not done.
async fn late(store: &Store, workspace: &Workspace, world: &World) {
    let batch = store.open_batch(workspace.id, "test").await.unwrap();
    let events = world.customers.iter().step_by(3).map(|customer| {
        let at = world.as_of - SignedDuration::from_hours(36);
        customer.event(5_000, &("visit".to_owned(), at, None))
    });
    let events: Vec<EventRecord> = events.collect();
    store
        .write_events(workspace.id, batch, &events)
        .await
        .unwrap();
}

/// Those that have an answer.
async fn all_agree(store: &Store, workspace: &Workspace, queries: &[RetentionQuery]) {
    for query in queries {
        if store
            .retention(workspace, query, Timestamp::MAX)
            .await
            .is_ok()
        {
            agree(store, workspace, query).await;
        }
    }
}

async fn rows(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from activity_sets")
        .fetch_one(pool)
        .await
        .unwrap()
}

/// Takes away what sets are made from: who answers still has them.
async fn without_chunks(pool: &PgPool) {
    sqlx::query("update activity_chunk set days = '\\x07', quarters = '', rest = ''")
        .execute(pool)
        .await
        .unwrap();
    sqlx::query("update activity_shard set starts = '\\x07'")
        .execute(pool)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_start_answers_from_what_the_one_before_kept(pool: PgPool) {
    let mut runner = TestRunner::deterministic();
    for round in 0..3 {
        let world = worlds().new_tree(&mut runner).unwrap().current();
        let store = started(&pool).await;
        let workspace = world.store(&store, &format!("round-{round}")).await;
        store.fold_activity(workspace.id, 1).await.unwrap();
        let queries = questions(&world, &mut runner);
        all_agree(&store, &workspace, &queries).await;
        store.keep_sets().await.unwrap();
        // what was kept, and what was not, side by side
        let next = started(&pool).await;
        all_agree(&next, &workspace, &queries).await;
        // and with the traits in memory
        all_agree(&next, &workspace, &queries).await;
        late(&next, &workspace, &world).await;
        all_agree(&next, &workspace, &queries).await;
        all_agree(&started(&pool).await, &workspace, &queries).await;
    }
}

/// A world whose question is answered by the index, with its sets on disk.
async fn kept(pool: &PgPool) -> (Workspace, RetentionQuery, analysis::report::RetentionReport) {
    let store = started(pool).await;
    let traits: Vec<String> = (0..300).map(|n| format!("customer {n}")).collect();
    let traits: Vec<(&str, &str)> = traits.iter().map(|name| (&name[..], "{}")).collect();
    let mut world = with_traits(&traits);
    // Something after as-of, in the last period.
    let after = world.as_of - SignedDuration::from_hours(1);
    let told = ("visit".to_owned(), after, None);
    world.customers[0].events.push(told);
    let workspace = world.store(&store, "kept").await;
    store.fold_activity(workspace.id, 1).await.unwrap();
    let query = RetentionQuery {
        active: vec!["visit".to_owned()],
        cohorts: CohortRange::Between {
            from: world.from,
            to: None,
        },
        as_of: AsOf::Instant(after - SignedDuration::from_hours(24)),
        ..RetentionQuery::default()
    };
    let report = agree(&store, &workspace, &query).await;
    store.keep_sets().await.unwrap();
    (workspace, query, report)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nothing_else_is_read(pool: PgPool) {
    let (workspace, query, report) = kept(&pool).await;
    assert!(rows(&pool).await > 0);
    without_chunks(&pool).await;
    let store = started(&pool).await;
    let found = store.retention_by(Engine::Index, &workspace, &query, Timestamp::MAX);
    assert_eq!(found.await.unwrap(), report);
    // The comparison with the events is not fooled by them.
    let doubts = store.verify_activity(workspace.id, 1, |_, _| {}).await;
    assert!(!doubts.unwrap().is_empty());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn damaged_sets_are_made_anew(pool: PgPool) {
    let (workspace, query, report) = kept(&pool).await;
    let damage = [
        "update activity_sets set bytes = set_byte(bytes, 20, get_byte(bytes, 20) # 1)",
        "update activity_sets set bytes = substr(bytes, 1, length(bytes) - 1)",
        "update activity_sets set bytes = ''",
        // What makes sense is not believed without its checksum.
        "update activity_sets set bytes = substr(bytes, 1, length(bytes) - 32)",
    ];
    for damage in damage {
        sqlx::query(damage).execute(&pool).await.unwrap();
        let store = started(&pool).await;
        let found = store.retention_by(Engine::Index, &workspace, &query, Timestamp::MAX);
        assert_eq!(found.await.unwrap(), report, "{damage}");
        store.keep_sets().await.unwrap();
    }
    // The last answer mended what it found.
    without_chunks(&pool).await;
    let store = started(&pool).await;
    let found = store.retention_by(Engine::Index, &workspace, &query, Timestamp::MAX);
    assert_eq!(found.await.unwrap(), report);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn they_go_with_the_version_they_are_of(pool: PgPool) {
    let (workspace, query, _) = kept(&pool).await;
    let store = started(&pool).await;
    agree(&store, &workspace, &query).await;
    let of_another = "select count(*) from activity_sets k join shard s using (workspace_id, shard)
                      where k.version <> s.version";
    let before = rows(&pool).await;
    let batch = store.open_batch(workspace.id, "test").await.unwrap();
    let event = EventRecord {
        customer: "customer 7".into(),
        name: "visit".into(),
        at: "2024-05-01T00:00:00Z".parse().unwrap(),
        properties: None,
        key: None,
    };
    store
        .write_events(workspace.id, batch, &[event])
        .await
        .unwrap();
    assert_eq!(rows(&pool).await, before - 1);
    // What is in the memory of a server that has not heard of the write does not come back.
    store.keep_sets().await.unwrap();
    assert_eq!(rows(&pool).await, before - 1);
    let others: i64 = sqlx::query_scalar(of_another)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(others, 0);
    agree(&store, &workspace, &query).await;
    store.keep_sets().await.unwrap();
    assert_eq!(rows(&pool).await, before);
    store.reindex(workspace.id, |_, _| {}).await.unwrap();
    assert_eq!(rows(&pool).await, 0);
    store.keep_sets().await.unwrap();
    assert_eq!(rows(&pool).await, 0);
    agree(&store, &workspace, &query).await;
    store.keep_sets().await.unwrap();
    assert_eq!(rows(&pool).await, before);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_least_recently_used_questions_go(pool: PgPool) {
    let (workspace, query, report) = kept(&pool).await;
    let store = started(&pool).await;
    for min_count in 2..=9 {
        agree(&store, &workspace, &query_of(&query, min_count)).await;
        store.keep_sets().await.unwrap();
        if min_count == 5 {
            // asked again, by a server that has it not in memory
            let found = store.retention(&workspace, &query, Timestamp::MAX);
            assert_eq!(found.await.unwrap(), report);
            store.keep_sets().await.unwrap();
        }
    }
    let questions: i64 = sqlx::query_scalar("select count(distinct about) from activity_sets")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(questions, 8);
    without_chunks(&pool).await;
    let store = started(&pool).await;
    let index = |min_count| {
        let query = query_of(&query, min_count);
        let (store, workspace) = (store.clone(), workspace.clone());
        async move {
            let asked = store.retention_by(Engine::Index, &workspace, &query, Timestamp::MAX);
            asked.await.is_ok()
        }
    };
    assert!(index(1).await, "it was used again");
    assert!(!index(2).await, "it was used longest ago");
    assert!(index(3).await);
}

fn query_of(query: &RetentionQuery, min_count: u32) -> RetentionQuery {
    RetentionQuery {
        min_count,
        ..query.clone()
    }
}
