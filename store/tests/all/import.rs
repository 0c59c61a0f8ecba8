//! Whole imports: a file, the job, what the pages are told of it.

use crate::role::limited;
use analysis::import::{FileKind, ImportPhase, ImportSummary};
use analysis::period::WeekStart;
use intake::{IntakeError, Mapping, Options, preview};
use jiff::Timestamp;
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use store::{
    EventRecord, ImportError, ImportId, NewWorkspace, RejectedCount, RejectedRow, Store,
    StoreError, WorkspaceId,
};
use tempfile::NamedTempFile;

async fn workspace(store: &Store) -> WorkspaceId {
    let new = NewWorkspace {
        slug: "here".to_owned(),
        name: "Here".to_owned(),
        zone: "UTC".to_owned(),
        week_start: WeekStart::Monday,
        currency: "EUR".to_owned(),
    };
    store.create_workspace(&new).await.unwrap().id
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn mapping(path: &Path) -> Mapping {
    let options = Options::new("UTC");
    let seen = preview(File::open(path).unwrap(), &options).unwrap();
    Mapping::new(&seen, &options).unwrap()
}

async fn queued(store: &Store, here: WorkspaceId, path: &Path) -> ImportId {
    let mapping = mapping(path);
    let bytes = path.metadata().unwrap().len();
    let id = store
        .create_import(here, "file.csv", mapping.kind(), bytes)
        .await
        .unwrap();
    store.queue_import(here, id, &mapping).await.unwrap();
    id
}

async fn import(store: &Store, here: WorkspaceId, path: &Path) -> ImportSummary {
    let id = queued(store, here, path).await;
    store.run_import(here, id, path, |_| {}).await.unwrap()
}

async fn events(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from event")
        .fetch_one(pool)
        .await
        .unwrap()
}

const EVENTS: &str = "user_id,event,timestamp,plan
u1,open,2024-01-01T00:00:00Z,pro
u2,open,2024-01-02T00:00:00Z,
,open,2024-01-03T00:00:00Z,pro
u1,save,yesterday,pro
u3,open,2024-02-03T04:05:06Z,pro
,open,2024-01-04T00:00:00Z,free
";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn tells_how_it_went(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store).await;
    let file = file(EVENTS);
    let path = file.path();
    let id = queued(&store, here, path).await;
    assert_eq!(store.queued_imports().await.unwrap(), [(here, id)]);
    let before = store.import(here, id).await.unwrap();
    assert_eq!(before.progress.phase, ImportPhase::Queued);
    assert_eq!(before.mapping, Some(mapping(path)));

    let mut told = Vec::new();
    let summary = store
        .run_import(here, id, path, |progress| told.push(progress.clone()))
        .await
        .unwrap();
    let expected = ImportSummary {
        rows: 6,
        stored: 3,
        duplicates: 0,
        erased: 0,
        rejected: 3,
        customers_new: 3,
        from: Some("2024-01-01T00:00:00Z".parse().unwrap()),
        until: Some("2024-02-03T04:05:06Z".parse().unwrap()),
    };
    assert_eq!(summary, expected);
    let bytes = path.metadata().unwrap().len();
    let last = told.last().unwrap();
    assert_eq!((last.bytes_done, last.rows, last.rejected), (bytes, 6, 3));

    let after = store.import(here, id).await.unwrap();
    assert_eq!(after.file_name, "file.csv");
    assert_eq!(after.kind, FileKind::Events);
    assert_eq!(after.progress.phase, ImportPhase::Done);
    assert_eq!(after.progress.summary, Some(expected));
    assert_eq!(after.progress.bytes_done, bytes);
    assert_eq!(after.progress.seconds_left, None);
    assert_eq!(store.imports(here, 10).await.unwrap(), [after]);
    assert_eq!(store.queued_imports().await.unwrap(), []);

    let row = |line, reason: &str, raw: &str| RejectedRow {
        line,
        reason: reason.to_owned(),
        raw: raw.to_owned(),
    };
    let empty = "the customer is empty";
    let unreadable = "the time can't be read";
    assert_eq!(
        store.rejected_after(here, id, 0, 100).await.unwrap(),
        [
            row(4, empty, ",open,2024-01-03T00:00:00Z,pro"),
            row(5, unreadable, "u1,save,yesterday,pro"),
            row(7, empty, ",open,2024-01-04T00:00:00Z,free"),
        ]
    );
    let second_page = store.rejected_after(here, id, 5, 2).await.unwrap();
    assert_eq!(
        second_page,
        [row(7, empty, ",open,2024-01-04T00:00:00Z,free")]
    );
    let counted = |reason: &str, rows| RejectedCount {
        reason: reason.to_owned(),
        rows,
    };
    assert_eq!(
        store.rejected_counts(here, id).await.unwrap(),
        [counted(empty, 2), counted(unreadable, 1)]
    );
    let names = store.event_counts(here).await.unwrap();
    assert_eq!((names.len(), names[0].events), (1, 3));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_same_file_twice_changes_nothing(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store).await;
    let once = file(EVENTS);
    import(&store, here, once.path()).await;
    let again = import(&store, here, once.path()).await;
    assert_eq!((again.stored, again.duplicates, again.rejected), (0, 3, 3));
    assert_eq!(again.customers_new, 0);
    let grown = file(&format!("{EVENTS}u1,open,2024-03-01T00:00:00Z,pro\n"));
    let more = import(&store, here, grown.path()).await;
    assert_eq!((more.stored, more.duplicates), (1, 3));
    assert_eq!(events(&pool).await, 4);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_file_of_customers_tells_traits(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store).await;
    let users =
        file("user_id,signup_at,company_id,plan\nu1,2023-12-01,acme,pro\nu9,,,free\n0,,,free\n");
    let first = import(&store, here, users.path()).await;
    assert_eq!(
        (first.stored, first.rejected, first.customers_new),
        (2, 1, 2)
    );
    let again = import(&store, here, users.path()).await;
    assert_eq!((again.stored, again.duplicates), (0, 2));
    import(&store, here, file(EVENTS).path()).await;
    let (account, plan, signup): (String, String, String) = sqlx::query_as(
        "select account_id, traits ->> 'plan', (signup_at at time zone 'UTC')::text from customer where external_id = 'u1'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(
        (account.as_str(), plan.as_str(), signup.as_str()),
        ("acme", "pro", "2023-12-01 00:00:00")
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn more_rows_than_a_set_and_a_set_of_long_rows(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store).await;
    let mut text = String::from("user_id,event,time,note\n");
    for row in 0..120_000 {
        text.push_str(&format!("u{},open,{},\n", row % 1_000, 1_700_000_000 + row));
    }
    let note = "n".repeat(100_000);
    for row in 0..300 {
        text.push_str(&format!("u{row},open,{},{note}\n", 1_600_000_000 + row));
    }
    let file = file(&text);
    let id = queued(&store, here, file.path()).await;
    let mut sets = 0;
    let summary = store
        .run_import(here, id, file.path(), |_| sets += 1)
        .await
        .unwrap();
    assert_eq!((summary.stored, summary.rejected), (120_300, 0));
    // a full set of short rows; the long ones end a set after 16 MiB
    assert!(sets >= 3, "{sets}");
    assert_eq!(events(&pool).await, 120_300);
}

/// What an import remembers of one set must stay true in the next, whatever others write in between.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn many_sets_agree_with_a_naive_model(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store).await;
    let mut text = String::from("user_id,event,time\n");
    let mut first: BTreeMap<u64, i64> = BTreeMap::new();
    let mut distinct = BTreeSet::new();
    for row in 0..250_000_u64 {
        // back in time set by set, every tenth row told before, names that come late
        let told = if row % 10 == 9 { row / 20 } else { row };
        let customer = told * 7_919 % 5_003;
        let at = 1_700_000_000 - i64::try_from(told * 37).unwrap();
        let name = told / 30_000;
        text.push_str(&format!("u{customer},event {name},{at}\n"));
        let earliest = first.entry(customer).or_insert(at);
        *earliest = at.min(*earliest);
        distinct.insert((customer, name, at));
    }
    let file = file(&text);
    let id = queued(&store, here, file.path()).await;
    // another writer meets a customer of the file earlier than the file does
    let batch = store.open_batch(here, "another").await.unwrap();
    let other = EventRecord {
        customer: "u1".into(),
        name: "event 1".into(),
        at: Timestamp::from_second(40_000_000).unwrap(),
        properties: None,
        key: None,
    };
    first.insert(1, 40_000_000);
    let (reached, mut wait) = tokio::sync::mpsc::unbounded_channel();
    let run = store.run_import(here, id, file.path(), |_| {
        let _listening = reached.send(());
    });
    let meanwhile = async {
        wait.recv().await;
        store.write_events(here, batch, &[other]).await
    };
    let (summary, met) = tokio::join!(run, meanwhile);
    let (summary, met) = (summary.unwrap(), met.unwrap());
    let stored = u64::try_from(distinct.len()).unwrap();
    assert_eq!((met.stored, met.customers_new), (1, 0));
    assert_eq!(
        (summary.stored, summary.duplicates),
        (stored, 250_000 - stored)
    );
    assert_eq!(summary.customers_new, u64::try_from(first.len()).unwrap());
    // what an import adds to the counts, and what counting anew would say; the other writer's event is nobody's import
    let counts = |of: &'static str| sqlx::query_as::<_, (String, i64)>(of).fetch_all(&pool);
    let told = counts(
        "select name, events + case name when 'event 1' then 1 else 0 end from event_name order by 1",
    );
    let all = counts(
        "select name, count(*) from event join event_name using (event_name_id) group by 1 order by 1",
    );
    assert_eq!(told.await.unwrap(), all.await.unwrap());
    let firsts: Vec<(String, i64)> = sqlx::query_as(
        "select external_id, extract(epoch from first_event_at)::bigint from customer order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut expected: Vec<(String, i64)> = first
        .into_iter()
        .map(|(customer, at)| (format!("u{customer}"), at))
        .collect();
    expected.sort();
    assert_eq!(firsts, expected);
    let newest: i64 =
        sqlx::query_scalar("select extract(epoch from max(newest_at))::bigint from shard")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(newest, 1_700_000_000);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_failed_import_says_why_and_can_be_run_again(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store).await;
    let good = file(EVENTS);
    let other = file("a,b\n1,2\n");
    let id = queued(&store, here, good.path()).await;
    assert!(matches!(
        store.run_import(here, id, other.path(), |_| {}).await,
        Err(ImportError::File(IntakeError::OtherColumns))
    ));
    let failed = store.import(here, id).await.unwrap().progress;
    assert_eq!(failed.phase, ImportPhase::Failed);
    assert_eq!(
        failed.error.as_deref(),
        Some("the file's columns are not those of its preview")
    );
    // not without being queued
    assert!(matches!(
        store.run_import(here, id, good.path(), |_| {}).await,
        Err(ImportError::NotQueued)
    ));
    for _ in 0..2 {
        store
            .queue_import(here, id, &mapping(good.path()))
            .await
            .unwrap();
        store
            .run_import(here, id, good.path(), |_| {})
            .await
            .unwrap();
        let done = store.import(here, id).await.unwrap().progress;
        assert_eq!((done.phase, done.error), (ImportPhase::Done, None));
        // quarantine holds the rows of one attempt
        assert_eq!(
            store.rejected_after(here, id, 0, 100).await.unwrap().len(),
            3
        );
    }
    let nobody = ImportId(id.0 + 1);
    assert!(matches!(
        store.import(here, nobody).await,
        Err(StoreError::NotFound)
    ));
    assert!(matches!(
        store.import(WorkspaceId(here.0 + 1), id).await,
        Err(StoreError::NotFound)
    ));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn tells_interrupted_imports_from_running_ones(pool: PgPool) {
    let store = limited(pool.clone()).await;
    let here = workspace(&store).await;
    let file = file(EVENTS);
    let id = queued(&store, here, file.path()).await;
    let running_too = queued(&store, here, file.path()).await;
    // Dropped at its first report, as a process that is killed: its lock goes, its phase stays.
    {
        let (reached, mut wait) = tokio::sync::mpsc::unbounded_channel();
        let run = store.run_import(here, id, file.path(), |_| reached.send(()).unwrap());
        tokio::pin!(run);
        tokio::select! {
            biased;
            _ = wait.recv() => {}
            _ = &mut run => panic!("it could not be interrupted"),
        }
    }
    let (failed, left) = {
        let (sender, mut wait) = tokio::sync::mpsc::unbounded_channel();
        let run = store.run_import(here, running_too, file.path(), |_| sender.send(()).unwrap());
        tokio::pin!(run);
        tokio::select! {
            biased;
            _ = wait.recv() => {}
            _ = &mut run => panic!("it could not be interrupted"),
        }
        // the first one's connection takes a moment to be gone
        let mut failed = 0;
        while failed == 0 {
            failed = store.fail_interrupted_imports().await.unwrap();
        }
        let left = store
            .import(here, running_too)
            .await
            .unwrap()
            .progress
            .phase;
        run.await.unwrap();
        (failed, left)
    };
    assert_eq!((failed, left), (1, ImportPhase::Running));
    let interrupted = store.import(here, id).await.unwrap().progress;
    assert_eq!(interrupted.phase, ImportPhase::Failed);
    assert!(interrupted.error.unwrap().starts_with("interrupted"));
    assert_eq!(events(&pool).await, 3);
    assert_eq!(store.fail_interrupted_imports().await.unwrap(), 0);
}

/// Real data, when they are at hand.
#[sqlx::test(migrator = "store::MIGRATOR")]
async fn imports_the_contributors(pool: PgPool) {
    let folder: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/contributors");
    if !folder.exists() {
        println!("{} is not there: nothing to import", folder.display());
        return;
    }
    let store = limited(pool.clone()).await;
    let here = workspace(&store).await;
    let events_path = folder.join("events.csv.gz");
    let first = import(&store, here, &events_path).await;
    assert_eq!(
        (first.rows, first.stored, first.rejected),
        (61_911, 61_911, 0)
    );
    assert_eq!(first.customers_new, 3_041);
    let users = import(&store, here, &folder.join("users.csv")).await;
    assert_eq!(
        (users.rows, users.stored, users.rejected),
        (3_041, 3_041, 0)
    );
    assert_eq!(users.customers_new, 0);
    let again = import(&store, here, &events_path).await;
    assert_eq!((again.stored, again.duplicates), (0, 61_911));
    assert_eq!(events(&pool).await, 61_911);
    let unlike: i64 = sqlx::query_scalar(
        "select count(*) from customer where signup_given is distinct from first_event_at",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    // the file's signup is the first commit
    assert_eq!(unlike, 0);
}
