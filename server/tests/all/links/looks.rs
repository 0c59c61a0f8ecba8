//! How an answer behind a link is looked at.

use super::{QUESTION, address, matrix, world};
use axum::http::StatusCode;
use sqlx::PgPool;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_shares_what_he_looks_at_in_another_way_shares_that_way(pool: PgPool) {
    let world = world(&pool).await;
    let question = format!("{QUESTION}%26show%3Dcount%26diagonal%3D1");
    let form = format!("kind=retention&question={question}&name=For+the+board&state=live&days=90");
    let made = world.served.post("/w/here/links/make", &form).await;
    let turned = world.turn("rotate", "days=7").await;
    for path in [address(&made), address(&turned)] {
        let (plain, _) = path.split_once("?show=count").unwrap();
        let looked = world.read(&path).await;
        assert_eq!(looked.status, StatusCode::OK);
        assert_ne!(matrix(&looked.text), matrix(&world.read(plain).await.text));
    }
}
