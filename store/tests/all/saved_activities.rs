//! Saved definitions of activity: versions, what they answer while they are filled in, previews, proposals and names.

use crate::definitions::given::{
    asked, definitions, event, hundred, keep, nothing_doubtful, save, workflow,
};
use crate::definitions::naive::occurrences;
use crate::engines::agree;
use crate::role::limited;
use crate::world::with_traits;
use analysis::quartiles::Wanted;
use analysis::query::{ActivityDefinition, ActivityRule, QuartileQuery, RetentionQuery, StartRule};
use jiff::{SignedDuration, Timestamp};
use sqlx::{AssertSqlSafe, PgPool};
use store::{Engine, Matched, NewWorkspace, SaveActivity, Store, StoreError, Workspace};

async fn derived_rows(pool: &PgPool) -> i64 {
    let count = "select count(*) from event join event_name using (workspace_id, event_name_id) where derived";
    sqlx::query_scalar(count).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_version_answers_once_it_is_filled(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let (workspace, _) = hundred(&store).await;
    let then = |within| workflow(vec![event("visit", ""), event("order", "")], within, 1);
    save(&store, &workspace, "flow", &then(40 * 3_600)).await;
    let workspace = store.workspace("hundred").await.unwrap();
    let query = asked("flow");
    let ask =
        async |workspace: &Workspace| store.retention(workspace, &query, Timestamp::MAX).await;

    let waiting = ask(&workspace).await;
    assert!(
        matches!(&waiting, Err(StoreError::ActivityNotReady(slug)) if slug == "flow"),
        "{waiting:?}"
    );
    let progress = store.fill_progress(workspace.id).await.unwrap();
    assert_eq!((progress.len(), progress[0].done), (1, 0));
    assert!(progress[0].all > 1);
    let workspace = keep(&store, &workspace).await;
    assert_eq!(store.fill_progress(workspace.id).await.unwrap(), []);
    let first = ask(&workspace).await.unwrap();
    assert_eq!(derived_rows(&pool).await, 500);

    // Nobody does both within an hour.
    save(&store, &workspace, "flow", &then(3_600)).await;
    let workspace = store.workspace("hundred").await.unwrap();
    assert!(workspace.activity("flow").unwrap().next.is_some());
    assert_eq!(
        ask(&workspace).await.unwrap().cohorts,
        first.cohorts,
        "the old one answers"
    );
    let workspace = keep(&store, &workspace).await;
    let flow = workspace.activity("flow").unwrap();
    assert_eq!((flow.version, flow.next.is_some()), (2, false));
    let second = ask(&workspace).await.unwrap();
    assert!(
        second
            .cohorts
            .iter()
            .all(|cohort| cohort.cells[1..].iter().all(|cell| cell.retained == 0))
    );
    assert_eq!(
        derived_rows(&pool).await,
        0,
        "what the old one had is cleared away"
    );
    let streams = "select count(*) from event_name where derived";
    let streams: i64 = sqlx::query_scalar(streams).fetch_one(&pool).await.unwrap();
    assert_eq!(streams, 1);

    // Another name for the same is filled at once.
    let renamed = ActivityDefinition {
        name: "Renamed".to_owned(),
        ..then(3_600)
    };
    save(&store, &workspace, "flow", &renamed).await;
    let workspace = store.workspace("hundred").await.unwrap();
    let flow = workspace.activity("flow").unwrap();
    assert_eq!(
        (flow.version, flow.ready, &*flow.definition.name),
        (3, true, "Renamed")
    );
    let workspace = keep(&store, &workspace).await;
    nothing_doubtful(&store, &workspace).await;
    ask(&workspace).await.unwrap();

    store.delete_activity(workspace.id, "flow").await.unwrap();
    let workspace = keep(&store, &workspace).await;
    assert!(matches!(
        ask(&workspace).await,
        Err(StoreError::NoSuchActivity(_))
    ));
    let streams = "select count(*) from event_name where derived";
    let streams: i64 = sqlx::query_scalar(streams).fetch_one(&pool).await.unwrap();
    assert_eq!(streams, 0);
    nothing_doubtful(&store, &workspace).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn events_with_conditions_are_answered_at_once_and_the_same_later(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let (workspace, _) = hundred(&store).await;
    let definition = ActivityDefinition {
        rule: ActivityRule::AnyOf(vec![
            event("visit", "size:between:30:"),
            event("order", "size:is:7"),
        ]),
        at_least: 2,
        ..definitions()[0].clone()
    };
    let save = SaveActivity {
        definition,
        slug: None,
        default: true,
    };
    let slug = store.save_activity(workspace.id, &save).await.unwrap();
    assert_eq!(slug, "a-visit-of-some-size");
    let workspace = store.workspace("hundred").await.unwrap();
    let query = RetentionQuery {
        activity: None,
        ..asked("")
    };
    let before = store
        .retention(&workspace, &query, Timestamp::MAX)
        .await
        .unwrap();
    assert_eq!(before.query.active, ["order", "visit"]);
    let features = QuartileQuery {
        cohorts: query.cohorts,
        as_of: query.as_of,
        ..QuartileQuery::default()
    };
    let waiting = store
        .quartiles(&workspace, &features, Wanted::Both, Timestamp::MAX)
        .await;
    assert!(matches!(waiting, Err(StoreError::ActivityNotReady(_))));

    let workspace = keep(&store, &workspace).await;
    let after = store
        .retention_by(Engine::Index, &workspace, &query, Timestamp::MAX)
        .await
        .unwrap();
    assert_eq!(after.query.activity.as_deref(), Some(&*slug));
    assert_eq!(after.cohorts, before.cohorts);
    assert!(
        before
            .cohorts
            .iter()
            .any(|cohort| cohort.cells.iter().any(|cell| cell.retained > 0))
    );
    // The question of a report asks the same again.
    let again = store
        .retention(&workspace, &after.query, Timestamp::MAX)
        .await
        .unwrap();
    assert_eq!(again, after);
    let report = store
        .quartiles(&workspace, &features, Wanted::Both, Timestamp::MAX)
        .await
        .unwrap();
    assert!(report.query.activity.is_some());
    let known = store.event_counts(workspace.id).await.unwrap();
    assert_eq!(known.len(), 2, "a stream is no event");

    // Any event is any that was sent.
    let any = RetentionQuery {
        any_event: true,
        start: StartRule::EachEvent,
        min_count: 2,
        ..query
    };
    let with = agree(&store, &workspace, &any).await;
    store.delete_activity(workspace.id, &slug).await.unwrap();
    let workspace = keep(&store, &workspace).await;
    assert!(workspace.own_activity().is_none());
    let without = agree(&store, &workspace, &any).await;
    assert_eq!(with.cohorts, without.cohorts);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn previews_count_customers_and_times(pool: PgPool) {
    let store = limited(pool).await;
    let (workspace, world) = hundred(&store).await;
    for definition in definitions() {
        let preview = store
            .preview_activity(&workspace, &definition, 1_000)
            .await
            .unwrap();
        let all = world
            .customers
            .iter()
            .map(|customer| occurrences(customer, &definition));
        let all: Vec<Vec<Timestamp>> = all.filter(|his| !his.is_empty()).collect();
        let expected = Matched {
            customers: u64::try_from(all.len()).unwrap(),
            times: u64::try_from(all.iter().map(Vec::len).sum::<usize>()).unwrap(),
        };
        assert_eq!(preview.ever, expected, "{definition:?}");
        assert_eq!(preview.lately, expected, "all of it is within 90 days");
        assert_eq!((preview.customers, preview.sampled), (100, false));
    }
    let empty = ActivityDefinition::of_events("nothing", []);
    let refused = store.preview_activity(&workspace, &empty, 1_000).await;
    assert!(matches!(refused, Err(StoreError::Query(error)) if error.code() == "activity_empty"));
    let unknown = ActivityDefinition::of_events("nothing", ["never".to_owned()]);
    let preview = store
        .preview_activity(&workspace, &unknown, 1_000)
        .await
        .unwrap();
    assert_eq!(preview.ever, Matched::default());
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn proposals_are_what_customers_come_back_to(pool: PgPool) {
    let store = limited(pool).await;
    let mut world = with_traits(&[("a", "{}"), ("b", "{}")]);
    let start: Timestamp = "2024-02-01T08:00:00Z".parse().unwrap();
    let week = |n: i64| start + SignedDuration::from_hours(n * 24 * 7);
    let told = |name: &str, n: i64| (name.to_owned(), week(n), None);
    // In four weeks: every week signed in, "core" in two of his four, "once" by both but never again.
    world.customers[0].events = vec![
        told("login", 0),
        told("login", 1),
        told("login", 2),
        told("login", 3),
        told("core", 0),
        told("core", 2),
        told("once", 0),
    ];
    world.customers[1].events = vec![told("once", 0), told("login", 3)];
    let workspace = world.store(&store, "proposals").await;
    let proposals = store.propose_activities(&workspace).await.unwrap();
    let told: Vec<(&str, u64, u64, f64)> = proposals
        .candidates
        .iter()
        .map(|one| (one.event.as_str(), one.customers, one.of, one.regularity))
        .collect();
    assert_eq!(told, [("core", 1, 2, 0.5), ("once", 2, 2, 0.25)]);
    assert_eq!(proposals.left_out, ["login"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn names_in_addresses_are_made_and_kept(pool: PgPool) {
    let store = limited(pool).await;
    let new = NewWorkspace {
        slug: "names".to_owned(),
        name: "Names".to_owned(),
        zone: "UTC".to_owned(),
        week_start: analysis::period::WeekStart::Monday,
        currency: "EUR".to_owned(),
    };
    let workspace = store.create_workspace(&new).await.unwrap();
    let save = |name: &str, slug: Option<&str>| SaveActivity {
        definition: ActivityDefinition::of_events(name, ["order".to_owned()]),
        slug: slug.map(str::to_owned),
        default: false,
    };
    for (name, slug, expected) in [
        ("Orders & more", None, "orders-more"),
        ("Orders, more!", None, "orders-more-2"),
        ("注文", None, "activity"),
        ("Orders again", Some("orders-more"), "orders-more"),
    ] {
        let saved = store
            .save_activity(workspace.id, &save(name, slug))
            .await
            .unwrap();
        assert_eq!(saved, expected);
    }
    let workspace = store.workspace("names").await.unwrap();
    let names: Vec<(&str, u32)> = workspace
        .activities
        .iter()
        .map(|one| (one.definition.name.as_str(), one.version))
        .collect();
    assert_eq!(
        names,
        [("Orders again", 2), ("Orders, more!", 1), ("注文", 1)]
    );
    let wrong = store
        .save_activity(workspace.id, &save("x", Some("No Slug")))
        .await;
    assert!(matches!(wrong, Err(StoreError::Query(error)) if error.code() == "activity_slug"));
    store
        .set_own_activity(workspace.id, "activity")
        .await
        .unwrap();
    let missing = store.set_own_activity(workspace.id, "nothing").await;
    assert!(matches!(missing, Err(StoreError::NoSuchActivity(_))));
    let workspace = store.workspace("names").await.unwrap();
    assert_eq!(workspace.own_activity().unwrap().slug, "activity");
}

#[sqlx::test(migrations = false)]
async fn the_setting_of_before_becomes_a_definition(pool: PgPool) {
    let mut steps = store::MIGRATOR.iter().collect::<Vec<_>>();
    steps.sort_by_key(|step| step.version);
    for step in steps {
        if step.version == 6 {
            let before = "insert into workspace (slug, name, active_events)
                          values ('old', 'Old', '{visit,order,visit}'), ('unasked', 'Unasked', null)";
            sqlx::query(before).execute(&pool).await.unwrap();
        }
        // The migrations are ours.
        let text = step.sql.as_str().to_owned();
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(&pool)
            .await
            .unwrap();
    }
    let store = limited(pool).await;
    let old = store.workspace("old").await.unwrap();
    let own = old.own_activity().unwrap();
    let expected =
        ActivityDefinition::of_events("Active", ["order".to_owned(), "visit".to_owned()]);
    assert_eq!(
        (&own.definition, &*own.slug, own.ready),
        (&expected, "active", true)
    );
    let unasked = store.workspace("unasked").await.unwrap();
    assert!(unasked.own_activity().is_none() && unasked.activities.is_empty());
}
