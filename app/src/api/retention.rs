//! The retention report and the customers behind its cells.

#![expect(
    missing_docs,
    reason = "the fields that the macro makes are the parameters below it"
)]

use crate::error::AppError;
use analysis::query::{CellRef, RetentionQuery};
#[cfg(feature = "ssr")]
use analysis::report::RetentionReport;
use leptos::prelude::*;
use leptos::server_fn::codec::Json;
use serde::{Deserialize, Serialize};

/// A report and its picture.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct RetentionAnswer {
    /// The numbers.
    pub report: RetentionReport,
    /// The curves, as SVG drawn on the server.
    pub chart: String,
}

/// A customer in a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberView {
    /// External id.
    pub customer: String,
    /// Active events counted by the cell.
    pub uses: u64,
}

/// A page of the customers in a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MembersView {
    /// How many there are in all: the number in the cell.
    pub total: u64,
    /// This page's.
    pub members: Vec<MemberView>,
}

/// Customers on a page of a cell's list.
pub const MEMBERS_PAGE: u32 = 100;

/// Answers a retention question.
///
/// # Errors
/// [`AppError::NoActivity`], [`AppError::BadRequest`] for an illegal question, [`AppError::NotFound`].
#[cfg(feature = "ssr")]
pub async fn retention(slug: &str, query: &RetentionQuery) -> Result<RetentionAnswer, AppError> {
    use crate::error::ssr::answer;
    let store = expect_context::<store::Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let now = jiff::Timestamp::now();
    let report = answer(store.retention(&workspace, query, now).await)?;
    let chart = charts::retention(&report);
    Ok(RetentionAnswer { report, chart })
}

/// Lists a page of the customers whom a cell counts, or of those whom it misses.
///
/// `query.as_of` has to be the report's own instant, or the list may see more than the cell did.
///
/// # Errors
/// [`AppError::NoActivity`], [`AppError::BadRequest`] for an illegal question, [`AppError::NotFound`] also when there
/// is no such cell.
#[server(endpoint = "members", input = Json)]
pub async fn members(
    slug: String,
    query: RetentionQuery,
    cell: CellRef,
    retained: bool,
    offset: u32,
) -> Result<MembersView, AppError> {
    use crate::error::ssr::answer;
    let store = expect_context::<store::Store>();
    let workspace = answer(store.workspace(&slug).await)?;
    let page = answer(
        store
            .members(
                &workspace,
                &query,
                jiff::Timestamp::now(),
                cell,
                retained,
                (offset, MEMBERS_PAGE),
            )
            .await,
    )?;
    Ok(MembersView {
        total: page.total,
        members: page
            .members
            .into_iter()
            .map(|member| MemberView {
                customer: member.customer,
                uses: member.uses,
            })
            .collect(),
    })
}
