//! The writer against Postgres: what is stored, what is counted, and what many writers at once do to each other.

use crate::role::limited;
use analysis::period::WeekStart;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use store::{
    CustomerRecord, EventRecord, NewWorkspace, Store, StoreError, WorkspaceId, Written, shard,
};

pub async fn workspace(store: &Store, slug: &str) -> WorkspaceId {
    let new = NewWorkspace {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        zone: "UTC".to_owned(),
        week_start: WeekStart::Monday,
        currency: "EUR".to_owned(),
    };
    store.create_workspace(&new).await.unwrap().id
}

pub fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn key(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

pub fn event(customer: &str, name: &str, at: i64, key_number: u64) -> EventRecord {
    EventRecord {
        customer: customer.into(),
        name: name.into(),
        at: second(at),
        properties: None,
        key: Some(key(key_number)),
    }
}

pub fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn customer(
    id: &str,
    signup: Option<i64>,
    account: Option<&str>,
    traits: &Value,
) -> CustomerRecord {
    CustomerRecord {
        customer: id.to_owned(),
        signup_at: signup.map(second),
        account: account.map(str::to_owned),
        traits: object(traits),
    }
}

pub fn written(stored: u64, duplicates: u64, customers_new: u64) -> Written {
    Written {
        stored,
        duplicates,
        erased: 0,
        customers_new,
    }
}

/// Every stored event as (customer, name, second, properties), sorted.
pub async fn stored_events(
    pool: &PgPool,
    workspace: WorkspaceId,
) -> Vec<(String, String, i64, Option<Value>)> {
    sqlx::query_as(
        "select c.external_id, n.name, extract(epoch from e.at)::bigint, e.properties
         from event e
         join customer c using (workspace_id, shard, customer_no)
         join event_name n using (workspace_id, event_name_id)
         where workspace_id = $1 order by 1, 2, 3, 4",
    )
    .bind(workspace.0)
    .fetch_all(pool)
    .await
    .unwrap()
}

/// (external id, first event, signup, account, traits)
type StoredCustomer = (String, Option<i64>, Option<i64>, Option<String>, Value);

async fn stored_customers(pool: &PgPool, workspace: WorkspaceId) -> Vec<StoredCustomer> {
    sqlx::query_as(
        "select external_id, extract(epoch from first_event_at)::bigint,
                extract(epoch from signup_at)::bigint, account_id, traits
         from customer where workspace_id = $1 order by external_id",
    )
    .bind(workspace.0)
    .fetch_all(pool)
    .await
    .unwrap()
}

/// Customers are numbered 0, 1, 2, … in their shards, and lie in the shard of their id.
pub async fn check_numbers(pool: &PgPool, workspace: WorkspaceId) {
    let customers: Vec<(i16, i32, String)> = sqlx::query_as(
        "select shard, customer_no, external_id from customer where workspace_id = $1 order by 1, 2",
    )
    .bind(workspace.0)
    .fetch_all(pool)
    .await
    .unwrap();
    let mut numbers: BTreeMap<i16, i32> = BTreeMap::new();
    for (own, number, id) in customers {
        assert_eq!(own, shard(&id));
        let next = numbers.entry(own).or_default();
        assert_eq!(number, *next, "{id} in shard {own}");
        *next += 1;
    }
    let next: BTreeMap<i16, i32> = sqlx::query_as::<_, (i16, i32)>(
        "select shard, next_customer_no from shard where workspace_id = $1 and next_customer_no > 0",
    )
    .bind(workspace.0)
    .fetch_all(pool)
    .await
    .unwrap()
    .into_iter()
    .collect();
    assert_eq!(next, numbers);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn stores_an_event_once(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store, "here").await;
    let batch = store.open_batch(here, "test").await.unwrap();
    let properties = json!({"size": 5, "kind": "größer", "paid": true});
    let with_properties = EventRecord {
        properties: Some(object(&properties)),
        ..event("b", "open", 1_704_067_199, 2)
    };
    let rows = [
        event("a", "open", 1_704_067_200, 1),
        with_properties,
        // the same key again in the set: the first wins
        event("a", "close", 1_704_067_200, 1),
    ];
    let first = store.write_events(here, batch, &rows).await.unwrap();
    assert_eq!(first, written(2, 1, 2));
    let second = store.write_events(here, batch, &rows).await.unwrap();
    assert_eq!(second, written(0, 3, 0));
    let grown = [event("c", "open", 1_700_000_000, 3), rows[0].clone()];
    let third = store.write_events(here, batch, &grown).await.unwrap();
    assert_eq!(third, written(1, 1, 1));
    let row = |customer: &str, at, properties| (customer.into(), "open".into(), at, properties);
    assert_eq!(
        stored_events(&pool, here).await,
        [
            row("a", 1_704_067_200, None),
            row("b", 1_704_067_199, Some(properties)),
            row("c", 1_700_000_000, None),
        ]
    );
    assert_eq!(
        store.write_events(here, batch, &[]).await.unwrap(),
        Written::default()
    );
    // another workspace knows nothing of it
    let there = workspace(&store, "there").await;
    let batch = store.open_batch(there, "test").await.unwrap();
    let other = store.write_events(there, batch, &rows).await.unwrap();
    assert_eq!(other, written(2, 1, 2));
    check_numbers(&pool, here).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn keeps_instants_to_the_microsecond_in_the_month_they_belong_to(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store, "here").await;
    let batch = store.open_batch(here, "test").await.unwrap();
    let texts = [
        "1971-01-01T00:00:00Z",
        "1999-12-31T23:59:59.999999Z",
        "2000-01-01T00:00:00Z",
        "2024-02-29T23:59:59.123456Z",
        "2024-03-01T00:00:00Z",
    ];
    let rows: Vec<EventRecord> = texts
        .iter()
        .zip(1..)
        .map(|(text, number)| EventRecord {
            at: text.parse().unwrap(),
            ..event("a", "open", 0, number)
        })
        .collect();
    store.write_events(here, batch, &rows).await.unwrap();
    let stored: Vec<(String, i64)> = sqlx::query_as(
        "select tableoid::regclass::text, (extract(epoch from at) * 1000000)::bigint from event order by at",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let expected: Vec<(String, i64)> = ["1971_01", "1999_12", "2000_01", "2024_02", "2024_03"]
        .iter()
        .zip(&rows)
        .map(|(part, row)| (format!("event_{part}"), row.at.as_microsecond()))
        .collect();
    assert_eq!(stored, expected);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn widens_the_span_of_a_customer(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store, "here").await;
    let batch = store.open_batch(here, "test").await.unwrap();
    let known = [customer("b", Some(150), None, &json!({}))];
    store.write_customers(here, &known).await.unwrap();
    for (at, number) in [(200, 1), (300, 2), (100, 3), (250, 4)] {
        let rows = [
            event("a", "open", at, number),
            event("b", "open", at, number),
        ];
        store.write_events(here, batch, &rows).await.unwrap();
    }
    // a duplicate says nothing new
    let late = [event("a", "open", 900, 1)];
    store.write_events(here, batch, &late).await.unwrap();
    let row = |id: &str, signup| (id.into(), Some(100), Some(signup), None, json!({}));
    assert_eq!(
        stored_customers(&pool, here).await,
        [row("a", 100), row("b", 150)]
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn merges_what_is_told_of_a_customer(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store, "here").await;
    let rows = [
        customer(
            "a",
            Some(10),
            Some("acme"),
            &json!({"plan": "free", "seats": 1}),
        ),
        customer("b", None, None, &json!({})),
        customer("a", None, None, &json!({"plan": "pro"})),
    ];
    let first = store.write_customers(here, &rows).await.unwrap();
    assert_eq!(first, written(2, 1, 2));
    let again = store.write_customers(here, &rows).await.unwrap();
    assert_eq!(again, written(0, 3, 0));
    let later = [
        customer("a", None, None, &json!({"seats": 2})),
        customer("b", Some(20), Some("bolt"), &json!({})),
        customer("c", None, None, &json!({"plan": "pro"})),
    ];
    let changed = store.write_customers(here, &later).await.unwrap();
    assert_eq!(changed, written(3, 0, 1));
    let row = |id: &str, signup, account: Option<&str>, traits| {
        (id.into(), None, signup, account.map(str::to_owned), traits)
    };
    assert_eq!(
        stored_customers(&pool, here).await,
        [
            row(
                "a",
                Some(10),
                Some("acme"),
                json!({"plan": "pro", "seats": 2})
            ),
            row("b", Some(20), Some("bolt"), json!({})),
            row("c", None, None, json!({"plan": "pro"})),
        ]
    );
    check_numbers(&pool, here).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn stores_the_whole_set_or_nothing(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store, "here").await;
    let batch = store.open_batch(here, "test").await.unwrap();
    let rows = [
        event("a", "open", 100, 1),
        event(&"x".repeat(201), "open", 100, 2),
    ];
    assert!(matches!(
        store.write_events(here, batch, &rows).await,
        Err(StoreError::Conflict(name)) if name == "customer_external_id_check"
    ));
    assert_eq!(stored_events(&pool, here).await, []);
    assert_eq!(stored_customers(&pool, here).await, []);
    // the keys are free again
    let good = [rows[0].clone()];
    let written_now = store.write_events(here, batch, &good).await.unwrap();
    assert_eq!(written_now, written(1, 0, 1));
    check_numbers(&pool, here).await;
}

/// Writers in random order over overlapping customers, keys, names, months and shards.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn many_writers_at_once_store_each_event_once(pool: PgPool) {
    const WRITERS: u64 = 4;
    let store = limited(pool.clone()).await;
    let here = workspace(&store, "here").await;
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                let batch = store.open_batch(here, "test").await.unwrap();
                let mut sum = Written::default();
                for set in 0..6_u64 {
                    // each set shares half of its events with the next writer's
                    let mut rows: Vec<EventRecord> = (0..400)
                        .map(|row| {
                            let number = set * 1_600 + (writer * 200 + row) % 1_000;
                            let month = i64::try_from(number % 7 + set * 7).unwrap();
                            let name = format!("event {}", number % 5 + set);
                            event(
                                &format!("c{}", number % 333),
                                &name,
                                month * 2_678_400,
                                number,
                            )
                        })
                        .collect();
                    if writer % 2 == 1 {
                        rows.reverse();
                    }
                    let told: Vec<CustomerRecord> = rows
                        .iter()
                        .map(|row| {
                            customer(&row.customer, Some(5), None, &json!({"writer": writer}))
                        })
                        .collect();
                    let customers = store.write_customers(here, &told).await.unwrap();
                    let events = store.write_events(here, batch, &rows).await.unwrap();
                    sum.stored += events.stored;
                    sum.duplicates += events.duplicates;
                    sum.customers_new += customers.customers_new + events.customers_new;
                }
                sum
            })
        })
        .collect();
    let mut sum = Written::default();
    for task in tasks {
        let own = task.await.unwrap();
        sum.stored += own.stored;
        sum.duplicates += own.duplicates;
        sum.customers_new += own.customers_new;
    }
    let keys: BTreeSet<u64> = (0..WRITERS)
        .flat_map(|writer| (0..6).map(move |set| (writer, set)))
        .flat_map(|(writer, set)| {
            (0..400).map(move |row| set * 1_600 + (writer * 200 + row) % 1_000)
        })
        .collect();
    let distinct = u64::try_from(keys.len()).unwrap();
    assert_eq!(sum, written(distinct, WRITERS * 6 * 400 - distinct, 333));
    let events = stored_events(&pool, here).await;
    assert_eq!(events.len(), keys.len());
    assert_eq!(stored_customers(&pool, here).await.len(), 333);
    check_numbers(&pool, here).await;
}

