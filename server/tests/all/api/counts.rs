//! The same answers as lists of counts.

use super::{RETENTION, SEGMENTS, post, question, serve};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

/// A cohort's cells from its lists: retained, denominator if it is of its own, state.
fn listed(cohort: &Value) -> Vec<(Value, Option<Value>, Value)> {
    let states = cohort["states"].as_array().unwrap().iter();
    let states = states.flat_map(|run| {
        let columns = usize::try_from(run[1].as_u64().unwrap()).unwrap();
        std::iter::repeat_n(run[0].clone(), columns)
    });
    let retained = cohort["retained"].as_array().unwrap();
    let cells: Vec<_> = retained
        .iter()
        .enumerate()
        .zip(states)
        .map(|((column, retained), state)| {
            let of = &cohort["of"][column];
            let own = !of.is_null() && *of != cohort["size"];
            (retained.clone(), own.then(|| of.clone()), state)
        })
        .collect();
    assert_eq!(cells.len(), retained.len(), "a state for every column");
    cells
}

fn agree(whole: &mut Value, mut counts: Value) {
    for (whole, counts) in whole["cohorts"]
        .as_array()
        .unwrap()
        .iter()
        .zip(counts["cohorts"].as_array().unwrap())
    {
        for name in ["start", "size", "forming"] {
            assert_eq!(whole[name], counts[name], "{name}");
        }
        let cells: Vec<_> = whole["cells"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cell| {
                let of = cell.get("of").cloned();
                (cell["retained"].clone(), of, cell["state"].clone())
            })
            .collect();
        assert_eq!(cells, listed(counts));
    }
    for report in [whole, &mut counts] {
        report["cohorts"] = json!(report["cohorts"].as_array().unwrap().len());
        // the newest instant moves while tests ask twice
        report["as_of"] = Value::Null;
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn counts_alone_are_those_of_the_cells(pool: PgPool) {
    let served = serve(&pool).await;
    for kind in ["on", "on_or_after", "previous", "streak"] {
        let mut asked = question();
        asked["kind"] = json!(kind);
        let (status, mut whole) = post(&served, RETENTION, &asked).await;
        assert_eq!(status, StatusCode::OK, "{whole}");
        let (status, counts) = post(&served, &format!("{RETENTION}?cells=counts"), &asked).await;
        assert_eq!(status, StatusCode::OK, "{counts}");
        agree(&mut whole, counts);
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn segments_are_told_by_counts_as_well(pool: PgPool) {
    let served = serve(&pool).await;
    let asked = json!({"retention": question(), "split": {"trait": "plan"}});
    let (status, mut whole) = post(&served, SEGMENTS, &asked).await;
    assert_eq!(status, StatusCode::OK, "{whole}");
    let (status, mut counts) = post(&served, &format!("{SEGMENTS}?cells=counts"), &asked).await;
    assert_eq!(status, StatusCode::OK, "{counts}");
    assert_eq!(whole["segments"].as_array().unwrap().len(), 1);
    agree(
        &mut whole["segments"][0]["retention"],
        counts["segments"][0]["retention"].take(),
    );
    agree(&mut whole["total"], counts["total"].take());
    assert_eq!(whole["finding"], counts["finding"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_not_understood_of_an_address_is_refused(pool: PgPool) {
    let served = serve(&pool).await;
    for wrong in ["cells=all", "cell=counts"] {
        let (status, refused) = post(&served, &format!("{RETENTION}?{wrong}"), &question()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
        assert_eq!(refused["code"], "bad_address");
    }
}
