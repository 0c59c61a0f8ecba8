//! Who belongs to a segment.

use super::Members;
use crate::activity::{Customers, Memory};
use crate::instant::to_db;
use crate::{Store, StoreError, Workspace};
use analysis::query::{Behaviour, QueryError};
use analysis::segment::{Condition, Leaf, SegmentCount};
use jiff::Timestamp;
use sqlx::PgConnection;
use std::sync::Arc;

/// Customers by the shard that they live in.
struct ShardRow {
    shard: i16,
    customers: Vec<i32>,
}

impl ShardRow {
    fn members(rows: Vec<ShardRow>) -> Members {
        Members::from_numbers(rows.into_iter().map(|row| (row.shard, row.customers)))
    }
}

impl Store {
    /// The customers of a workspace who meet a condition as of an instant, in one snapshot. Also internal ones and
    /// those who signed up later: a question leaves them out by itself.
    ///
    /// # Errors
    /// [`StoreError::Query`] for a condition that breaks a limit, or the data base's own.
    pub async fn condition_members(
        &self,
        workspace: &Workspace,
        condition: &Condition,
        as_of: Timestamp,
    ) -> Result<Members, StoreError> {
        condition.validate()?;
        let mut snapshot = self.snapshot(workspace.id).await?;
        let asked = Asked::new(&mut snapshot, workspace.id.0, as_of).await?;
        let members = asked
            .members(&mut snapshot, &self.activity, condition)
            .await?;
        snapshot.commit().await?;
        Ok(members)
    }

    /// How many customers meet a condition, of all there are.
    ///
    /// # Errors
    /// As [`Store::condition_members`].
    pub async fn count_condition(
        &self,
        workspace: &Workspace,
        condition: &Condition,
        as_of: Timestamp,
    ) -> Result<SegmentCount, StoreError> {
        condition.validate()?;
        let mut snapshot = self.snapshot(workspace.id).await?;
        let asked = Asked::new(&mut snapshot, workspace.id.0, as_of).await?;
        let members = asked
            .members(&mut snapshot, &self.activity, condition)
            .await?;
        let population = asked
            .population(&mut snapshot, &self.activity, workspace)
            .await?;
        snapshot.commit().await?;
        Ok(count(members, &population))
    }
}

/// How many of a population are members.
pub(super) fn count(mut members: Members, population: &Members) -> SegmentCount {
    members.and(population);
    SegmentCount {
        customers: members.len(),
        of: population.len(),
    }
}

/// Those who belong to all of these saved segments; `None` when none is named.
///
/// # Errors
/// [`QueryError::UnknownSegment`] for the first that is not saved.
pub(crate) async fn members_of(
    snapshot: &mut PgConnection,
    memory: &Arc<Memory>,
    workspace: i32,
    slugs: &[String],
    as_of: Timestamp,
) -> Result<Option<Members>, StoreError> {
    if slugs.is_empty() {
        return Ok(None);
    }
    let asked = Asked::new(&mut *snapshot, workspace, as_of).await?;
    let mut all: Option<Members> = None;
    for slug in slugs {
        let saved = super::saved::find(&mut *snapshot, workspace, slug).await?;
        let Some(saved) = saved else {
            let slug = slug.clone();
            return Err(QueryError::UnknownSegment { slug }.into());
        };
        let members = asked.saved(&mut *snapshot, memory, &saved).await?;
        match &mut all {
            Some(all) => all.and(&members),
            None => all = Some(members),
        }
    }
    Ok(all)
}

/// What conditions are asked of.
pub(super) struct Asked {
    workspace: i32,
    customers: Customers,
    as_of: Timestamp,
}

