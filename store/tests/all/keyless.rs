//! Events without a key: each is stored once, whatever the order and the sets it comes in, against a naive model.

use crate::role::limited;
use crate::writer::{event, stored_events, workspace, written};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use store::EventRecord;

fn keyless(customer: &str, name: &str, at: i64, size: Option<Value>) -> EventRecord {
    EventRecord {
        properties: size.map(|size| Map::from_iter([("size".to_owned(), size)])),
        key: None,
        ..event(customer, name, at, 0)
    }
}

/// Customer, name, second, properties: what is said of an event.
type Said = (String, String, i64, Option<String>);

fn said(row: &EventRecord) -> Said {
    let properties = row.properties.as_ref();
    (
        row.customer.to_string(),
        row.name.to_string(),
        row.at.as_second(),
        properties.map(|properties| Value::Object(properties.clone()).to_string()),
    )
}

/// What a data base with no hurry would do: those with keys first, then the others one by one.
#[derive(Default)]
struct Naive {
    keys: BTreeSet<(String, [u8; 16])>,
    stored: Vec<Said>,
}

impl Naive {
    fn write(&mut self, rows: &[EventRecord]) -> u64 {
        let before = self.stored.len();
        for row in rows {
            if let Some(key) = row.key
                && self.keys.insert((row.customer.to_string(), key))
            {
                self.stored.push(said(row));
            }
        }
        for row in rows.iter().filter(|row| row.key.is_none()) {
            if !self.stored.contains(&said(row)) {
                self.stored.push(said(row));
            }
        }
        u64::try_from(self.stored.len() - before).unwrap()
    }
}

fn rows() -> impl Strategy<Value = Vec<EventRecord>> {
    let row = (
        0..6_u8,
        0..2_u8,
        0..40_i64,
        prop_oneof![4 => Just(None), 1 => (0..2_i64).prop_map(|size| Some(json!(size)))],
        prop_oneof![4 => Just(None), 1 => (0..4_u8).prop_map(Some)],
    );
    let row = row.prop_map(|(customer, name, step, size, key)| EventRecord {
        key: key.map(|key| [key; 16]),
        // across the bounds of months, and none at all in some
        ..keyless(
            &format!("c{customer}"),
            &format!("e{name}"),
            1_704_000_000 + step * 600_000,
            size,
        )
    });
    proptest::collection::vec(row, 1..30)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn random_sets_are_stored_as_a_naive_model_does(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let mut runner = TestRunner::deterministic();
    for world in 0..12 {
        let here = workspace(&store, &format!("world-{world}")).await;
        let batch = store.open_batch(here, "test").await.unwrap();
        let sets = proptest::collection::vec(rows(), 1..8);
        let sets = sets.new_tree(&mut runner).unwrap().current();
        let mut naive = Naive::default();
        for set in &sets {
            let stored = naive.write(set);
            let told = store.write_events(here, batch, set).await.unwrap();
            assert_eq!(told.stored, stored, "{set:?}");
            assert_eq!(told.duplicates, u64::try_from(set.len()).unwrap() - stored);
        }
        let mut expected = naive.stored;
        expected.sort();
        let found = stored_events(&pool, here).await.into_iter();
        let text = |value: Value| value.to_string();
        let mut found: Vec<Said> = found
            .map(|(customer, name, at, properties)| (customer, name, at, properties.map(text)))
            .collect();
        found.sort();
        assert_eq!(found, expected);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_differs_in_anything_is_another_event(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store, "here").await;
    let batch = store.open_batch(here, "test").await.unwrap();
    let one = keyless("a", "open", 1_704_067_200, Some(json!("small")));
    let at = |nanoseconds| EventRecord {
        at: one.at + SignedDuration::from_nanos(nanoseconds),
        ..one.clone()
    };
    let other = |size| keyless("a", "open", 1_704_067_200, size);
    let rows = [
        one.clone(),
        keyless("b", "open", 1_704_067_200, Some(json!("small"))),
        keyless("a", "close", 1_704_067_200, Some(json!("small"))),
        at(1_000),
        other(None),
        other(Some(json!("large"))),
        other(Some(json!(5))),
        other(Some(json!("5"))),
        other(Some(json!([1, 2]))),
    ];
    let first = store.write_events(here, batch, &rows).await.unwrap();
    assert_eq!(first, written(9, 0, 2));
    // less than a microsecond is not kept, and no difference
    let again = [&rows[..], &[at(1), at(999), at(1_999)]].concat();
    let second = store.write_events(here, batch, &again).await.unwrap();
    assert_eq!(second, written(0, 12, 0));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_key_decides_where_there_is_one(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store, "here").await;
    let batch = store.open_batch(here, "test").await.unwrap();
    let with_key = |number| event("a", "open", 1_704_067_200, number);
    let without = keyless("a", "open", 1_704_067_200, None);
    let rows = [with_key(1), with_key(2), without.clone()];
    let first = store.write_events(here, batch, &rows).await.unwrap();
    assert_eq!(first, written(2, 1, 1), "alike, but two keys");
    let rows = [without, with_key(3), with_key(1)];
    let second = store.write_events(here, batch, &rows).await.unwrap();
    assert_eq!(second, written(1, 2, 0));
}

/// Writers of the same rows at the same time, each in an order of its own.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_writers_at_once_one_stores_it(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store, "here").await;
    let batch = store.open_batch(here, "test").await.unwrap();
    let all: Vec<EventRecord> = (0..200)
        .map(|number| {
            keyless(
                &format!("c{}", number % 7),
                "open",
                1_704_000_000 + number,
                None,
            )
        })
        .collect();
    let writers = (0..4).map(|writer| {
        let (store, mut rows) = (store.clone(), all.clone());
        rows.rotate_left(writer * 50);
        tokio::spawn(async move {
            let mut stored = 0;
            for set in rows.chunks(20) {
                stored += store.write_events(here, batch, set).await.unwrap().stored;
            }
            stored
        })
    });
    let mut stored = 0;
    for writer in writers.collect::<Vec<_>>() {
        stored += writer.await.unwrap();
    }
    assert_eq!(stored, 200);
    assert_eq!(stored_events(&pool, here).await.len(), 200);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_bounds_of_a_shard_hold_all_its_events(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store, "here").await;
    let batch = store.open_batch(here, "test").await.unwrap();
    for at in [1_704_000_000, 1_690_000_000, 1_720_000_000, 1_700_000_000] {
        let rows = ["a", "b", "c"].map(|customer| keyless(customer, "open", at, None));
        store.write_events(here, batch, &rows).await.unwrap();
    }
    let bounds: BTreeMap<i16, (i64, i64)> = sqlx::query_as::<_, (i16, i64, i64)>(
        "select shard, extract(epoch from oldest_at)::bigint, extract(epoch from newest_at)::bigint
         from shard where workspace_id = $1",
    )
    .bind(here.0)
    .fetch_all(&pool)
    .await
    .unwrap()
    .into_iter()
    .map(|(shard, oldest, newest)| (shard, (oldest, newest)))
    .collect();
    let shards = ["a", "b", "c"].map(store::shard);
    let expected = shards.map(|shard| (shard, (1_690_000_000, 1_720_000_000)));
    assert_eq!(bounds, BTreeMap::from(expected));
}
