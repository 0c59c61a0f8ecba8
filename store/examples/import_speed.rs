//! How fast a file is imported, against bare `COPY` of the same rows into a table without index, in one run,
//! alternating. Also measured: `COPY` of the stored rows, names and customers already numbers, into a table like
//! `event` with its partitions and index, which is the least that storing them costs.
//!
//! ```text
//! tools/with-postgres cargo run --release -p store --example import_speed -- [ROWS] [ROUNDS]
//! ```
//!
//! It makes, and in the end drops, the data base `holdfast_import_speed` on the server that `DATABASE_URL` names.

use analysis::period::WeekStart;
use futures::TryStreamExt;
use intake::{Mapping, Options, preview};
use jiff::Timestamp;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::time::Instant;
use store::{NewWorkspace, Store};

type Outcome<T> = Result<T, Box<dyn Error>>;

const NAMES: [&str; 12] = [
    "dashboard_viewed",
    "report_published",
    "export_run",
    "comment_added",
    "file_uploaded",
    "login",
    "search_run",
    "task_completed",
    "invite_sent",
    "settings_changed",
    "template_used",
    "integration_enabled",
];

/// 104 weeks, in seconds.
const SPAN: u64 = 104 * 7 * 86_400;

/// Monday, 2024-01-01.
const FIRST: i64 = 1_704_067_200;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments
        .next()
        .map_or(Ok(2_000_000), |text| text.parse())?;
    let rounds: usize = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let server: PgConnectOptions = std::env::var("DATABASE_URL")?.parse()?;
    let server = server.disable_statement_logging();

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("events.csv");
    write_file(&file, rows)?;
    let megabytes = file.metadata()?.len() / 1_000_000;
    println!(
        "{rows} rows, {megabytes} MB, of {} customers",
        customers(rows)
    );

    let mut seconds: [Vec<f64>; 3] = Default::default();
    for round in 0..rounds {
        for (all, own) in seconds
            .iter_mut()
            .zip(measure(&server, &file, rows, round).await?)
        {
            all.push(own);
        }
        let last = seconds.iter().map(|all| format!("{:7.2}", all[round]));
        println!("round {round}: {} s", last.collect::<Vec<_>>().join(" "));
    }
    let rate = |seconds: &f64| f64::from(u32::try_from(rows).unwrap_or(u32::MAX)) / seconds;
    let median = |all: &mut Vec<f64>| {
        all.sort_by(f64::total_cmp);
        rate(&all[all.len() / 2])
    };
    let [import, bare, equal] = &mut seconds;
    let (import, bare, equal) = (median(import), median(bare), median(equal));
    println!("medians, rows a second:");
    println!("  import                  {import:10.0}");
    println!(
        "  bare COPY of the file   {bare:10.0}   import is {:.1} % of it",
        100.0 * import / bare
    );
    println!(
        "  COPY of numbered rows   {equal:10.0}   import is {:.1} % of it",
        100.0 * import / equal
    );
    Ok(())
}

/// Seconds of the import, of bare `COPY` and of `COPY` with partitions and index, in an empty data base.
async fn measure(
    server: &PgConnectOptions,
    file: &Path,
    rows: u64,
    round: usize,
) -> Outcome<[f64; 3]> {
    let mut admin = server.connect().await?;
    sqlx::query("drop database if exists holdfast_import_speed with (force)")
        .execute(&mut admin)
        .await?;
    sqlx::query("create database holdfast_import_speed")
        .execute(&mut admin)
        .await?;
    let options = server.clone().database("holdfast_import_speed");
    let mut connection = options.connect().await?;
    // As it runs: by a role that row-level security binds.
    sqlx::raw_sql(
        "do $$ begin
             create role holdfast_import_speed nosuperuser nobypassrls;
         exception when duplicate_object then null;
         end $$;
         grant create on schema public to holdfast_import_speed",
    )
    .execute(&mut connection)
    .await?;
    let bound = [("role", "holdfast_import_speed")];
    let store = Store::connect_lazily(options.clone().options(bound));
    store.migrate().await?;

    // whoever is first finds another disk than who is second
    let (imported, bare) = if round.is_multiple_of(2) {
        let imported = import(&store, &mut connection, file, rows).await?;
        (imported, copy_file(&mut connection, file, rows).await?)
    } else {
        let bare = copy_file(&mut connection, file, rows).await?;
        (import(&store, &mut connection, file, rows).await?, bare)
    };
    let equal = copy_numbered(&mut connection, rows).await?;
    connection.close().await?;
    store.close().await;
    sqlx::query("drop database holdfast_import_speed with (force)")
        .execute(&mut admin)
        .await?;
    admin.close().await?;
    Ok([imported, bare, equal])
}

