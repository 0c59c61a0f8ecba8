//! One workspace shows nothing of another: by the store's functions, by statements that forgot to say which is meant, and
//! by any table.

use crate::role::{limited, limited_pool};
use crate::world::with_traits;
use analysis::import::FileKind;
use analysis::saved::{Label, ReportKind};
use analysis::schedule::{Day, Occasion, Schedule};
use jiff::Timestamp;
use serde_json::{Map, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use std::collections::BTreeMap;
use store::{
    AccountRow, ContractRow, KeyKind, NewKey, NewNotice, NewReceiver, Role, Store, Workspace,
};

/// Tables that are of no workspace, and why.
const OF_NO_WORKSPACE: [(&str, &str); 5] = [
    ("_sqlx_migrations", "which migrations were applied"),
    (
        "away",
        "a browser's that is signing in, before it is known whose",
    ),
    ("identity", "who a person is at a provider"),
    ("person", "somebody may be in several workspaces"),
    ("session", "a person's, whatever he looks at"),
];

/// Two workspaces with something in most tables.
async fn two(store: &Store) -> [Workspace; 2] {
    let names: Vec<String> = (0..40).map(|n| format!("customer {n}")).collect();
    let traits: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), r#"{"plan": "pro"}"#))
        .collect();
    let world = with_traits(&traits);
    store
        .add_person("ada@example.com", "Ada", true)
        .await
        .unwrap();
    let ada = store.people().await.unwrap().remove(0).id;
    let ours = world.store(store, "ours").await;
    let theirs = world.store(store, "theirs").await;
    for workspace in [&ours, &theirs] {
        let account = AccountRow {
            account: "one".to_owned(),
            traits: Map::from_iter([("size".to_owned(), json!("small"))]),
        };
        store
            .write_accounts(workspace.id, &[account])
            .await
            .unwrap();
        let contract = ContractRow {
            account: "one".to_owned(),
            contract: "first".to_owned(),
            starts_on: jiff::civil::date(2024, 1, 1),
            ends_on: None,
            cancelled_on: None,
            monthly_minor: 100,
            plan: None,
        };
        store
            .write_contracts(workspace.id, &[contract])
            .await
            .unwrap();
        store
            .create_import(workspace.id, "secret.csv", FileKind::Events, 1)
            .await
            .unwrap();
        store.refresh_summaries(workspace.id).await.unwrap();
        store
            .set_active_events(workspace.id, &["visit"])
            .await
            .unwrap();
        let invited = store.invite(workspace.id, "bob@example.com", Role::Viewer, ada);
        invited.await.unwrap();
        let key = NewKey {
            kind: KeyKind::Read,
            label: "key".to_owned(),
            by: None,
        };
        store.make_key(workspace.id, &key).await.unwrap();
        let label = Label {
            name: "report".to_owned(),
            ..Label::default()
        };
        let question = (ReportKind::Churn, "");
        let report = store.save_report(workspace.id, &label, question, None);
        let notice = NewNotice {
            report: report.await.unwrap(),
            occasion: Occasion::Schedule(Schedule {
                day: Day::Month(1),
                hour: 8,
            }),
            to: NewReceiver::Members(vec![ada]),
            due_at: Timestamp::MAX,
            person: None,
        };
        store.make_notice(workspace.id, &notice).await.unwrap();
    }
    [ours, theirs]
}

