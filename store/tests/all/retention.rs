//! The reference against independent answers: recorded ones on real events, and a naive program on random events.

pub(crate) mod naive;

use crate::engines::agree;
use crate::role::limited;
use crate::world::{self, World, settings, worlds};
use analysis::period::{Grain, WeekStart};
use analysis::query::{
    AsOf, BeforeStart, CellRef, CohortRange, ColumnZero, RetentionKind, RetentionQuery,
    TraitFilter, TraitTest, Window,
};
use analysis::report::{CellState, RetentionReport};
use jiff::Timestamp;
use jiff::civil::Date;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::path::Path;
use store::{Store, StoreError, Workspace};

/// Rounds of random data; each asks several questions.
const ROUNDS: u32 = 16;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// The counts of a report must be those of the naive program, cell by cell.
fn same(report: &RetentionReport, expected: &[naive::Row], context: &dyn Fn() -> String) {
    assert_eq!(report.cohorts.len(), expected.len(), "{}", context());
    for (cohort, row) in report.cohorts.iter().zip(expected) {
        assert_eq!(
            (cohort.start, cohort.size),
            (row.start, row.size),
            "{}",
            context()
        );
        let found: Vec<(u32, u32, CellState)> = cohort
            .cells
            .iter()
            .map(|cell| (cell.retained, cell.base.unwrap_or(cohort.size), cell.state))
            .collect();
        // Nobody is in it, so nothing has begun for anybody.
        if row.size == 0 && report.query.window == Window::Rolling {
            assert!(found.iter().all(|(_, size, _)| *size == 0));
            continue;
        }
        let expected: Vec<(u32, u32, CellState)> = row
            .cells
            .iter()
            .map(|cell| {
                let (retained, missing) = (cell.retained.len(), cell.missing.len());
                let number = |n: usize| u32::try_from(n).unwrap();
                (number(retained), number(retained + missing), cell.state)
            })
            .collect();
        assert_eq!(found, expected, "cohort of {}: {}", cohort.start, context());
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn random_worlds_match_the_naive_program(pool: PgPool) {
    let store = limited(pool).await;
    let mut runner = TestRunner::deterministic();
    for round in 0..ROUNDS {
        let world: World = worlds().new_tree(&mut runner).unwrap().current();
        let workspace = world.store(&store, &format!("round-{round}")).await;
        for grain in Grain::ALL {
            for kind in RetentionKind::ALL {
                let query = settings(kind).new_tree(&mut runner).unwrap().current();
                let query = RetentionQuery {
                    grain,
                    cohorts: CohortRange::Between {
                        from: world.from,
                        to: None,
                    },
                    as_of: AsOf::Instant(world.as_of),
                    filters: world.filters.clone(),
                    ..query
                };
                let report = agree(&store, &workspace, &query).await;
                let expected = naive::retention(&world, &query);
                let context = || format!("round {round}: {query:#?} {world:#?}");
                same(&report, &expected, &context);
                lists_match_cells(&store, &workspace, &report, &expected, &context).await;
            }
        }
    }
}

/// The lists behind every fifth cell name those whom the naive program counted, and those it missed.
async fn lists_match_cells(
    store: &Store,
    workspace: &Workspace,
    report: &RetentionReport,
    rows: &[naive::Row],
    context: &dyn Fn() -> String,
) {
    let query = &report.query;
    let cells = rows
        .iter()
        .flat_map(|row| row.cells.iter().enumerate().map(move |cell| (row, cell)));
    for (row, (column, expected)) in cells.step_by(7).take(3) {
        let cell = CellRef {
            cohort: Some(row.start),
            period: u32::try_from(column).unwrap(),
        };
        for (stayed, expected) in [(true, &expected.retained), (false, &expected.missing)] {
            let found = list(store, workspace, query, cell, stayed).await;
            assert_eq!(&found, expected, "{cell:?}: {}", context());
        }
    }
    let cell = CellRef {
        cohort: None,
        period: 1,
    };
    if let Some(facts) = report.cell(cell) {
        let all = (0, 1000);
        for (stayed, expected) in [(true, facts.retained), (false, facts.size - facts.retained)] {
            let page = store
                .members(workspace, query, Timestamp::MAX, cell, stayed, all)
                .await
                .unwrap();
            assert_eq!(page.total, expected, "{cell:?}: {}", context());
        }
    }
}

/// Everybody in a cell's list.
async fn list(
    store: &Store,
    workspace: &Workspace,
    query: &RetentionQuery,
    cell: CellRef,
    stayed: bool,
) -> BTreeSet<String> {
    let page = store
        .members(workspace, query, Timestamp::MAX, cell, stayed, (0, 1000))
        .await
        .unwrap();
    let found: BTreeSet<String> = page.members.into_iter().map(|one| one.customer).collect();
    assert_eq!(page.total, u64::try_from(found.len()).unwrap());
    // the same customers as a set
    let set = store.cell_members(workspace, query, Timestamp::MAX, cell, stayed);
    let set = set.await.unwrap();
    let ids = store.customers_in(workspace.id, &set, (0, 1000));
    let ids: BTreeSet<String> = ids.await.unwrap().into_iter().collect();
    assert_eq!(ids, found);
    found
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn recorded_answers_on_real_events(pool: PgPool) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/contributors");
    if !folder.exists() {
        println!("the real events are not here; nothing to compare");
        return;
    }
    let store = limited(pool).await;
    let recorded: Value =
        serde_json::from_reader(std::fs::File::open(folder.join("expected.json")).unwrap())
            .unwrap();
    let world = world::contributors(&folder);
    for (name, recorded) in recorded.as_object().unwrap() {
        let question = &recorded["question"];
        let world = World {
            zone: question["timezone"].as_str().unwrap().to_owned(),
            week_start: match question["week_start"].as_str() {
                Some(name) => name.parse().unwrap(),
                None => WeekStart::Monday,
            },
            ..world.clone()
        };
        let workspace = world.store(&store, &name.replace('_', "-")).await;
        let report = agree(&store, &workspace, &recorded_question(question)).await;
        same_as_recorded(&report, recorded["cohorts"].as_array().unwrap(), name);
    }
}

/// A question as it was recorded.
fn recorded_question(question: &Value) -> RetentionQuery {
    let text = |name: &str| question[name].as_str();
    let names = |name: &str| match &question[name] {
        Value::Null => Vec::new(),
        list => serde_json::from_value(list.clone()).unwrap(),
    };
    let filters = question["user_where"].as_object().into_iter().flatten();
    RetentionQuery {
        grain: text("grain").unwrap().parse().unwrap(),
        kind: text("retention").unwrap().parse().unwrap(),
        window: text("window").unwrap().parse().unwrap(),
        column_zero: match text("column0").unwrap() {
            "active" => ColumnZero::Measured,
            _ => ColumnZero::Size,
        },
        start: text("cohort_by").unwrap().parse().unwrap(),
        start_events: names("start_events"),
        before_start: match text("before_start") {
            Some(name) => name.parse().unwrap(),
            None => BeforeStart::Ignore,
        },
        active: names("return_events"),
        any_event: question["return_events"].is_null(),
        min_count: match question["min_count"].as_u64() {
            Some(count) => u32::try_from(count).unwrap(),
            None => 1,
        },
        cohorts: CohortRange::Between {
            from: date(text("from").unwrap()),
            to: None,
        },
        as_of: AsOf::Instant(at(text("now").unwrap())),
        filters: filters
            .map(|(name, value)| TraitFilter {
                name: name.clone(),
                test: TraitTest::Is(vec![value.as_str().unwrap().to_owned()]),
            })
            .collect(),
        ..RetentionQuery::default()
    }
}

/// The record leaves out cohorts without members, and the future is null in it.
fn same_as_recorded(report: &RetentionReport, recorded: &[Value], name: &str) {
    let cohorts: Vec<_> = report.cohorts.iter().filter(|one| one.size > 0).collect();
    assert!(recorded.len() > 20);
    assert_eq!(cohorts.len(), recorded.len(), "{name}");
    for (cohort, recorded) in cohorts.into_iter().zip(recorded) {
        let start = recorded["start"].as_str().unwrap();
        assert_eq!(cohort.start, date(start), "{name}");
        assert_eq!(Some(u64::from(cohort.size)), recorded["size"].as_u64());
        let periods = recorded["retained"].as_array().unwrap();
        for (k, retained) in periods.iter().enumerate() {
            let cell = cohort.cells.get(k);
            let found = cell.map(|cell| u64::from(cell.retained));
            assert_eq!(found, retained.as_u64(), "{name} {start} {k}");
            let complete = cell.is_some_and(|cell| cell.state != CellState::Running);
            assert_eq!(complete, recorded["complete"][k], "{name} {start} {k}");
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn filters(pool: PgPool) {
    let store = limited(pool).await;
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
            active: vec!["visit".to_owned()],
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
        let report = agree(&store, &workspace, &query).await;
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
async fn internal_customers_are_left_out(pool: PgPool) {
    let store = limited(pool).await;
    let world = world::with_traits(&[
        ("a", r#"{"mail": "acme.example", "role": "test"}"#),
        ("b", r#"{"mail": "own.example"}"#),
        ("c", r#"{"role": "test"}"#),
        ("d", "{}"),
    ]);
    let workspace = world.store(&store, "inside").await;
    assert_eq!(workspace.internal, []);
    let is = |name: &str, value: &str| TraitFilter {
        name: name.to_owned(),
        test: TraitTest::Is(vec![value.to_owned()]),
    };
    let internal = [is("mail", "own.example"), is("role", "test")];
    store.set_internal(workspace.id, &internal).await.unwrap();
    let workspace = store.workspace("inside").await.unwrap();
    assert_eq!(workspace.internal, internal);
    let query = RetentionQuery {
        any_event: true,
        cohorts: CohortRange::Between {
            from: world.from,
            to: None,
        },
        as_of: AsOf::Instant(world.as_of),
        ..RetentionQuery::default()
    };
    let report = store
        .retention(&workspace, &query, Timestamp::MAX)
        .await
        .unwrap();
    // Meeting one condition is enough.
    assert_eq!((report.customers, report.internal), (1, 3));
    let cell = CellRef {
        cohort: Some(report.cohorts[0].start),
        period: 0,
    };
    let found = list(&store, &workspace, &query, cell, true).await;
    assert_eq!(found, BTreeSet::from(["d".to_owned()]));
    let nonsense = [is("", "x")];
    let refused = store.set_internal(workspace.id, &nonsense).await;
    assert!(matches!(refused, Err(StoreError::Query(_))), "{refused:?}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn questions_that_have_no_answer(pool: PgPool) {
    let store = limited(pool).await;
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
        active: vec!["visit".to_owned()],
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