async fn import(
    store: &Store,
    connection: &mut PgConnection,
    file: &Path,
    rows: u64,
) -> Outcome<f64> {
    let new = NewWorkspace {
        slug: "speed".to_owned(),
        name: "Speed".to_owned(),
        zone: "UTC".to_owned(),
        week_start: WeekStart::Monday,
        currency: "EUR".to_owned(),
    };
    let workspace = store.create_workspace(&new).await?.id;
    let options = Options::new("UTC");
    let mapping = Mapping::new(&preview(File::open(file)?, &options)?, &options)?;
    let bytes = file.metadata()?.len();
    let id = store
        .create_import(workspace, "events.csv", mapping.kind(), bytes)
        .await?;
    store.queue_import(workspace, id, &mapping).await?;
    checkpoint(connection).await?;
    let begun = Instant::now();
    let summary = store.run_import(workspace, id, file, |_| ()).await?;
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!((summary.stored, summary.rejected), (rows, 0), "all are new");
    Ok(seconds)
}

/// The rows as they stand in the file.
async fn copy_file(connection: &mut PgConnection, file: &Path, rows: u64) -> Outcome<f64> {
    sqlx::query("create table bare (user_id text, event text, at timestamptz)")
        .execute(&mut *connection)
        .await?;
    checkpoint(connection).await?;
    let begun = Instant::now();
    let mut copy = connection
        .copy_in_raw("copy bare from stdin (format csv, header)")
        .await?;
    let mut file = File::open(file)?;
    let mut chunk = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        copy.send(&chunk[..read]).await?;
    }
    assert_eq!(copy.finish().await?, rows);
    Ok(begun.elapsed().as_secs_f64())
}

/// The rows as they are stored, in the order in which they were stored.
async fn copy_numbered(connection: &mut PgConnection, rows: u64) -> Outcome<f64> {
    let mut stored = Vec::new();
    {
        let mut out = connection
            .copy_out_raw("copy (select * from event) to stdout (format binary)")
            .await?;
        while let Some(chunk) = out.try_next().await? {
            stored.extend_from_slice(&chunk);
        }
    }
    sqlx::raw_sql(
        "create table numbered (like event) partition by range (at);
         create index on numbered (workspace_id, shard, customer_no, at, event_name_id);
         do $$
         declare month timestamp;
         begin
             for month in select generate_series('2024-01-01', '2026-01-01', interval '1 month') loop
                 execute format('create table %I partition of numbered for values from (%L) to (%L)',
                                'numbered_' || to_char(month, 'YYYY_MM'), month, month + interval '1 month');
             end loop;
         end $$",
    )
    .execute(&mut *connection)
    .await?;
    checkpoint(connection).await?;
    let begun = Instant::now();
    let mut copy = connection
        .copy_in_raw("copy numbered from stdin (format binary)")
        .await?;
    for chunk in stored.chunks(256 * 1024) {
        copy.send(chunk).await?;
    }
    assert_eq!(copy.finish().await?, rows);
    Ok(begun.elapsed().as_secs_f64())
}

/// What was written before is not paid for by who comes next.
async fn checkpoint(connection: &mut PgConnection) -> Outcome<()> {
    sqlx::query("checkpoint").execute(connection).await?;
    Ok(())
}

fn customers(rows: u64) -> u64 {
    (rows / 50).max(1)
}

/// Events in order of time, as exports are; fifty a customer, some customers far busier than others.
fn write_file(path: &Path, rows: u64) -> Outcome<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "user_id,event,timestamp")?;
    let mut random = SplitMix(1);
    for row in 0..rows {
        let customer = random
            .below(customers(rows))
            .min(random.below(customers(rows)));
        let name = NAMES[usize::try_from(random.below(12))?];
        let second = i64::try_from(row * SPAN / rows)?;
        // milliseconds make every row another one
        let millisecond = i64::try_from(random.below(1_000))?;
        let at = Timestamp::from_millisecond((FIRST + second) * 1_000 + millisecond)?;
        writeln!(file, "user-{customer:08},{name},{at}")?;
    }
    file.flush()?;
    Ok(())
}

/// Vigna's `SplitMix64`: the same numbers on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}
