//! How segments stayed and for how long, counted for all of them at once.
//!
//! A split is a label for each customer: the place of his trait's value, or of each saved segment that he is in. One query
//! counts the cohorts of all labels, one the survival times of all; no row per customer leaves Postgres. Cohorts of a
//! trait's values are counted by the activity index where it can.

use crate::activity::{self, Question};
use crate::gate::Work;
use crate::retention::{Engine, Scope, membership_query, prepare, watermark};
use crate::{Store, StoreError, Workspace};
use analysis::comparison::{ComparisonFacts, ComparisonReport, SegmentKey, answer};
use analysis::query::{ComparisonQuery, RetentionQuery, TraitFilter, TraitTest};
use analysis::rule::Rule;
use analysis::shape::{About, RetentionPlan, Seen};
use analysis::stats::Ending;
use analysis::tally::{Entries, Tally, periods_set};
use futures::TryStreamExt;
use jiff::Timestamp;
use labels::{Labels, first_split};
use sqlx::PgConnection;

mod labels;

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
    /// Answers a question about segments.
    ///
    /// `now` is the instant that "now" means; nothing at or after the question's as-of is seen. All counts come from one
    /// snapshot of the data.
    ///
    /// # Errors
    /// As [`Store::retention`]; [`StoreError::Query`] also when there is nothing to split by.
    pub async fn compare(
        &self,
        workspace: &Workspace,
        query: &ComparisonQuery,
        now: Timestamp,
    ) -> Result<ComparisonReport, StoreError> {
        self.compare_by(Engine::Fastest, workspace, query, now)
            .await
    }

    /// Answers a question about segments, counting cohorts by a certain engine. Both give the same report.
    ///
    /// # Errors
    /// As [`Store::compare`]; [`StoreError::NotFound`] when the index alone is asked and can't answer.
    pub async fn compare_by(
        &self,
        engine: Engine,
        workspace: &Workspace,
        query: &ComparisonQuery,
        now: Timestamp,
    ) -> Result<ComparisonReport, StoreError> {
        query.validate()?;
        let mut query = query.clone();
        let (retention, plan) = prepare(workspace, &query.retention, now)?;
        query.retention = retention;
        let earlier = match query.earlier() {
            Some(asked) => Some(prepare(workspace, &asked, now)?),
            None => None,
        };
        // How long segments stayed is asked of the events themselves.
        let _turn = self.gate.turn(Work::Scan).await;
        let mut snapshot = self.snapshot(workspace.id).await?;
        if query.split.is_none() {
            query.split = Some(first_split(&mut snapshot, workspace).await?);
        }
        let asked = Asked::new(&mut snapshot, self, workspace, &query.retention, &plan).await?;
        let labels =
            Labels::new(&mut snapshot, &self.activity, &asked.scope, &query, &plan).await?;
        let tallies = self.cohorts(engine, &mut snapshot, &asked, &labels).await?;
        let endings = asked.endings(&mut snapshot, &labels, &query).await?;
        let overlapping = asked.overlapping(&mut snapshot, &labels).await?;
        let before = match &earlier {
            Some((retention, plan)) if labels.name.is_some() => {
                let asked = Asked::new(&mut snapshot, self, workspace, retention, plan).await?;
                Some(self.cohorts(engine, &mut snapshot, &asked, &labels).await?)
            }
            _ => None,
        };
        let (left_out, internal) = asked
            .scope
            .outside(&mut snapshot, workspace, &query.retention)
            .await?;
        let about = About {
            watermark: watermark(&mut snapshot, workspace).await?,
            left_out,
            internal,
        };
        snapshot.commit().await?;
        let before = before.into_iter().flatten().map(Some);
        let facts = labels
            .keys()
            .into_iter()
            .zip(tallies)
            .zip(endings)
            .zip(before.chain(std::iter::repeat(None)))
            .map(
                |((((key, name), tally), endings), earlier)| ComparisonFacts {
                    key,
                    name,
                    tally,
                    endings,
                    earlier,
                },
            );
        // Nobody may be without the trait, and no value may be left for "other".
        let facts = facts.filter(|one| {
            matches!(one.key, SegmentKey::Value(_) | SegmentKey::Saved(_)) || one.counted()
        });
        let plans = (&plan, earlier.as_ref().map(|(_, plan)| plan));
        let facts = facts.collect();
        let activity = workspace.activity_words(&query.retention);
        let mut report = answer(query, plans, facts, (labels.folded, overlapping), about);
        for part in report.reports_mut() {
            part.activity.clone_from(&activity);
        }
        Ok(report)
    }

    /// The cohorts of all segments.
    async fn cohorts(
        &self,
        engine: Engine,
        snapshot: &mut PgConnection,
        asked: &Asked<'_>,
        labels: &Labels,
    ) -> Result<Vec<Tally>, StoreError> {
        if engine != Engine::Reference {
            match asked.by_index(&mut *snapshot, self, labels).await {
                Ok(Some(tallies)) => return Ok(tallies),
                Ok(None) if engine == Engine::Index => return Err(StoreError::NotFound),
                Ok(None) => {}
                Err(StoreError::Index(broken)) if engine == Engine::Fastest => {
                    let workspace = asked.workspace.id.0;
                    tracing::error!(workspace, "{broken}; `holdfast reindex` makes it anew");
                }
                Err(error) => return Err(error),
            }
        }
        asked.tallies(snapshot, labels).await
    }
}

