//! Erasing a customer: afterwards everything is as if he had never been there, and nothing brings him back.

use crate::definitions::given::{definitions, keep, nothing_doubtful, save};
use crate::engines::agree;
use crate::role::limited;
use crate::world::{Customer, World, settings, worlds};
use crate::writer::{check_numbers, event, second, stored_events, written};
use analysis::query::{AsOf, Behaviour, CohortRange, RetentionKind, RetentionQuery};
use analysis::report::RetentionReport;
use analysis::segment::Condition;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use sqlx::PgPool;
use std::collections::BTreeSet;
use store::{CustomerRecord, EventRecord, NewSegment, Store, StoreError, Workspace, shard};

/// Rounds of random data.
const ROUNDS: u32 = 12;

/// The same world with all customers in two shards, so that numbers in them close up.
fn crowded(mut world: World) -> World {
    let ids = (0..).map(|number| format!("c{number}"));
    let mut ids = ids.filter(|id| matches!(shard(id), 3 | 7));
    for customer in &mut world.customers {
        customer.id = ids.next().unwrap();
    }
    world
}

/// What both engines answer, but for how far data have come: that is an instant of the workspace's, and stays.
async fn answer(store: &Store, workspace: &Workspace, query: &RetentionQuery) -> RetentionReport {
    RetentionReport {
        watermark: None,
        watermark_local: None,
        ..agree(store, workspace, query).await
    }
}

/// All stored events; those of the definition's stream are called by its number, which is another in each workspace.
async fn events(pool: &PgPool, workspace: &Workspace) -> Vec<(String, String, i64, Option<Value>)> {
    let mut events = stored_events(pool, workspace.id).await;
    for (_, name, _, _) in &mut events {
        if name.starts_with("activity ") {
            "derived".clone_into(name);
        }
    }
    events
}

/// The ids of a segment's members.
async fn members(store: &Store, pool: &PgPool, workspace: &Workspace) -> BTreeSet<String> {
    let members = store
        .segment_members(workspace.id, "some", Timestamp::MAX)
        .await
        .unwrap();
    let all: Vec<(i16, i32, String)> = sqlx::query_as(
        "select shard, customer_no, external_id from customer where workspace_id = $1",
    )
    .bind(workspace.id.0)
    .fetch_all(pool)
    .await
    .unwrap();
    let found = all
        .into_iter()
        .filter(|(shard, number, _)| members.has(*shard, number.unsigned_abs()));
    let found: BTreeSet<String> = found.map(|(_, _, id)| id).collect();
    assert_eq!(members.len(), u64::try_from(found.len()).unwrap());
    found
}

