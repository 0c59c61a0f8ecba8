//! Segments: who belongs to them, against a naive program on random events, and what becomes of saved ones.

mod naive;

use crate::engines::agree;
use crate::quartiles::engines as feature_engines;
use crate::quartiles::naive as naive_quartiles;
use crate::retention::naive as naive_retention;
use crate::role::limited;
use crate::world::{self, World, settings, worlds};
use analysis::period::Grain;
use analysis::query::{
    AsOf, Behaviour, CohortRange, QuartileQuery, RetentionKind, RetentionQuery, TraitFilter,
};
use analysis::segment::{Condition, SegmentCount};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sqlx::PgPool;
use std::collections::BTreeSet;
use store::{Members, NewSegment, Store, StoreError, Workspace};

/// Rounds of random data.
const ROUNDS: usize = 24;
/// Conditions asked in each.
const CONDITIONS: usize = 8;

fn leaf(text: &str) -> Condition {
    match Behaviour::parse(text) {
        Some(behaviour) => Condition::Behaviour(behaviour),
        None => Condition::Trait(TraitFilter::parse(text).unwrap()),
    }
}

/// Conditions within all limits, few of which hold for nobody.
fn conditions() -> impl Strategy<Value = Condition> {
    let texts = vec![
        "plan:is:pro",
        "plan:is:free:true",
        "plan:not:pro",
        "plan:set",
        "seats:unset",
        "seats:between:10:",
        "did:visit:1",
        "did:order:2",
        "not:login:3",
        "did:visit:1:0-60",
        "not:order:1:3-200",
        "did:never sent:1",
        "not:never sent:1",
    ];
    let leaves = proptest::sample::select(texts).prop_map(leaf);
    let tree = leaves.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::Any),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    });
    prop_oneof![1 => Just(Condition::EVERYBODY), 12 => tree]
}

/// A random condition that keeps the limits.
fn condition(runner: &mut TestRunner) -> Condition {
    loop {
        let condition = conditions().new_tree(runner).unwrap().current();
        if condition.validate().is_ok() {
            return condition;
        }
    }
}

async fn ids(store: &Store, workspace: &Workspace, members: &Members) -> BTreeSet<String> {
    let listed = store.customers_in(workspace.id, members, (0, 1_000)).await;
    listed.unwrap().into_iter().collect()
}

