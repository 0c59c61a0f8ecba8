//! Who belongs to which cohort and was active in which period: the text that every question shares.

use crate::definitions::stream;
use crate::instant::to_db;
use crate::segments::members_of;
use crate::{Members, Store, StoreError, Workspace};
use analysis::period::Length;
use analysis::query::{
    BeforeStart, Behaviour, EventFilter, RetentionQuery, StartRule, TraitFilter, TraitTest, Unit,
    Window,
};
use analysis::rule::Rule;
use analysis::shape::{RetentionPlan, Seen};
use analysis::tally::{Entries, Tally, periods_set};
use futures::TryStreamExt;
use serde_json::{Value, json};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// A checked query over `member` (who entered which cohort, and when) and `active` (in which of his periods, how often).
///
/// Parameters 1 to 22 are those of [`Scope`], in its order. More may follow in the tail. Events are read `plain`, from
/// their index alone, or `filtered` by their properties; or those of `accounts` are, whose customers stand together.
macro_rules! membership_query {
    (plain, $($rest:tt)*) => {
        membership_query!(
            @from
            "unit as (select * from chosen)",
            "customer",
            "(select * from event where $19::jsonb is not null)",
            "(select * from event where $20::jsonb is not null)",
            $($rest)*
        )
    };
    (filtered, $($rest:tt)*) => {
        membership_query!(
            @from
            "unit as (select * from chosen)",
            "customer",
            r#"(select e.* from event e join event_name n using (workspace_id, event_name_id)
                where not exists (
                    select 1
                    from jsonb_to_recordset($19::jsonb)
                         as f(event text, name text, op text, list jsonb, low float8, high float8)
                    where (f.event is null or f.event = n.name)
                      and not passes(e.properties, f.name, f.op, f.list, f.low, f.high)))"#,
            r#"(select e.* from event e join event_name n using (workspace_id, event_name_id)
                where not exists (
                    select 1
                    from jsonb_to_recordset($20::jsonb)
                         as f(event text, name text, op text, list jsonb, low float8, high float8)
                    where (f.event is null or f.event = n.name)
                      and not passes(e.properties, f.name, f.op, f.list, f.low, f.high)))"#,
            $($rest)*
        )
    };
    // An account is its chosen customers together, and goes by the lowest of them: what any of them did is that one's.
    (accounts, $($rest:tt)*) => {
        membership_query!(
            @from
            r#"belongs as (
                select shard, customer_no, account_id, signup_at, signup_given,
                       first_value(shard) over whole as unit_shard, first_value(customer_no) over whole as unit_no
                from chosen where account_id is not null
                window whole as (partition by account_id order by shard, customer_no)
            ), unit as (
                select $1::integer as workspace_id, unit_shard as shard, unit_no as customer_no,
                       account_id as external_id, min(signup_at) as signup_at,
                       (array_agg(signup_given order by signup_at, signup_given))[1] as signup_given
                from belongs group by unit_shard, unit_no, account_id
            )"#,
            "unit",
            r#"(select e.workspace_id, b.unit_shard as shard, b.unit_no as customer_no, e.event_name_id, e.at
                from belongs b
                join event e on e.workspace_id = $1 and e.shard = b.shard and e.customer_no = b.customer_no
                join event_name n using (workspace_id, event_name_id)
                where not exists (
                    select 1
                    from jsonb_to_recordset($19::jsonb)
                         as f(event text, name text, op text, list jsonb, low float8, high float8)
                    where (f.event is null or f.event = n.name)
                      and not passes(e.properties, f.name, f.op, f.list, f.low, f.high)))"#,
            r#"(select e.workspace_id, b.unit_shard as shard, b.unit_no as customer_no, e.event_name_id, e.at
                from belongs b
                join event e on e.workspace_id = $1 and e.shard = b.shard and e.customer_no = b.customer_no
                join event_name n using (workspace_id, event_name_id)
                where not exists (
                    select 1
                    from jsonb_to_recordset($20::jsonb)
                         as f(event text, name text, op text, list jsonb, low float8, high float8)
                    where (f.event is null or f.event = n.name)
                      and not passes(e.properties, f.name, f.op, f.list, f.low, f.high)))"#,
            $($rest)*
        )
    };
    (@from $unit:tt, $signups:tt, $start:tt, $active:tt, $row:ty, $scope:expr, $tail:tt $(+ $then:tt)* $(, $more:expr)*) => {
        sqlx::query_as!(
            $row,
            r#"
            with chosen as (
                select c.workspace_id, c.shard, c.customer_no, c.external_id, c.account_id, c.signup_at, c.signup_given
                from customer c
                where c.workspace_id = $1
                  and ($5::jsonb = '[]' or not exists (
                      select 1
                      from jsonb_to_recordset($5::jsonb)
                           as f(account boolean, name text, op text, list jsonb, low float8, high float8)
                      where not passes(
                          case when f.account
                               then coalesce((select a.traits from account a
                                              where a.workspace_id = $1 and a.external_id = c.account_id), '{}')
                               else c.traits end,
                          f.name, f.op, f.list, f.low, f.high)))
                  and ($18::jsonb = '[]' or not exists (
                      select 1
                      from jsonb_to_recordset($18::jsonb)
                           as f(name text, op text, list jsonb, low float8, high float8)
                      where passes(c.traits, f.name, f.op, f.list, f.low, f.high)))
                  and (cardinality($22::bytea[]) = 0 or is_member($22, c.shard, c.customer_no))
            ), "# + $unit + r#", start as (
                -- the signup
                select shard, customer_no, signup_at as at from "# + $signups + r#" u
                where $8 = 'signup' and workspace_id = $1 and signup_at >= $3 and signup_at < $4
                union all
                -- the first start event ever
                select shard, customer_no, min(at) from "# + $start + r#" e
                where $8 = 'first_event' and workspace_id = $1 and event_name_id = any($9::integer[]) and at < $4
                group by 1, 2 having min(at) >= $3
                union all
                -- the first start event of each period that has one
                select shard, customer_no, min(at) from "# + $start + r#" e
                where $8 = 'each_event' and workspace_id = $1 and event_name_id = any($9::integer[])
                  and at >= $3 and at < $4
                group by 1, 2, width_bucket(at, $2::timestamptz[])
            ), member as (
                select c.shard, c.customer_no, c.external_id, s.at as start,
                       $8 = 'signup' and c.signup_given is not null as given,
                       width_bucket(s.at, $2::timestamptz[]) - 1 as cohort
                from start s join unit c on c.workspace_id = $1
                 and c.shard = s.shard and c.customer_no = s.customer_no
                where ($21::jsonb = '[]' or not exists (
                      select 1
                      from jsonb_to_recordset($21::jsonb)
                           as b(event text, did boolean, at_least bigint, first integer, past integer)
                      where b.did <> (b.at_least <= (
                          select count(*)
                          from event e join event_name n using (workspace_id, event_name_id)
                          where e.workspace_id = $1 and e.shard = c.shard and e.customer_no = c.customer_no
                            and n.name = b.event and not n.derived and e.at < $7
                            and (b.first is null or e.at >= s.at + make_interval(hours => 24 * b.first))
                            and (b.past is null or e.at < s.at + make_interval(hours => 24 * b.past))))))
            ), active as (
                select m.cohort, m.shard, m.customer_no,
                       case when $12 then rolling_period(m.start, e.at, $13, $14, $15, $16, $17)
                            else width_bucket(e.at, $2::timestamptz[]) - 1 - m.cohort end as period,
                       count(*) as uses
                from member m
                join "# + $active + r#" e
                  on e.workspace_id = $1 and e.shard = m.shard and e.customer_no = m.customer_no
                where e.event_name_id = any($6::integer[])
                  and e.at >= case when $11 then ($2::timestamptz[])[m.cohort + 1] else m.start end
                  and e.at >= $3 and e.at < $7
                group by 1, 2, 3, 4 having count(*) >= $10
            )
            "# + $tail $(+ $then)*,
            $scope.workspace,
            &$scope.bounds,
            $scope.start_from,
            $scope.start_until,
            $scope.filters,
            &$scope.event_ids,
            $scope.as_of,
            $scope.start_rule,
            &$scope.start_ids,
            $scope.min_count,
            $scope.count_before,
            $scope.rolling,
            $scope.seconds,
            $scope.months,
            &$scope.zone_from,
            &$scope.zone_clock,
            &$scope.zone_offset,
            $scope.internal,
            $scope.start_where,
            $scope.active_where,
            $scope.behaviours,
            &$scope.member_bits
            $(, $more)*
        )
    };
}
pub(crate) use membership_query;

