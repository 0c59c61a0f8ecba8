//! Heavy questions wait for each other, light ones for none of them, and nobody works for who has gone.
//!
//! A heavy question is held for as long as wanted by a lock on the table that it has to read.

use crate::world::with_traits;
use analysis::period::Grain;
use analysis::query::{AsOf, CohortRange, RetentionQuery};
use jiff::Timestamp;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection};
use store::{Engine, Store, Workspace};

/// More than there are connections.
const HEAVY: usize = 12;

/// A workspace of a hundred customers, made if it is not there, and a question about them.
async fn world(store: &Store) -> (Workspace, RetentionQuery) {
    store.migrate().await.unwrap();
    let names: Vec<String> = (0..100).map(|n| format!("customer {n}")).collect();
    let traits: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "{}")).collect();
    let world = with_traits(&traits);
    let workspace = match store.workspace("held").await {
        Ok(workspace) => workspace,
        Err(_) => world.store(store, "held").await,
    };
    let light = RetentionQuery {
        grain: Grain::Month,
        active: vec!["visit".to_owned()],
        cohorts: CohortRange::Between {
            from: world.from,
            to: None,
        },
        as_of: AsOf::Instant(world.as_of),
        ..RetentionQuery::default()
    };
    (workspace, light)
}

/// Keeps everybody from reading a table until it ends.
async fn hold(connection: &mut PgConnection, engine: Engine) {
    let lock = match engine {
        Engine::Reference => "lock table event in access exclusive mode",
        _ => "lock table activity_journal in access exclusive mode",
    };
    for statement in ["begin", lock] {
        sqlx::query(statement)
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}

/// Waits until so many wait for a lock.
async fn held(connection: &mut PgConnection, wanted: impl Fn(i64) -> bool) {
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "select count(distinct l.pid) from pg_locks l
             join pg_database d on d.oid = l.database and d.datname = current_database()
             where not l.granted",
        )
        .fetch_one(&mut *connection)
        .await
        .unwrap();
        if wanted(waiting) {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[sqlx::test(migrations = false)]
async fn light_questions_pass_heavy_ones(_: PgPoolOptions, options: PgConnectOptions) {
    // The reference may work twice at once; a build has up to four readers, one a processor.
    for (engine, at_once) in [(Engine::Index, 1..=4), (Engine::Reference, 2..=2)] {
        let pool = PgPoolOptions::new().max_connections(6);
        let pool = pool.connect_with(options.clone()).await.unwrap();
        let store = Store::new(pool).with_little_work(0);
        let (workspace, light) = world(&store).await;
        let ask = |engine, query: RetentionQuery| {
            let (store, workspace) = (store.clone(), workspace.clone());
            async move {
                store
                    .retention_by(engine, &workspace, &query, Timestamp::MAX)
                    .await
            }
        };
        let expected = ask(Engine::Index, light.clone()).await.unwrap();

        let mut lock = options.connect().await.unwrap();
        let mut watch = options.connect().await.unwrap();
        hold(&mut lock, engine).await;
        let heavy = RetentionQuery {
            grain: Grain::Week,
            ..light.clone()
        };
        let asked: Vec<_> = (0..HEAVY)
            .map(|_| tokio::spawn(ask(engine, heavy.clone())))
            .collect();
        held(&mut watch, |waiting| at_once.contains(&waiting)).await;
        // Those who wait have had their turn at the runtime by now, and hold no connection: three in a row are answered.
        for _ in 0..3 {
            assert_eq!(ask(Engine::Index, light.clone()).await.unwrap(), expected);
            held(&mut watch, |waiting| at_once.contains(&waiting)).await;
        }
        assert!(asked.iter().all(|asked| !asked.is_finished()));
        sqlx::query("rollback").execute(&mut lock).await.unwrap();
        let reference = ask(Engine::Reference, heavy.clone()).await.unwrap();
        for asked in asked {
            assert_eq!(asked.await.unwrap().unwrap(), reference);
        }
        lock.close().await.unwrap();
        watch.close().await.unwrap();
        store.close().await;
    }
}

#[sqlx::test(migrations = false)]
async fn who_goes_away_gives_up_his_turn_and_his_statement(
    _: PgPoolOptions,
    options: PgConnectOptions,
) {
    let store = Store::connect_lazily(options.clone()).with_little_work(0);
    let (workspace, light) = world(&store).await;
    for engine in [Engine::Index, Engine::Reference] {
        let mut lock = options.connect().await.unwrap();
        let mut watch = options.connect().await.unwrap();
        hold(&mut lock, engine).await;
        let asked: Vec<_> = (0..HEAVY)
            .map(|_| {
                let (store, workspace, query) = (store.clone(), workspace.clone(), light.clone());
                tokio::spawn(async move {
                    store
                        .retention_by(engine, &workspace, &query, Timestamp::MAX)
                        .await
                })
            })
            .collect();
        held(&mut watch, |waiting| waiting > 0).await;
        for asked in asked {
            asked.abort();
            assert!(asked.await.unwrap_err().is_cancelled());
        }
        // The lock is still there, but nobody waits for it.
        held(&mut watch, |waiting| waiting == 0).await;
        sqlx::query("rollback").execute(&mut lock).await.unwrap();
        let answer = store
            .retention_by(engine, &workspace, &light, Timestamp::MAX)
            .await;
        assert_eq!(answer.unwrap().customers, 100);
        lock.close().await.unwrap();
        watch.close().await.unwrap();
    }
    store.close().await;
}
