//! Segments that are made of other segments.

use super::{condition, ids, leaf, naive, new, three};
use crate::world::{World, worlds};
use analysis::query::QueryError;
use analysis::segment::Condition;
use jiff::Timestamp;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sqlx::PgPool;
use store::{Store, StoreError};

fn of(slug: &str) -> Condition {
    Condition::Segment(slug.to_owned())
}

/// The condition with every segment's own condition in the place of its name.
fn unfolded(condition: &Condition, saved: &[(String, Condition)]) -> Condition {
    let parts = |parts: &[Condition]| parts.iter().map(|part| unfolded(part, saved)).collect();
    match condition {
        Condition::All(all) => Condition::All(parts(all)),
        Condition::Any(any) => Condition::Any(parts(any)),
        Condition::Not(part) => Condition::Not(Box::new(unfolded(part, saved))),
        Condition::Segment(slug) => {
            let (_, named) = saved.iter().find(|(one, _)| one == slug).unwrap();
            unfolded(named, saved)
        }
        other => other.clone(),
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_members_of_nested_segments_match_the_naive_program(pool: PgPool) {
    let store = Store::new(pool);
    let mut runner = TestRunner::deterministic();
    let mut told_apart = 0;
    for round in 0..12 {
        let world: World = worlds().new_tree(&mut runner).unwrap().current();
        let workspace = world.store(&store, &format!("round-{round}")).await;
        let mut saved: Vec<(String, Condition)> = Vec::new();
        for place in 0..5 {
            let plain = condition(&mut runner);
            // each is made of the two before it, one of them negated
            let made = match saved.as_slice() {
                [] => plain,
                [(one, _)] => Condition::Any(vec![plain, Condition::Not(Box::new(of(one)))]),
                [.., (first, _), (second, _)] => Condition::All(vec![
                    Condition::Any(vec![plain, of(first)]),
                    Condition::Not(Box::new(of(second))),
                ]),
            };
            let slug = format!("s{place}");
            // a random condition can be too deep to hold more
            if made.validate().is_err() {
                continue;
            }
            let kept = store.save_segment(workspace.id, &new(&slug), &made).await;
            assert_eq!(kept.unwrap().condition.as_ref(), Some(&made));
            let members = store.segment_members(workspace.id, &slug, world.as_of);
            let members = ids(&store, &workspace, &members.await.unwrap()).await;
            let expected = naive::members(&world, &unfolded(&made, &saved));
            assert_eq!(members, expected, "round {round}: {made} {saved:?}");
            told_apart +=
                usize::from(!expected.is_empty() && expected.len() < world.customers.len());
            saved.push((slug, made));
        }
    }
    assert!(told_apart > 15, "{told_apart}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn circles_and_gaps_are_refused(pool: PgPool) {
    let store = Store::new(pool);
    let workspace = three(&store).await;
    let id = workspace.id;
    let save = async |slug: &str, condition: &Condition| {
        store.save_segment(id, &new(slug), condition).await
    };
    let pro = leaf("plan:is:pro");
    let unknown = save("b", &of("a")).await.unwrap_err();
    assert_eq!(unknown.to_string(), "There is no segment called “a”.");
    let itself = save("a", &of("a")).await.unwrap_err();
    assert_eq!(itself.to_string(), "Segment “a” would be made of itself.");
    save("a", &pro).await.unwrap();
    save("b", &Condition::Not(Box::new(of("a")))).await.unwrap();
    save("c", &Condition::Any(vec![of("b"), of("a")]))
        .await
        .unwrap();
    let circle = store.change_segment(id, "a", &of("c")).await.unwrap_err();
    assert!(
        matches!(&circle, StoreError::Query(QueryError::SegmentCycle { slug }) if slug == "a"),
        "{circle:?}"
    );
    assert_eq!(store.segment(id, "a").await.unwrap().condition, Some(pro));

    // what others are made of stays
    let used = store.delete_segment(id, "a").await.unwrap_err();
    assert_eq!(
        used.to_string(),
        "Segment “a” can’t be deleted: “b” is made of it."
    );
    let users = store.segment_users(id, "a").await.unwrap();
    let users: Vec<&str> = users.iter().map(|one| one.slug.as_str()).collect();
    assert_eq!(users, ["b", "c"]);
    assert!(store.segment_users(id, "c").await.unwrap().is_empty());

    // a frozen one holds its customers, whatever becomes of those it was made of; thawed, it is asked again
    let now = Timestamp::MAX;
    store.freeze_segment(&workspace, "c", now).await.unwrap();
    store.change_segment(id, "a", &of("c")).await.unwrap();
    let members = store.segment_members(id, "a", now).await.unwrap();
    assert_eq!(members.len(), 3);
    let circle = store.thaw_segment(id, "c").await.unwrap_err();
    assert!(
        matches!(&circle, StoreError::Query(QueryError::SegmentCycle { slug }) if slug == "c"),
        "{circle:?}"
    );
    store
        .change_segment(id, "c", &leaf("plan:is:free"))
        .await
        .unwrap();
    let members = store.segment_members(id, "b", now).await.unwrap();
    assert_eq!(members.len(), 2, "not those of a, which is c: the free");
    for slug in ["b", "a", "c"] {
        store.delete_segment(id, slug).await.unwrap();
    }
    let gone = store.delete_segment(id, "c").await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
}

/// What saving refuses may still come into the data base by other ways; it is an error then, not a loop.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_circle_that_came_otherwise_is_named(pool: PgPool) {
    let store = Store::new(pool.clone());
    let workspace = three(&store).await;
    let pro = leaf("plan:is:pro");
    store
        .save_segment(workspace.id, &new("a"), &pro)
        .await
        .unwrap();
    store
        .save_segment(workspace.id, &new("b"), &of("a"))
        .await
        .unwrap();
    sqlx::query("update segment set condition = '{\"segment\": \"b\"}' where slug = 'a'")
        .execute(&pool)
        .await
        .unwrap();
    let found = store
        .segment_members(workspace.id, "b", Timestamp::MAX)
        .await;
    assert!(
        matches!(&found, Err(StoreError::Query(QueryError::SegmentCycle { slug })) if slug == "b"),
        "{found:?}"
    );
}
