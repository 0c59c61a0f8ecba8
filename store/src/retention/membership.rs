//! Who belongs to which cohort and was active in which period: the text that every question shares.

use crate::instant::{from_db, to_db};
use crate::{StoreError, Workspace};
use analysis::query::{RetentionQuery, TraitFilter, TraitTest};
use analysis::rule::Rule;
use analysis::shape::RetentionPlan;
use analysis::tally::{Entries, Tally, periods_set};
use futures::TryStreamExt;
use serde_json::{Value, json};
use sqlx::PgConnection;
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
    pub(crate) async fn new(
        snapshot: &mut PgConnection,
        workspace: &Workspace,
        query: &RetentionQuery,
        plan: &RetentionPlan,
        (first, last): (u32, u32),
    ) -> Result<Self, StoreError> {
        let bound = |number: u32| {
            let place = usize::try_from(number).unwrap_or(usize::MAX);
            plan.periods
                .bounds
                .get(place)
                .copied()
                .unwrap_or(plan.as_of)
        };
        Ok(Self {
            workspace: workspace.id.0,
            bounds: plan.periods.bounds.iter().map(|&at| to_db(at)).collect(),
            signup_from: to_db(bound(first)),
            signup_until: to_db(bound(last.saturating_add(1)).min(plan.as_of)),
            filters: filters_json(&query.filters),
            event_ids: event_ids(snapshot, workspace, &query.active).await?,
            as_of: to_db(plan.as_of),
        })
    }

    /// Counts the scope's entries.
    pub(crate) async fn tally(
        &self,
        snapshot: &mut PgConnection,
        query: &RetentionQuery,
        plan: &RetentionPlan,
    ) -> Result<Tally, StoreError> {
        let mut tally = Tally::new(Rule::new(query), plan);
        let mut patterns = membership_query!(
            PatternRow,
            self,
            r#", entry as (
                select cohort, shard, customer_no, array_agg(period order by period) as periods
                from active group by 1, 2, 3)
            select m.cohort as "cohort!", coalesce(e.periods, '{}') as "periods!", count(*) as "entries!",
                   count(*) filter (where m.given) as "given!",
                   min(m.signup_at) as "first_start!", max(m.signup_at) as "last_start!"
            from member m left join entry e using (cohort, shard, customer_no)
            group by 1, 2"#
        )
        .fetch(snapshot);
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
        Ok(tally)
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

/// The numbers of event names; names that were never stored have none.
async fn event_ids(
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
