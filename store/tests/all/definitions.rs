//! The streams of saved definitions of activity while events come, in order and late, against occurrences found by
//! trying all ways.

pub(crate) mod given;
pub(crate) mod naive;

use crate::engines::agree;
use crate::role::limited;
use crate::world::{Customer, World, settings, worlds};
use analysis::query::{
    ActivityDefinition, AsOf, CohortRange, RetentionKind, RetentionQuery, Window,
};
use given::{asked, definitions, hundred, keep, nothing_doubtful, save};
use jiff::{SignedDuration, Timestamp};
use naive::occurrences;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sqlx::PgPool;
use store::{Engine, EventRecord, Store, Workspace};

/// The world with every third event of each customer up to a turn.
fn up_to(world: &World, turn: usize) -> World {
    let customers = world.customers.iter().map(|customer| {
        let events = customer.events.iter().enumerate();
        let told = events.filter(|(place, _)| place % 3 <= turn);
        Customer {
            events: told.map(|(_, event)| event.clone()).collect(),
            ..customer.clone()
        }
    });
    World {
        customers: customers.collect(),
        ..world.clone()
    }
}

async fn write_turn(store: &Store, workspace: &Workspace, world: &World, turn: usize) {
    let batch = store.open_batch(workspace.id, "test").await.unwrap();
    let events = world.customers.iter().flat_map(|customer| {
        let events = customer.event_records().enumerate();
        events.filter(move |(place, _)| place % 3 == turn)
    });
    let events: Vec<EventRecord> = events.map(|(_, event)| event).collect();
    store
        .write_events(workspace.id, batch, &events)
        .await
        .unwrap();
}

/// The same customers with the occurrences of each definition as events of their own.
async fn twin(
    store: &Store,
    world: &World,
    slug: &str,
    definitions: &[ActivityDefinition],
) -> Workspace {
    let customers = world.customers.iter().map(|customer| {
        let mut customer = customer.clone();
        let before = customer.clone();
        for (number, definition) in definitions.iter().enumerate() {
            for at in occurrences(&before, definition) {
                customer.events.push((format!("done {number}"), at, None));
            }
        }
        customer
    });
    let world = World {
        customers: customers.collect(),
        ..world.clone()
    };
    world.store(store, slug).await
}

