//! What customers did in their exposure window and whether they were active after it: by the activity index, or by the
//! reference, plain SQL over raw events in which one query answers for all features.

use crate::activity::{self, FeatureQuestion, Watch, joined};
use crate::gate::Work;
use crate::retention::{Engine, Scope, membership_query, prepare, watermark};
use crate::{Store, StoreError, Workspace};
use analysis::quartiles::{FactRow, Facts, QuartileReport, Wanted, answer};
use analysis::query::QuartileQuery;
use analysis::shape::About;
use futures::TryStreamExt;
use jiff::Timestamp;
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Customers who did the same.
struct SameRow {
    ended: bool,
    events: Vec<i32>,
    uses: Vec<i32>,
    lately: bool,
    active: i64,
    customers: i64,
}

impl Store {
    /// Answers a question about a feature, or about all, or both.
    ///
    /// `now` is the instant that "now" means; nothing at or after the question's as-of is seen. All counts come from
    /// one snapshot of the data.
    ///
    /// # Errors
    /// As [`Store::retention`].
    pub async fn quartiles(
        &self,
        workspace: &Workspace,
        query: &QuartileQuery,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<QuartileReport, StoreError> {
        self.quartiles_by(Engine::Fastest, workspace, query, wanted, now)
            .await
    }

    /// Answers a question about features by a certain engine. Both give the same report.
    ///
    /// # Errors
    /// As [`Store::retention_by`].
    pub async fn quartiles_by(
        &self,
        engine: Engine,
        workspace: &Workspace,
        query: &QuartileQuery,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<QuartileReport, StoreError> {
        query.validate()?;
        let (population, plan) = prepare(workspace, &query.population(), now)?;
        let mut query = query.clone();
        query.active.clone_from(&population.active);
        // Conditions on properties are asked of a stream only.
        if let Some(activity) = workspace.unfilled(&query.activity, &population) {
            return Err(StoreError::ActivityNotReady(activity));
        }
        query.activity.clone_from(&population.activity);
        let _turn = self.gate.turn(Work::Features).await;
        let mut snapshot = self.snapshot(workspace.id).await?;
        let last = plan.cohort_count.saturating_sub(1);
        let asked = (&population, &plan);
        let scope = Scope::new(&mut snapshot, self, workspace, asked, (0, last)).await?;
        let names = names(&mut snapshot, workspace).await?;
        let watermark = watermark(&mut snapshot, workspace).await?;
        let question = FeatureQuestion {
            workspace,
            query: &query,
            population: &population,
            plan: &plan,
            active: &scope.event_ids,
            members: scope.members.as_ref(),
            names: &names,
        };
        if let Some(watch) = self.watch(engine, &mut snapshot, &question).await? {
            snapshot.commit().await?;
            let about = About {
                watermark,
                left_out: watch.left_out,
                internal: watch.internal,
            };
            let work = move || answer(&query, &plan, &watch, about, wanted);
            return joined(tokio::task::spawn_blocking(work).await);
        }
        let facts = facts(&mut snapshot, &scope, names, &query).await?;
        let (left_out, internal) = scope.outside(&mut snapshot, workspace, &population).await?;
        let about = About {
            watermark,
            left_out,
            internal,
        };
        snapshot.commit().await?;
        Ok(answer(&query, &plan, &facts, about, wanted))
    }

    /// What the index knows; `None` when the reference has to answer.
    async fn watch(
        &self,
        engine: Engine,
        snapshot: &mut PgConnection,
        question: &FeatureQuestion<'_>,
    ) -> Result<Option<Watch>, StoreError> {
        if engine == Engine::Reference {
            return Ok(None);
        }
        match activity::watch(snapshot, &self.activity, question).await {
            Err(StoreError::Index(broken)) if engine == Engine::Fastest => {
                let workspace = question.workspace.id.0;
                tracing::error!(workspace, "{broken}; `holdfast reindex` makes it anew");
                Ok(None)
            }
            Ok(None) if engine == Engine::Index => Err(StoreError::NotFound),
            watched => watched,
        }
    }
}

/// All names of events, in order, with their numbers.
async fn names(
    snapshot: &mut PgConnection,
    workspace: &Workspace,
) -> Result<Vec<(i32, String)>, StoreError> {
    let names = sqlx::query!(
        "select event_name_id, name from event_name where workspace_id = $1 and not derived order by name",
        workspace.id.0
    )
    .fetch_all(snapshot)
    .await?;
    let names = names.into_iter().map(|row| (row.event_name_id, row.name));
    Ok(names.collect())
}

/// Counts what the scope's customers did in their windows.
async fn facts(
    snapshot: &mut PgConnection,
    scope: &Scope,
    names: Vec<(i32, String)>,
    query: &QuartileQuery,
) -> Result<Facts, StoreError> {
    let places: BTreeMap<i32, u32> = names.iter().map(|(id, _)| *id).zip(0..).collect();
    let mut facts = Facts {
        names: names.into_iter().map(|(_, name)| name).collect(),
        ..Facts::default()
    };
    // Customer by customer: the number of members can't be estimated well, and a join of their counts might be tried in
    // the worst of ways. Bounds 1 and 2 are those of the last exposure period; the outcome's periods follow, each up to
    // the next bound.
    let mut rows = membership_query!(
        plain,
        SameRow,
        scope,
        r#", watched as (
            select m.shard, m.customer_no, m.start, w.bounds, w.bounds[cardinality(w.bounds)] <= $7 as ended
            from member m, lateral (
                select array_agg(case
                           when k = 0 then m.start
                           when $13 > 0 then m.start + make_interval(secs => k * $13::float8)
                           else instant_of(
                               clock_at(m.start, $15, $17) + make_interval(months => k * $14), $16, $17)
                       end order by k) as bounds
                from generate_series($23::integer - 1, $23 + $24::integer) k) w
        )
        select w.ended as "ended!", coalesce(x.events, '{}') as "events!", coalesce(x.uses, '{}') as "uses!",
               coalesce(x.lately, false) as "lately!", coalesce(o.active, 0) as "active!", count(*) as "customers!"
        from watched w, lateral (
            select array_agg(u.event_name_id order by u.event_name_id) as events,
                   array_agg(u.uses order by u.event_name_id) as uses, sum(u.lately) >= $10 as lately
            from (select e.event_name_id, count(*)::integer as uses,
                         count(*) filter (where e.at >= w.bounds[1] and e.event_name_id = any($6)) as lately
                  from event e
                  where w.ended and e.workspace_id = $1 and e.shard = w.shard and e.customer_no = w.customer_no
                    and e.at >= w.start and e.at < w.bounds[2]
                  group by 1) u
        ) x, lateral (
            select bit_or(1::bigint << p.period) as active
            from (select width_bucket(e.at, w.bounds) - 2 as period
                  from event e
                  where w.ended and e.workspace_id = $1 and e.shard = w.shard and e.customer_no = w.customer_no
                    and e.at >= w.bounds[2] and e.at < w.bounds[cardinality(w.bounds)] and e.event_name_id = any($6)
                  group by 1 having count(*) >= $10
            ) p
        ) o
        group by 1, 2, 3, 4, 5"#,
        i32::try_from(query.exposure).unwrap_or(i32::MAX),
        i32::try_from(query.outcome).unwrap_or(i32::MAX)
    )
    .fetch(snapshot);
    while let Some(row) = rows.try_next().await? {
        if !row.ended {
            facts.not_over += row.customers.unsigned_abs();
            continue;
        }
        let events = row.events.iter().zip(&row.uses);
        facts.rows.push(FactRow {
            customers: u32::try_from(row.customers).unwrap_or(u32::MAX),
            lately: row.lately,
            active: row.active.cast_unsigned(),
            events: events
                .filter_map(|(event, uses)| Some((*places.get(event)?, uses.unsigned_abs())))
                .collect(),
        });
    }
    Ok(facts)
}
