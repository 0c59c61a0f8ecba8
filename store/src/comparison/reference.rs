//! Segments counted by SQL over raw events, all at once: one query counts the cohorts of all labels, one the survival times
//! of all; no row per customer leaves Postgres.

use super::labels::Labels;
use super::{Asked, Counts};
use crate::gate::Work;
use crate::retention::{Scope, membership_query, watermark};
use crate::{Store, StoreError, Workspace};
use analysis::query::{ComparisonQuery, RetentionQuery, Split};
use analysis::rule::Rule;
use analysis::shape::{About, RetentionPlan, Seen};
use analysis::stats::Ending;
use analysis::tally::{Entries, Tally, periods_set};
use futures::TryStreamExt;
use sqlx::PgConnection;

/// A checked query over `labelled`: who entered which cohort, with the place of each of his segments. Parameters 23 to 27
/// are those of [`Labels`]; more may follow.
macro_rules! labelled_query {
    ($events:tt, $row:ty, $scope:expr, $labels:expr, $tail:tt $(+ $then:tt)* $(, $more:expr)*) => {
        membership_query!(
            $events,
            $row,
            $scope,
            r#", labelled as (
                select m.shard, m.customer_no, m.cohort, m.start, m.given,
                       case when c.traits ->> $23::text is null then -1
                            else coalesce(array_position($24::text[], c.traits ->> $23), cardinality($24::text[]) + 1) - 1
                       end as segment
                from member m
                join customer c on c.workspace_id = $1 and c.shard = m.shard and c.customer_no = m.customer_no
                where $23::text is not null
                union all
                select m.shard, m.customer_no, m.cohort, m.start, m.given, b.segment
                from unnest($25::smallint[], $26::integer[], $27::bytea[]) as b(shard, segment, bits)
                join member m on m.shard = b.shard
                where case when m.customer_no < 8 * length(b.bits) then get_bit(b.bits, m.customer_no) = 1 else false end
            )"# + $tail $(+ $then)*,
            $labels.name,
            &$labels.values,
            &$labels.shards,
            &$labels.places,
            &$labels.bits
            $(, $more)*
        )
    };
}

/// Entries of one segment and cohort that were active in the same periods.
struct SegmentRow {
    segment: i32,
    cohort: i32,
    periods: Vec<i32>,
    entries: i64,
    given: i64,
    last_begun: Option<i32>,
    ended: Option<i32>,
}

/// Customers of one segment with the same survival time.
struct LifeRow {
    segment: i32,
    days: i32,
    ended: bool,
    customers: i64,
}

/// How many customers.
struct CountRow {
    customers: i64,
}

impl Store {
    /// All segments by SQL over raw events.
    pub(super) async fn segments_by_events(&self, asked: &Asked<'_>) -> Result<Counts, StoreError> {
        let Asked {
            workspace,
            query,
            split,
            cohorts,
            earlier,
        } = asked;
        let _turn = self.gate.turn(Work::Scan).await;
        let mut snapshot = self.snapshot(workspace.id).await?;
        let counted = Cohorts::new(&mut snapshot, self, workspace, *cohorts).await?;
        let labels = match split {
            Split::Trait(name) => Labels::of_trait(&mut snapshot, &counted.scope, name).await?,
            Split::Saved(slugs) => {
                let (workspace, plan) = (workspace.id.0, cohorts.1);
                Labels::of_saved(&mut snapshot, &self.activity, workspace, slugs, plan).await?
            }
        };
        let tallies = counted.tallies(&mut snapshot, &labels).await?;
        let endings = counted.endings(&mut snapshot, &labels, query).await?;
        let overlapping = counted.overlapping(&mut snapshot, &labels).await?;
        let before = match earlier {
            Some(cohorts) if labels.name.is_some() => {
                let counted = Cohorts::new(&mut snapshot, self, workspace, *cohorts).await?;
                counted.tallies(&mut snapshot, &labels).await?
            }
            _ => Vec::new(),
        };
        let (left_out, internal) = counted
            .scope
            .outside(&mut snapshot, workspace, cohorts.0)
            .await?;
        let about = About {
            watermark: watermark(&mut snapshot, workspace).await?,
            left_out,
            internal,
        };
        snapshot.end();
        Ok(Counts {
            labels,
            tallies,
            endings,
            earlier: before,
            overlapping,
            about,
        })
    }
}

/// Some cohorts, ready to be counted.
struct Cohorts<'a> {
    query: &'a RetentionQuery,
    plan: &'a RetentionPlan,
    scope: Scope,
}

impl<'a> Cohorts<'a> {
    async fn new(
        snapshot: &mut PgConnection,
        store: &Store,
        workspace: &Workspace,
        (query, plan): (&'a RetentionQuery, &'a RetentionPlan),
    ) -> Result<Self, StoreError> {
        let scope = Scope::of_all(snapshot, store, workspace, (query, plan)).await?;
        Ok(Self { query, plan, scope })
    }

