//! The reference: retention counted by plain SQL over raw events. Easy to read and always right; the oracle of any
//! faster way.
//!
//! Periods are cut by `analysis` and handed over as bounds, so there is one calendar and Postgres only looks up in
//! which slot an instant falls. One membership text serves the matrix and the list behind a cell: they can't disagree.

use crate::activity::{self, Prepared, Question};
use crate::gate::{Turn, Work};
use crate::instant::from_db;
use crate::snapshot::Snapshot;
use crate::{Store, StoreError, Workspace};
use analysis::annotation::{Annotation, note};
use analysis::period::Calendar;
use analysis::query::{RetentionQuery, StartRule, Unit};
use analysis::report::RetentionReport;
use analysis::shape::{About, RetentionPlan, shape};
use analysis::tally::Tally;
use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::PgConnection;

mod membership;

pub(crate) use membership::{Events, Scope, filter_json, membership_query};

/// What an engine has counted.
pub(crate) struct Counted {
    pub(crate) tally: Tally,
    /// Customers who could not be placed.
    pub(crate) left_out: u64,
    /// Internal customers.
    pub(crate) internal: u64,
}

/// Who counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// The index if it can answer, else the reference.
    Fastest,
    /// SQL over raw events.
    Reference,
    /// The activity index.
    Index,
}

impl Store {
    /// Answers a retention question.
    ///
    /// `now` is the instant that "now" means; nothing at or after the question's as-of is seen. All counts come from
    /// one snapshot of the data.
    ///
    /// # Errors
    /// [`StoreError::NoActivity`] when neither the question nor the workspace says what counts as active,
    /// [`StoreError::NoSuchActivity`] and [`StoreError::ActivityNotReady`] for a saved definition that can't answer,
    /// [`StoreError::Query`] when the question is illegal, [`StoreError::Zone`], or the data base's own.
    pub async fn retention(
        &self,
        workspace: &Workspace,
        query: &RetentionQuery,
        now: Timestamp,
    ) -> Result<RetentionReport, StoreError> {
        self.retention_by(Engine::Fastest, workspace, query, now)
            .await
    }

    /// Answers a retention question by a certain engine. Both give the same report.
    ///
    /// # Errors
    /// As [`Store::retention`]; [`StoreError::NotFound`] when the index alone is asked and can't answer.
    pub async fn retention_by(
        &self,
        engine: Engine,
        workspace: &Workspace,
        query: &RetentionQuery,
        now: Timestamp,
    ) -> Result<RetentionReport, StoreError> {
        let (query, plan) = prepare(workspace, query, now)?;
        let Begun {
            turn,
            mut snapshot,
            scope,
            by_index,
            watermark,
            annotations,
        } = self.begin(engine, workspace, (&query, &plan)).await?;
        let mut counted = None;
        if let Some(prepared) = by_index {
            let question = scope.question(workspace, (&query, &plan));
            let counting = prepared.count(self, &mut snapshot, &question);
            counted = match counting.await {
                Err(StoreError::Index(broken)) if engine == Engine::Fastest => {
                    tracing::error!(
                        workspace = workspace.id.0,
                        "{broken}; `holdfast reindex` makes it anew"
                    );
                    None
                }
                counted => Some(counted?),
            };
        }
        let counted = match counted {
            Some(counted) => counted,
            None => scope.count(&mut snapshot, workspace, &query, &plan).await?,
        };
        snapshot.end();
        drop(turn);
        let about = About {
            watermark,
            left_out: counted.left_out,
            internal: counted.internal,
        };
        let mut report = shape(&query, &plan, &counted.tally, about);
        report.activity = workspace.activity_words(&query);
        note(&mut report.cohorts, &annotations);
        Ok(report)
    }

    /// Begins to answer a question: on one way to the data base, if no turn has to be waited for.
    async fn begin(
        &self,
        engine: Engine,
        workspace: &Workspace,
        asked: (&RetentionQuery, &RetentionPlan),
    ) -> Result<Begun, StoreError> {
        let mut turn: Option<Turn> = None;
        loop {
            let (mut snapshot, shards, annotations) = self
                .snapshot_with_shards(workspace.id, days(asked.1))
                .await?;
            let scope = Scope::of_all(&mut snapshot, self, workspace, asked).await?;
            let mut begun = Begun {
                turn: turn.take(),
                snapshot,
                watermark: shards.watermark,
                by_index: None,
                scope,
                annotations,
            };
            if engine != Engine::Reference {
                let question = begun.scope.question(workspace, asked);
                begun.by_index = activity::prepare(&self.activity, &question, shards);
            }
            let work = match &begun.by_index {
                Some(prepared) if prepared.work() <= self.little_work => None,
                Some(_) => Some(Work::Build),
                None if engine == Engine::Index => return Err(StoreError::NotFound),
                None => Some(Work::Scan),
            };
            let has_turn = |work| begun.turn.as_ref().is_some_and(|turn| turn.is_for(work));
            let Some(work) = work.filter(|&work| !has_turn(work)) else {
                return Ok(begun);
            };
            if let Some(free) = self.gate.free(work) {
                begun.turn = Some(free);
                return Ok(begun);
            }
            // Nobody waits with a connection in hand; and who has waited may find it done.
            begun.snapshot.end();
            drop(begun.turn);
            turn = Some(self.gate.turn(work).await);
        }
    }
}

