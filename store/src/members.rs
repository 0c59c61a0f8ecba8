//! The customers behind a cell: exactly those that the cell counts.

use crate::instant::from_db;
use crate::retention::{Scope, event_ids, membership_query, prepare};
use crate::{Store, StoreError, Workspace};
use analysis::query::{CellRef, RetentionQuery};
use analysis::rule::Rule;
use analysis::shape::RetentionPlan;
use jiff::Timestamp;
use time::OffsetDateTime;

/// A customer in a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// External id.
    pub customer: String,
    /// When he signed up.
    pub signup_at: Timestamp,
    /// Active events in the cell's period (for *on or after*: in it and later); 0 for those who are missing.
    pub uses: u64,
}

/// A page of the customers in a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberPage {
    /// How many there are in all: the number in the cell.
    pub total: u64,
    /// This page's, most active first.
    pub members: Vec<Member>,
}

struct MemberRow {
    external_id: String,
    signup_at: OffsetDateTime,
    uses: i64,
    total: i64,
}

impl Store {
    /// Lists the customers of a cell that are `retained`, or those who are not. A page has at most `limit` of them.
    ///
    /// A cell of the overall row stands for all cohorts whose period is complete.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the matrix has no such cell; otherwise as [`Store::retention`].
    pub async fn members(
        &self,
        workspace: &Workspace,
        query: &RetentionQuery,
        now: Timestamp,
        cell: CellRef,
        retained: bool,
        (offset, limit): (u32, u32),
    ) -> Result<MemberPage, StoreError> {
        let (query, plan) = prepare(workspace, query, now)?;
        let cohorts = cohorts_of(&plan, cell).ok_or(StoreError::NotFound)?;
        let rule = Rule::new(&query);
        let column = usize::try_from(cell.period).map_err(|_| StoreError::NotFound)?;
        let need = rule.retained(column);
        let seen = rule.shown(column);
        let mut snapshot = self.snapshot().await?;
        let event_ids = event_ids(&mut snapshot, workspace, &query.active).await?;
        let scope = Scope::new(workspace, &query, &plan, event_ids, cohorts);
        let rows = membership_query!(
            MemberRow,
            scope,
            r#", used as (
                select shard, customer_no,
                       coalesce(sum(uses) filter (where period >= $8 and period <= $9), 0)::bigint as uses,
                       count(*) filter (where period >= $10 and period <= $11) as periods
                from active group by 1, 2)
            select m.external_id as "external_id!", m.signup_at as "signup_at!",
                   coalesce(u.uses, 0) as "uses!", count(*) over () as "total!"
            from member m left join used u using (shard, customer_no)
            where (coalesce(u.periods, 0) >= $12) = $13
            order by coalesce(u.uses, 0) desc, m.external_id
            offset $14 limit $15"#,
            number(seen.from),
            seen.to.map_or(i32::MAX, number),
            number(need.span.from),
            need.span.to.map_or(i32::MAX, number),
            i64::from(number(need.at_least)),
            retained,
            i64::from(offset),
            i64::from(limit)
        )
        .fetch_all(&mut *snapshot)
        .await?;
        let total = match rows.first() {
            Some(row) => row.total.unsigned_abs(),
            None => 0,
        };
        snapshot.commit().await?;
        Ok(MemberPage {
            total,
            members: rows
                .into_iter()
                .map(|row| Member {
                    customer: row.external_id,
                    signup_at: from_db(row.signup_at),
                    uses: row.uses.unsigned_abs(),
                })
                .collect(),
        })
    }
}

/// The first and last cohort that a cell counts; a cell of the overall row counts those whose period has ended.
fn cohorts_of(plan: &RetentionPlan, cell: CellRef) -> Option<(u32, u32)> {
    let period = usize::try_from(cell.period).ok()?;
    match cell.cohort {
        Some(start) => {
            let place = plan.cohort_starts().iter().position(|&one| one == start)?;
            let begun = place.checked_add(period)? < plan.periods.len();
            let number = u32::try_from(place).ok()?;
            begun.then_some((number, number))
        }
        None => {
            let ended = (0..plan.cohort_starts().len())
                .take_while(|place| plan.has_ended(place.saturating_add(period)))
                .count();
            Some((0, u32::try_from(ended).ok()?.checked_sub(1)?))
        }
    }
}

/// A number of a period for the data base.
fn number(period: usize) -> i32 {
    i32::try_from(period).unwrap_or(i32::MAX)
}
