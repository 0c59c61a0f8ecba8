//! Saved sets of events as features.

use super::{busy, engines};
use crate::world::{World, worlds};
use analysis::period::Grain;
use analysis::quartiles::FeatureSet;
use analysis::query::{AsOf, CohortRange, QuartileQuery, QueryError};
use analysis::words;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sqlx::PgPool;
use store::{Store, StoreError};

fn set(slug: &str, events: &[&str]) -> FeatureSet {
    FeatureSet {
        slug: slug.to_owned(),
        name: "Sharing".to_owned(),
        events: events.iter().map(|&event| event.to_owned()).collect(),
    }
}

/// A set answers as its events do when they are named, and is one row of the scan.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_set_is_its_events_together(pool: PgPool) {
    let store = Store::new(pool);
    let mut runner = TestRunner::deterministic();
    let mut told = 0;
    for round in 0..20 {
        let mut world: World = worlds().new_tree(&mut runner).unwrap().current();
        busy(&mut world);
        world.filters.clear();
        let workspace = world.store(&store, &format!("round-{round}")).await;
        let saved = set("sharing", &["order", "login", "order", "never sent"]);
        let saved = store.save_feature_set(workspace.id, &saved).await.unwrap();
        assert_eq!(saved.events, ["login", "never sent", "order"]);
        let by_set = QuartileQuery {
            set: Some("sharing".to_owned()),
            active: vec!["visit".to_owned()],
            cohorts: CohortRange::Between {
                from: world.from,
                to: None,
            },
            as_of: AsOf::Instant(world.as_of),
            landmark: round % 2 == 0,
            ..QuartileQuery::customary(Grain::Week)
        };
        let by_events = QuartileQuery {
            set: None,
            feature: saved.events.clone(),
            ..by_set.clone()
        };
        let report = engines::agree(&store, &workspace, &by_set).await;
        let mut expected = engines::agree(&store, &workspace, &by_events).await;
        assert_eq!((&report.set, &expected.set), (&Some(saved.clone()), &None));
        expected.set = Some(saved.clone());
        assert_eq!(report, expected);
        assert_eq!(words::feature(&report), "“Sharing”");
        report.query.validate().unwrap();
        let row = report.scan.iter().find(|row| row.set.is_some());
        let users = report.reading.users();
        let Some(row) = row else {
            assert_eq!(users, 0);
            continue;
        };
        assert!(report.shows(row));
        assert_eq!((row.users, row.feature.as_str()), (users, "Sharing"));
        assert_eq!(
            (row.raw, row.adjusted),
            (report.reading.raw, report.reading.adjusted)
        );
        told += 1;
    }
    assert!(told > 3, "{told}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sets_are_saved_once_and_deleted(pool: PgPool) {
    let store = Store::new(pool);
    let world = crate::world::with_traits(&[("a", "{}")]);
    let workspace = world.store(&store, "one").await;
    let other = world.store(&store, "other").await;
    let sharing = set("sharing", &["visit"]);
    store
        .save_feature_set(workspace.id, &sharing)
        .await
        .unwrap();
    let taken = store.save_feature_set(workspace.id, &sharing).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    for broken in [
        set("No slug", &["visit"]),
        set("empty", &[]),
        set("nameless", &[""]),
    ] {
        let refused = store.save_feature_set(workspace.id, &broken).await;
        assert!(matches!(refused, Err(StoreError::Query(_))), "{refused:?}");
    }
    assert_eq!(store.feature_sets(workspace.id).await.unwrap(), [sharing]);
    assert!(store.feature_sets(other.id).await.unwrap().is_empty());
    let asked = QuartileQuery {
        set: Some("sharing".to_owned()),
        active: vec!["visit".to_owned()],
        ..QuartileQuery::default()
    };
    let now = jiff::Timestamp::MAX;
    let wanted = analysis::quartiles::Wanted::Feature;
    let unknown = store.quartiles(&other, &asked, wanted, now).await;
    assert!(
        matches!(&unknown, Err(StoreError::Query(QueryError::UnknownFeatureSet { slug })) if slug == "sharing"),
        "{unknown:?}"
    );
    store
        .delete_feature_set(workspace.id, "sharing")
        .await
        .unwrap();
    let gone = store.delete_feature_set(workspace.id, "sharing").await;
    assert!(matches!(gone, Err(StoreError::NotFound)), "{gone:?}");
}