/// Asks of every definition what its twin is asked by plain events.
async fn as_twin(
    store: &Store,
    (workspace, world, slug): (&Workspace, &World, &str),
    definitions: &[ActivityDefinition],
    runner: &mut TestRunner,
) {
    let twin = twin(store, world, slug, definitions).await;
    for (number, definition) in definitions.iter().enumerate() {
        for kind in [RetentionKind::On, RetentionKind::Streak] {
            let plain = settings(kind).new_tree(runner).unwrap().current();
            let plain = RetentionQuery {
                active: vec![format!("done {number}")],
                any_event: false,
                active_where: Vec::new(),
                start_where: Vec::new(),
                behaviours: Vec::new(),
                // The reference alone has anniversaries; `agree` asks both.
                window: Window::Calendar,
                min_count: definition.at_least,
                cohorts: CohortRange::Between {
                    from: world.from,
                    to: None,
                },
                as_of: AsOf::Instant(world.as_of),
                ..plain
            };
            let named = RetentionQuery {
                active: Vec::new(),
                activity: Some(format!("definition-{number}")),
                min_count: 1,
                ..plain.clone()
            };
            let by = |workspace, query| {
                store.retention_by(Engine::Reference, workspace, query, Timestamp::MAX)
            };
            let Ok(expected) = by(&twin, &plain).await else {
                // Cohorts that begin after as-of.
                assert!(by(workspace, &named).await.is_err());
                continue;
            };
            let found = agree(store, workspace, &named).await;
            assert_eq!(found.cohorts, expected.cohorts, "{slug}: {definition:?}");
            assert_eq!(found.overall, expected.overall);
            assert!(found.method().contains(&definition.name));
            assert!(found.query.activity.is_some(), "it is asked of its stream");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn streams_are_what_the_events_say_while_they_come(pool: PgPool) {
    let mut runner = TestRunner::deterministic();
    let definitions = definitions();
    for round in 0..8_usize {
        let memory = [store::INDEX_MEMORY, 30_000, 0][round % 3];
        let store = limited(pool.clone()).await.with_index_memory(memory);
        let mut world = worlds().new_tree(&mut runner).unwrap().current();
        world.filters.clear();
        // Signups are the first events of the day, which may come late; given ones are written by the twin as well.
        for customer in &mut world.customers {
            customer.signup_given = None;
            customer.traits.clear();
        }
        let empty = World {
            customers: Vec::new(),
            ..world.clone()
        };
        let slug = format!("round-{round}");
        let mut workspace = empty.store(&store, &slug).await;
        for turn in 0..3 {
            // Before there is anything, or when there is something already.
            if turn == round % 2 {
                for (number, definition) in definitions.iter().enumerate() {
                    save(
                        &store,
                        &workspace,
                        &format!("definition-{number}"),
                        definition,
                    )
                    .await;
                }
                workspace = keep(&store, &workspace).await;
            }
            write_turn(&store, &workspace, &world, turn).await;
            if (round + turn) % 3 == 0 {
                store.fold_activity(workspace.id, 1).await.unwrap();
            }
            if turn < round % 2 {
                continue;
            }
            workspace = keep(&store, &workspace).await;
            if (round + turn) % 3 == 1 {
                store.fold_activity(workspace.id, 1).await.unwrap();
            }
            nothing_doubtful(&store, &workspace).await;
            let seen = up_to(&world, turn);
            let twin = format!("{slug}-{turn}");
            as_twin(
                &store,
                (&workspace, &seen, &twin),
                &definitions,
                &mut runner,
            )
            .await;
        }
        store.reindex(workspace.id, |_, _| {}).await.unwrap();
        workspace = keep(&store, &workspace).await;
        nothing_doubtful(&store, &workspace).await;
        let twin = format!("{slug}-anew");
        as_twin(
            &store,
            (&workspace, &world, &twin),
            &definitions,
            &mut runner,
        )
        .await;
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_event_may_have_the_name_of_a_stream(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let (workspace, world) = hundred(&store).await;
    save(&store, &workspace, "flow", &definitions()[1]).await;
    let name: String = sqlx::query_scalar("select name from event_name where derived")
        .fetch_one(&pool)
        .await
        .unwrap();
    let batch = store.open_batch(workspace.id, "test").await.unwrap();
    let told = (
        name.clone(),
        world.as_of - SignedDuration::from_hours(1),
        None,
    );
    let sent = world.customers[0].event(999, &told);
    store
        .write_events(workspace.id, batch, &[sent])
        .await
        .unwrap();
    let workspace = keep(&store, &workspace).await;
    nothing_doubtful(&store, &workspace).await;
    let known = store.event_counts(workspace.id).await.unwrap();
    assert!(known.iter().any(|one| one.name == name));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn writers_keepers_and_folders_side_by_side(pool: PgPool) {
    let store = limited(pool).await;
    let (workspace, world) = hundred(&store).await;
    save(&store, &workspace, "flow", &definitions()[2]).await;
    save(&store, &workspace, "some", &definitions()[0]).await;
    let write = async |turn: usize| {
        let batch = store.open_batch(workspace.id, "test").await.unwrap();
        for round in 0..8_usize {
            let hours = i64::try_from(round * 13 + turn * 5).unwrap();
            let events = world.customers.iter().map(|customer| {
                let name = ["order", "visit"][(round + turn) % 2];
                // Late ones among them.
                let at = world.as_of - SignedDuration::from_hours(hours * 20);
                let told = (name.to_owned(), at, Some(serde_json::json!(round)));
                customer.event(1_000 + turn * 100 + round, &told)
            });
            let events: Vec<EventRecord> = events.collect();
            store
                .write_events(workspace.id, batch, &events)
                .await
                .unwrap();
        }
    };
    let keep_on = async || {
        for _ in 0..6 {
            keep(&store, &workspace).await;
        }
    };
    let fold = async {
        for _ in 0..6 {
            store.fold_activity(workspace.id, 1).await.unwrap();
        }
        store.reindex(workspace.id, |_, _| {}).await.unwrap();
    };
    tokio::join!(write(0), write(1), keep_on(), keep_on(), fold);
    let workspace = keep(&store, &workspace).await;
    nothing_doubtful(&store, &workspace).await;
    agree(&store, &workspace, &asked("flow")).await;
}