impl Asked {
    pub(super) async fn new(
        snapshot: &mut PgConnection,
        workspace: i32,
        as_of: Timestamp,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            workspace,
            customers: Customers::new(snapshot, workspace).await?,
            as_of,
        })
    }

    /// The members of a saved segment.
    pub(super) async fn saved(
        &self,
        snapshot: &mut PgConnection,
        memory: &Memory,
        saved: &super::saved::Saved,
    ) -> Result<Members, StoreError> {
        match &saved.segment.condition {
            Some(condition) if !saved.segment.is_frozen() => {
                self.members(snapshot, memory, condition).await
            }
            _ => super::saved::frozen(snapshot, self.workspace, saved.number).await,
        }
    }

    /// Those who meet a condition.
    pub(super) async fn members(
        &self,
        snapshot: &mut PgConnection,
        memory: &Memory,
        condition: &Condition,
    ) -> Result<Members, StoreError> {
        let mut answers = Vec::new();
        for leaf in condition.leaves() {
            answers.push(match leaf {
                Leaf::Trait(filter) => {
                    let customers = &self.customers;
                    let chosen = customers.with_trait(&mut *snapshot, memory, filter).await?;
                    Members::from_shards(chosen)
                }
                Leaf::Behaviour(behaviour) => self.behaved(&mut *snapshot, behaviour).await?,
            });
        }
        let everybody = Members::from_shards(self.customers.all());
        Ok(combine(condition, &mut answers.into_iter(), &everybody))
    }

    /// Those who did, or did not do, what is asked.
    async fn behaved(
        &self,
        snapshot: &mut PgConnection,
        behaviour: &Behaviour,
    ) -> Result<Members, StoreError> {
        let day = |day: u32| i32::try_from(day).unwrap_or(i32::MAX);
        let rows = sqlx::query_as!(
            ShardRow,
            r#"select shard as "shard!", array_agg(customer_no) as "customers!"
               from (
                   select e.shard, e.customer_no
                   from event e
                   join event_name n using (workspace_id, event_name_id)
                   join customer c using (workspace_id, shard, customer_no)
                   where e.workspace_id = $1 and n.name = $2 and not n.derived and e.at < $3
                     and ($5::integer is null or e.at >= c.signup_at + make_interval(hours => 24 * $5))
                     and ($6::integer is null or e.at < c.signup_at + make_interval(hours => 24 * $6))
                   group by 1, 2 having count(*) >= $4) did
               group by 1"#,
            self.workspace,
            behaviour.event,
            to_db(self.as_of),
            i64::from(behaviour.at_least),
            behaviour.days.map(|days| day(days.from)),
            behaviour.days.map(|days| day(days.to))
        )
        .fetch_all(snapshot)
        .await?;
        let did = ShardRow::members(rows);
        if behaviour.did {
            return Ok(did);
        }
        let mut others = Members::from_shards(self.customers.all());
        others.without(&did);
        Ok(others)
    }

    /// The customers who had signed up before as-of and are not internal.
    pub(super) async fn population(
        &self,
        snapshot: &mut PgConnection,
        memory: &Memory,
        workspace: &Workspace,
    ) -> Result<Members, StoreError> {
        let rows = sqlx::query_as!(
            ShardRow,
            r#"select shard, array_agg(customer_no) as "customers!" from customer
               where workspace_id = $1 and signup_at < $2
               group by 1"#,
            self.workspace,
            to_db(self.as_of)
        )
        .fetch_all(&mut *snapshot)
        .await?;
        let mut population = ShardRow::members(rows);
        for filter in &workspace.internal {
            let customers = &self.customers;
            let internal = customers.with_trait(&mut *snapshot, memory, filter).await?;
            population.without(&Members::from_shards(internal));
        }
        Ok(population)
    }
}

/// The members of a condition, given those of its leaves in their order.
fn combine(
    condition: &Condition,
    answers: &mut impl Iterator<Item = Members>,
    everybody: &Members,
) -> Members {
    match condition {
        Condition::All(parts) => {
            let mut all = everybody.clone();
            for part in parts {
                all.and(&combine(part, answers, everybody));
            }
            all
        }
        Condition::Any(parts) => {
            let mut any = Members::default();
            for part in parts {
                any.or(&combine(part, answers, everybody));
            }
            any
        }
        Condition::Not(part) => {
            let mut others = everybody.clone();
            others.without(&combine(part, answers, everybody));
            others
        }
        Condition::Trait(_) | Condition::Behaviour(_) => {
            answers.next().expect("each leaf has been asked")
        }
    }
}
