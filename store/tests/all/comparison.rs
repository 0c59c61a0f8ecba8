//! Questions about segments against a naive program on random events, by both engines.

mod naive;

use crate::role::limited;
use crate::world::{self, World, settings, worlds};
use analysis::comparison::{ComparisonReport, SegmentKey};
use analysis::period::Grain;
use analysis::query::{
    AsOf, CohortRange, ComparisonQuery, DateRange, MAX_SIDE_BY_SIDE, RetentionKind, RetentionQuery,
    Split, TraitFilter, Window,
};
use analysis::segment::Condition;
use jiff::Timestamp;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::json;
use sqlx::PgPool;
use store::{Engine, NewSegment, Store, StoreError};

/// Rounds of random data; each asks a question for every grain.
const ROUNDS: usize = 32;

/// What both engines say, and whether the index could answer.
async fn agree(
    store: &Store,
    workspace: &store::Workspace,
    query: &ComparisonQuery,
) -> (ComparisonReport, bool) {
    let by = |engine| store.compare_by(engine, workspace, query, Timestamp::MAX);
    let reference = by(Engine::Reference).await.unwrap();
    let indexed = match by(Engine::Index).await {
        Ok(report) => {
            assert_eq!(report, reference, "{query:#?}");
            true
        }
        Err(error) => {
            assert!(matches!(error, StoreError::NotFound), "{error:?}");
            false
        }
    };
    assert_eq!(by(Engine::Fastest).await.unwrap(), reference);
    (reference, indexed)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn random_worlds_match_the_naive_program(pool: PgPool) {
    let store = limited(pool).await;
    let mut runner = TestRunner::deterministic();
    let (mut ended, mut watched) = (0, 0);
    let (mut questions, mut answered) = (0, 0);
    for round in 0..ROUNDS {
        let mut world: World = worlds().new_tree(&mut runner).unwrap().current();
        for customer in world.customers.iter_mut().skip(round % 3) {
            // more values than can stand side by side
            let number = customer.id.len() + customer.events.len();
            let channel = format!("channel {}", number * 7 % 11);
            customer.traits.insert("channel".to_owned(), json!(channel));
        }
        let workspace = world.store(&store, &format!("round-{round}")).await;
        for (number, grain) in Grain::ALL.into_iter().enumerate() {
            let kind = RetentionKind::ALL[(round + number) % RetentionKind::ALL.len()];
            let asked = settings(kind).new_tree(&mut runner).unwrap().current();
            let retention = RetentionQuery {
                grain,
                cohorts: CohortRange::Between {
                    from: world.from,
                    to: None,
                },
                as_of: AsOf::Instant(world.as_of),
                filters: world.filters.clone(),
                ..asked
            };
            // every second one as the index can answer it
            let retention = match (round + number) % 2 {
                0 => retention,
                _ => RetentionQuery {
                    window: Window::Calendar,
                    start_where: Vec::new(),
                    active_where: Vec::new(),
                    account_filters: Vec::new(),
                    behaviours: Vec::new(),
                    ..retention
                },
            };
            let name = ["plan", "channel", "seats", "nothing"][(round + number) % 4];
            let query = ComparisonQuery {
                split: Some(Split::Trait(name.to_owned())),
                inactivity: [None, Some(1), Some(90)][(round + number) % 3],
                against: (number % 2 == 0).then(|| DateRange {
                    from: "2024-01-20".parse().unwrap(),
                    to: "2024-02-01".parse().unwrap(),
                }),
                retention,
                ..ComparisonQuery::default()
            };
            let (report, indexed) = agree(&store, &workspace, &query).await;
            naive::check(&world, &query, name, &report);
            questions += 1;
            answered += usize::from(indexed);
            for segment in &report.segments {
                ended += segment.survival.ended;
                watched += segment.survival.customers;
            }
        }
    }
    assert!(ended > 200 && watched > ended + 60, "{ended} of {watched}");
    assert!(
        answered >= questions / 2,
        "{answered} of {questions} by the index"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn values_beyond_eight_are_one_segment(pool: PgPool) {
    let store = limited(pool).await;
    let people: Vec<(String, String)> = (0..40)
        .map(|n| {
            let traits = match n {
                0..36 => format!(
                    r#"{{"country": "{}"}}"#,
                    ["de", "fr", "it", "at", "ch", "be", "nl", "lu", "dk", "pl"][n % 10]
                ),
                _ => "{}".to_owned(),
            };
            (format!("customer {n}"), traits)
        })
        .collect();
    let people: Vec<(&str, &str)> = people
        .iter()
        .map(|(id, traits)| (&id[..], &traits[..]))
        .collect();
    let world = world::with_traits(&people);
    let workspace = world.store(&store, "many").await;
    store.refresh_summaries(workspace.id).await.unwrap();
    let query = ComparisonQuery {
        retention: RetentionQuery {
            active: vec!["visit".to_owned()],
            as_of: AsOf::Instant(world.as_of),
            ..RetentionQuery::default()
        },
        ..ComparisonQuery::default()
    };
    let (report, _) = agree(&store, &workspace, &query).await;
    assert_eq!(report.query.split, Some(Split::Trait("country".to_owned())));
    let found: Vec<(&str, u64)> = report
        .segments
        .iter()
        .map(|one| (one.name.as_str(), one.report.customers))
        .collect();
    assert_eq!(found.len(), MAX_SIDE_BY_SIDE + 2);
    // as many each, so by name; those with three come last
    assert_eq!(&found[..2], [("at", 4), ("be", 4)]);
    assert_eq!(&found[8..], [("other", 6), ("not set", 4)]);
    assert_eq!(report.folded, 2);
    assert_eq!(report.segments[8].key, SegmentKey::Other);
    assert_eq!(report.total.unwrap().customers, 40);
}

/// A saved segment has the customers of a trait's value: the same numbers, whoever made them.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn saved_segments_are_what_their_conditions_are(pool: PgPool) {
    let store = limited(pool).await;
    let mut runner = TestRunner::deterministic();
    let (mut compared, mut overlapping) = (0, 0);
    for round in 0..ROUNDS / 2 {
        let world: World = worlds().new_tree(&mut runner).unwrap().current();
        let workspace = world.store(&store, &format!("round-{round}")).await;
        let conditions = ["plan:is:pro", "plan:unset", "seats:set"];
        for (slug, text) in ["pro", "none", "seated"].into_iter().zip(conditions) {
            let new = NewSegment {
                slug: slug.to_owned(),
                name: format!("The {slug}"),
                description: String::new(),
            };
            let condition = Condition::Trait(TraitFilter::parse(text).unwrap());
            let saved = store.save_segment(workspace.id, &new, &condition).await;
            saved.unwrap();
        }
        let query = |split| ComparisonQuery {
            split: Some(split),
            retention: RetentionQuery {
                grain: Grain::ALL[round % 5],
                active: vec!["visit".to_owned()],
                cohorts: CohortRange::Between {
                    from: world.from,
                    to: None,
                },
                as_of: AsOf::Instant(world.as_of),
                filters: world.filters.clone(),
                ..RetentionQuery::default()
            },
            ..ComparisonQuery::default()
        };
        let names = ["pro", "none", "seated"].map(str::to_owned);
        let (saved, _) = agree(&store, &workspace, &query(Split::Saved(names.to_vec()))).await;
        let by_trait = Split::Trait("plan".to_owned());
        let (by_trait, _) = agree(&store, &workspace, &query(by_trait)).await;
        assert_eq!(saved.total, None);
        assert_eq!(saved.segments[0].name, "The pro");
        let pro = SegmentKey::Value("pro".to_owned());
        for (place, key) in [(0, pro), (1, SegmentKey::Unset)] {
            let mine = &saved.segments[place];
            let same = by_trait.segments.iter().find(|one| one.key == key);
            match same {
                Some(same) => {
                    assert_eq!(mine.report.cohorts, same.report.cohorts, "{world:#?}");
                    assert_eq!(mine.endings, same.endings, "{world:#?}");
                    compared += mine.report.customers;
                }
                None => assert_eq!(mine.report.customers, 0, "{world:#?}"),
            }
        }
        // by names, each for itself and the two together
        let both = RetentionQuery {
            segments: vec!["pro".to_owned(), "seated".to_owned()],
            ..query(Split::Saved(names.to_vec())).retention
        };
        let both = store.retention(&workspace, &both, Timestamp::MAX).await;
        let unset = RetentionQuery {
            segments: vec!["none".to_owned(), "seated".to_owned()],
            ..query(Split::Saved(names.to_vec())).retention
        };
        let unset = store.retention(&workspace, &unset, Timestamp::MAX).await;
        let expected = both.unwrap().customers + unset.unwrap().customers;
        assert_eq!(saved.overlapping, expected, "{world:#?}");
        overlapping += expected;
    }
    assert!(
        compared > 30 && overlapping > 10,
        "{compared} {overlapping}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn questions_that_have_no_answer(pool: PgPool) {
    let store = limited(pool).await;
    let world = world::with_traits(&[("a", "{}"), ("b", "{}")]);
    let workspace = world.store(&store, "two").await;
    store.refresh_summaries(workspace.id).await.unwrap();
    let ask = |query: ComparisonQuery| {
        let (store, workspace) = (store.clone(), workspace.clone());
        async move {
            let now = "2025-06-01T00:00:00Z".parse().unwrap();
            store.compare(&workspace, &query, now).await
        }
    };
    let none = ask(ComparisonQuery::default()).await;
    assert!(matches!(none, Err(StoreError::NoActivity)), "{none:?}");
    let retention = RetentionQuery {
        active: vec!["visit".to_owned()],
        window: Window::Rolling,
        ..RetentionQuery::default()
    };
    let code = |result: Result<ComparisonReport, StoreError>| match result {
        Err(StoreError::Query(error)) => error.code(),
        other => panic!("{other:?}"),
    };
    let unsplit = ComparisonQuery {
        retention,
        ..ComparisonQuery::default()
    };
    assert_eq!(code(ask(unsplit.clone()).await), "no_split");
    let saved = ComparisonQuery {
        split: Some(Split::Saved(vec!["nobody".to_owned()])),
        ..unsplit.clone()
    };
    assert_eq!(code(ask(saved).await), "unknown_segment");
    // a trait that nobody has: all are in one segment
    let unset = ComparisonQuery {
        split: Some(Split::Trait("plan".to_owned())),
        ..unsplit
    };
    let report = ask(unset).await.unwrap();
    assert_eq!(report.segments.len(), 1);
    assert_eq!(report.segments[0].key, SegmentKey::Unset);
    assert_eq!(report.segments[0].report.customers, 2);
    // one visit each, on the day of the signup
    assert_eq!(report.segments[0].survival.median, Some(0));
}
