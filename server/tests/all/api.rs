//! The interface for other programs, and the same on the command line: the real router, program and Postgres.

mod annotations;
mod counts;
mod leaving;

use crate::served::Served;
use analysis::period::WeekStart;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, PgPool};
use std::io::Write;
use std::process::{Command, Stdio};
use store::{CustomerRecord, EventRecord, NewWorkspace, Store};

const RETENTION: &str = "/api/v1/workspaces/here/reports/retention";
const QUARTILES: &str = "/api/v1/workspaces/here/reports/quartiles";
const SEGMENTS: &str = "/api/v1/workspaces/here/reports/segments";
const SURVIVAL: &str = "/api/v1/workspaces/here/reports/survival";
const SCAN: &str = "/api/v1/workspaces/here/reports/scan";

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
        customer: customer.into(),
        name: "worked".into(),
        at: format!("{day}T12:00:00Z").parse().unwrap(),
        properties: None,
        key: Some([u8::try_from(place).unwrap(); 16]),
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

/// In their first week a worked twice and b once; c and d have not been there for two weeks.
fn features() -> Value {
    let mut question = question();
    let more = json!({
        "feature": ["worked"], "exposure": 1, "outcome": 1, "landmark": false, "as_of": {"date": "2024-01-20"},
    });
    for (name, value) in more.as_object().unwrap() {
        question[name] = value.clone();
    }
    question
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn features_are_answered_with_their_numbers(pool: PgPool) {
    let store = world(&pool).await;
    let workspace = store.workspace("here").await.unwrap();
    let batch = store.open_batch(workspace.id, "more").await.unwrap();
    let again = EventRecord {
        customer: "a".into(),
        name: "worked".into(),
        at: "2024-01-01T13:00:00Z".parse().unwrap(),
        properties: None,
        key: Some([99; 16]),
    };
    let written = store.write_events(workspace.id, batch, &[again]).await;
    assert_eq!(written.unwrap().stored, 1);
    let served = Served::in_folder(store, tempfile::tempdir().unwrap());
    let (status, report) = post(&served, QUARTILES, &features()).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    let reading = &report["reading"];
    assert_eq!(reading["customers"], 2);
    assert_eq!(report["not_over"], 2);
    assert_eq!(reading["cuts"], json!({"bottom": 1, "top": 2}));
    let high = &reading["groups"][0];
    assert_eq!(
        (&high["group"], &high["uses_from"], &high["uses_to"]),
        (&json!("high"), &json!(2), &Value::Null)
    );
    assert_eq!(
        (&high["customers"], &high["left"], &high["rate"]),
        (&json!(1), &json!(0), &json!(0.0))
    );
    assert_eq!(high["active"][0]["active"], 1);
    assert_eq!(high["active"][0]["period"], 2);
    assert_eq!(reading["groups"][2]["left"], 1);
    assert_eq!(reading["raw"]["difference"], -1.0);
    assert_eq!(reading["verdict"], "too_little_data");
    assert!(
        reading["needed"]["customers"].as_u64().unwrap() > 0,
        "{reading}"
    );
    assert_eq!(report["other"]["landmark"], true);
    assert_eq!(report["launch"]["base"], 0.5);

    let (status, scan) = post(&served, SCAN, &features()).await;
    assert_eq!(status, StatusCode::OK, "{scan}");
    assert_eq!(scan["features"][0]["feature"], "worked");
    assert_eq!(scan["features"][0]["users"], 2);
    assert_eq!(scan["features"][0]["raw"], reading["raw"]);

    let url = pool.connect_options().to_url_lossy();
    let (code, printed, told) = query(&url, "quartiles", &["here"], &features().to_string());
    assert_eq!(code, 0, "{told}");
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), report);
    let (_, rows, told) = query(
        &url,
        "quartiles",
        &["here", "--csv"],
        &features().to_string(),
    );
    assert!(told.contains("Signed up in weeks"), "{told}");
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(
        rows[0],
        "landmark,group,uses_from,uses_to,customers,left,rate,low,high"
    );
    assert!(
        rows[1].starts_with("false,high,2,,1,0,0,0,0.79"),
        "{rows:?}"
    );
    let (code, rows, told) = query(&url, "scan", &["here", "--csv"], &features().to_string());
    assert_eq!(code, 0, "{told}");
    assert!(
        rows.lines()
            .nth(1)
            .unwrap()
            .starts_with("worked,too_little_data,false,2,-1,"),
        "{rows}"
    );
}

