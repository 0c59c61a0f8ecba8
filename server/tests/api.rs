//! The interface for other programs, and the same on the command line: the real router, program and Postgres.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

#[expect(dead_code, reason = "made for uploads, which ask more of it")]
#[path = "upload/served.rs"]
mod served;

use analysis::period::WeekStart;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use served::Served;
use sqlx::{ConnectOptions, PgPool};
use std::io::Write;
use std::process::{Command, Stdio};
use store::{EventRecord, NewWorkspace, Store};

const RETENTION: &str = "/api/v1/workspaces/here/reports/retention";

async fn ask(
    served: &Served,
    request: axum::http::request::Builder,
    body: &str,
) -> (StatusCode, Value) {
    let request = request.header(HOST, "localhost");
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let answer = served.ask(request).await;
    (
        answer.status,
        serde_json::from_str(&answer.text).unwrap_or_default(),
    )
}

async fn post(served: &Served, path: &str, question: &Value) -> (StatusCode, Value) {
    let request = Request::post(path).header(CONTENT_TYPE, "application/json");
    ask(served, request, &question.to_string()).await
}

/// A server over the world.
async fn serve(pool: &PgPool) -> Served {
    Served::in_folder(world(pool).await, tempfile::tempdir().unwrap())
}

/// Four customers: two sign up in the first week of 2024, of whom one returns in the second and third.
async fn world(pool: &PgPool) -> Store {
    let store = Store::new(pool.clone());
    let workspace = store
        .create_workspace(&NewWorkspace {
            slug: "here".to_owned(),
            name: "Here".to_owned(),
            zone: "UTC".to_owned(),
            week_start: WeekStart::Monday,
            currency: "EUR".to_owned(),
        })
        .await
        .unwrap();
    let batch = store.open_batch(workspace.id, "test").await.unwrap();
    let events: Vec<EventRecord> = [
        ("a", "2024-01-01"),
        ("a", "2024-01-09"),
        ("a", "2024-01-15"),
        ("b", "2024-01-02"),
        ("c", "2024-01-08"),
        ("d", "2024-01-14"),
    ]
    .into_iter()
    .enumerate()
    .map(|(place, (customer, day))| EventRecord {
        customer: customer.to_owned(),
        name: "worked".to_owned(),
        at: format!("{day}T12:00:00Z").parse().unwrap(),
        properties: None,
        key: [u8::try_from(place).unwrap(); 16],
    })
    .collect();
    store
        .write_events(workspace.id, batch, &events)
        .await
        .unwrap();
    store
}

