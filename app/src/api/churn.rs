//! Answers about leaving.
//!
//! Their page is made on the server and loads no program, so nothing here is a server function.

use crate::error::AppError;
use crate::error::ssr::answer;
use analysis::query::ChurnQuery;
use leptos::prelude::expect_context;
use store::ChurnAnswer;

/// Customers on the page's lists; the files have all of them.
pub const LISTED: usize = 100;

/// A report with the customers behind it, and its pictures as SVG. A picture without numbers is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct ChurnFound {
    /// The numbers, and the first customers of each list.
    pub answer: ChurnAnswer,
    /// Churn by period.
    pub churn: String,
    /// How fast customers come back.
    pub returns: String,
    /// How they come and go.
    pub lifecycle: String,
    /// On how many days they are active.
    pub stickiness: String,
    /// How those lost faded.
    pub fading: String,
}

/// Answers a question about leaving.
///
/// # Errors
/// [`AppError::NoActivity`], [`AppError::BadRequest`] for an illegal question, [`AppError::NotFound`].
pub async fn churn(slug: &str, query: &ChurnQuery) -> Result<ChurnFound, AppError> {
    let store = expect_context::<store::Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let now = jiff::Timestamp::now();
    let found = answer(store.churn(&workspace, query, now, LISTED).await)?;
    let report = &found.report;
    Ok(ChurnFound {
        churn: charts::churn(report),
        returns: charts::returns(report),
        lifecycle: charts::lifecycle(report),
        stickiness: charts::stickiness(report),
        fading: charts::fading(report),
        answer: found,
    })
}
