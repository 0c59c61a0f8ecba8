//! The reference: retention counted by plain SQL over raw events. Easy to read and always right; the oracle of any
//! faster way.
//!
//! Periods are cut by `analysis` and handed over as bounds, so there is one calendar and Postgres only looks up in
//! which slot an instant falls. One membership text serves the matrix and the list behind a cell: they can't disagree.

use crate::instant::from_db;
use crate::{Store, StoreError, Workspace};
use analysis::period::Calendar;
use analysis::query::{RetentionQuery, StartRule};
use analysis::report::RetentionReport;
use analysis::shape::{About, RetentionPlan, shape};
use jiff::Timestamp;
use sqlx::{Postgres, Transaction};

mod membership;

pub(crate) use membership::{Scope, membership_query};

impl Store {
    /// Answers a retention question.
    ///
    /// `now` is the instant that "now" means; nothing at or after the question's as-of is seen. All counts come from
    /// one snapshot of the data.
    ///
    /// # Errors
    /// [`StoreError::NoActivity`] when neither the question nor the workspace says what counts as active,
    /// [`StoreError::Query`] when the question is illegal, [`StoreError::Zone`], or the data base's own.
    pub async fn retention(
        &self,
        workspace: &Workspace,
        query: &RetentionQuery,
        now: Timestamp,
    ) -> Result<RetentionReport, StoreError> {
        let (query, plan) = prepare(workspace, query, now)?;
        let mut snapshot = self.snapshot().await?;
        let last = plan.cohort_count.saturating_sub(1);
        let scope = Scope::new(&mut snapshot, workspace, &query, &plan, (0, last)).await?;
        let tally = scope.tally(&mut snapshot, &query, &plan).await?;
        let left_out = match query.start {
            StartRule::Signup => {
                sqlx::query_scalar!(
                    r#"select count(*) as "left_out!" from customer where workspace_id = $1 and signup_at is null"#,
                    workspace.id.0
                )
                .fetch_one(&mut *snapshot)
                .await?
            }
            StartRule::FirstEvent | StartRule::EachEvent => 0,
        };
        let internal = match workspace.internal.is_empty() {
            true => 0,
            false => {
                sqlx::query_scalar!(
                    r#"select count(*) as "internal!" from customer c
                       where workspace_id = $1 and exists (
                           select 1
                           from jsonb_to_recordset($2::jsonb)
                                as f(name text, op text, list jsonb, low float8, high float8)
                           where passes(c.traits, f.name, f.op, f.list, f.low, f.high))"#,
                    workspace.id.0,
                    scope.internal
                )
                .fetch_one(&mut *snapshot)
                .await?
            }
        };
        let watermark = sqlx::query_scalar!(
            "select max(newest_event_at) from batch where workspace_id = $1",
            workspace.id.0
        )
        .fetch_one(&mut *snapshot)
        .await?;
        snapshot.commit().await?;
        let about = About {
            watermark: watermark.map(from_db),
            left_out: left_out.unsigned_abs(),
            internal: internal.unsigned_abs(),
        };
        Ok(shape(&query, &plan, &tally, about))
    }

    /// A read-only view of one moment, so that the numbers of a report belong together.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        Ok(self
            .pool
            .begin_with("begin isolation level repeatable read, read only")
            .await?)
    }
}

/// The question with its activity named, and the periods that it needs.
pub(crate) fn prepare(
    workspace: &Workspace,
    query: &RetentionQuery,
    now: Timestamp,
) -> Result<(RetentionQuery, RetentionPlan), StoreError> {
    query.validate()?;
    let calendar = Calendar::new(&workspace.zone, workspace.week_start)
        .map_err(|_| StoreError::Zone(workspace.zone.clone()))?;
    let mut query = query.clone();
    if query.active.is_empty() && !query.any_event {
        if workspace.active_events.is_empty() {
            return Err(StoreError::NoActivity);
        }
        query.active.clone_from(&workspace.active_events);
    }
    let plan = RetentionPlan::new(&query, &calendar, now)?;
    Ok((query, plan))
}
