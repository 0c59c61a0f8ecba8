//! Large answers.

use super::error::ApiError;
use analysis::document::Detail;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::sync::Semaphore;

/// How much an address asks to be told of each cell.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cells {
    #[serde(default)]
    cells: Detail,
}

/// What was asked for.
///
/// # Errors
/// For anything else in the address.
pub(super) fn asked(cells: Result<Query<Cells>, QueryRejection>) -> Result<Detail, ApiError> {
    match cells {
        Ok(Query(Cells { cells })) => Ok(cells),
        Err(refused) => Err(ApiError::bad_address(&refused)),
    }
}

/// Cells of a report that take more than a few milliseconds to write.
const LARGE: usize = 20_000;

/// One large report is written at a time, so that neither processors nor memory are full of them.
static LARGE_ONES: Semaphore = Semaphore::const_new(1);

/// Bytes that a cell takes, about: what is written grows seldom, which would copy it.
fn bytes(detail: Detail) -> usize {
    match detail {
        Detail::Rates => 128,
        Detail::Counts => 8,
    }
}

/// The answer that `write` makes of so many cells, told in so much detail, on a thread where others don't wait for it.
///
/// # Errors
/// When it can't be written, which has no reason but a mistake.
pub(super) async fn written(
    (cells, detail): (usize, Detail),
    write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()> + Send + 'static,
) -> Result<Response, ApiError> {
    let _turn = match cells {
        0..LARGE => None,
        _ => LARGE_ONES.acquire().await.ok(),
    };
    let write = move || {
        let mut json = Vec::with_capacity(cells * bytes(detail));
        write(&mut json).map(|()| json)
    };
    let json = match detail {
        // Sooner than another thread begins.
        Detail::Counts if cells < LARGE => write(),
        _ => {
            let writing = tokio::task::spawn_blocking(write);
            writing.await.map_err(ApiError::broken)?
        }
    };
    let json = json.map_err(ApiError::broken)?;
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}
