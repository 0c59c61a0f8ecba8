//! What stands between an upload and its import.

use crate::role::limited;
use crate::writer::workspace;
use analysis::import::{ColumnRole, FileKind, ImportPhase, TimeGuess};
use sqlx::PgPool;
use std::io::Write;
use store::{DateOrder, IntakeError, Said, StoreError, look};
use tempfile::NamedTempFile;

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[tokio::test]
async fn answers_go_by_place() {
    use ColumnRole::{Customer, Ignored, Property, Time};
    let file = file("a,a,,b\nu1,x,1,03/04/2024\n");
    let look = async |said| {
        look(file.path().to_owned(), "UTC".to_owned(), said)
            .await
            .unwrap()
    };
    let first = look(Said {
        kind: Some(FileKind::Events),
        ..Said::default()
    })
    .await;
    assert_eq!(first.mapping, None);
    assert_eq!(first.preview.problems.len(), 3);
    let said = Said {
        kind: Some(FileKind::Events),
        roles: vec![Customer, Ignored, Customer, Time],
        dates: None,
        event: Some("visit".to_owned()),
    };
    let second = look(said.clone()).await;
    assert!(matches!(second.preview.time, TimeGuess::Ambiguous { .. }));
    assert_eq!(second.mapping, None);
    let third = look(Said {
        dates: Some(DateOrder::DayFirst),
        ..said
    })
    .await;
    let roles: Vec<ColumnRole> = third
        .preview
        .columns
        .iter()
        .map(|column| column.role)
        .collect();
    // the one without a name can't be used, whatever was said
    assert_eq!(roles, [Customer, Ignored, Ignored, Time]);
    assert_eq!(third.preview.problems, Vec::<String>::new());
    assert!(third.mapping.is_some());
    // more answers than columns, and fewer
    let fewer = look(Said {
        roles: vec![Property],
        ..Said::default()
    })
    .await;
    assert_eq!(fewer.preview.columns[0].role, Property);
}

#[tokio::test]
async fn what_is_not_there_can_not_be_looked_at() {
    let nowhere = tempfile::tempdir().unwrap().path().join("1");
    let missing = look(nowhere, "UTC".to_owned(), Said::default()).await;
    assert!(matches!(
        missing,
        Err(IntakeError::Io {
            kind: std::io::ErrorKind::NotFound,
            ..
        })
    ));
    let file = file("user_id,event,time\nu,e,2024-01-01\n");
    let zone = look(
        file.path().to_owned(),
        "Mars/Olympus".to_owned(),
        Said::default(),
    )
    .await;
    assert_eq!(zone, Err(IntakeError::Zone("Mars/Olympus".to_owned())));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_import_is_dropped_before_it_is_confirmed_only(pool: PgPool) {
    let store = limited(pool).await;
    let here = workspace(&store, "here").await;
    let there = workspace(&store, "there").await;
    let file = file("user_id,event,time\nu,e,2024-01-01\n,e,2024-01-01\nv,,2024-01-01\nw,e,x\n");
    let seen = look(file.path().to_owned(), "UTC".to_owned(), Said::default())
        .await
        .unwrap();
    let mapping = seen.mapping.unwrap();
    let new = async || {
        store
            .create_import(here, "f.csv", FileKind::Events, 9)
            .await
            .unwrap()
    };
    let phase = async |id| store.import(here, id).await.unwrap().progress.phase;

    let dropped = new().await;
    assert!(matches!(
        store.discard_import(there, dropped).await,
        Err(StoreError::NotFound)
    ));
    store.discard_import(here, dropped).await.unwrap();
    assert!(matches!(
        store.import(here, dropped).await,
        Err(StoreError::NotFound)
    ));
    assert!(matches!(
        store.discard_import(here, dropped).await,
        Err(StoreError::NotFound)
    ));

    let broken = new().await;
    store.break_import(here, broken, "why").await.unwrap();
    assert_eq!(phase(broken).await, ImportPhase::Uploaded);
    store.queue_import(here, broken, &mapping).await.unwrap();
    assert!(matches!(
        store.discard_import(here, broken).await,
        Err(StoreError::NotFound)
    ));
    store.break_import(there, broken, "why").await.unwrap();
    assert_eq!(phase(broken).await, ImportPhase::Queued);
    store.break_import(here, broken, "why").await.unwrap();
    let progress = store.import(here, broken).await.unwrap().progress;
    assert_eq!(
        (progress.phase, progress.error.as_deref()),
        (ImportPhase::Failed, Some("why"))
    );

    assert_eq!(store.customers(here).await.unwrap(), 0);
    let done = new().await;
    store.queue_import(here, done, &mapping).await.unwrap();
    store
        .run_import(here, done, file.path(), |_| {})
        .await
        .unwrap();
    store.break_import(here, done, "why").await.unwrap();
    assert_eq!(phase(done).await, ImportPhase::Done);
    assert_eq!(store.customers(here).await.unwrap(), 1);
    assert_eq!(store.customers(there).await.unwrap(), 0);

    let lines = async |workspace, line, limit| -> Vec<u64> {
        let rows = store
            .rejected_after(workspace, done, line, limit)
            .await
            .unwrap();
        rows.iter().map(|row| row.line).collect()
    };
    assert_eq!(lines(here, 0, 10).await, [3, 4, 5]);
    assert_eq!(lines(here, 0, 2).await, [3, 4]);
    assert_eq!(lines(here, 4, 2).await, [5]);
    assert!(lines(here, 5, 2).await.is_empty());
    assert!(lines(there, 0, 10).await.is_empty());
}
