//! Saved features by forms and by the interface for other programs: the real router and Postgres.

use crate::segments::{ask, serve};
use axum::http::StatusCode;
use serde_json::json;
use sqlx::PgPool;

const FEATURES: &str = "/api/v1/workspaces/here/features";
const SCAN: &str = "/api/v1/workspaces/here/reports/scan";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn events_are_saved_as_a_feature(pool: PgPool) {
    let served = serve(&pool).await;
    let save = json!({"name": "Doing & sharing", "events": ["worked", "shared"]});
    let (status, saved) = ask(&served, FEATURES, Some(save)).await;
    let expected = json!({
        "slug": "doing-sharing", "name": "Doing & sharing", "events": ["shared", "worked"],
    });
    assert_eq!((status, &saved), (StatusCode::OK, &expected));
    let form = "name=Doing+%26+sharing&feature=worked&feature=shared";
    let again = served.post("/w/here/features/save", form).await;
    assert_eq!(again.location(), "/w/here/features?set=doing-sharing-2");
    let (_, all) = ask(&served, FEATURES, None).await;
    assert_eq!(all.as_array().unwrap().len(), 2);

    let question = |set: &str| {
        json!({
            "set": set, "active": ["worked"], "as_of": {"date": "2024-03-01"},
            "exposure": 1, "outcome": 1, "landmark": false, "cohorts": {"between": {"from": "2024-01-01"}},
        })
    };
    let (status, scan) = ask(&served, SCAN, Some(question("doing-sharing"))).await;
    assert_eq!(status, StatusCode::OK, "{scan}");
    let rows = scan["features"].as_array().unwrap();
    let of_set = rows.iter().filter(|row| row["set"] == "doing-sharing");
    assert_eq!(
        of_set.map(|row| &row["users"]).collect::<Vec<_>>(),
        [&json!(3)]
    );
    let (status, unknown) = ask(&served, SCAN, Some(question("gone"))).await;
    assert_eq!(
        (status, &unknown["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("unknown_feature"))
    );

    let page = served
        .get("/w/here/features/delete?slug=doing-sharing")
        .await;
    assert!(
        page.text.contains("Delete “Doing &amp; sharing”?"),
        "{}",
        page.text
    );
    let delete = async || {
        served
            .post("/w/here/features/delete", "slug=doing-sharing")
            .await
    };
    assert_eq!(delete().await.location(), "/w/here/features");
    assert_eq!(delete().await.status, StatusCode::NOT_FOUND);
    let gone = served
        .get("/w/here/features/delete?slug=doing-sharing")
        .await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}