/// Random sets against a model of a dozen lines.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn agrees_with_a_naive_model(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let row = ("[a-e]", "[x-z]", 0_i64..10_000_000, 0_u64..12);
    let sets = proptest::collection::vec(proptest::collection::vec(row, 0..12), 1..5);
    let mut runner = TestRunner::deterministic();
    for round in 0..25 {
        let here = workspace(&store, &format!("round-{round}")).await;
        let batch = store.open_batch(here, "test").await.unwrap();
        let mut events = BTreeMap::new();
        for set in sets.new_tree(&mut runner).unwrap().current() {
            let rows: Vec<EventRecord> = set
                .iter()
                .map(|(customer, name, at, key)| event(customer, name, *at, *key))
                .collect();
            let before = events.len();
            let customers_before: BTreeSet<String> = customers_of(&events);
            for (customer, name, at, key) in set {
                events.entry((customer, key)).or_insert((name, at));
            }
            let stored = u64::try_from(events.len() - before).unwrap();
            let all = u64::try_from(rows.len()).unwrap();
            let new = customers_of(&events).len() - customers_before.len();
            assert_eq!(
                store.write_events(here, batch, &rows).await.unwrap(),
                written(stored, all - stored, u64::try_from(new).unwrap())
            );
        }
        let mut expected: Vec<(String, String, i64, Option<Value>)> = events
            .iter()
            .map(|((customer, _), (name, at))| (customer.clone(), name.clone(), *at, None))
            .collect();
        expected.sort_by(|a, b| (&a.0, &a.1, a.2).cmp(&(&b.0, &b.1, b.2)));
        assert_eq!(stored_events(&pool, here).await, expected);
        let spans: Vec<StoredCustomer> = customers_of(&events)
            .into_iter()
            .map(|id| {
                let own = expected.iter().filter(|row| row.0 == id);
                let first = own.map(|row| row.2).min();
                (id.clone(), first, first, None, json!({}))
            })
            .collect();
        assert_eq!(stored_customers(&pool, here).await, spans);
        check_numbers(&pool, here).await;
    }
}

fn customers_of(events: &BTreeMap<(String, u64), (String, i64)>) -> BTreeSet<String> {
    events
        .keys()
        .map(|(customer, _)| customer.clone())
        .collect()
}
