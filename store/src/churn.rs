//! Who leaves: customers' active days, by the activity index where it can answer, else by plain SQL over raw events in one
//! query, whatever the number of periods. What follows from them is `analysis::churn`'s.

use crate::activity::{self, Active};
use crate::annotations::between;
use crate::gate::{Turn, Work};
use crate::instant::{from_db, to_db};
use crate::retention::{Engine, Scope, prepare, watermark};
use crate::snapshot::Snapshot;
use crate::{Store, StoreError, Workspace};
use analysis::churn::{
    Answer, ChurnPlan, ChurnReport, History, LostCustomer, QuietCustomer, answer,
};
use analysis::query::{ChurnQuery, RetentionQuery};
use analysis::shape::{About, RetentionPlan};
use analysis::words;
use futures::TryStreamExt;
use jiff::Timestamp;
use sqlx::PgConnection;

/// A report with the customers behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChurnAnswer {
    /// The numbers.
    pub report: ChurnReport,
    /// Those lost in the picked period, who were active on most days first.
    pub lost: Vec<LostCustomer>,
    /// Those who are quietly leaving, the fastest pace first.
    pub quiet: Vec<QuietCustomer>,
}

impl Store {
    /// Answers a question about leaving. Each list has at most `limit` customers.
    ///
    /// `now` is the instant that "now" means; nothing at or after the question's as-of is seen. Everything comes from one
    /// snapshot of the data.
    ///
    /// # Errors
    /// As [`Store::retention`].
    pub async fn churn(
        &self,
        workspace: &Workspace,
        query: &ChurnQuery,
        now: Timestamp,
        limit: usize,
    ) -> Result<ChurnAnswer, StoreError> {
        self.churn_by(Engine::Fastest, workspace, query, (now, limit))
            .await
    }

    /// Answers a question about leaving, active days coming from a certain engine. Both give the same answer.
    ///
    /// # Errors
    /// As [`Store::churn`]; [`StoreError::NotFound`] when the index alone is asked and can't answer.
    pub async fn churn_by(
        &self,
        engine: Engine,
        workspace: &Workspace,
        query: &ChurnQuery,
        (now, limit): (Timestamp, usize),
    ) -> Result<ChurnAnswer, StoreError> {
        query.validate()?;
        let (population, periods) = prepare(workspace, &query.population(), now)?;
        let mut query = query.clone();
        query.active.clone_from(&population.active);
        // Conditions on properties are asked of a stream only.
        if let Some(activity) = workspace.unfilled(&query.activity, &population) {
            return Err(StoreError::ActivityNotReady(activity));
        }
        query.activity.clone_from(&population.activity);
        let asked = (&population, &periods);
        let (turn, mut snapshot, plan, active) =
            self.active_days(engine, workspace, &query, asked).await?;
        let Active {
            keys,
            history,
            internal,
        } = active;
        let about = About {
            watermark: watermark(&mut snapshot, workspace).await?,
            left_out: 0,
            internal,
        };
        // On a thread where others don't wait for it.
        let work = move || answer(&query, &plan, &history, about);
        let Answer {
            mut report,
            mut lost,
            mut quiet,
        } = activity::joined(tokio::task::spawn_blocking(work).await)?;
        drop(turn);
        report.activity = words::activity(&RetentionQuery {
            activity: workspace.activity_words(&population),
            ..population
        });
        if let Some(first) = report.periods.first() {
            let days = (first.start, report.as_of_local.date());
            report.annotations = between(&mut snapshot, workspace.id, days).await?;
        }
        lost.truncate(limit);
        quiet.truncate(limit);
        let places = lost.iter().map(|one| one.place);
        let places = places.chain(quiet.iter().map(|one| one.place));
        let wanted: Vec<(i16, i32)> = places.map(|place| keys[place]).collect();
        let mut names = names(&mut snapshot, workspace, &wanted).await?.into_iter();
        snapshot.end();
        let lost = lost.iter().zip(names.by_ref().take(lost.len()));
        let lost = lost.map(|(one, customer)| LostCustomer {
            customer,
            last_active: one.last_active,
            active_days: one.active_days,
            back: one.back,
        });
        Ok(ChurnAnswer {
            lost: lost.collect(),
            quiet: quiet
                .iter()
                .zip(names)
                .map(|(one, customer)| QuietCustomer {
                    customer,
                    last_active: one.last_active,
                    recent: one.recent,
                    pace: one.pace,
                })
                .collect(),
            report,
        })
    }
}

