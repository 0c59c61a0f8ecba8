//! How fast a question is answered by the activity index in Postgres: cold, warm, after one more event, by another grain,
//! with filters; a feature and all of them; against the reference and against reading the same question again.
//!
//! ```text
//! tools/with-postgres cargo run --release -p store --example index_speed -- [CUSTOMERS] [EVENTS_EACH]
//! ```
//!
//! It makes, and in the end drops, the data base `holdfast_index_speed` on the server that `DATABASE_URL` names.

use analysis::period::{Grain, WeekStart};
use analysis::quartiles::Wanted;
use analysis::query::{
    AsOf, CohortRange, QuartileQuery, RetentionKind, RetentionQuery, TraitFilter, TraitTest,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection};
use std::error::Error;
use std::time::{Duration, Instant};
use store::{CustomerRecord, Engine, EventRecord, NewWorkspace, Store, Workspace};

type Outcome<T> = Result<T, Box<dyn Error>>;

const NAMES: [&str; 6] = ["view", "edit", "share", "export", "comment", "invite"];
/// 104 weeks, in seconds.
const SPAN: u64 = 104 * 7 * 86_400;
/// Monday, 2024-01-01.
const FIRST: i64 = 1_704_067_200;
/// Rows written at a time.
const SET: usize = 100_000;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let customers: u64 = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let events_each: u64 = arguments.next().map_or(Ok(50), |text| text.parse())?;
    let server: PgConnectOptions = std::env::var("DATABASE_URL")?.parse()?;
    let mut connection = PgConnection::connect_with(&server).await?;
    for statement in [
        "drop database if exists holdfast_index_speed",
        "create database holdfast_index_speed",
    ] {
        sqlx::query(statement).execute(&mut connection).await?;
    }
    let pool = PgPoolOptions::new()
        .connect_with(server.database("holdfast_index_speed"))
        .await?;
    let store = Store::new(pool.clone());
    store.migrate().await?;
    let workspace = store
        .create_workspace(&NewWorkspace {
            slug: "speed".to_owned(),
            name: "Speed".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            week_start: WeekStart::Monday,
            currency: "EUR".to_owned(),
        })
        .await?;
    fill(&store, &workspace, customers, events_each).await?;
    timed("fold the journal", store.fold_activity(workspace.id, 1)).await?;
    ask_all(&store, &workspace, Store::new(pool.clone())).await?;
    ask_about_features(&store, &workspace, Store::new(pool.clone())).await?;
    timed("reindex", store.reindex(workspace.id, |_, _| {})).await?;
    let doubts = timed("verify", store.verify_activity(workspace.id, 1, |_, _| {})).await?;
    println!("doubts: {doubts:?}");
    store.close().await;
    sqlx::query("drop database holdfast_index_speed")
        .execute(&mut connection)
        .await?;
    Ok(())
}

async fn ask_all(store: &Store, workspace: &Workspace, cold: Store) -> Outcome<()> {
    let week = RetentionQuery {
        active: NAMES.map(str::to_owned).to_vec(),
        cohorts: CohortRange::Between {
            from: Date::constant(2024, 1, 1),
            to: Some(Date::constant(2025, 12, 22)),
        },
        as_of: AsOf::Date(Date::constant(2026, 1, 5)),
        ..RetentionQuery::default()
    };
    let now = Timestamp::MAX;
    let ask = |query: &RetentionQuery| {
        let (store, workspace, query) = (store.clone(), workspace.clone(), query.clone());
        async move {
            store
                .retention_by(Engine::Index, &workspace, &query, now)
                .await
        }
    };
    timed(
        "cold, from Postgres",
        cold.retention_by(Engine::Index, workspace, &week, now),
    )
    .await?;
    timed("first question", ask(&week)).await?;
    let report = best("warm", 9, || ask(&week)).await?;
    let streak = RetentionQuery {
        kind: RetentionKind::Streak,
        ..week.clone()
    };
    best("another kind", 9, || ask(&streak)).await?;
    let month = RetentionQuery {
        grain: Grain::Month,
        ..week.clone()
    };
    timed("another grain, first", ask(&month)).await?;
    best("another grain, warm", 9, || ask(&month)).await?;
    let filtered = RetentionQuery {
        filters: vec![
            TraitFilter {
                name: "plan".to_owned(),
                test: TraitTest::Is(vec!["pro".to_owned()]),
            },
            TraitFilter {
                name: "seats".to_owned(),
                test: TraitTest::Between {
                    min: Some(20.0),
                    max: None,
                },
            },
        ],
        ..week.clone()
    };
    timed("two filters, first", ask(&filtered)).await?;
    best("two filters, warm", 9, || ask(&filtered)).await?;
    let batch = store.open_batch(workspace.id, "one").await?;
    let one = EventRecord {
        customer: "customer 1".into(),
        name: NAMES[0].into(),
        at: Timestamp::from_second(FIRST + 90_000_000 / 2)?,
        properties: None,
        key: Some([255; 16]),
    };
    timed(
        "write one event",
        store.write_events(workspace.id, batch, &[one]),
    )
    .await?;
    timed("after one more event", ask(&week)).await?;
    let reference = timed(
        "reference",
        store.retention_by(Engine::Reference, workspace, &week, now),
    )
    .await?;
    println!("customers: {}, {}", report.customers, reference.customers);
    assert_eq!(ask(&week).await?, reference);
    Ok(())
}

