//! Leaving, for other programs.

use super::{post, serve};
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

/// The weeks of January 2024 by a threshold of seven days, until the middle of the fourth.
fn leaving() -> Value {
    json!({
        "grain": "week",
        "threshold": 7,
        "sticky_days": 7,
        "active": ["worked"],
        "as_of": {"date": "2024-01-24"},
        "periods": {"between": {"from": "2024-01-01"}},
        "period": "2024-01-17",
    })
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn leaving_is_answered_with_its_customers(pool: PgPool) {
    let served = serve(&pool).await;
    let ask_for = async |name: &str| {
        let path = format!("/api/v1/workspaces/here/reports/{name}");
        let (status, report) = post(&served, &path, &leaving()).await;
        assert_eq!(status, StatusCode::OK, "{report}");
        assert!(report["method"].as_str().unwrap().contains("7 days"));
        report
    };
    let churn = ask_for("churn").await;
    let periods = churn["periods"].as_array().unwrap();
    assert_eq!(periods.len(), 4);
    let of = &periods[1]["churn"];
    assert_eq!(
        json!([
            of["opening"],
            of["lost"],
            of["new"],
            of["returned"],
            of["closing"]
        ]),
        json!([2, 1, 2, 0, 3])
    );
    assert_eq!((&of["gross"], &of["net"]), (&json!(0.5), &json!(-0.5)));
    assert_eq!(periods[2]["churn"]["lost"], 2);
    assert_eq!(periods[3]["state"], "running");
    assert_eq!(periods[3]["churn"], Value::Null);
    assert_eq!(churn["returns"]["proposal"], Value::Null);

    let lifecycle = ask_for("lifecycle").await;
    let second = &lifecycle["periods"][1];
    assert_eq!(
        json!([
            second["new"],
            second["retained"],
            second["returned"],
            second["dormant"],
            second["growth"]
        ]),
        json!([2, 1, 0, 1, 2.0])
    );
    let stickiness = ask_for("stickiness").await;
    assert_eq!(stickiness["periods"].as_array().unwrap().len(), 3);
    assert_eq!(
        stickiness["periods"][2]["days"],
        json!([1, 0, 0, 0, 0, 0, 0])
    );
    assert_eq!(ask_for("quiet").await["total"], 0);
    let lost = ask_for("lost").await;
    assert_eq!(
        (&lost["period"], &lost["total"]),
        (&json!("2024-01-15"), &json!(2))
    );
    let mut names: Vec<&str> = lost["lost"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["customer"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["c", "d"]);

    let mut running = leaving();
    running["period"] = json!("2024-01-23");
    let path = "/api/v1/workspaces/here/reports/lost";
    let (status, problem) = post(&served, path, &running).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (404, &json!("no_period"))
    );
    let (status, problem) = post(&served, path, &json!({"grain": "day"})).await;
    assert_eq!(
        (status.as_u16(), &problem["code"]),
        (422, &json!("churn_grain"))
    );
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn those_lost_are_a_file_of_the_page(pool: PgPool) {
    let served = serve(&pool).await;
    let question =
        "?grain=week&threshold=7&period=2024-01-15&active=worked&as_of=2024-01-24&from=2024-01-01";
    let fetch = async |path: &str| {
        let request = Request::get(path).header(HOST, "localhost");
        served.ask(request.body(Body::empty()).unwrap()).await
    };
    let file = fetch(&format!("/w/here/churn/lost.csv{question}")).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text);
    let mut rows: Vec<&str> = file.text.lines().collect();
    rows.sort_unstable();
    assert_eq!(
        rows,
        [
            "\"c\",2024-01-08,1,",
            "\"d\",2024-01-14,1,",
            "customer,last_active,active_days,came_back",
        ]
    );
    let quiet = fetch(&format!("/w/here/churn/quiet.csv{question}")).await;
    assert_eq!(quiet.text, "customer,last_active,own_pace,recent_days\r\n");
    let wrong = fetch("/w/here/churn/lost.csv?threshold=soon").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let nowhere = fetch("/w/there/churn/lost.csv").await;
    assert_eq!(nowhere.status, StatusCode::NOT_FOUND);
}
