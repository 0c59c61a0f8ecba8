//! How many customers and events a definition matches, while it is being made.

use super::rows::Wanted;
use crate::retention::watermark;
use crate::{Store, StoreError, Workspace};
use analysis::query::ActivityDefinition;
use index::month::micros;
use jiff::{SignedDuration, Timestamp};
use sqlx::PgConnection;

/// How far back "lately" reaches.
const LATELY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What a definition matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// Customers who did it at least once.
    pub customers: u64,
    /// How often it was done: events, or completions of a workflow.
    pub times: u64,
}

/// What a definition would match of what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    /// At any time.
    pub ever: Matched,
    /// In the 90 days before the newest event.
    pub lately: Matched,
    /// All customers of the workspace.
    pub customers: u64,
    /// The newest event.
    pub newest: Option<Timestamp>,
    /// Whether the numbers are projected from a part of the customers.
    pub sampled: bool,
}

impl Store {
    /// Counts what a definition matches: exactly, or when there are more than so many `events` to be looked at, by some
    /// of the customers.
    ///
    /// # Errors
    /// [`StoreError::Query`] for a definition that breaks a limit; the data base's.
    pub async fn preview_activity(
        &self,
        workspace: &Workspace,
        definition: &ActivityDefinition,
        events: i64,
    ) -> Result<Preview, StoreError> {
        // A name can be given last.
        let named = ActivityDefinition {
            name: "preview".to_owned(),
            ..definition.clone()
        };
        named.validate()?;
        let mut snapshot = self.snapshot(workspace.id).await?;
        let wanted = Wanted::new(&mut snapshot, workspace.id, &definition.rule).await?;
        let sample = Sample::of(&mut snapshot, workspace, Some(&wanted.ids), events).await?;
        let occurrences = wanted.occurrences(&mut snapshot, workspace.id, &sample.shards, None);
        let occurrences = occurrences.await?;
        let newest = watermark(&mut snapshot, workspace).await?;
        let customers = sqlx::query_scalar!(
            r#"select count(*) as "customers!" from customer where workspace_id = $1"#,
            workspace.id.0
        )
        .fetch_one(&mut *snapshot)
        .await?;
        snapshot.commit().await?;
        let since = newest.and_then(|newest| newest.checked_sub(LATELY).ok());
        let since = since.map_or(i64::MIN, micros);
        let (mut ever, mut lately) = (Matched::default(), Matched::default());
        // In order of customer and instant: a customer's last decides about him.
        for his in occurrences.chunk_by(|one, next| (one.0, one.1) == (next.0, next.1)) {
            ever.add(his.len());
            let recent = his.iter().filter(|(_, _, at)| *at >= since).count();
            if recent > 0 {
                lately.add(recent);
            }
        }
        Ok(Preview {
            ever: sample.project(ever),
            lately: sample.project(lately),
            customers: customers.unsigned_abs(),
            newest,
            sampled: sample.is_part(),
        })
    }
}

impl Matched {
    fn add(&mut self, times: usize) {
        self.customers += 1;
        self.times += u64::try_from(times).unwrap_or(u64::MAX);
    }
}

/// Shards that stand for all: whose customer is in which is a matter of a hash.
pub(super) struct Sample {
    pub(super) shards: Vec<i16>,
    all: usize,
}

impl Sample {
    /// So many shards that they have about `limit` of the events with these numbers, or of all events.
    pub(super) async fn of(
        snapshot: &mut PgConnection,
        workspace: &Workspace,
        events: Option<&[i32]>,
        limit: i64,
    ) -> Result<Self, StoreError> {
        let shards = sqlx::query_scalar!(
            "select shard from shard where workspace_id = $1 order by shard",
            workspace.id.0
        )
        .fetch_all(&mut *snapshot)
        .await?;
        let stored = sqlx::query_scalar!(
            r#"select coalesce(sum(events), 0)::bigint as "stored!" from event_name
               where workspace_id = $1 and not derived and ($2::integer[] is null or event_name_id = any($2))"#,
            workspace.id.0,
            events
        )
        .fetch_one(snapshot)
        .await?;
        let all = shards.len();
        let count = i64::try_from(all).unwrap_or(i64::MAX);
        let taken = match stored > limit {
            true => usize::try_from((limit * count / stored).max(1)).unwrap_or(all),
            false => all,
        };
        let shards = shards.into_iter().take(taken).collect();
        Ok(Self { shards, all })
    }

    fn is_part(&self) -> bool {
        self.shards.len() < self.all
    }

    /// What a count of the sample stands for.
    fn project(&self, found: Matched) -> Matched {
        let number = |count: usize| u128::try_from(count).unwrap_or(1).max(1);
        let (part, all) = (number(self.shards.len()), number(self.all));
        let times = |count: u64| u64::try_from(u128::from(count) * all / part).unwrap_or(u64::MAX);
        Matched {
            customers: times(found.customers),
            times: times(found.times),
        }
    }
}