/// The parameters that every membership query shares.
pub(crate) struct Scope {
    pub(crate) workspace: i32,
    pub(crate) bounds: Vec<OffsetDateTime>,
    pub(crate) start_from: OffsetDateTime,
    pub(crate) start_until: OffsetDateTime,
    pub(crate) filters: Value,
    pub(crate) event_ids: Vec<i32>,
    pub(crate) as_of: OffsetDateTime,
    pub(crate) start_rule: &'static str,
    pub(crate) start_ids: Vec<i32>,
    pub(crate) min_count: i64,
    pub(crate) count_before: bool,
    /// Whether periods are an entry's own, of so many seconds or else months; the zone is needed only then.
    pub(crate) rolling: bool,
    pub(crate) seconds: i32,
    pub(crate) months: i32,
    pub(crate) zone_from: Vec<OffsetDateTime>,
    pub(crate) zone_clock: Vec<OffsetDateTime>,
    pub(crate) zone_offset: Vec<i32>,
    pub(crate) internal: Value,
    pub(crate) start_where: Value,
    pub(crate) active_where: Value,
    pub(crate) behaviours: Value,
    /// Those who belong to all segments that the question names; `None` when it names none.
    pub(crate) members: Option<Members>,
    /// The same for the data base; none when the question names none.
    pub(crate) member_bits: Vec<Vec<u8>>,
    /// Which events are read.
    pub(crate) events: Events,
}

