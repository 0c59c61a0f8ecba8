//! The customers in a group by usage: exactly those that the answer about a feature counts.

use crate::retention::{Scope, membership_query, prepare};
use crate::{Members, Store, StoreError, Workspace};
use analysis::quartiles::{Part, Wanted};
use analysis::query::{QuartileQuery, Zeros};
use jiff::Timestamp;

struct ShardRow {
    shard: i16,
    customers: Vec<i32>,
}

impl Store {
    /// The customers in a group of the question's own reading, as a set.
    ///
    /// The question's as-of has to be the report's own instant, or the set may hold more than the report counted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the answer has no such group; otherwise as [`Store::quartiles`].
    pub async fn group_members(
        &self,
        workspace: &Workspace,
        query: &QuartileQuery,
        now: Timestamp,
        part: Part,
    ) -> Result<Members, StoreError> {
        let report = self
            .quartiles(workspace, query, Wanted::Feature, now)
            .await?;
        let quartiles = report.reading.quartiles.ok_or(StoreError::NotFound)?;
        let (cuts, zeros) = (quartiles.cuts, query.zeros == Zeros::Inside);
        let (least, most) = match part {
            Part::High => (cuts.top, u32::MAX),
            Part::Moderate => (cuts.bottom + 1, cuts.top - 1),
            Part::Infrequent => (u32::from(!zeros), cuts.bottom),
            Part::Never if zeros => return Err(StoreError::NotFound),
            Part::Never => (0, 0),
        };
        let (population, plan) = prepare(workspace, &query.population(), now)?;
        let mut snapshot = self.snapshot(workspace.id).await?;
        let last = plan.cohort_count.saturating_sub(1);
        let asked = (&population, &plan);
        let scope = Scope::new(&mut snapshot, self, workspace, asked, (0, last)).await?;
        // Bounds are the ends of the last exposure period but one, of the exposure, and of the outcome.
        let rows = membership_query!(
            plain,
            ShardRow,
            scope,
            r#", watched as (
                select m.shard, m.customer_no, m.start, w.bounds
                from member m, lateral (
                    select array_agg(case
                               when k = 0 then m.start
                               when $13 > 0 then m.start + make_interval(secs => k * $13::float8)
                               else instant_of(
                                   clock_at(m.start, $15, $17) + make_interval(months => k * $14), $16, $17)
                           end order by k) as bounds
                    from unnest(array[$23::integer - 1, $23, $23 + $24::integer]) k) w
                where w.bounds[3] <= $7
            )
            select w.shard as "shard!", array_agg(w.customer_no) as "customers!"
            from watched w, lateral (
                select count(*) filter (where n.name = any($25::text[]) and not n.derived) as uses,
                       count(*) filter (where e.at >= w.bounds[1] and e.event_name_id = any($6)) >= $10 as lately
                from event e join event_name n using (workspace_id, event_name_id)
                where e.workspace_id = $1 and e.shard = w.shard and e.customer_no = w.customer_no
                  and e.at >= w.start and e.at < w.bounds[2]) u
            where u.uses between $26 and $27 and (not $28 or u.lately)
            group by 1"#,
            i32::try_from(query.exposure).unwrap_or(i32::MAX),
            i32::try_from(query.outcome).unwrap_or(i32::MAX),
            &report.query.feature,
            i64::from(least),
            i64::from(most),
            query.landmark
        )
        .fetch_all(&mut *snapshot)
        .await?;
        snapshot.commit().await?;
        let rows = rows.into_iter().map(|row| (row.shard, row.customers));
        Ok(Members::from_numbers(rows))
    }
}