async fn ask_about_features(store: &Store, workspace: &Workspace, cold: Store) -> Outcome<()> {
    let query = QuartileQuery {
        feature: vec![NAMES[0].to_owned()],
        active: NAMES[..3].iter().map(|&name| name.to_owned()).collect(),
        ..QuartileQuery::default()
    };
    let now: Timestamp = "2026-01-05T00:00:00Z".parse()?;
    let ask = |wanted: Wanted| {
        let (store, workspace, query) = (store.clone(), workspace.clone(), query.clone());
        async move {
            store
                .quartiles_by(Engine::Index, &workspace, &query, wanted, now)
                .await
        }
    };
    let first = cold.quartiles_by(Engine::Index, workspace, &query, Wanted::Feature, now);
    timed("quartiles, cold, from Postgres", first).await?;
    ask(Wanted::Feature).await?;
    best("quartiles of one feature, warm", 9, || ask(Wanted::Feature)).await?;
    best("scan of all features, warm", 9, || ask(Wanted::Scan)).await?;
    let report = best("both, warm", 9, || ask(Wanted::Both)).await?;
    let both = Wanted::Both;
    let reference = store.quartiles_by(Engine::Reference, workspace, &query, both, now);
    let reference = timed("quartiles and scan by the reference", reference).await?;
    println!("customers counted: {}", report.reading.customers);
    assert_eq!(report, reference);
    Ok(())
}

async fn timed<T, E: Error + 'static>(
    what: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Outcome<T> {
    let started = Instant::now();
    let result = work.await?;
    say(what, started.elapsed());
    Ok(result)
}

async fn best<T, E: Error + 'static, F: Future<Output = Result<T, E>>>(
    what: &str,
    runs: usize,
    work: impl Fn() -> F,
) -> Outcome<T> {
    let mut fastest = Duration::MAX;
    for _ in 1..runs {
        let started = Instant::now();
        work().await?;
        fastest = fastest.min(started.elapsed());
    }
    say(what, fastest);
    Ok(work().await?)
}

fn say(what: &str, took: Duration) {
    println!("{:10.2} ms  {what}", took.as_secs_f64() * 1000.0);
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit.max(1)
    }
}

async fn fill(
    store: &Store,
    workspace: &Workspace,
    customers: u64,
    events_each: u64,
) -> Outcome<()> {
    let started = Instant::now();
    let mut random = Random(1);
    let batch = store.open_batch(workspace.id, "speed").await?;
    let mut key = 0_u128;
    let mut events = Vec::with_capacity(SET);
    let mut people = Vec::new();
    let mut total = 0_u64;
    for number in 0..customers {
        let customer = format!("customer {number}");
        let second = random.below(SPAN);
        let plans = ["free", "team", "pro", "trial", "none"];
        let plan = plans[usize::try_from(random.below(5))?];
        let traits = json!({"plan": plan, "seats": random.below(200)});
        people.push(CustomerRecord {
            customer: customer.clone(),
            signup_at: Some(Timestamp::from_second(FIRST + second.cast_signed())?),
            account: None,
            traits: traits.as_object().cloned().unwrap_or_default(),
        });
        let left = SPAN - second;
        for _ in 0..events_each * 2 * left / SPAN {
            let since = random.below(left).min(random.below(left));
            key += 1;
            events.push(EventRecord {
                customer: customer.as_str().into(),
                name: NAMES[usize::try_from(random.below(6))?].into(),
                at: Timestamp::from_second(FIRST + (second + since).cast_signed())?,
                properties: None,
                key: Some(key.to_be_bytes()),
            });
        }
        if events.len() >= SET || number + 1 == customers {
            store.write_customers(workspace.id, &people).await?;
            store.write_events(workspace.id, batch, &events).await?;
            total += u64::try_from(events.len())?;
            people.clear();
            events.clear();
        }
    }
    say(
        &format!("write {customers} customers and {total} events"),
        started.elapsed(),
    );
    Ok(())
}
