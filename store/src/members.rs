//! The customers behind a cell: exactly those that the cell counts.

use crate::instant::from_db;
use crate::retention::{Scope, membership_query, prepare};
use crate::{Members, Store, StoreError, Workspace};
use analysis::query::{CellRef, RetentionQuery};
use analysis::rule::{Need, Rule};
use analysis::shape::{About, shape};
use jiff::Timestamp;
use time::OffsetDateTime;

/// A customer in a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// External id.
    pub customer: String,
    /// When he entered the cohort: his signup or start event.
    pub signup_at: Timestamp,
    /// Active events in the periods that the cell looks at; 0 for those who were not active in any.
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
    shard: i16,
    customer_no: i32,
    external_id: String,
    signup_at: OffsetDateTime,
    uses: i64,
    total: i64,
}

impl Store {
    /// Lists the customers of a cell that are `retained`, or those who are not. A page has at most `limit` of them.
    ///
    /// A cell of the overall row stands for all cohorts that are pooled in it.
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
        let page = (i64::from(offset), i64::from(limit));
        let rows = self
            .listed(workspace, query, now, (cell, retained), page)
            .await?;
        let total = match rows.first() {
            Some(row) => row.total.unsigned_abs(),
            None => 0,
        };
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

    /// The customers of a cell that are `retained`, or those who are not, as a set: exactly those that
    /// [`Store::members`] lists.
    ///
    /// # Errors
    /// As [`Store::members`].
    pub async fn cell_members(
        &self,
        workspace: &Workspace,
        query: &RetentionQuery,
        now: Timestamp,
        cell: CellRef,
        retained: bool,
    ) -> Result<Members, StoreError> {
        let everybody = (0, i64::MAX);
        let rows = self
            .listed(workspace, query, now, (cell, retained), everybody)
            .await?;
        let numbers = rows.into_iter().map(|row| (row.shard, row.customer_no));
        Ok(Members::of(numbers))
    }

    /// Rows of a cell's list, from an offset on and at most so many.
    async fn listed(
        &self,
        workspace: &Workspace,
        query: &RetentionQuery,
        now: Timestamp,
        (cell, retained): (CellRef, bool),
        (offset, limit): (i64, i64),
    ) -> Result<Vec<MemberRow>, StoreError> {
        let (query, plan) = prepare(workspace, query, now)?;
        let rule = Rule::new(&query);
        let column = usize::try_from(cell.period).map_err(|_| StoreError::NotFound)?;
        let need = rule.retained(column);
        let base = rule.base(column).unwrap_or(Need::EVERYBODY);
        let seen = rule.shown(column);
        let mut snapshot = self.snapshot(workspace.id).await?;
        // Which cohorts the cell counts, and whether it exists, is asked of the report itself.
        let own = match cell.cohort {
            Some(start) => Some(plan.cohort_of(start).ok_or(StoreError::NotFound)?),
            None => None,
        };
        let last = plan.cohort_count.saturating_sub(1);
        let range = own.map_or((0, last), |own| (own, own));
        let scope = Scope::new(&mut snapshot, self, workspace, (&query, &plan), range).await?;
        let tally = scope.tally(&mut snapshot, &query, &plan).await?;
        let report = shape(&query, &plan, &tally, About::default());
        report.cell(cell).ok_or(StoreError::NotFound)?;
        let cohorts: Vec<i32> = match own {
            Some(own) => vec![number(usize::try_from(own).unwrap_or(usize::MAX))],
            None => report.pooled(column).map(number).collect(),
        };
        macro_rules! listed {
            ($events:tt) => {
                membership_query!(
            $events,
            MemberRow,
            scope,
            r#", used as (
                select cohort, shard, customer_no,
                       coalesce(sum(uses) filter (where period >= $23 and period <= $24), 0)::bigint as uses,
                       count(*) filter (where period >= $25 and period <= $26) as periods,
                       count(*) filter (where period >= $28 and period <= $29) as before
                from active group by 1, 2, 3)
            select m.shard as "shard!", m.customer_no as "customer_no!", m.external_id as "external_id!", m.start as "signup_at!",
                   coalesce(u.uses, 0) as "uses!", count(*) over () as "total!"
            from member m left join used u using (cohort, shard, customer_no)
            where cohort = any($31)
              and coalesce(u.before, 0) >= $30 and (coalesce(u.periods, 0) >= $27) = $32
            order by coalesce(u.uses, 0) desc, m.external_id, m.start
            offset $33 limit $34"#,
            number(seen.from),
            seen.to.map_or(i32::MAX, number),
            number(need.span.from),
            need.span.to.map_or(i32::MAX, number),
            i64::from(number(need.at_least)),
            number(base.span.from),
            base.span.to.map_or(i32::MAX, number),
            i64::from(number(base.at_least)),
            &cohorts,
            retained,
            offset,
            limit
                )
                .fetch_all(&mut *snapshot)
                .await?
            };
        }
        let rows = match scope.filtered {
            true => listed!(filtered),
            false => listed!(plain),
        };
        snapshot.commit().await?;
        Ok(rows)
    }
}

/// A number of a period for the data base.
fn number(period: usize) -> i32 {
    i32::try_from(period).unwrap_or(i32::MAX)
}
