//! The reference: retention counted by plain SQL over raw events. Easy to read and always right; the oracle of any
//! faster way.
//!
//! Periods are cut by `analysis` and handed over as bounds, so there is one calendar and Postgres only looks up in
//! which slot an instant falls. One membership text serves the matrix and the list behind a cell: they can't disagree.

use crate::instant::{from_db, to_db};
use crate::{Store, StoreError, Workspace};
use analysis::period::Calendar;
use analysis::query::{RetentionQuery, TraitFilter, TraitTest};
use analysis::report::RetentionReport;
use analysis::rule::Rule;
use analysis::shape::{RetentionPlan, shape};
use analysis::tally::{Entries, Tally, periods_set};
use futures::TryStreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;

/// A checked query over `member` (who belongs to which cohort) and `active` (in which periods, how often).
///
/// Parameters 1 to 7: workspace, period bounds, first instant and end of the signups asked for, trait filters, event
/// name ids, as-of. More may follow in the tail.
macro_rules! membership_query {
    ($row:ty, $scope:expr, $tail:tt $(, $more:expr)*) => {
        sqlx::query_as!(
            $row,
            r#"
            with member as (
                select c.shard, c.customer_no, c.external_id, c.traits, c.signup_at,
                       c.signup_given is not null as given,
                       width_bucket(c.signup_at, $2::timestamptz[]) - 1 as cohort
                from customer c
                where c.workspace_id = $1 and c.signup_at >= $3 and c.signup_at < $4
                  and not exists (
                      select 1
                      from jsonb_to_recordset($5::jsonb)
                           as f(name text, op text, list jsonb, low float8, high float8)
                      where not coalesce(case f.op
                          when 'is' then f.list ? (c.traits ->> f.name)
                          when 'is_not' then c.traits ->> f.name is null or not f.list ? (c.traits ->> f.name)
                          when 'set' then c.traits ->> f.name is not null
                          when 'unset' then c.traits ->> f.name is null
                          when 'between' then case jsonb_typeof(c.traits -> f.name) when 'number' then
                              (c.traits -> f.name)::float8 >= coalesce(f.low, '-infinity')
                              and (c.traits -> f.name)::float8 <= coalesce(f.high, 'infinity') end
                          end, false))
            ), active as (
                select m.cohort, m.shard, m.customer_no,
                       width_bucket(e.at, $2::timestamptz[]) - 1 - m.cohort as period, count(*) as uses
                from member m
                join event e on e.workspace_id = $1 and e.shard = m.shard and e.customer_no = m.customer_no
                where e.event_name_id = any($6::integer[])
                  and e.at >= m.signup_at and e.at >= $3 and e.at < $7
                group by 1, 2, 3, 4
            )
            "# + $tail,
            $scope.workspace,
            &$scope.bounds,
            $scope.signup_from,
            $scope.signup_until,
            $scope.filters,
            &$scope.event_ids,
            $scope.as_of
            $(, $more)*
        )
    };
}
pub(crate) use membership_query;

/// The parameters that every membership query shares.
pub(crate) struct Scope {
    pub(crate) workspace: i32,
    pub(crate) bounds: Vec<OffsetDateTime>,
    pub(crate) signup_from: OffsetDateTime,
    pub(crate) signup_until: OffsetDateTime,
    pub(crate) filters: Value,
    pub(crate) event_ids: Vec<i32>,
    pub(crate) as_of: OffsetDateTime,
}

impl Scope {
    /// The customers of cohorts `first..=last` (numbers of the plan's periods).
    pub(crate) fn new(
        workspace: &Workspace,
        query: &RetentionQuery,
        plan: &RetentionPlan,
        event_ids: Vec<i32>,
        (first, last): (u32, u32),
    ) -> Self {
        let bound = |number: u32| {
            let place = usize::try_from(number).unwrap_or(usize::MAX);
            plan.periods
                .bounds
                .get(place)
                .copied()
                .unwrap_or(plan.as_of)
        };
        Self {
            workspace: workspace.id.0,
            bounds: plan.periods.bounds.iter().map(|&at| to_db(at)).collect(),
            signup_from: to_db(bound(first)),
            signup_until: to_db(bound(last.saturating_add(1)).min(plan.as_of)),
            filters: filters_json(&query.filters),
            event_ids,
            as_of: to_db(plan.as_of),
        }
    }
}

