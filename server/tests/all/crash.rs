//! Imports that die in their midst, and the same file again: all rows are there once, and the index says what they say.

use crate::scratch::{Scratch, kill, until};
use crate::serve::{Served, finish, holdfast};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Rows of the file: ten sets.
const ROWS: u32 = 1_000_000;
const CUSTOMERS: u32 = 5_003;

/// Events in the order of time, one each minute, no two alike.
fn file(folder: &Path) -> PathBuf {
    let path = folder.join("events.csv");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    writeln!(file, "user_id,event,time").unwrap();
    for row in 0..ROWS {
        let (customer, name) = (row * 7 % CUSTOMERS, row % 5);
        let at = 1_600_000_000 + u64::from(row) * 60;
        writeln!(file, "u{customer},event {name},{at}").unwrap();
    }
    file.flush().unwrap();
    path
}

fn import(data: &Path, file: &Path) -> Command {
    let file = file.to_str().unwrap();
    holdfast(data, &["import", file, "--workspace", "crash", "--yes"])
}

/// Begins an import, and returns once rows of it are stored, and not all.
async fn begun(scratch: &Scratch, file: &Path) -> Child {
    let before = rows(scratch).await;
    let mut command = import(&scratch.data(), file);
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    until("rows are stored", async || rows(scratch).await > before).await;
    child
}

/// Rows that imports have brought so far.
async fn rows(scratch: &Scratch) -> i64 {
    let socket = scratch.data().join("postgres/socket");
    let options = PgConnectOptions::new_without_pgpass()
        .socket(fs::canonicalize(socket).unwrap())
        .port(5432)
        .username("holdfast")
        .database("holdfast")
        .options([("holdfast.scope", "system")]);
    let mut connection = options.connect().await.unwrap();
    sqlx::query_scalar("select coalesce(sum(rows), 0)::bigint from import")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_import_may_die_at_any_instant() {
    let scratch = Scratch::new();
    let _served = Served::start(&scratch.data(), &["--no-demo"]);
    let file = file(&scratch.data());

    // The program dies.
    let mut importer = begun(&scratch, &file).await;
    kill(importer.id());
    assert!(!importer.wait().unwrap().success(), "it was over already");
    let stored = rows(&scratch).await;
    assert!((1..i64::from(ROWS)).contains(&stored), "{stored}");
    checked(&scratch);

    // Postgres dies under it: it says so and ends, and the server brings Postgres back.
    let postmaster = scratch.postmaster();
    let mut importer = begun(&scratch, &file).await;
    kill(postmaster);
    assert!(!importer.wait().unwrap().success(), "it was over already");
    until("Postgres is back", async || {
        scratch.is_running() && scratch.postmaster() != postmaster
    })
    .await;
    checked(&scratch);

    let (code, text) = finish(import(&scratch.data(), &file));
    assert_eq!(code, 0, "{text}");
    checked(&scratch);
    let (_, text) = finish(holdfast(&scratch.data(), &["doctor"]));
    let all = format!("Workspace crash: {CUSTOMERS} customers, {ROWS} events");
    assert!(text.contains(&all), "{text}");
}

/// The index says of all that is stored what the events say.
fn checked(scratch: &Scratch) {
    let (code, text) = finish(holdfast(&scratch.data(), &["reindex", "--check"]));
    assert_eq!(code, 0, "{text}");
}