/// The tables, partitions included, with whether they have a workspace's number and whether row-level security is on,
/// and on for their owner.
async fn tables(pool: &PgPool) -> Vec<(String, bool, bool)> {
    sqlx::query_as(
        "select c.relname::text,
                exists (select from pg_attribute a
                        where a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped),
                c.relrowsecurity and c.relforcerowsecurity
         from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'f', 'm')
         order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Rows of a table by workspace, as a connection sees them.
async fn seen(connection: &mut PgConnection, table: &str) -> BTreeMap<i32, i64> {
    // The tables' names come from the catalogue of the test's own data base.
    let counts = format!(
        "select workspace_id, count(*) from {table} where workspace_id is not null group by 1"
    );
    let rows: Vec<(i32, i64)> = sqlx::query_as(AssertSqlSafe(counts))
        .fetch_all(connection)
        .await
        .unwrap();
    rows.into_iter().collect()
}

async fn tell(connection: &mut PgConnection, setting: &str, value: &str) {
    sqlx::query("select set_config($1, $2, true)")
        .bind(setting)
        .bind(value)
        .execute(connection)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_table_of_a_workspace_is_guarded(pool: PgPool) {
    let store = limited(pool.clone()).await;
    two(&store).await;
    let tables = tables(&pool).await;
    let partitions = tables
        .iter()
        .filter(|(name, ..)| name.starts_with("event_2"));
    assert!(partitions.count() > 0, "partitions are looked at");
    for (name, of_workspace, guarded) in tables {
        match of_workspace {
            true => assert!(
                guarded,
                "{name} has no row-level security that binds its owner"
            ),
            false => assert!(
                OF_NO_WORKSPACE.iter().any(|(known, _)| *known == name),
                "{name} has no workspace_id, and no reason is given"
            ),
        }
    }
    let unbound: Vec<String> = sqlx::query_scalar(
        "select polrelid::regclass::text || ': ' || pg_get_expr(polqual, polrelid) from pg_policy
         where polname not in ('tenant', 'system')
            or not polpermissive
            or (polname = 'tenant') <> (pg_get_expr(polqual, polrelid) like '(workspace_id = ( SELECT holdfast_workspace()%')
            or polwithcheck is not null",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(unbound, Vec::<String>::new());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_statement_that_forgets_its_workspace_finds_nothing_of_another(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let [ours, theirs] = two(&store).await;
    let own = limited_pool(&pool);
    let mut connection = own.acquire().await.unwrap();
    let role: (bool, bool) =
        sqlx::query_as("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
    assert_eq!(role, (false, false));
    let mut all = pool.acquire().await.unwrap();
    let mut filled = 0;
    for (table, of_workspace, _) in tables(&pool).await {
        if !of_workspace {
            continue;
        }
        let there = seen(&mut all, &table).await;
        filled += usize::from(there.len() == 2);
        assert_eq!(
            seen(&mut connection, &table).await,
            BTreeMap::new(),
            "{table} without a workspace"
        );
        let mut transaction = connection.begin().await.unwrap();
        tell(
            &mut transaction,
            "holdfast.workspace",
            &ours.id.0.to_string(),
        )
        .await;
        let mut expected = there.clone();
        expected.retain(|id, _| *id == ours.id.0);
        assert_eq!(seen(&mut transaction, &table).await, expected, "{table}");
        transaction.rollback().await.unwrap();
    }
    assert!(filled > 14, "{filled} tables had rows of both");

    let mut transaction = connection.begin().await.unwrap();
    tell(
        &mut transaction,
        "holdfast.workspace",
        &ours.id.0.to_string(),
    )
    .await;
    let gone = sqlx::query("delete from event where workspace_id = $1")
        .bind(theirs.id.0)
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(gone.rows_affected(), 0);
    let changed = sqlx::query("update customer set external_id = external_id || '!'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 40, "only ours");
    let refused =
        sqlx::query("insert into event_name (workspace_id, name) values ($1, 'smuggled')")
            .bind(theirs.id.0)
            .execute(&mut *transaction)
            .await
            .unwrap_err();
    assert!(
        refused.to_string().contains("row-level security"),
        "{refused}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_directories_show_no_data(pool: PgPool) {
    let store = limited(pool.clone()).await;
    two(&store).await;
    let mut connection = limited_pool(&pool).acquire().await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    tell(&mut transaction, "holdfast.scope", "system").await;
    let mut shown = Vec::new();
    for (table, of_workspace, _) in tables(&pool).await {
        if of_workspace && !seen(&mut transaction, &table).await.is_empty() {
            shown.push(table);
        }
    }
    let directories = [
        "activity",
        "activity_version",
        "import",
        "membership",
        "one_time_link",
        "workspace",
    ];
    assert_eq!(shown, directories);
    let changed = sqlx::query("update import set file_name = 'x'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(changed.rows_affected(), 0, "the queue is only read");
}

/// What the pool gives back to others knows of no workspace.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_connection_forgets_whose_it_was(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let [ours, theirs] = two(&store).await;
    for _ in 0..3 {
        assert_eq!(store.customers(ours.id).await.unwrap(), 40);
        assert_eq!(store.customers(theirs.id).await.unwrap(), 40);
    }
    let mut connection = limited_pool(&pool).acquire().await.unwrap();
    for end in ["commit", "rollback"] {
        sqlx::query("begin")
            .execute(&mut *connection)
            .await
            .unwrap();
        tell(
            &mut connection,
            "holdfast.workspace",
            &ours.id.0.to_string(),
        )
        .await;
        sqlx::query(end).execute(&mut *connection).await.unwrap();
        assert_eq!(seen(&mut connection, "customer").await, BTreeMap::new());
    }

    // What is asked outside a transaction tells whose it is by itself, on the only connection there is.
    let only = limited_pool(&pool);
    let options = only.options().clone().max_connections(1);
    let only = options.connect_lazy_with(only.connect_options().as_ref().clone());
    let store = Store::new(only.clone());
    let key = NewKey {
        kind: KeyKind::Read,
        label: "asks".to_owned(),
        by: None,
    };
    let key = store.make_key(ours.id, &key).await.unwrap();
    for _ in 0..7 {
        assert_eq!(store.workspace("ours").await.unwrap().id, ours.id);
        assert_eq!(store.workspace("theirs").await.unwrap().id, theirs.id);
        for (slug, here) in [("ours", true), ("theirs", false)] {
            let used = store.key(key.text(), Some(slug)).await.unwrap();
            assert_eq!(used.map(|used| used.here.is_some()), Some(here));
        }
        let mut connection = only.acquire().await.unwrap();
        for table in ["customer", "workspace", "api_key"] {
            assert_eq!(seen(&mut connection, table).await, BTreeMap::new());
        }
    }
}