impl Store {
    /// Who was active when, the days that are told apart, and the turn and the snapshot in which both were found.
    async fn active_days(
        &self,
        engine: Engine,
        workspace: &Workspace,
        query: &ChurnQuery,
        asked: (&RetentionQuery, &RetentionPlan),
    ) -> Result<(Turn, Snapshot, ChurnPlan, Active), StoreError> {
        if engine != Engine::Reference {
            let turn = self.gate.turn(Work::Features).await;
            let mut snapshot = self.snapshot(workspace.id).await?;
            let plan = plan(&mut snapshot, workspace, query, asked.1).await?;
            let scope = Scope::of_all(&mut snapshot, self, workspace, asked).await?;
            let question = scope.question(workspace, asked);
            match activity::active_days(self, &mut snapshot, &question, &plan).await {
                Ok(Some(active)) => return Ok((turn, snapshot, plan, active)),
                Ok(None) if engine == Engine::Index => return Err(StoreError::NotFound),
                Ok(None) => {}
                Err(StoreError::Index(broken)) if engine == Engine::Fastest => {
                    let workspace = workspace.id.0;
                    tracing::error!(workspace, "{broken}; `holdfast reindex` makes it anew");
                }
                Err(error) => return Err(error),
            }
            snapshot.end();
        }
        let turn = self.gate.turn(Work::Scan).await;
        let mut snapshot = self.snapshot(workspace.id).await?;
        let plan = plan(&mut snapshot, workspace, query, asked.1).await?;
        let scope = Scope::of_all(&mut snapshot, self, workspace, asked).await?;
        let (keys, history) = days_of_events(&mut snapshot, &scope, &plan).await?;
        let (_, internal) = scope.outside(&mut snapshot, workspace, asked.0).await?;
        let active = Active {
            keys,
            history,
            internal,
        };
        Ok((turn, snapshot, plan, active))
    }
}

/// The days and periods of a question, from the day of the first event on.
async fn plan(
    snapshot: &mut PgConnection,
    workspace: &Workspace,
    query: &ChurnQuery,
    periods: &RetentionPlan,
) -> Result<ChurnPlan, StoreError> {
    let first = sqlx::query_scalar!(
        "select min(oldest_at) from shard where workspace_id = $1",
        workspace.id.0
    )
    .fetch_one(snapshot)
    .await?;
    Ok(ChurnPlan::new(query, periods, first.map(from_db)))
}

/// The days on which each of the scope's customers was active, and the customers' keys in the same order.
async fn days_of_events(
    snapshot: &mut PgConnection,
    scope: &Scope,
    plan: &ChurnPlan,
) -> Result<(Vec<(i16, i32)>, History), StoreError> {
    let bounds: Vec<_> = plan.days.bounds.iter().map(|&at| to_db(at)).collect();
    let mut rows = sqlx::query!(
        r#"
        with counted as (
            select shard, customer_no from customer c
            where workspace_id = $1
              and ($5::jsonb = '[]' or not exists (
                  select 1
                  from jsonb_to_recordset($5::jsonb) as f(name text, op text, list jsonb, low float8, high float8)
                  where not passes(c.traits, f.name, f.op, f.list, f.low, f.high)))
              and (cardinality($7::bytea[]) = 0 or is_member($7, c.shard, c.customer_no))
              and ($6::jsonb = '[]' or not exists (
                  select 1
                  from jsonb_to_recordset($6::jsonb) as f(name text, op text, list jsonb, low float8, high float8)
                  where passes(c.traits, f.name, f.op, f.list, f.low, f.high)))
        ), active as (
            -- what is older than the first day counts as it
            select shard, customer_no, greatest(width_bucket(at, $2::timestamptz[]), 1) - 1 as day
            from event
            where workspace_id = $1 and event_name_id = any($3::integer[]) and at < $4
            group by 1, 2, 3 having count(*) >= $8
        )
        select shard as "shard!", customer_no as "customer_no!", array_agg(day order by day) as "days!"
        from active join counted using (shard, customer_no)
        group by 1, 2
        order by 1, 2"#,
        scope.workspace,
        &bounds,
        &scope.event_ids,
        scope.as_of,
        scope.filters,
        scope.internal,
        &scope.member_bits,
        scope.min_count
    )
    .fetch(snapshot);
    let (mut keys, mut history) = (Vec::new(), History::default());
    while let Some(row) = rows.try_next().await? {
        keys.push((row.shard, row.customer_no));
        let days = row.days.into_iter();
        history.push(days.map(|day| u16::try_from(day).unwrap_or(u16::MAX)));
    }
    Ok((keys, history))
}

/// The external ids of customers, in the order of their keys.
async fn names(
    snapshot: &mut PgConnection,
    workspace: &Workspace,
    keys: &[(i16, i32)],
) -> Result<Vec<String>, StoreError> {
    let (shards, numbers): (Vec<i16>, Vec<i32>) = keys.iter().copied().unzip();
    Ok(sqlx::query_scalar!(
        r#"select external_id
           from unnest($2::smallint[], $3::integer[]) with ordinality as k(shard, customer_no, place)
           join customer using (shard, customer_no)
           where workspace_id = $1
           order by place"#,
        workspace.id.0,
        &shards,
        &numbers
    )
    .fetch_all(snapshot)
    .await?)
}