/// The same world by whether they have a plan, which only b has; gone after a day.
fn segments() -> Value {
    json!({"split": {"trait": "plan"}, "inactivity": 1, "retention": question()})
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn segments_are_answered_with_their_numbers(pool: PgPool) {
    let store = world(&pool).await;
    let workspace = store.workspace("here").await.unwrap();
    let planned = CustomerRecord {
        customer: "b".to_owned(),
        signup_at: None,
        account: None,
        traits: serde_json::from_str(r#"{"plan": "pro"}"#).unwrap(),
    };
    store
        .write_customers(workspace.id, &[planned])
        .await
        .unwrap();
    let served = Served::in_folder(store, tempfile::tempdir().unwrap());
    let (status, report) = post(&served, SEGMENTS, &segments()).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    let found = report["segments"].as_array().unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["key"], json!({"value": "pro"}));
    assert_eq!(found[1]["key"], "unset");
    assert_eq!(found[1]["retention"]["customers"], 3);
    // b did not come back in its first week, a did; the baseline has no difference from itself
    assert_eq!(report["baseline"], "not set");
    assert_eq!(found[0]["differences"][1]["difference"], -1.0);
    assert_eq!(found[1]["differences"][1], Value::Null);
    assert_eq!(report["total"]["customers"], 4);
    assert!(
        report["method"]
            .as_str()
            .unwrap()
            .contains("Segments by plan")
    );

    let (status, survival) = post(&served, SURVIVAL, &segments()).await;
    assert_eq!(status, StatusCode::OK, "{survival}");
    let pro = &survival["segments"][0];
    // one visit, on the day of the signup
    assert_eq!(
        (&pro["customers"], &pro["ended"], &pro["median"]),
        (&json!(1), &json!(1), &json!(0))
    );
    // a was last there after 14 days, c and d once
    let others = &survival["segments"][1];
    assert_eq!(
        (&others["ended"], &others["median"]),
        (&json!(3), &json!(0))
    );
    assert_eq!(others["steps"][1]["time"], 14);
    assert_eq!(survival["pairs"][0]["differs"], false);

    let url = pool.connect_options().to_url_lossy();
    let asked = segments().to_string();
    for (name, report) in [("segments", &report), ("survival", &survival)] {
        let (code, printed, told) = query(&url, name, &["here"], &asked);
        assert_eq!(code, 0, "{told}");
        assert_eq!(&serde_json::from_str::<Value>(&printed).unwrap(), report);
    }
    let (_, rows, told) = query(&url, "segments", &["here", "--csv"], &asked);
    assert!(told.contains("Segments by plan"), "{told}");
    let rows: Vec<&str> = rows.lines().collect();
    assert!(rows[2].starts_with("pro,1,1,0,1,0,0,"), "{rows:?}");
    let (_, rows, _) = query(&url, "survival", &["here", "--csv"], &asked);
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows[0], "segment,day,at_risk,ended,survival,error,low,high");
    assert_eq!(rows[1], "pro,0,1,1,0,0,0,1");
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
        (QUARTILES, json!({}), 422, "no_activity"),
        (
            QUARTILES,
            json!({"active": ["worked"], "exposure": 0}),
            422,
            "window_length",
        ),
        (SCAN, json!({"exposed": 4}), 422, "bad_question"),
        (SEGMENTS, json!({}), 422, "no_activity"),
        (SEGMENTS, json!({"retention": question()}), 422, "no_split"),
        (
            SURVIVAL,
            json!({"split": {"saved": ["nobody"]}, "retention": question()}),
            422,
            "unknown_segment",
        ),
        (
            SURVIVAL,
            json!({"inactivity": 0}),
            422,
            "inactivity_threshold",
        ),
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
    for (name, question) in [
        ("RetentionQuery", question()),
        ("QuartileQuery", features()),
        ("ComparisonQuery", segments()),
    ] {
        let schema = &description["components"]["schemas"][name];
        for field in question.as_object().unwrap().keys() {
            assert!(
                schema["properties"][field].is_object(),
                "{field} in {schema}"
            );
        }
    }
    for name in ["quartiles", "scan", "segments", "survival"] {
        let path = format!("/workspaces/{{workspace}}/reports/{name}");
        assert!(description["paths"][&path]["post"].is_object(), "{name}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_command_line_gives_the_same(pool: PgPool) {
    let served = serve(&pool).await;
    let (_, expected) = post(&served, RETENTION, &question()).await;
    let url = pool.connect_options().to_url_lossy();
    let run = |arguments: &[&str], input: String| query(&url, "retention", arguments, &input);
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

/// What `holdfast query` returned, printed and told.
fn query(
    url: &impl std::fmt::Display,
    report: &str,
    arguments: &[&str],
    input: &str,
) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .args(["query", report, "--workspace"])
        .args(arguments)
        .env("DATABASE_URL", url.to_string())
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
}
