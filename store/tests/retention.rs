//! The reference against independent answers: recorded ones on real events, and a naive program on random events.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

#[path = "retention/naive.rs"]
mod naive;
#[path = "retention/world.rs"]
mod world;

use analysis::period::{Grain, WeekStart};
use analysis::query::{
    AsOf, CellRef, CohortRange, RetentionKind, RetentionQuery, TraitFilter, TraitTest,
};
use analysis::report::CellState;
use jiff::Timestamp;
use jiff::civil::Date;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::path::Path;
use store::{Store, StoreError, Workspace};
use world::{World, worlds};

/// Rounds of random data; each asks several questions.
const ROUNDS: u32 = 24;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// The counts of a report, in the shape that the naive program and the recorded answers have.
async fn counts(
    store: &Store,
    workspace: &Workspace,
    query: &RetentionQuery,
    now: Timestamp,
) -> Vec<naive::Row> {
    let report = store.retention(workspace, query, now).await.unwrap();
    report
        .cohorts
        .iter()
        .map(|cohort| naive::Row {
            start: cohort.start,
            size: cohort.size,
            retained: cohort.cells.iter().map(|cell| cell.retained).collect(),
            running: cohort
                .cells
                .iter()
                .map(|cell| cell.state == CellState::Running)
                .collect(),
        })
        .collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn random_worlds_match_the_naive_program(pool: PgPool) {
    let store = Store::new(pool);
    let mut runner = TestRunner::deterministic();
    for round in 0..ROUNDS {
        let world: World = worlds().new_tree(&mut runner).unwrap().current();
        let workspace = world.store(&store, &format!("round-{round}")).await;
        for grain in Grain::ALL {
            for kind in [RetentionKind::On, RetentionKind::OnOrAfter] {
                let query = RetentionQuery {
                    grain,
                    kind,
                    active: world.active.clone(),
                    cohorts: CohortRange::Between {
                        from: world.from,
                        to: None,
                    },
                    as_of: AsOf::Instant(world.as_of),
                    filters: world.filters.clone(),
                    ..RetentionQuery::default()
                };
                let found = counts(&store, &workspace, &query, Timestamp::MAX).await;
                let expected = naive::retention(&world, grain, kind);
                assert_eq!(
                    found, expected,
                    "round {round}, {grain:?}, {kind:?}: {world:#?}"
                );
                lists_match_cells(&store, &workspace, &query, &world, &expected).await;
            }
        }
    }
}

/// The list behind every fifth cell has as many people as the cell, and its complement the rest of the cohort.
async fn lists_match_cells(
    store: &Store,
    workspace: &Workspace,
    query: &RetentionQuery,
    world: &World,
    rows: &[naive::Row],
) {
    let cells = rows.iter().flat_map(|row| {
        row.retained
            .iter()
            .enumerate()
            .map(move |(period, retained)| (row, period, *retained))
    });
    for (row, period, retained) in cells.step_by(5).take(8) {
        let cell = CellRef {
            cohort: Some(row.start),
            period: u32::try_from(period).unwrap(),
        };
        let mut everybody = BTreeSet::new();
        for (stayed, size) in [(true, retained), (false, row.size - retained)] {
            let page = store
                .members(workspace, query, Timestamp::MAX, cell, stayed, (0, 1000))
                .await
                .unwrap();
            assert_eq!(
                page.total,
                u64::from(size),
                "{cell:?} {stayed} of {world:#?}"
            );
            assert_eq!(page.members.len(), usize::try_from(size).unwrap());
            everybody.extend(page.members.into_iter().map(|member| member.customer));
        }
        assert_eq!(
            everybody.len(),
            usize::try_from(row.size).unwrap(),
            "nobody is in both lists"
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn recorded_answers_on_real_events(pool: PgPool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/contributors");
    if !folder.exists() {
        println!("the real events are not here; nothing to compare");
        return;
    }
    let store = Store::new(pool);
    let recorded: Value =
        serde_json::from_reader(std::fs::File::open(folder.join("expected.json")).unwrap())
            .unwrap();
    let world = world::contributors(&folder);
    for name in ["weeks_on_2024", "months_on_or_after_berlin"] {
        let question = &recorded[name]["question"];
        let world = World {
            zone: question["timezone"].as_str().unwrap().to_owned(),
            ..world.clone()
        };
        let workspace = world.store(&store, &name.replace('_', "-")).await;
        let query = RetentionQuery {
            grain: question["grain"].as_str().unwrap().parse().unwrap(),
            kind: question["retention"].as_str().unwrap().parse().unwrap(),
            active: serde_json::from_value(question["return_events"].clone()).unwrap(),
            cohorts: CohortRange::Between {
                from: date(question["from"].as_str().unwrap()),
                to: None,
            },
            as_of: AsOf::Instant(at(question["now"].as_str().unwrap())),
            ..RetentionQuery::default()
        };
        let found = counts(&store, &workspace, &query, Timestamp::MAX).await;
        let expected: Vec<naive::Row> = recorded[name]["cohorts"]
            .as_array()
            .unwrap()
            .iter()
            .map(naive::Row::recorded)
            .collect();
        assert!(expected.len() > 30);
        // The record leaves out cohorts without members.
        let found: Vec<naive::Row> = found.into_iter().filter(|row| row.size > 0).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn filters(pool: PgPool) {
    let store = Store::new(pool);
    let world = world::with_traits(&[
        ("a", r#"{"plan": "pro", "seats": 10, "beta": true}"#),
        ("b", r#"{"plan": "team", "seats": 50.5}"#),
        ("c", r#"{"plan": "free", "seats": "many"}"#),
        ("d", r#"{"plan": null}"#),
        ("e", "{}"),
    ]);
    let workspace = world.store(&store, "traits").await;
    let check = async |name: &str, test: TraitTest, expected: &str| {
        let query = RetentionQuery {
            active: world.active.clone(),
            filters: vec![TraitFilter {
                name: name.to_owned(),
                test: test.clone(),
            }],
            as_of: AsOf::Instant(world.as_of),
            cohorts: CohortRange::Between {
                from: world.from,
                to: None,
            },
            ..RetentionQuery::default()
        };
        let report = store
            .retention(&workspace, &query, Timestamp::MAX)
            .await
            .unwrap();
        let cell = CellRef {
            cohort: Some(report.cohorts[0].start),
            period: 0,
        };
        let page = store
            .members(&workspace, &query, Timestamp::MAX, cell, true, (0, 100))
            .await
            .unwrap();
        let mut found: Vec<String> = page.members.into_iter().map(|one| one.customer).collect();
        found.sort();
        assert_eq!(found.concat(), expected, "{name} {test:?}");
        assert_eq!(report.customers, page.total);
    };
    let list = |values: &[&str]| {
        values
            .iter()
            .map(|&value| value.to_owned())
            .collect::<Vec<_>>()
    };
    check("plan", TraitTest::Is(list(&["pro"])), "a").await;
    check("plan", TraitTest::Is(list(&["pro", "team"])), "ab").await;
    check("plan", TraitTest::IsNot(list(&["pro"])), "bcde").await;
    check("plan", TraitTest::Set, "abc").await;
    check("plan", TraitTest::Unset, "de").await;
    check("beta", TraitTest::Is(list(&["true"])), "a").await;
    check("seats", TraitTest::Is(list(&["10"])), "a").await;
    let between = |min, max| TraitTest::Between { min, max };
    check("seats", between(Some(10.0), Some(50.5)), "ab").await;
    check("seats", between(Some(10.5), None), "b").await;
    check("seats", between(None, Some(50.0)), "a").await;
    check("nothing", TraitTest::Unset, "abcde").await;
    check("nothing' or 1=1 --", TraitTest::Set, "").await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn questions_that_have_no_answer(pool: PgPool) {
    let store = Store::new(pool);
    let world = world::with_traits(&[("a", "{}")]);
    let workspace = world.store(&store, "one").await;
    let ask = |query: RetentionQuery| {
        let (store, workspace) = (store.clone(), workspace.clone());
        async move {
            store
                .retention(&workspace, &query, at("2025-06-01T00:00:00Z"))
                .await
        }
    };
    // nobody said what counts as active
    let none = ask(RetentionQuery::default()).await;
    assert!(matches!(none, Err(StoreError::NoActivity)), "{none:?}");
    // an event that was never sent: an answer of zeros, not an error
    let never = ask(RetentionQuery {
        active: vec!["never".to_owned()],
        cohorts: CohortRange::Between {
            from: world.from,
            to: None,
        },
        ..RetentionQuery::default()
    })
    .await
    .unwrap();
    assert_eq!(never.customers, 1);
    assert!(
        never.cohorts[0].cells[1..]
            .iter()
            .all(|cell| cell.retained == 0)
    );
    // cohorts that begin after as-of
    let ahead = ask(RetentionQuery {
        active: world.active.clone(),
        cohorts: CohortRange::Between {
            from: date("2030-01-01"),
            to: None,
        },
        ..RetentionQuery::default()
    })
    .await;
    assert!(matches!(ahead, Err(StoreError::Query(_))), "{ahead:?}");
    // the workspace's own definition is used when it has one
    store
        .set_active_events(workspace.id, &["visit"])
        .await
        .unwrap();
    let workspace = store.workspace("one").await.unwrap();
    let own = store
        .retention(
            &workspace,
            &RetentionQuery::default(),
            at("2025-06-01T00:00:00Z"),
        )
        .await
        .unwrap();
    assert_eq!(own.query.active, ["visit"]);
    assert_eq!(own.week_start, WeekStart::Monday);
}
