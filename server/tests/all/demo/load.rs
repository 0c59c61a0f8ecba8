//! The demo in a real data base.

use analysis::quartiles::{Verdict, Wanted};
use analysis::query::{CohortRange, ComparisonQuery, QuartileQuery, RetentionQuery};
use analysis::words;
use server::demo::{self, CREATED_VALUE, CUSTOMERS, DemoOptions};
use sqlx::PgPool;
use store::{EventRecord, Store};

fn options(customers: u32) -> DemoOptions {
    DemoOptions {
        customers,
        ..DemoOptions::until("2026-11-18".parse().expect("a date"))
    }
}

async fn stored(store: &Store) -> u64 {
    let workspace = store.workspace("demo").await.expect("it was made");
    let counts = store.event_counts(workspace.id).await.expect("counts");
    counts.iter().map(|count| count.events).sum()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_missing_is_loaded_and_nothing_twice(pool: PgPool) {
    let store = Store::new(pool);
    let mut heard = Vec::new();
    let part = demo::load(&store, &options(100), |done, total| {
        heard.push((done, total));
    })
    .await
    .expect("a part");
    assert_eq!((heard[0], heard.last()), ((0, 100), Some(&(100, 100))));
    assert_eq!(part.events_stored, part.events);

    let all = demo::load(&store, &options(400), |_, _| ()).await;
    let all = all.expect("the rest");
    assert_eq!(all.events_stored + part.events, all.events);
    assert_eq!(stored(&store).await, all.events);

    let again = demo::load(&store, &options(400), |_, _| ()).await;
    let again = again.expect("again");
    let nothing = demo::DemoSummary {
        events_stored: 0,
        ..all
    };
    assert_eq!(again, nothing);
    assert_eq!(stored(&store).await, all.events);
    let workspace = store.workspace("demo").await.expect("it was made");
    let own = workspace.own_activity().expect("it is told");
    assert_eq!(own.definition.rule.names(), CREATED_VALUE);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_workspace_with_other_events_is_left_alone(pool: PgPool) {
    let store = Store::new(pool);
    let first = demo::load(&store, &options(1), |_, _| ()).await;
    let first = first.expect("the first customer");
    let workspace = store.workspace("demo").await.expect("it was made").id;
    let batch = store
        .open_batch(workspace, "a file")
        .await
        .expect("a batch");
    let real = EventRecord {
        customer: "somebody".into(),
        name: "lens_bought".into(),
        at: "2026-03-01T12:00:00Z".parse().expect("an instant"),
        properties: None,
        key: None,
    };
    let written = store.write_events(workspace, batch, &[real]).await;
    assert_eq!(written.expect("stored").stored, 1);
    let refused = demo::load(&store, &options(50), |_, _| ()).await;
    let refused = refused.expect_err("it holds something else").to_string();
    assert!(refused.contains("lens_bought"), "{refused}");
    store.refresh_summaries(workspace).await.expect("counts");
    assert_eq!(stored(&store).await, first.events + 1);
}

/// What docs/DEMO.md says that an analyst should find, found by the page's own report: in the raw events, through the
/// writer, the query, the cuts and the verdict.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_planted_truths_are_the_verdicts(pool: PgPool) {
    let store = Store::new(pool);
    demo::load(&store, &options(CUSTOMERS), |_, _| ())
        .await
        .expect("the whole demo");
    let workspace = store.workspace("demo").await.expect("it was made");
    let now = "2026-11-18T00:00:00Z".parse().expect("an instant");
    let verdict = async |feature: &str| {
        let query = QuartileQuery {
            feature: vec![feature.to_owned()],
            ..QuartileQuery::default()
        };
        let report = store.quartiles(&workspace, &query, Wanted::Both, now).await;
        report.expect("a report").reading.verdict
    };
    assert_eq!(verdict("template_used").await, Verdict::Confirmed);
    assert_eq!(verdict("bulk_email_sent").await, Verdict::Reverse);
    let confounded = verdict("keyboard_shortcut_used").await;
    assert!(
        matches!(confounded, Verdict::Confounded { .. }),
        "{confounded:?}"
    );
    assert_eq!(
        verdict("theme_changed").await,
        Verdict::NoMaterialDifference
    );
    // the channel that brings people who leave: no question but the page's own
    let query = ComparisonQuery {
        retention: RetentionQuery {
            cohorts: CohortRange::Last(104),
            ..RetentionQuery::default()
        },
        ..ComparisonQuery::default()
    };
    let report = store.compare(&workspace, &query, now).await;
    let report = report.expect("a report");
    let found = words::comparison_finding(&report).sentence;
    assert!(
        found.starts_with("By channel: affiliate loses its customers sooner than every other segment (16\u{a0}% active in week 8"),
        "{found}"
    );
    let total = report.total.expect("a trait has a total");
    let parts = report.segments.iter().map(|one| one.report.customers);
    assert_eq!(total.customers, parts.sum::<u64>());
}