/// Trait filters as the rows that the membership text reads.
fn filters_json(filters: &[TraitFilter]) -> Value {
    filters
        .iter()
        .map(|TraitFilter { name, test }| match test {
            TraitTest::Is(list) => json!({"name": name, "op": "is", "list": list}),
            TraitTest::IsNot(list) => json!({"name": name, "op": "is_not", "list": list}),
            TraitTest::Set => json!({"name": name, "op": "set"}),
            TraitTest::Unset => json!({"name": name, "op": "unset"}),
            TraitTest::Between { min, max } => {
                json!({"name": name, "op": "between", "low": min, "high": max})
            }
        })
        .collect()
}

/// The entries of a cohort that were active in the same periods.
struct PatternRow {
    cohort: i32,
    periods: Vec<i32>,
    entries: i64,
    given: i64,
    first_start: OffsetDateTime,
    last_start: OffsetDateTime,
}

/// Counts of rows are never negative, and a workspace has fewer than 2³² customers.
fn count(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Numbers of periods are never negative here: a member's cohort and its active periods lie within the plan.
fn place(n: i32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

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
        let event_ids = event_ids(&mut snapshot, workspace, &query.active).await?;
        let last = plan.cohort_count.saturating_sub(1);
        let scope = Scope::new(workspace, &query, &plan, event_ids, (0, last));

        let mut tally = Tally::new(Rule::new(&query), &plan);
        let mut patterns = membership_query!(
            PatternRow,
            scope,
            r#", entry as (
                select cohort, shard, customer_no, array_agg(period order by period) as periods
                from active group by 1, 2, 3)
            select m.cohort as "cohort!", coalesce(e.periods, '{}') as "periods!", count(*) as "entries!",
                   count(*) filter (where m.given) as "given!",
                   min(m.signup_at) as "first_start!", max(m.signup_at) as "last_start!"
            from member m left join entry e using (cohort, shard, customer_no)
            group by 1, 2"#
        )
        .fetch(&mut *snapshot);
        while let Some(row) = patterns.try_next().await? {
            let entries = Entries {
                count: count(row.entries),
                given: count(row.given),
                first_start: from_db(row.first_start),
                last_start: from_db(row.last_start),
            };
            tally.add_all(
                place(row.cohort),
                entries,
                &periods_set(row.periods.into_iter().map(place)),
            );
        }
        drop(patterns);

        let all = sqlx::query!(
            r#"select count(*) filter (where signup_at is null) as "left_out!", max(last_event_at) as watermark
               from customer where workspace_id = $1"#,
            workspace.id.0
        )
        .fetch_one(&mut *snapshot)
        .await?;
        snapshot.commit().await?;

        Ok(shape(
            &query,
            &plan,
            &tally,
            all.watermark.map(from_db),
            all.left_out.unsigned_abs(),
        ))
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
    if query.active.is_empty() {
        if workspace.active_events.is_empty() {
            return Err(StoreError::NoActivity);
        }
        query.active.clone_from(&workspace.active_events);
    }
    let plan = RetentionPlan::new(&query, &calendar, now)?;
    Ok((query, plan))
}

/// The numbers of event names; names that were never stored have none.
pub(crate) async fn event_ids(
    connection: &mut PgConnection,
    workspace: &Workspace,
    names: &[String],
) -> Result<Vec<i32>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select event_name_id from event_name where workspace_id = $1 and name = any($2)",
        workspace.id.0,
        names
    )
    .fetch_all(connection)
    .await?)
}