/// A question that is being answered.
struct Begun {
    /// If it is heavy work.
    turn: Option<Turn>,
    snapshot: Snapshot,
    scope: Scope,
    /// What the index has in memory for it, if it can answer.
    by_index: Option<Prepared>,
    /// The newest event stored.
    watermark: Option<Timestamp>,
    /// What happened in the periods of its cohorts.
    annotations: Vec<Annotation>,
}

impl Scope {
    /// Of all of a question's cohorts.
    pub(crate) async fn of_all(
        snapshot: &mut PgConnection,
        store: &Store,
        workspace: &Workspace,
        asked: (&RetentionQuery, &RetentionPlan),
    ) -> Result<Scope, StoreError> {
        let range = (0, asked.1.cohort_count.saturating_sub(1));
        Scope::new(snapshot, store, workspace, asked, range).await
    }

    /// The question as the activity index is asked.
    pub(crate) fn question<'a>(
        &'a self,
        workspace: &'a Workspace,
        (query, plan): (&'a RetentionQuery, &'a RetentionPlan),
    ) -> Question<'a> {
        Question {
            workspace,
            query,
            plan,
            active: &self.event_ids,
            start: &self.start_ids,
            members: self.members.as_ref(),
        }
    }

    /// The reference's counts.
    async fn count(
        &self,
        snapshot: &mut PgConnection,
        workspace: &Workspace,
        query: &RetentionQuery,
        plan: &RetentionPlan,
    ) -> Result<Counted, StoreError> {
        let tally = self.tally(&mut *snapshot, query, plan).await?;
        let (left_out, internal) = self.outside(snapshot, workspace, query).await?;
        Ok(Counted {
            tally,
            left_out,
            internal,
        })
    }

    /// How many customers could not be placed (for accounts: have none), and how many are internal.
    pub(crate) async fn outside(
        &self,
        snapshot: &mut PgConnection,
        workspace: &Workspace,
        query: &RetentionQuery,
    ) -> Result<(u64, u64), StoreError> {
        let left_out = match (query.unit, query.start) {
            (Unit::Accounts, _) => {
                sqlx::query_scalar!(
                    r#"select count(*) as "left_out!" from customer where workspace_id = $1 and account_id is null"#,
                    workspace.id.0
                )
                .fetch_one(&mut *snapshot)
                .await?
            }
            (Unit::Customers, StartRule::Signup) => {
                sqlx::query_scalar!(
                    r#"select count(*) as "left_out!" from customer where workspace_id = $1 and signup_at is null"#,
                    workspace.id.0
                )
                .fetch_one(&mut *snapshot)
                .await?
            }
            (Unit::Customers, StartRule::FirstEvent | StartRule::EachEvent) => 0,
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
                    self.internal
                )
                .fetch_one(&mut *snapshot)
                .await?
            }
        };
        Ok((left_out.unsigned_abs(), internal.unsigned_abs()))
    }
}

/// The first and the last day of a question's cohorts.
fn days(plan: &RetentionPlan) -> (Date, Date) {
    let cohorts = plan.cohort_starts();
    let today = plan.calendar.date(plan.as_of);
    let first = cohorts.first().copied().unwrap_or(today);
    // The cohorts may end long before as-of.
    let after = plan.periods.starts.get(cohorts.len());
    let last = after.map_or(today, |after| after.yesterday().unwrap_or(today));
    (first, last)
}

/// The newest event stored.
pub(crate) async fn watermark(
    snapshot: &mut PgConnection,
    workspace: &Workspace,
) -> Result<Option<Timestamp>, StoreError> {
    let newest = sqlx::query_scalar!(
        "select max(newest_at) from shard where workspace_id = $1",
        workspace.id.0
    )
    .fetch_one(snapshot)
    .await?;
    Ok(newest.map(from_db))
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
    let query = workspace.resolve(query)?;
    let plan = RetentionPlan::new(&query, &calendar, now)?;
    Ok((query, plan))
}
