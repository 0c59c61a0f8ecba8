//! Days are annotated by programs, and reports tell of it.

use super::{RETENTION, ask, post, question, serve};
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

const ANNOTATIONS: &str = "/api/v1/workspaces/here/annotations";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_annotation_is_told_with_the_report(pool: PgPool) {
    let served = serve(&pool).await;
    let told = json!({"date": "2024-01-09", "text": "Release 4.2"});
    let (status, kept) = post(&served, ANNOTATIONS, &told).await;
    assert_eq!((status, &kept), (StatusCode::OK, &told));
    let (_, all) = ask(&served, Request::get(ANNOTATIONS), "").await;
    assert_eq!(all, json!([told]));
    let (_, report) = post(&served, RETENTION, &question()).await;
    let notes = report["cohorts"].as_array().unwrap().iter();
    let notes: Vec<&Value> = notes.map(|cohort| &cohort["note"]).collect();
    let note = json!("9 Jan 2024: Release 4.2");
    assert_eq!(notes, [&Value::Null, &note, &Value::Null]);
    let churn = "/api/v1/workspaces/here/reports/churn";
    let asked = json!({"grain": "week", "active": ["worked"], "as_of": {"date": "2024-01-17"}, "threshold": 7});
    let (status, report) = post(&served, churn, &asked).await;
    assert_eq!(status, StatusCode::OK, "{report}");
    assert_eq!(report["annotations"], json!([told]));
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_no_annotation_is_refused(pool: PgPool) {
    let served = serve(&pool).await;
    for (wrong, code) in [
        (json!({"date": "2024-02-30", "text": "x"}), "bad_question"),
        (json!({"date": "2024-01-09"}), "bad_question"),
        (
            json!({"date": "2024-01-09", "text": "x", "by": "me"}),
            "bad_question",
        ),
        (json!({"date": "2024-01-09", "text": " "}), "empty_text"),
        (
            json!({"date": "2024-01-09", "text": "x".repeat(201)}),
            "text_too_long",
        ),
    ] {
        let (status, refused) = post(&served, ANNOTATIONS, &wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
        assert_eq!(refused["code"], code, "{refused}");
    }
    let (_, all) = ask(&served, Request::get(ANNOTATIONS), "").await;
    assert_eq!(all, Value::Array(Vec::new()));
}
