//! Answers about segments.
//!
//! Their page is made on the server and loads no program, so nothing here is a server function.

use crate::error::AppError;
use crate::error::ssr::answer;
use analysis::comparison::ComparisonReport;
use analysis::query::ComparisonQuery;
use leptos::prelude::expect_context;

/// A report and its pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonAnswer {
    /// The numbers.
    pub report: ComparisonReport,
    /// How many of each segment were active in each period, as SVG; empty where no period is finished.
    pub curves: String,
    /// How long each segment's customers stayed, as SVG; empty without customers.
    pub lifetimes: String,
}

/// Answers a question about segments.
///
/// # Errors
/// [`AppError::NoActivity`], [`AppError::BadRequest`] for an illegal question, [`AppError::NotFound`].
pub async fn compare(slug: &str, query: &ComparisonQuery) -> Result<ComparisonAnswer, AppError> {
    let store = expect_context::<store::Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let now = jiff::Timestamp::now();
    let report = answer(store.compare(&workspace, query, now).await)?;
    Ok(ComparisonAnswer {
        curves: charts::segments(&report),
        lifetimes: charts::lifetimes(&report),
        report,
    })
}

/// The saved segments of a workspace: names in addresses and on pages.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn saved(slug: &str) -> Result<Vec<(String, String)>, AppError> {
    let store = expect_context::<store::Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let segments = answer(store.segments(workspace.id).await)?;
    let names = segments.into_iter().map(|one| (one.slug, one.name));
    Ok(names.collect())
}
