//! What happened on a day, in the reports that the day lies in.

use crate::role::limited;
use analysis::annotation::Annotation;
use analysis::period::{Grain, WeekStart};
use analysis::query::{AsOf, ChurnQuery, CohortRange, RetentionQuery};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use sqlx::PgPool;
use store::{Engine, EventRecord, NewWorkspace, Store, StoreError, Workspace};

async fn workspace(store: &Store, slug: &str) -> Workspace {
    let new = NewWorkspace {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        // ahead of UTC by up to 14 hours: its days begin on the day before
        zone: "Pacific/Kiritimati".to_owned(),
        week_start: WeekStart::Monday,
        currency: "EUR".to_owned(),
    };
    store.create_workspace(&new).await.unwrap()
}

async fn annotate(store: &Store, workspace: &Workspace, on: Date, text: &str) -> i32 {
    let annotation = Annotation {
        date: on,
        text: text.to_owned(),
    };
    let id = store.annotate(workspace.id, annotation, None).await;
    id.unwrap()
}

async fn write(store: &Store, workspace: &Workspace, days: std::ops::RangeInclusive<u8>) {
    let batch = store.open_batch(workspace.id, "test").await.unwrap();
    let events: Vec<EventRecord> = days
        .map(|day| EventRecord {
            customer: format!("c{}", day % 3).into(),
            name: "worked".into(),
            at: format!("2024-01-{day:02}T12:00:00Z").parse().unwrap(),
            properties: None,
            key: None,
        })
        .collect();
    let written = store.write_events(workspace.id, batch, &events).await;
    written.unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn days_of_a_report_are_annotated_and_no_others(pool: PgPool) {
    let store = limited(pool).await;
    let here = workspace(&store, "here").await;
    let there = workspace(&store, "there").await;
    write(&store, &here, 1..=28).await;
    for (on, text) in [
        (date(2024, 1, 7), "the Sunday before"),
        (date(2024, 1, 21), "Release 4"),
        (date(2024, 1, 8), "Outage"),
        (date(2024, 1, 21), "Campaign"),
        (date(2024, 1, 24), "seen as the day begins"),
        (date(2024, 1, 25), "not seen"),
    ] {
        annotate(&store, &here, on, text).await;
    }
    annotate(&store, &there, date(2024, 1, 9), "elsewhere").await;
    let query = RetentionQuery {
        grain: Grain::Week,
        active: vec!["worked".to_owned()],
        cohorts: CohortRange::Between {
            from: date(2024, 1, 8),
            to: None,
        },
        // already the 24th in Kiritimati
        as_of: AsOf::Instant("2024-01-23T12:00:00Z".parse().unwrap()),
        ..RetentionQuery::default()
    };
    for engine in [Engine::Fastest, Engine::Index, Engine::Reference] {
        let report = store
            .retention_by(engine, &here, &query, Timestamp::MAX)
            .await
            .unwrap();
        let notes: Vec<Option<&str>> = report
            .cohorts
            .iter()
            .map(|one| one.note.as_deref())
            .collect();
        assert_eq!(
            notes,
            [
                Some("8 Jan 2024: Outage"),
                Some("21 Jan 2024: Release 4; 21 Jan 2024: Campaign"),
                Some("24 Jan 2024: seen as the day begins"),
            ],
            "{engine:?}"
        );
    }
    // Cohorts that end before as-of have nothing of what came later.
    let early = RetentionQuery {
        cohorts: CohortRange::Between {
            from: date(2024, 1, 1),
            to: Some(date(2024, 1, 8)),
        },
        ..query.clone()
    };
    let report = store
        .retention(&here, &early, Timestamp::MAX)
        .await
        .unwrap();
    let notes: Vec<Option<&str>> = report
        .cohorts
        .iter()
        .map(|one| one.note.as_deref())
        .collect();
    assert_eq!(
        notes,
        [
            Some("7 Jan 2024: the Sunday before"),
            Some("8 Jan 2024: Outage")
        ]
    );
    let churn = ChurnQuery {
        grain: Grain::Week,
        active: vec!["worked".to_owned()],
        periods: CohortRange::Last(3),
        as_of: query.as_of,
        ..ChurnQuery::default()
    };
    let answer = store.churn(&here, &churn, Timestamp::MAX, 0).await.unwrap();
    let texts = answer.report.annotations.iter().map(|one| &one.text[..]);
    let told = ["Outage", "Release 4", "Campaign", "seen as the day begins"];
    assert_eq!(texts.collect::<Vec<_>>(), told);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn annotations_are_listed_checked_and_deleted(pool: PgPool) {
    let store = limited(pool).await;
    let here = workspace(&store, "here").await;
    let there = workspace(&store, "there").await;
    let first = annotate(&store, &here, date(1, 1, 1), "x").await;
    let text = "é".repeat(200);
    annotate(&store, &here, date(9998, 12, 31), &format!("  {text} ")).await;
    let all = store.annotations(here.id).await.unwrap();
    let told: Vec<_> = all.iter().map(|one| one.annotation.clone()).collect();
    let annotation = |date, text: &str| Annotation {
        date,
        text: text.to_owned(),
    };
    assert_eq!(
        told,
        [
            annotation(date(9998, 12, 31), &text),
            annotation(date(1, 1, 1), "x")
        ]
    );
    for wrong in [
        annotation(date(2024, 1, 1), "  "),
        annotation(date(2024, 1, 1), &"é".repeat(201)),
        annotation(date(2024, 1, 1), "a\0b"),
        annotation(date(0, 1, 1), "x"),
        annotation(date(9999, 1, 1), "x"),
    ] {
        let refused = store.annotate(here.id, wrong, None).await;
        assert!(matches!(refused, Err(StoreError::Query(_))), "{refused:?}");
    }
    let other = store.delete_annotation(there.id, first).await;
    assert!(matches!(other, Err(StoreError::NotFound)));
    store.delete_annotation(here.id, first).await.unwrap();
    let again = store.delete_annotation(here.id, first).await;
    assert!(matches!(again, Err(StoreError::NotFound)));
    assert_eq!(store.annotations(here.id).await.unwrap().len(), 1);
}