    /// The cohorts of all segments.
    async fn tallies(
        &self,
        snapshot: &mut PgConnection,
        labels: &Labels,
    ) -> Result<Vec<Tally>, StoreError> {
        let rule = Rule::new(self.query);
        let mut tallies = vec![Tally::new(rule, self.plan); labels.len()];
        macro_rules! patterns {
            ($events:tt) => {
                labelled_query!(
                    $events,
                    SegmentRow,
                    self.scope,
                    labels,
                    r#", entry as (
                        select cohort, shard, customer_no, array_agg(period order by period) as periods
                        from active group by 1, 2, 3)
                    select l.segment as "segment!", l.cohort as "cohort!", coalesce(e.periods, '{}') as "periods!",
                           count(*) as "entries!", count(*) filter (where l.given) as "given!",
                           max(case when $12 then rolling_period(
                               l.start, $7 - interval '1 microsecond', $13, $14, $15, $16, $17) end) as last_begun,
                           min(case when $12 then rolling_period(l.start, $7, $13, $14, $15, $16, $17) end) as ended
                    from labelled l left join entry e using (cohort, shard, customer_no)
                    group by 1, 2, 3"#
                )
                .fetch(snapshot)
            };
        }
        let mut rows = match self.scope.filtered() {
            true => patterns!(filtered),
            false => patterns!(plain),
        };
        while let Some(row) = rows.try_next().await? {
            let Some(tally) = tallies.get_mut(labels.place(row.segment)) else {
                continue;
            };
            let cohort = index(row.cohort);
            let seen = match (row.last_begun, row.ended) {
                (Some(last_begun), Some(ended)) => Seen {
                    begun: index(last_begun) + 1,
                    ended: index(ended),
                },
                _ => self.plan.seen_by_none(cohort),
            };
            let entries = Entries {
                count: u32::try_from(row.entries).unwrap_or(u32::MAX),
                given: u32::try_from(row.given).unwrap_or(u32::MAX),
                seen,
            };
            let active = periods_set(row.periods.into_iter().map(index));
            tally.add_all(cohort, entries, &active);
        }
        Ok(tallies)
    }

    /// How long the customers of all segments stayed, from their first start in the cohorts.
    async fn endings(
        &self,
        snapshot: &mut PgConnection,
        labels: &Labels,
        query: &ComparisonQuery,
    ) -> Result<Vec<Vec<Ending>>, StoreError> {
        let inactivity = i32::try_from(query.inactivity()).unwrap_or(i32::MAX);
        // Customer by customer: their number can't be estimated well, and a join might be tried in the worst of ways.
        macro_rules! lives {
            ($events:tt, $from:tt) => {
                labelled_query!(
                    $events,
                    LifeRow,
                    self.scope,
                    labels,
                    r#"
                    select segment as "segment!", ended as "ended!", count(*) as "customers!",
                           floor(extract(epoch from case when ended then last else $7 end - start) / 86400)::integer as "days!"
                    from (select l.segment, l.start, greatest(l.start, a.last) as last,
                                 greatest(l.start, a.last) + make_interval(hours => 24 * $28::integer) <= $7 as ended
                          from (select segment, shard, customer_no, min(start) as start
                                from labelled group by 1, 2, 3) l
                          cross join lateral (
                              select max(e.at) as last from "# + $from + r#" e
                              where e.workspace_id = $1 and e.shard = l.shard and e.customer_no = l.customer_no
                                and e.event_name_id = any($6::integer[]) and e.at >= l.start and e.at < $7) a) life
                    group by 1, 2, 4"#,
                    inactivity
                )
                .fetch(snapshot)
            };
        }
        let mut rows = match self.scope.filtered() {
            true => lives!(
                filtered,
                r#"(select e.* from event e join event_name n using (workspace_id, event_name_id)
                    where not exists (
                        select 1
                        from jsonb_to_recordset($20::jsonb)
                             as f(event text, name text, op text, list jsonb, low float8, high float8)
                        where (f.event is null or f.event = n.name)
                          and not passes(e.properties, f.name, f.op, f.list, f.low, f.high)))"#
            ),
            false => lives!(plain, "event"),
        };
        let mut endings = vec![Vec::new(); labels.len()];
        while let Some(row) = rows.try_next().await? {
            if let Some(endings) = endings.get_mut(labels.place(row.segment)) {
                endings.push(Ending {
                    time: row.days.unsigned_abs(),
                    ended: row.ended,
                    customers: row.customers.unsigned_abs(),
                });
            }
        }
        drop(rows);
        for endings in &mut endings {
            endings.sort_by_key(|one| (one.time, !one.ended));
        }
        Ok(endings)
    }

    /// How many customers are in more than one of the saved segments.
    async fn overlapping(
        &self,
        snapshot: &mut PgConnection,
        labels: &Labels,
    ) -> Result<u64, StoreError> {
        if labels.saved.len() < 2 {
            return Ok(0);
        }
        macro_rules! overlap {
            ($events:tt) => {
                labelled_query!(
                    $events,
                    CountRow,
                    self.scope,
                    labels,
                    r#"select count(*) as "customers!" from (
                        select 1 from labelled group by shard, customer_no having count(distinct segment) > 1) many"#
                )
                .fetch_one(snapshot)
                .await?
            };
        }
        let row = match self.scope.filtered() {
            true => overlap!(filtered),
            false => overlap!(plain),
        };
        Ok(row.customers.unsigned_abs())
    }
}

/// Numbers of periods and places are never negative here.
pub(super) fn index(number: i32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
