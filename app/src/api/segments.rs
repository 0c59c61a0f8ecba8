//! Segments as pages show them.
//!
//! These pages are made on the server and load no program, so nothing here is a server function.

use crate::error::AppError;
use crate::error::ssr::answer;
use analysis::period::Calendar;
use analysis::segment::{Condition, Segment, SegmentCount};
use analysis::words;
use jiff::Timestamp;
use leptos::prelude::expect_context;
use store::{Store, StoreError, Workspace};

/// Customers listed on a segment's page.
pub const CUSTOMERS: u32 = 100;

/// A saved segment as a page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentView {
    /// Itself.
    pub segment: Segment,
    /// How many belong to it.
    pub count: SegmentCount,
    /// "Living", or "Frozen on 6 Jan 2025", in the workspace's zone.
    pub state: String,
    /// The first of its customers, by their ids; none in a list of segments.
    pub customers: Vec<String>,
}

/// The saved segments of a workspace.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn saved(slug: &str) -> Result<Vec<SegmentView>, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let now = Timestamp::now();
    let all = answer(store.segment_counts(&workspace, now).await)?;
    let views = all
        .into_iter()
        .map(|(segment, count)| view(&workspace, segment, count));
    answer(views.collect())
}

/// A saved segment with its first customers.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn segment(slug: &str, name: &str) -> Result<SegmentView, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    answer(one(&store, &workspace, name).await)
}

async fn one(store: &Store, workspace: &Workspace, name: &str) -> Result<SegmentView, StoreError> {
    let now = Timestamp::now();
    let segment = store.segment(workspace.id, name).await?;
    let (members, count) = store.segment_population(workspace, name, now).await?;
    let mut view = view(workspace, segment, count)?;
    view.customers = store
        .customers_in(workspace.id, &members, (0, CUSTOMERS))
        .await?;
    Ok(view)
}

/// A segment that may be deleted, and what rests on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deletion {
    /// Itself.
    pub segment: Segment,
    /// How many belong to it.
    pub count: SegmentCount,
    /// The segments that are made of it.
    pub users: Vec<Segment>,
}

/// What deleting a segment would mean.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn deletion(slug: &str, name: &str) -> Result<Deletion, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let segment = answer(store.segment(workspace.id, name).await)?;
    let now = Timestamp::now();
    let (_, count) = answer(store.segment_population(&workspace, name, now).await)?;
    let users = answer(store.segment_users(workspace.id, name).await)?;
    Ok(Deletion {
        segment,
        count,
        users,
    })
}

/// How many customers meet a condition.
///
/// # Errors
/// [`AppError::BadRequest`] for a condition that breaks a limit, [`AppError::NotFound`].
pub async fn count(slug: &str, condition: &Condition) -> Result<SegmentCount, AppError> {
    let store = expect_context::<Store>();
    let workspace = answer(store.workspace(slug).await)?;
    let now = Timestamp::now();
    answer(store.count_condition(&workspace, condition, now).await)
}

fn view(
    workspace: &Workspace,
    segment: Segment,
    count: SegmentCount,
) -> Result<SegmentView, StoreError> {
    let calendar = Calendar::new(&workspace.zone, workspace.week_start)
        .map_err(|_| StoreError::Zone(workspace.zone.clone()))?;
    let state = match segment.frozen_at {
        Some(at) => format!("Frozen on {}", words::date(calendar.date(at))),
        None => "Living".to_owned(),
    };
    Ok(SegmentView {
        segment,
        count,
        state,
        customers: Vec::new(),
    })
}