fn new(slug: &str) -> NewSegment {
    NewSegment {
        slug: slug.to_owned(),
        name: format!("Segment {slug}"),
        description: String::new(),
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn random_conditions_match_the_naive_program(pool: PgPool) {
    let store = limited(pool).await;
    let mut runner = TestRunner::deterministic();
    let (mut some, mut not_all) = (0, 0);
    for round in 0..ROUNDS {
        let world: World = worlds().new_tree(&mut runner).unwrap().current();
        let workspace = world.store(&store, &format!("round-{round}")).await;
        for _ in 0..CONDITIONS {
            let condition = condition(&mut runner);
            let members = store.condition_members(&workspace, &condition, world.as_of);
            let members = members.await.unwrap();
            let expected = naive::members(&world, &condition);
            let context = format!("round {round}: {condition:#?} {world:#?}");
            assert_eq!(
                ids(&store, &workspace, &members).await,
                expected,
                "{context}"
            );
            assert_eq!(members.len(), u64::try_from(expected.len()).unwrap());
            assert_eq!(members.is_empty(), expected.is_empty());
            some += usize::from(!expected.is_empty());
            not_all += usize::from(expected.len() < world.customers.len());
            // the count leaves out internal customers and those who came later
            let mut counted = workspace.clone();
            counted.internal.clone_from(&world.filters);
            let count = store.count_condition(&counted, &condition, world.as_of);
            assert_eq!(
                count.await.unwrap(),
                naive::count(&world, &expected),
                "{context}"
            );
        }
    }
    assert!(some > 100 && not_all > 100, "{some} {not_all}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn questions_of_segments_match_the_naive_program(pool: PgPool) {
    let store = limited(pool).await;
    let mut runner = TestRunner::deterministic();
    for round in 0..ROUNDS / 2 {
        let world: World = worlds().new_tree(&mut runner).unwrap().current();
        let workspace = world.store(&store, &format!("round-{round}")).await;
        let kinds = [condition(&mut runner), condition(&mut runner)];
        let mut of_both = world.clone();
        for (kind, slug) in kinds.iter().zip(["one", "other"]) {
            store
                .save_segment(workspace.id, &new(slug), kind)
                .await
                .unwrap();
            let expected = naive::members(&world, kind);
            of_both.customers.retain(|one| expected.contains(&one.id));
        }
        // one of them living, one frozen: of those who had signed up by then
        if round % 2 == 1 {
            store
                .freeze_segment(&workspace, "other", Timestamp::MAX)
                .await
                .unwrap();
            let all = ids(
                &store,
                &workspace,
                &store
                    .segment_members(workspace.id, "other", Timestamp::MIN)
                    .await
                    .unwrap(),
            )
            .await;
            let later = World {
                as_of: Timestamp::MAX,
                ..world.clone()
            };
            let expected = naive::members(&later, &kinds[1]);
            let expected: BTreeSet<String> = expected
                .into_iter()
                .filter(|id| {
                    later
                        .customers
                        .iter()
                        .any(|one| one.id == *id && one.signup().is_some())
                })
                .collect();
            assert_eq!(all, expected);
            of_both = world.clone();
            let one = naive::members(&world, &kinds[0]);
            of_both
                .customers
                .retain(|customer| one.contains(&customer.id) && all.contains(&customer.id));
        }
        let segments = vec!["one".to_owned(), "other".to_owned()];
        let cohorts = CohortRange::Between {
            from: world.from,
            to: None,
        };
        for grain in [Grain::Day, Grain::Week, Grain::Month] {
            for kind in [
                RetentionKind::On,
                RetentionKind::OnOrAfter,
                RetentionKind::Previous,
            ] {
                let query = RetentionQuery {
                    grain,
                    cohorts,
                    as_of: AsOf::Instant(world.as_of),
                    filters: world.filters.clone(),
                    segments: segments.clone(),
                    ..settings(kind).new_tree(&mut runner).unwrap().current()
                };
                let report = agree(&store, &workspace, &query).await;
                let expected = naive_retention::retention(&of_both, &query);
                let sizes = report.cohorts.iter().map(|cohort| cohort.size);
                let naive = expected.iter().map(|row| row.size);
                assert_eq!(
                    sizes.collect::<Vec<u32>>(),
                    naive.collect::<Vec<u32>>(),
                    "round {round}: {query:#?} {kinds:#?} {world:#?}"
                );
                for (cohort, row) in report
                    .cohorts
                    .iter()
                    .zip(&expected)
                    .filter(|(_, row)| row.size > 0)
                {
                    let found: Vec<u32> = cohort.cells.iter().map(|cell| cell.retained).collect();
                    let counted = row
                        .cells
                        .iter()
                        .map(|cell| u32::try_from(cell.retained.len()).unwrap());
                    assert_eq!(
                        found,
                        counted.collect::<Vec<u32>>(),
                        "round {round}: {query:#?} {kinds:#?} {world:#?}"
                    );
                }
            }
        }
        let query = QuartileQuery {
            feature: vec!["visit".to_owned()],
            active: vec!["order".to_owned()],
            landmark: false,
            cohorts,
            as_of: AsOf::Instant(world.as_of),
            filters: world.filters.clone(),
            segments,
            ..QuartileQuery::default()
        };
        let report = feature_engines::agree(&store, &workspace, &query).await;
        let expected = naive_quartiles::quartiles(&of_both, &query);
        assert_eq!(report.not_over, expected.not_over);
        assert_eq!(
            naive_quartiles::Reading::from(&report.reading),
            expected.asked
        );
    }
}

/// Three customers who differ in their plan; each visited on 1 May 2025.
async fn three(store: &Store) -> Workspace {
    let world = world::with_traits(&[
        ("a", r#"{"plan": "pro"}"#),
        ("b", r#"{"plan": "pro"}"#),
        ("c", r#"{"plan": "free"}"#),
    ]);
    world.store(store, "three").await
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn living_and_frozen(pool: PgPool) {
    let store = limited(pool).await;
    let workspace = three(&store).await;
    let pro = leaf("plan:is:pro");
    let now = at("2025-06-01T00:00:00Z");
    let saved = store
        .save_segment(workspace.id, &new("pro"), &pro)
        .await
        .unwrap();
    assert_eq!(
        (saved.condition.as_ref(), saved.is_frozen()),
        (Some(&pro), false)
    );
    let taken = store.save_segment(workspace.id, &new("pro"), &pro).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    let bad = store.save_segment(workspace.id, &new("Pro!"), &pro).await;
    assert!(matches!(bad, Err(StoreError::Conflict(_))), "{bad:?}");
    let empty = store
        .save_segment(workspace.id, &new("empty"), &Condition::Any(Vec::new()))
        .await;
    assert!(matches!(empty, Err(StoreError::Query(_))), "{empty:?}");

    let count = async |customers| {
        let counted = store.segment_counts(&workspace, now).await.unwrap();
        assert_eq!(counted[0].1, SegmentCount { customers, of: 3 });
    };
    let move_to = async |customer: &str, plan: &str| {
        let traits = serde_json::from_value(serde_json::json!({ "plan": plan })).unwrap();
        let record = store::CustomerRecord {
            customer: customer.to_owned(),
            signup_at: None,
            account: None,
            traits,
        };
        store
            .write_customers(workspace.id, &[record])
            .await
            .unwrap();
    };
    count(2).await;
    // living: it follows the customers
    move_to("c", "pro").await;
    count(3).await;
    store.freeze_segment(&workspace, "pro", now).await.unwrap();
    move_to("a", "free").await;
    count(3).await;
    // freezing it again changes nothing
    store
        .freeze_segment(&workspace, "pro", at("2025-07-01T00:00:00Z"))
        .await
        .unwrap();
    let frozen = store.segment(workspace.id, "pro").await.unwrap();
    assert_eq!((frozen.frozen_at, frozen.condition), (Some(now), Some(pro)));
    count(3).await;
    store.thaw_segment(workspace.id, "pro").await.unwrap();
    assert!(
        !store
            .segment(workspace.id, "pro")
            .await
            .unwrap()
            .is_frozen()
    );
    count(2).await;
    store
        .rename_segment(workspace.id, "pro", "Payers", "They pay.")
        .await
        .unwrap();
    let renamed = &store.segments(workspace.id).await.unwrap()[0];
    assert_eq!(
        (
            renamed.slug.as_str(),
            renamed.name.as_str(),
            renamed.description.as_str()
        ),
        ("pro", "Payers", "They pay.")
    );
    store
        .change_segment(workspace.id, "pro", &leaf("plan:is:free"))
        .await
        .unwrap();
    count(1).await;

    let (members, count_of) = store
        .segment_population(&workspace, "pro", now)
        .await
        .unwrap();
    assert_eq!(
        count_of,
        SegmentCount {
            customers: 1,
            of: 3
        }
    );
    assert_eq!(ids(&store, &workspace, &members).await.len(), 1);
    let before = at("2025-04-01T00:00:00Z");
    let (members, _) = store
        .segment_population(&workspace, "pro", before)
        .await
        .unwrap();
    assert!(members.is_empty(), "nobody had signed up by then");

    // customers picked by hand stay as picked
    let members = store
        .condition_members(&workspace, &leaf("plan:is:pro"), now)
        .await
        .unwrap();
    let picked = store
        .save_members(workspace.id, &new("a-picked"), &members, now)
        .await
        .unwrap();
    assert_eq!((picked.condition, picked.frozen_at), (None, Some(now)));
    move_to("b", "free").await;
    count(2).await;
    let kept = store
        .segment_members(workspace.id, "a-picked", now)
        .await
        .unwrap();
    assert_eq!(kept.bytes(), members.bytes());
    store.thaw_segment(workspace.id, "a-picked").await.unwrap();
    count(2).await;

    store
        .delete_segment(workspace.id, "a-picked")
        .await
        .unwrap();
    let gone = store.delete_segment(workspace.id, "a-picked").await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
    assert_eq!(store.segments(workspace.id).await.unwrap().len(), 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_unknown_segment_is_named(pool: PgPool) {
    let store = limited(pool).await;
    let workspace = three(&store).await;
    let ask = RetentionQuery {
        any_event: true,
        segments: vec!["gone".to_owned()],
        ..RetentionQuery::default()
    };
    for engine in [store::Engine::Reference, store::Engine::Index] {
        let none = store
            .retention_by(engine, &workspace, &ask, Timestamp::MAX)
            .await;
        assert_eq!(
            none.unwrap_err().to_string(),
            "There is no segment called “gone”."
        );
    }
    // another workspace's is unknown here
    let other = world::with_traits(&[("a", "{}")])
        .store(&store, "other")
        .await;
    store
        .save_segment(other.id, &new("gone"), &Condition::EVERYBODY)
        .await
        .unwrap();
    let none = store.retention(&workspace, &ask, Timestamp::MAX).await;
    assert!(matches!(none, Err(StoreError::Query(_))), "{none:?}");
    // a segment in which nobody is leaves nobody
    let nobody = Condition::Not(Box::new(leaf("plan:not:none")));
    store
        .save_segment(workspace.id, &new("gone"), &nobody)
        .await
        .unwrap();
    let report = agree(&store, &workspace, &ask).await;
    assert_eq!(report.customers, 0);
}
