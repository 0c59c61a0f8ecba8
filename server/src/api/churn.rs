//! Leaving: churn, coming and going, stickiness, and the customers behind them; also as files.

use super::error::ApiError;
use super::here::Here;
use ::exports::quote;
use analysis::document::{
    ChurnDocument, LifecycleDocument, LostDocument, QuietDocument, StickinessDocument,
};
use analysis::query::{ChurnQuery, pairs, split_url_query};
use axum::extract::rejection::JsonRejection;
use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use store::{ChurnAnswer, Store, Workspace};

/// A question as JSON, or why it is none.
type Asked = Result<Json<ChurnQuery>, JsonRejection>;

/// The routes of this module below `/api/v1`.
pub(super) fn routes() -> Router<Store> {
    Router::new()
        .route("/workspaces/{workspace}/reports/churn", post(churn))
        .route("/workspaces/{workspace}/reports/lifecycle", post(lifecycle))
        .route(
            "/workspaces/{workspace}/reports/stickiness",
            post(stickiness),
        )
        .route("/workspaces/{workspace}/reports/lost", post(lost))
        .route("/workspaces/{workspace}/reports/quiet", post(quiet))
}

/// Lists as files, beside the page that they belong to.
pub(super) fn files(store: Store) -> Router {
    Router::new()
        .route("/w/{workspace}/churn/lost.csv", get(lost_file))
        .route("/w/{workspace}/churn/quiet.csv", get(quiet_file))
        .with_state(store)
}

/// `POST …/reports/churn`.
async fn churn(
    State(store): State<Store>,
    Here(workspace): Here,
    query: Asked,
) -> Result<Response, ApiError> {
    let found = answer(&store, &workspace, &query?.0, 0).await?;
    Ok(Json(ChurnDocument::new(&found.report)).into_response())
}

/// `POST …/reports/lifecycle`.
async fn lifecycle(
    State(store): State<Store>,
    Here(workspace): Here,
    query: Asked,
) -> Result<Response, ApiError> {
    let found = answer(&store, &workspace, &query?.0, 0).await?;
    Ok(Json(LifecycleDocument::new(&found.report)).into_response())
}

/// `POST …/reports/stickiness`.
async fn stickiness(
    State(store): State<Store>,
    Here(workspace): Here,
    query: Asked,
) -> Result<Response, ApiError> {
    let found = answer(&store, &workspace, &query?.0, 0).await?;
    Ok(Json(StickinessDocument::new(&found.report)).into_response())
}

/// `POST …/reports/lost`: the customers lost in a period.
async fn lost(
    State(store): State<Store>,
    Here(workspace): Here,
    query: Asked,
) -> Result<Response, ApiError> {
    let found = of_period(&store, &workspace, &query?.0).await?;
    Ok(Json(LostDocument::new(&found.report, &found.lost)).into_response())
}

/// `POST …/reports/quiet`: the customers who are quietly leaving.
async fn quiet(
    State(store): State<Store>,
    Here(workspace): Here,
    query: Asked,
) -> Result<Response, ApiError> {
    let found = answer(&store, &workspace, &query?.0, usize::MAX).await?;
    Ok(Json(QuietDocument::new(&found.report, &found.quiet)).into_response())
}

/// `GET /w/{workspace}/churn/lost.csv?…`, with the page's question.
async fn lost_file(
    State(store): State<Store>,
    Here(workspace): Here,
    RawQuery(question): RawQuery,
) -> Result<Response, ApiError> {
    let query = question_of(question)?;
    let found = of_period(&store, &workspace, &query).await?;
    let mut text = "customer,last_active,active_days,came_back\r\n".to_owned();
    for one in &found.lost {
        quote(&one.customer, &mut text);
        let back = one.back.map(|date| date.to_string()).unwrap_or_default();
        text.push_str(&format!(
            ",{},{},{back}\r\n",
            one.last_active, one.active_days
        ));
    }
    let period = found.report.picked.map(|start| format!("-{start}"));
    Ok(file("lost", &period.unwrap_or_default(), text))
}

/// `GET /w/{workspace}/churn/quiet.csv?…`, with the page's question.
async fn quiet_file(
    State(store): State<Store>,
    Here(workspace): Here,
    RawQuery(question): RawQuery,
) -> Result<Response, ApiError> {
    let query = question_of(question)?;
    let found = answer(&store, &workspace, &query, usize::MAX).await?;
    let mut text = "customer,last_active,own_pace,recent_days\r\n".to_owned();
    for one in &found.quiet {
        quote(&one.customer, &mut text);
        text.push_str(&format!(
            ",{},{},{}\r\n",
            one.last_active, one.pace, one.recent
        ));
    }
    Ok(file("quiet", "", text))
}

fn file(name: &str, period: &str, text: String) -> Response {
    (
        [
            (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (
                CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}{period}.csv\""),
            ),
        ],
        text,
    )
        .into_response()
}

/// The question of an address, which has to be understood: a file can't say what was passed over.
fn question_of(text: Option<String>) -> Result<ChurnQuery, ApiError> {
    let params = split_url_query(&text.unwrap_or_default());
    let (query, problems) = ChurnQuery::parse(pairs(&params));
    match problems.first() {
        Some(problem) => Err(ApiError::bad_question(problem.to_string())),
        None => Ok(query),
    }
}

async fn answer(
    store: &Store,
    workspace: &Workspace,
    query: &ChurnQuery,
    limit: usize,
) -> Result<ChurnAnswer, ApiError> {
    Ok(store
        .churn(workspace, query, Timestamp::now(), limit)
        .await?)
}

/// An answer with all customers lost in the period asked for, which has to be there.
async fn of_period(
    store: &Store,
    workspace: &Workspace,
    query: &ChurnQuery,
) -> Result<ChurnAnswer, ApiError> {
    let found = answer(store, workspace, query, usize::MAX).await?;
    match found.report.shows_period_asked_for() {
        true => Ok(found),
        false => Err(ApiError::no_such_period()),
    }
}