fn question() -> Value {
    json!({
        "active": ["worked"],
        "as_of": {"date": "2024-01-17"},
        "cohorts": {"between": {"from": "2024-01-01"}},
    })
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_question_is_answered_with_its_method(pool: PgPool) {
    let served = serve(&pool).await;
    let (status, report) = post(&served, RETENTION, &question()).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["columns"], json!(["0", "1", "2"]));
    assert_eq!(report["customers"], 4);
    assert_eq!(report["cohorts"][0]["start"], "2024-01-01");
    assert_eq!(report["cohorts"][0]["size"], 2);
    let cells = &report["cohorts"][0]["cells"];
    assert_eq!(cells[1]["retained"], 1);
    assert_eq!(cells[1]["state"], "complete");
    assert_eq!(cells[1]["rate"], 0.5);
    // Wilson's interval of 1 in 2, worked out by hand: (0.5 + z²/4) / (1 + z²/2) ∓ …
    let (low, high) = (
        cells[1]["low"].as_f64().unwrap(),
        cells[1]["high"].as_f64().unwrap(),
    );
    assert!((low - 0.094_531).abs() < 1e-6 && (high - 0.905_469).abs() < 1e-6);
    assert_eq!(cells[2]["state"], "running");
    assert_eq!(
        report["overall"][1],
        json!({
            "retained": 1, "of": 2, "cohorts": 1, "rate": 0.5, "low": cells[1]["low"], "high": cells[1]["high"],
        })
    );
    assert_eq!(report["overall"][2], Value::Null);
    let method = report["method"].as_str().unwrap();
    assert!(
        method.contains("Calendar weeks from Monday, UTC"),
        "{method}"
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_wrong_has_a_code_and_a_sentence(pool: PgPool) {
    let served = serve(&pool).await;
    let mut reversed = question();
    reversed["cohorts"] = json!({"between": {"from": "2024-01-01", "to": "2023-01-01"}});
    for (path, question, status, code) in [
        (
            RETENTION,
            json!({"cohorts": {"last": 0}}),
            422,
            "cohort_count",
        ),
        (RETENTION, reversed, 422, "range_reversed"),
        (RETENTION, json!({}), 422, "no_activity"),
        (RETENTION, json!({"grian": "week"}), 422, "bad_question"),
        (
            "/api/v1/workspaces/there/reports/retention",
            question(),
            404,
            "no_workspace",
        ),
        (
            "/api/v1/workspaces/here/reports/fortune",
            question(),
            404,
            "not_found",
        ),
    ] {
        let (given, problem) = post(&served, path, &question).await;
        assert_eq!(
            (given.as_u16(), &problem["code"]),
            (status, &json!(code)),
            "{problem}"
        );
        assert!(!problem["message"].as_str().unwrap().is_empty());
    }
    let json_type = "application/json";
    for (request, body, status, code) in [
        (Request::post(RETENTION), "{}", 415, "not_json"),
        (
            Request::post(RETENTION).header(CONTENT_TYPE, json_type),
            "{",
            400,
            "bad_json",
        ),
        (Request::get(RETENTION), "", 405, "method_not_allowed"),
    ] {
        let (given, problem) = ask(&served, request, body).await;
        assert_eq!(
            (given.as_u16(), &problem["code"]),
            (status, &json!(code)),
            "{problem}"
        );
    }
    let large = format!("{{\"active\": [\"{}\"]}}", "x".repeat(300_000));
    let request = Request::post(RETENTION).header(CONTENT_TYPE, json_type);
    let (status, problem) = ask(&served, request, &large).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (413, &json!("bad_body"))
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_description_names_everything_it_refers_to(pool: PgPool) {
    let served = Served::over(pool);
    let (status, description) = ask(&served, Request::get("/api/v1/openapi.json"), "").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(description["openapi"], "3.1.0");
    let text = description.to_string();
    let references: Vec<&str> = text
        .split("\"$ref\":\"#")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(references.len() > 5, "{references:?}");
    for reference in references {
        assert!(description.pointer(reference).is_some(), "{reference}");
    }
    let schema = &description["components"]["schemas"]["RetentionQuery"];
    for field in question().as_object().unwrap().keys() {
        assert!(
            schema["properties"][field].is_object(),
            "{field} in {schema}"
        );
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_command_line_gives_the_same(pool: PgPool) {
    let served = serve(&pool).await;
    let (_, expected) = post(&served, RETENTION, &question()).await;
    let url = pool.connect_options().to_url_lossy();
    let run = |arguments: &[&str], input: String| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .args(["query", "retention", "--workspace"])
            .args(arguments)
            .env("DATABASE_URL", url.as_str())
            .env("HOLDFAST_LOG", "warn")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (code, report, told) = run(&["here"], question().to_string());
    assert_eq!(code, 0, "{told}");
    assert_eq!(serde_json::from_str::<Value>(&report).unwrap(), expected);

    let (code, rows, told) = run(&["here", "--csv"], question().to_string());
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("Calendar weeks"), "{told}");
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(
        rows[0],
        "cohort,size,column,retained,of,state,rate,low,high"
    );
    assert!(
        rows[2].starts_with("2024-01-01,2,1,1,2,complete,0.5,0.0945"),
        "{rows:?}"
    );
    assert!(rows.contains(&"2024-01-15,0,0,0,0,running,,,"), "{rows:?}");
    assert!(
        rows[rows.len() - 1].starts_with(",4,1,1,2,pooled,0.5,"),
        "{rows:?}"
    );

    let (code, _, told) = run(&["there"], question().to_string());
    assert!(code == 1 && told.contains("no workspace “there”"), "{told}");
    let (code, _, told) = run(&["here"], "{\"grian\": 1}".to_owned());
    assert!(
        code == 1 && told.contains("unknown field `grian`"),
        "{told}"
    );
}
