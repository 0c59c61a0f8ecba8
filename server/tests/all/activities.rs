//! Definitions of activity by form and for other programs: the real router and Postgres.

use crate::served::{Answer, Served};
use analysis::period::WeekStart;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use store::{EventRecord, NewWorkspace, Store};

const ACTIVITIES: &str = "/api/v1/workspaces/here/activities";
const RETENTION: &str = "/api/v1/workspaces/here/reports/retention";

async fn json(
    served: &Served,
    request: axum::http::request::Builder,
    body: &Value,
) -> (StatusCode, Value) {
    let request = request
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/json");
    let request = request.body(Body::from(body.to_string())).unwrap();
    let answer = served.ask(request).await;
    let body = serde_json::from_str(&answer.text).unwrap_or_default();
    (answer.status, body)
}

async fn form(served: &Served, path: &str, fields: &str) -> Answer {
    let request = Request::post(path)
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = request.body(Body::from(fields.to_owned())).unwrap();
    served.ask(request).await
}

async fn page(served: &Served, path: &str) -> Answer {
    let request = Request::get(path).header(HOST, "localhost");
    served.ask(request.body(Body::empty()).unwrap()).await
}

/// Ada opens and watches within a minute, in two weeks; Ben only signs in.
async fn serve(pool: PgPool) -> Served {
    let store = Store::new(pool);
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
    let told = [
        ("ada", "opened", "2024-01-01T12:00:00Z"),
        ("ada", "watched", "2024-01-01T12:01:00Z"),
        ("ada", "opened", "2024-01-09T12:00:00Z"),
        ("ada", "watched", "2024-01-09T12:01:00Z"),
        ("ben", "login", "2024-01-02T12:00:00Z"),
        ("ben", "login", "2024-01-09T12:00:00Z"),
    ];
    let events: Vec<EventRecord> = told
        .into_iter()
        .enumerate()
        .map(|(place, (customer, name, at))| EventRecord {
            customer: customer.into(),
            name: name.into(),
            at: at.parse().unwrap(),
            properties: None,
            key: Some([u8::try_from(place).unwrap(); 16]),
        })
        .collect();
    store
        .write_events(workspace.id, batch, &events)
        .await
        .unwrap();
    Served::in_folder(store, tempfile::tempdir().unwrap())
}

fn question() -> Value {
    json!({
        "activity": "watched-something",
        "as_of": {"date": "2024-01-22"},
        "cohorts": {"between": {"from": "2024-01-01"}},
    })
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn programs_save_and_ask(pool: PgPool) {
    let served = serve(pool).await;
    let (status, problem) = json(&served, Request::post(RETENTION), &question()).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("no_such_activity"))
    );
    let definition = json!({
        "name": "Watched something",
        "rule": {"workflow": {"steps": [{"event": "opened"}, {"event": "watched"}], "within": 60}},
    });
    let wish = json!({"definition": definition, "default": true});
    let (status, saved) = json(&served, Request::post(ACTIVITIES), &wish).await;
    assert_eq!(
        (status.as_u16(), saved),
        (200, json!({"slug": "watched-something"}))
    );

    let (status, problem) = json(&served, Request::post(RETENTION), &question()).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (503, &json!("activity_not_ready"))
    );
    let (_, list) = json(&served, Request::get(ACTIVITIES), &Value::Null).await;
    assert_eq!(
        (&list[0]["ready"], &list[0]["filled"]),
        (&json!(false), &json!(0.0))
    );
    let workspace = served.store.workspace("here").await.unwrap();
    served
        .store
        .keep_activities(workspace.id, |_, _| {})
        .await
        .unwrap();
    let (_, list) = json(&served, Request::get(ACTIVITIES), &Value::Null).await;
    assert_eq!(list[0]["ready"], json!(true));
    assert_eq!(list[0]["definition"]["rule"], definition["rule"]);

    for asked in [
        question(),
        json!({"as_of": {"date": "2024-01-22"}, "cohorts": {"between": {"from": "2024-01-01"}}}),
    ] {
        let (status, report) = json(&served, Request::post(RETENTION), &asked).await;
        assert_eq!(status, StatusCode::OK, "{report}");
        assert_eq!(report["cohorts"][0]["size"], 2);
        assert_eq!(report["cohorts"][0]["cells"][1]["retained"], 1);
        let method = report["method"].as_str().unwrap();
        assert!(
            method.contains("active = Watched something (opened, then watched, within 1 minute)"),
            "{method}"
        );
    }

    for (definition, code) in [
        (
            json!({"name": "a", "rule": {"any_of": []}}),
            "activity_empty",
        ),
        (
            json!({"name": "a", "rule": {"workflow": {"steps": [{"event": "a"}], "within": 60}}}),
            "workflow_steps",
        ),
        (
            json!({"name": "a", "rule": {"some_of": []}}),
            "bad_question",
        ),
    ] {
        let (status, problem) = json(
            &served,
            Request::post(ACTIVITIES),
            &json!({"definition": definition}),
        )
        .await;
        assert_eq!((status.as_u16(), &problem["code"]), (422, &json!(code)));
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn forms_build_save_choose_and_delete(pool: PgPool) {
    let served = serve(pool).await;
    let asks = page(&served, "/w/here/retention").await;
    assert_eq!(asks.status, StatusCode::OK);
    assert!(asks.text.contains("What counts as active here?"));
    assert!(
        asks.text.contains("Use watched") && !asks.text.contains("Use login"),
        "{}",
        asks.text
    );
    assert!(
        asks.text
            .contains("Never proposed: signing in or out (login).")
    );

    let building = "/w/here/activity/edit?name=Watched&kind=workflow&event1=opened&event2=watched&within=1&unit=minute";
    let built = page(&served, building).await;
    assert_eq!(built.status, StatusCode::OK);
    assert!(
        built
            .text
            .contains("1 of 2 customers did this; 2 completions in all."),
        "{}",
        built.text
    );
    let incomplete = form(&served, "/w/here/activity/save", "name=&event1=watched").await;
    assert!(incomplete.location().contains("refused=1"));
    let again = page(&served, incomplete.location()).await;
    assert!(again.text.contains("Not saved."), "{}", again.text);

    let saved = form(
        &served,
        "/w/here/activity/save",
        "name=watched&event1=watched&default=1&then=retention",
    )
    .await;
    assert_eq!(saved.location(), "/w/here/retention");
    let matrix = page(&served, "/w/here/retention").await;
    assert!(matrix.text.contains("were active"), "{}", matrix.text);
    let saved = form(
        &served,
        "/w/here/activity/save",
        "name=Opened&event1=opened",
    )
    .await;
    assert_eq!(saved.location(), "/w/here/activity");
    let list = page(&served, "/w/here/activity").await;
    assert!(
        list.text.contains("Active here: “watched”."),
        "{}",
        list.text
    );
    assert_eq!(
        form(&served, "/w/here/activity/own", "slug=opened")
            .await
            .location(),
        "/w/here/activity"
    );
    assert_eq!(
        form(&served, "/w/here/activity/delete", "slug=watched")
            .await
            .location(),
        "/w/here/activity"
    );
    let missing = form(&served, "/w/here/activity/delete", "slug=watched").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    let workspace = served.store.workspace("here").await.unwrap();
    assert_eq!(workspace.own_activity().unwrap().slug, "opened");
    assert_eq!(workspace.activities.len(), 1);
}