/// A question about some cohorts, ready to be counted.
struct Asked<'a> {
    workspace: &'a Workspace,
    query: &'a RetentionQuery,
    plan: &'a RetentionPlan,
    scope: Scope,
}

impl<'a> Asked<'a> {
    async fn new(
        snapshot: &mut PgConnection,
        store: &Store,
        workspace: &'a Workspace,
        query: &'a RetentionQuery,
        plan: &'a RetentionPlan,
    ) -> Result<Self, StoreError> {
        let range = (0, plan.cohort_count.saturating_sub(1));
        let scope = Scope::new(snapshot, store, workspace, (query, plan), range).await?;
        Ok(Self {
            workspace,
            query,
            plan,
            scope,
        })
    }

    /// The cohorts of all segments by SQL over raw events.
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
        let mut rows = match self.scope.filtered {
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

    /// The cohorts of all segments by the activity index, each counted from the same sets; `None` when it can't.
    async fn by_index(
        &self,
        snapshot: &mut PgConnection,
        store: &Store,
        labels: &Labels,
    ) -> Result<Option<Vec<Tally>>, StoreError> {
        let mut tallies = Vec::with_capacity(labels.len());
        for (place, (key, _)) in labels.keys().into_iter().enumerate() {
            let tests = match key {
                SegmentKey::Value(value) => vec![TraitTest::Is(vec![value])],
                SegmentKey::Other => vec![TraitTest::Set, TraitTest::IsNot(labels.values.clone())],
                SegmentKey::Unset => vec![TraitTest::Unset],
                SegmentKey::Saved(_) => Vec::new(),
            };
            let mut query = self.query.clone();
            for test in tests {
                let name = labels.name.clone().unwrap_or_default();
                query.filters.push(TraitFilter { name, test });
            }
            let mut members = self.scope.members.clone();
            if let Some(mine) = labels.members.get(place) {
                members.get_or_insert_with(|| mine.clone()).and(mine);
            }
            let question = Question {
                workspace: self.workspace,
                query: &query,
                plan: self.plan,
                active: &self.scope.event_ids,
                start: &self.scope.start_ids,
                members: members.as_ref(),
            };
            let prepared = activity::prepare(&mut *snapshot, &store.activity, &question).await?;
            let Some(prepared) = prepared else {
                return Ok(None);
            };
            let counted = prepared.count(store, &mut *snapshot, &question).await?;
            tallies.push(counted.tally);
        }
        Ok(Some(tallies))
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
        let mut rows = match self.scope.filtered {
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
        let row = match self.scope.filtered {
            true => overlap!(filtered),
            false => overlap!(plain),
        };
        Ok(row.customers.unsigned_abs())
    }
}

/// Numbers of periods and places are never negative here.
fn index(number: i32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
