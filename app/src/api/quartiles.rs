//! Answers about features.
//!
//! Their page is made on the server and loads no program, so nothing here is a server function.

use crate::error::AppError;
use crate::error::ssr::answer;
use analysis::quartiles::{FeatureSet, QuartileReport, Wanted};
use analysis::query::QuartileQuery;
use leptos::prelude::expect_context;

/// A report and its pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct QuartileAnswer {
    /// The numbers.
    pub report: QuartileReport,
    /// How often the feature was used, as SVG; empty where there are no groups.
    pub usage: String,
    /// How long each group stayed, as SVG; empty where there are no groups.
    pub groups: String,
}

/// The saved features of a workspace.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn feature_sets(slug: &str) -> Result<Vec<FeatureSet>, AppError> {
    let store = expect_context::<store::Store>();
    let workspace = answer(store.workspace(slug).await)?;
    answer(store.feature_sets(workspace.id).await)
}

/// Answers a question about a feature.
///
/// # Errors
/// [`AppError::NoActivity`], [`AppError::BadRequest`] for an illegal question, [`AppError::NotFound`].
pub async fn quartiles(slug: &str, query: &QuartileQuery) -> Result<QuartileAnswer, AppError> {
    let store = expect_context::<store::Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let report = answer(
        store
            .quartiles(&workspace, query, Wanted::Both, jiff::Timestamp::now())
            .await,
    )?;
    Ok(QuartileAnswer {
        usage: charts::usage(&report),
        groups: charts::groups(&report),
        report,
    })
}