/// The events that a membership query reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Events {
    /// Of customers, whatever they carry.
    Plain,
    /// Of customers, by their properties.
    Filtered,
    /// Of accounts, by their properties.
    Accounts,
}

impl Scope {
    /// Whether events of customers are filtered by their properties.
    pub(crate) fn filtered(&self) -> bool {
        self.events == Events::Filtered
    }

    /// The customers of cohorts `first..=last` (numbers of the plan's periods).
    pub(crate) async fn new(
        snapshot: &mut PgConnection,
        store: &Store,
        workspace: &Workspace,
        (query, plan): (&RetentionQuery, &RetentionPlan),
        (first, last): (u32, u32),
    ) -> Result<Self, StoreError> {
        let members = members_of(
            &mut *snapshot,
            &store.activity,
            workspace.id.0,
            &query.segments,
            plan.as_of,
        )
        .await?;
        let bound = |number: u32| {
            let place = usize::try_from(number).unwrap_or(usize::MAX);
            plan.periods
                .bounds
                .get(place)
                .copied()
                .unwrap_or(plan.as_of)
        };
        let (seconds, months) = match query.grain.length() {
            Length::Seconds(seconds) => (seconds, 0),
            Length::Months(months) => (0, months),
        };
        // Anniversaries up to one period beyond as-of are looked up.
        let grain = query.grain;
        let until = plan.calendar.rolling(grain, plan.as_of, 2);
        let zone = plan.calendar.zone_spans(bound(0), until);
        let names = &store.event_names;
        let active: &[String] = if query.any_event { &[] } else { &query.active };
        Ok(Self {
            workspace: workspace.id.0,
            bounds: plan.periods.bounds.iter().map(|&at| to_db(at)).collect(),
            start_from: to_db(bound(first)),
            start_until: to_db(bound(last.saturating_add(1)).min(plan.as_of)),
            filters: chosen_json(query),
            event_ids: match &query.activity {
                Some(slug) => vec![stream(snapshot, workspace, slug).await?],
                None => names.ids(snapshot, workspace, active).await?,
            },
            as_of: to_db(plan.as_of),
            start_rule: query.start.as_str(),
            start_ids: match query.start {
                StartRule::Signup => Vec::new(),
                _ => names.ids(snapshot, workspace, &query.start_events).await?,
            },
            min_count: i64::from(query.min_count),
            count_before: query.before_start == BeforeStart::Count,
            rolling: query.window == Window::Rolling,
            seconds,
            months,
            zone_from: zone.iter().map(|span| to_db(span.from)).collect(),
            zone_clock: zone.iter().map(|span| to_db(span.clock)).collect(),
            zone_offset: zone.iter().map(|span| span.offset).collect(),
            internal: filters_json(&workspace.internal),
            start_where: event_filters_json(&query.start_where),
            active_where: event_filters_json(&query.active_where),
            behaviours: behaviours_json(&query.behaviours),
            member_bits: members.as_ref().map(Members::bytes).unwrap_or_default(),
            members,
            events: match query.unit {
                Unit::Accounts => Events::Accounts,
                Unit::Customers
                    if query.start_where.is_empty() && query.active_where.is_empty() =>
                {
                    Events::Plain
                }
                Unit::Customers => Events::Filtered,
            },
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
        macro_rules! patterns {
            ($events:tt) => {
                membership_query!(
            $events,
            PatternRow,
            self,
            r#", entry as (
                select cohort, shard, customer_no, array_agg(period order by period) as periods
                from active group by 1, 2, 3)
            select m.cohort as "cohort!", coalesce(e.periods, '{}') as "periods!", count(*) as "entries!",
                   count(*) filter (where m.given) as "given!",
                   max(case when $12 then rolling_period(
                       m.start, $7 - interval '1 microsecond', $13, $14, $15, $16, $17) end) as last_begun,
                   min(case when $12 then rolling_period(m.start, $7, $13, $14, $15, $16, $17) end) as ended
            from member m left join entry e using (cohort, shard, customer_no)
            group by 1, 2"#
                )
                .fetch(snapshot)
            };
        }
        let mut patterns = match self.events {
            Events::Plain => patterns!(plain),
            Events::Filtered => patterns!(filtered),
            Events::Accounts => patterns!(accounts),
        };
        while let Some(row) = patterns.try_next().await? {
            let cohort = place(row.cohort);
            let seen = match (row.last_begun, row.ended) {
                (Some(last_begun), Some(ended)) => Seen {
                    begun: place(last_begun) + 1,
                    ended: place(ended),
                },
                _ => plan.seen_by_none(cohort),
            };
            let entries = Entries {
                count: count(row.entries),
                given: count(row.given),
                seen,
            };
            let active = periods_set(row.periods.into_iter().map(place));
            tally.add_all(cohort, entries, &active);
        }
        Ok(tally)
    }
}

/// Which customers are chosen, as the rows that the membership text reads.
fn chosen_json(query: &RetentionQuery) -> Value {
    let accounts = query.account_filters.iter().map(|filter| {
        let mut row = filter_json(filter);
        row["account"] = json!(true);
        row
    });
    let customers = query.filters.iter().map(filter_json);
    customers.chain(accounts).collect()
}

/// Trait filters as the rows that the membership text reads.
fn filters_json(filters: &[TraitFilter]) -> Value {
    filters.iter().map(filter_json).collect()
}

pub(crate) fn filter_json(TraitFilter { name, test }: &TraitFilter) -> Value {
    match test {
        TraitTest::Is(list) => json!({"name": name, "op": "is", "list": list}),
        TraitTest::IsNot(list) => json!({"name": name, "op": "is_not", "list": list}),
        TraitTest::Set => json!({"name": name, "op": "set"}),
        TraitTest::Unset => json!({"name": name, "op": "unset"}),
        TraitTest::Between { min, max } => {
            json!({"name": name, "op": "between", "low": min, "high": max})
        }
    }
}

/// Conditions on properties as the rows that the membership text reads.
fn event_filters_json(filters: &[EventFilter]) -> Value {
    let row = |filter: &EventFilter| {
        let mut row = filter_json(&filter.property);
        row["event"] = json!(filter.event);
        row
    };
    filters.iter().map(row).collect()
}

/// Conditions on behaviour as the rows that the membership text reads.
fn behaviours_json(behaviours: &[Behaviour]) -> Value {
    let row = |one: &Behaviour| {
        json!({
            "event": one.event,
            "did": one.did,
            "at_least": one.at_least,
            "first": one.days.map(|days| days.from),
            "past": one.days.map(|days| days.to),
        })
    };
    behaviours.iter().map(row).collect()
}

/// The entries of a cohort that were active in the same periods.
struct PatternRow {
    cohort: i32,
    periods: Vec<i32>,
    entries: i64,
    given: i64,
    /// The latest period begun, and the number of periods ended; of rolling periods only.
    last_begun: Option<i32>,
    ended: Option<i32>,
}

/// Counts of rows are never negative, and a workspace has fewer than 2³² customers.
fn count(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Numbers of periods are never negative here: a member's cohort and its active periods lie within the plan.
fn place(n: i32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