/// A frozen segment and a definition of activity, both of which name customers by their numbers.
async fn rest_on(store: &Store, workspace: &Workspace) {
    save(store, workspace, "derived", &definitions()[0]).await;
    keep(store, workspace).await;
    let new = NewSegment {
        slug: "some".to_owned(),
        name: "Some".to_owned(),
        description: String::new(),
    };
    let condition = Condition::Behaviour(Behaviour {
        event: "visit".to_owned(),
        did: true,
        at_least: 1,
        days: None,
    });
    store
        .save_segment(workspace.id, &new, &condition)
        .await
        .unwrap();
    store
        .freeze_segment(workspace, "some", Timestamp::MAX)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn all_is_as_if_he_had_never_been_there(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let mut runner = TestRunner::deterministic();
    for round in 0..ROUNDS {
        let some = worlds().prop_filter("somebody", |world| !world.customers.is_empty());
        let world = crowded(some.new_tree(&mut runner).unwrap().current());
        let whole = world.store(&store, &format!("whole-{round}")).await;
        rest_on(&store, &whole).await;
        let questions: Vec<RetentionQuery> = RetentionKind::ALL
            .into_iter()
            .map(|kind| RetentionQuery {
                cohorts: CohortRange::Between {
                    from: world.from,
                    to: None,
                },
                as_of: AsOf::Instant(world.as_of),
                filters: world.filters.clone(),
                ..settings(kind).new_tree(&mut runner).unwrap().current()
            })
            .collect();
        // what was answered before is in memory
        for query in &questions {
            answer(&store, &whole, query).await;
        }
        let chosen = proptest::collection::vec(any::<prop::sample::Index>(), 1..4);
        let chosen = chosen.new_tree(&mut runner).unwrap().current();
        let gone: BTreeSet<String> = chosen
            .iter()
            .map(|one| one.get(&world.customers).id.clone())
            .collect();
        for id in &gone {
            let stored = store.traces(whole.id, id).await;
            let told = world.customers.iter().find(|one| one.id == *id).unwrap();
            if let Ok(stored) = &stored {
                assert_eq!(stored.events, u64::try_from(told.events.len()).unwrap());
                let instants = || told.events.iter().map(|(_, at, _)| *at);
                assert_eq!(stored.span, instants().min().zip(instants().max()));
            }
            store.erase_customer(whole.id, id).await.unwrap();
            let again = store.erase_customer(whole.id, id).await;
            assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
        }

        let rest = World {
            customers: world
                .customers
                .iter()
                .filter(|one| !gone.contains(&one.id))
                .cloned()
                .collect(),
            ..world.clone()
        };
        let without = rest.store(&store, &format!("without-{round}")).await;
        rest_on(&store, &without).await;
        for twice in [false, true] {
            if twice {
                bring_in_again(&store, &world, &whole, &gone).await;
            }
            keep(&store, &whole).await;
            assert_eq!(events(&pool, &whole).await, events(&pool, &without).await);
            check_numbers(&pool, whole.id).await;
            assert_eq!(
                store.customers(whole.id).await.unwrap(),
                store.customers(without.id).await.unwrap()
            );
            assert_eq!(
                members(&store, &pool, &whole).await,
                members(&store, &pool, &without).await
            );
            nothing_doubtful(&store, &whole).await;
            for query in &questions {
                assert_eq!(
                    answer(&store, &whole, query).await,
                    answer(&store, &without, query).await,
                    "round {round}, without {gone:?}: {query:#?} {world:#?}"
                );
            }
        }
    }
}

/// The same rows once more: those of the erased are left out, all others are there already.
async fn bring_in_again(
    store: &Store,
    world: &World,
    workspace: &Workspace,
    gone: &BTreeSet<String>,
) {
    let customers: Vec<CustomerRecord> = world.customers.iter().map(Customer::record).collect();
    let stored = store.write_customers(workspace.id, &customers).await;
    let stored = stored.unwrap();
    let erased = u64::try_from(gone.len()).unwrap();
    assert_eq!((stored.erased, stored.customers_new), (erased, 0));
    let batch = store.open_batch(workspace.id, "again").await.unwrap();
    let events = world.customers.iter().flat_map(Customer::event_records);
    let events: Vec<EventRecord> = events.collect();
    let stored = store.write_events(workspace.id, batch, &events).await;
    let stored = stored.unwrap();
    let erased = events
        .iter()
        .filter(|event| gone.contains(event.customer.as_str()));
    assert_eq!(stored.erased, u64::try_from(erased.count()).unwrap());
    assert_eq!((stored.stored, stored.customers_new), (0, 0));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn counts_and_rejected_rows_forget_him(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = crate::writer::workspace(&store, "here").await;
    let batch = store.open_batch(here, "test").await.unwrap();
    let rows = [
        event("ann", "open", 10, 1),
        event("ann", "close", 20, 2),
        event("bob", "open", 30, 3),
    ];
    store.write_events(here, batch, &rows).await.unwrap();
    let traits = serde_json::json!({"mail": "ann@example.com"});
    let record = CustomerRecord {
        customer: "ann".to_owned(),
        signup_at: Some(second(5)),
        account: None,
        traits: crate::writer::object(&traits),
    };
    store.write_customers(here, &[record]).await.unwrap();
    sqlx::query(
        "update event_name n set events = (select count(*) from event e where e.event_name_id = n.event_name_id)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let rejected = [
        "ann,open,yesterday",
        "\"ann\";\"open\";\"no time\"",
        "{\"user\": \"ann\", \"at\": 1}",
        "joanna,open,yesterday",
        "hannah;ann-marie;x",
    ];
    for raw in rejected {
        sqlx::query("insert into quarantine (workspace_id, line, reason, raw) values ($1, 1, 'no time', $2)")
            .bind(here.0)
            .bind(raw)
            .execute(&pool)
            .await
            .unwrap();
    }

    store.erase_customer(here, "ann").await.unwrap();

    let left: Vec<(String,)> = sqlx::query_as("select raw from quarantine order by quarantine_id")
        .fetch_all(&pool)
        .await
        .unwrap();
    let left: Vec<&str> = left.iter().map(|(raw,)| raw.as_str()).collect();
    assert_eq!(left, rejected[3..]);
    let counts: Vec<(String, i64)> =
        sqlx::query_as("select name, events from event_name order by name")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(counts, [("close".to_owned(), 0), ("open".to_owned(), 1)]);
    let values: Vec<(String,)> = sqlx::query_as("select value from trait_value")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(values, []);
    // nothing anywhere says his id, not even hashed without the key
    let kept: Vec<(Vec<u8>,)> = sqlx::query_as("select hash from erased")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert_ne!(kept[0].0, store::token_hash("ann").to_vec());
    let again = store.write_events(here, batch, &rows).await.unwrap();
    assert_eq!(
        again,
        store::Written {
            erased: 2,
            ..written(0, 1, 0)
        }
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn not_while_rows_are_brought_in(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = crate::writer::workspace(&store, "here").await;
    let batch = store.open_batch(here, "test").await.unwrap();
    let rows = [event("ann", "open", 10, 1)];
    store.write_events(here, batch, &rows).await.unwrap();
    let (id,): (i32,) = sqlx::query_as(
        "insert into import (workspace_id, file_name, kind, phase, bytes_total)
         values ($1, 'x.csv', 'events', 'running', 1) returning import_id",
    )
    .bind(here.0)
    .fetch_one(&pool)
    .await
    .unwrap();
    // as the process of an import holds it
    let mut importer = pool.acquire().await.unwrap();
    sqlx::query("select pg_advisory_lock(x'696d706f'::integer, $1)")
        .bind(id)
        .execute(&mut *importer)
        .await
        .unwrap();
    let refused = store.erase_customer(here, "ann").await;
    assert!(
        matches!(refused, Err(StoreError::Refused(_))),
        "{refused:?}"
    );
    assert_eq!(store.traces(here, "ann").await.unwrap().events, 1);
    // an import whose process died holds nothing
    sqlx::query("select pg_advisory_unlock_all()")
        .execute(&mut *importer)
        .await
        .unwrap();
    store.erase_customer(here, "ann").await.unwrap();
}
