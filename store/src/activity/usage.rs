//! What customers did in their windows, by the index: the facts of a question about features.

use super::answer::{joined, number, threads};
use super::asked::{Current, parse, window};
use super::load::{self, ShardData, ShardState};
use super::memory::Memory;
use super::who::Who;
use crate::{Members, StoreError, Workspace};
use analysis::period::Grain;
use analysis::quartiles::{Customers, Unit};
use analysis::query::{QuartileQuery, RetentionQuery, StartRule, Window};
use analysis::shape::RetentionPlan;
use futures::TryStreamExt;
use index::chunk::Chunk;
use index::month::{Month, micros};
use index::usage::{NamedEvents, ShardUsage, Watched, Windows};
use index::{Broken, in_parallel};
use sqlx::PgConnection;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Shards that are read before they are looked at, while the next ones are read.
const GROUP: usize = 4;

/// A question with what has been found out about it.
pub(crate) struct FeatureQuestion<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) query: &'a QuartileQuery,
    /// The customers asked about.
    pub(crate) population: &'a RetentionQuery,
    pub(crate) plan: &'a RetentionPlan,
    /// Numbers of the events that count as active.
    pub(crate) active: &'a [i32],
    /// All names of events with their numbers, without streams that are derived from others.
    pub(crate) names: &'a [(i32, String)],
    /// Those who belong to all segments that it names; `None` when it names none.
    pub(crate) members: Option<&'a Members>,
}

/// What a shard's usage is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct UsageAbout {
    workspace: i32,
    zone: String,
    grain: Grain,
    exposure: u32,
    outcome: u32,
    /// The events that count as active.
    active: Vec<i32>,
    /// How many of them make a period active.
    at_least: u32,
}

/// The usage of a shard with what else a report says of it.
pub(super) struct Usage {
    /// The shard's last write.
    pub(super) version: i64,
    pub(super) usage: ShardUsage,
    /// Customers with neither signup nor event.
    left_out: usize,
}

/// The customers of a workspace, and who of them is counted.
pub(crate) struct Watch {
    names: Vec<String>,
    /// By place of the name: its number.
    numbers: Vec<i32>,
    shards: Vec<(Arc<Usage>, Watched)>,
    /// Customers with neither signup nor event.
    pub(crate) left_out: u64,
    pub(crate) internal: u64,
}

/// Whether the index can answer about these customers: periods of any length, but no properties and no behaviour.
fn answers(population: &RetentionQuery) -> bool {
    let calendar = RetentionQuery {
        window: Window::Calendar,
        ..population.clone()
    };
    population.start == StartRule::Signup && window(&calendar).is_some()
}

/// Finds the customers; `None` when the index can't.
pub(crate) async fn watch(
    snapshot: &mut PgConnection,
    memory: &Arc<Memory>,
    question: &FeatureQuestion<'_>,
) -> Result<Option<Watch>, StoreError> {
    let FeatureQuestion {
        workspace,
        query,
        population,
        plan,
        ..
    } = question;
    if !answers(population) {
        return Ok(None);
    }
    let shards = load::shards_of(&mut *snapshot, workspace.id.0).await?;
    let Some(states) = shards.indexed() else {
        return Ok(None);
    };
    let usage = usage(&mut *snapshot, memory, question, &states).await?;
    let conditions = (&query.filters[..], &workspace.internal[..]);
    let mut who = Who::read(&mut *snapshot, memory, workspace.id.0, &states, conditions).await?;
    who.members = question.members.cloned();
    let bounds = &plan.periods.bounds;
    let bound = |place: usize| micros(bounds.get(place).copied().unwrap_or(plan.as_of));
    let as_of = micros(plan.as_of);
    let cohorts = usize::try_from(plan.cohort_count).unwrap_or(usize::MAX);
    let range = (bound(0), bound(cohorts).min(as_of));
    let numbers = question.names.iter();
    let (numbers, names) = numbers.map(|(id, name)| (*id, name.clone())).unzip();
    let work = move || {
        let places: Vec<usize> = (0..usage.len()).collect();
        let watched = in_parallel(threads(), &places, |&place| {
            let (chosen, internal) = who.choose(place, &states[place]);
            let watched = usage[place].usage.choose(range, as_of, chosen.as_ref());
            (watched, internal)
        });
        let mut watch = Watch {
            names,
            numbers,
            shards: Vec::with_capacity(watched.len()),
            left_out: 0,
            internal: 0,
        };
        for (usage, (watched, internal)) in usage.into_iter().zip(watched) {
            watch.left_out += number(usage.left_out);
            watch.internal += internal;
            watch.shards.push((usage, watched));
        }
        watch
    };
    Ok(Some(joined(tokio::task::spawn_blocking(work).await)?))
}

/// The usage of all shards, from memory or else made from what is kept.
async fn usage(
    snapshot: &mut PgConnection,
    memory: &Arc<Memory>,
    question: &FeatureQuestion<'_>,
    states: &[ShardState],
) -> Result<Vec<Arc<Usage>>, StoreError> {
    let mut active = question.active.to_vec();
    active.sort_unstable();
    let about = Arc::new(UsageAbout {
        workspace: question.workspace.id.0,
        zone: question.workspace.zone.clone(),
        grain: question.query.grain,
        exposure: question.query.exposure,
        outcome: question.query.outcome,
        active,
        at_least: question.population.min_count,
    });
    let windows = Windows::new(
        question.plan.calendar.clone(),
        about.grain,
        (about.exposure, about.outcome),
        about.at_least,
    );
    let features: BTreeSet<i32> = question.names.iter().map(|(id, _)| *id).collect();
    let kinds = Arc::new(Kinds {
        active: about.active.iter().copied().collect(),
        features,
    });
    let known = |state: &ShardState| memory.usage(&about, state.shard, state.version);
    let mut found: Vec<Option<Arc<Usage>>> = states.iter().map(known).collect();
    let missing: Vec<usize> = (0..states.len())
        .filter(|&place| found[place].is_none())
        .collect();
    let mut making = Vec::new();
    for places in missing.chunks(GROUP) {
        let group: Vec<ShardState> = places.iter().map(|&place| states[place]).collect();
        let shards = read(&mut *snapshot, memory, about.workspace, (&group, &kinds)).await?;
        // No more than two groups are in memory.
        for (place, making) in std::mem::take(&mut making) {
            found[place] = Some(joined(making.await)??);
        }
        for (&place, shard) in places.iter().zip(shards) {
            making.push((place, shard.make(memory, &about, (&windows, &kinds))));
        }
    }
    for (place, making) in making {
        found[place] = Some(joined(making.await)??);
    }
    Ok(found.into_iter().flatten().collect())
}

/// Which events are looked at. Derived streams may count as active and are never a feature.
struct Kinds {
    active: BTreeSet<i32>,
    features: BTreeSet<i32>,
}

/// The chunks of one name, by month.
type Chunks = Vec<(Month, Chunk<'static>)>;

/// A shard with all its events. They are read for this question and not kept: their sum is.
struct WholeShard {
    data: ShardData,
    chunks: BTreeMap<i32, Chunks>,
}

async fn read(
    snapshot: &mut PgConnection,
    memory: &Memory,
    workspace: i32,
    (states, kinds): (&[ShardState], &Kinds),
) -> Result<Vec<WholeShard>, StoreError> {
    let names: Vec<i32> = kinds.active.union(&kinds.features).copied().collect();
    let shards: Vec<i16> = states.iter().map(|state| state.shard).collect();
    let mut journal = load::journal(&mut *snapshot, workspace, &shards).await?;
    let mut starts = load::starts(&mut *snapshot, memory, workspace, states).await?;
    let mut chunks: HashMap<i16, BTreeMap<i32, Chunks>> = HashMap::new();
    let mut rows = sqlx::query!(
        "select shard, event_name_id, month, days, quarters, rest from activity_chunk
         where workspace_id = $1 and shard = any($2) and event_name_id = any($3)",
        workspace,
        &shards,
        &names
    )
    .fetch(snapshot);
    while let Some(row) = rows.try_next().await? {
        let chunk = Chunk {
            days: Cow::Owned(row.days),
            quarters: Some(Cow::Owned(row.quarters)),
            rest: Some(Cow::Owned(row.rest)),
        };
        let shard = chunks.entry(row.shard).or_default();
        let stream = shard.entry(row.event_name_id).or_default();
        stream.push((Month(row.month), chunk));
    }
    let read = states.iter().map(|state| WholeShard {
        data: ShardData {
            state: *state,
            starts: starts.remove(&state.shard).unwrap_or_default(),
            streams: Vec::new(),
            journal: journal.remove(&state.shard).unwrap_or_default().segments,
        },
        chunks: chunks.remove(&state.shard).unwrap_or_default(),
    });
    Ok(read.collect())
}

impl WholeShard {
    /// Adds up a shard's events on a thread of their own.
    fn make(
        self,
        memory: &Arc<Memory>,
        about: &Arc<UsageAbout>,
        (windows, kinds): (&Windows, &Arc<Kinds>),
    ) -> JoinHandle<Result<Arc<Usage>, Broken>> {
        let (memory, about) = (memory.clone(), about.clone());
        let (windows, kinds) = (windows.clone(), kinds.clone());
        tokio::task::spawn_blocking(move || {
            let journal = parse(&self.data.journal)?;
            let current = Current::new(&self.data, &journal)?;
            let mut named: BTreeMap<i32, Vec<(Month, &Chunk<'_>)>> = BTreeMap::new();
            for (name, chunks) in &self.chunks {
                let chunks = chunks.iter().map(|(month, chunk)| (*month, chunk));
                named.entry(*name).or_default().extend(chunks);
            }
            for ((name, month), chunk) in journal.iter().flat_map(|segment| &segment.parts) {
                named.entry(*name).or_default().push((*month, chunk));
            }
            let events = named.into_iter().map(|(name, chunks)| NamedEvents {
                name,
                active: kinds.active.contains(&name),
                feature: kinds.features.contains(&name),
                chunks,
            });
            let starts = current.starts.entries();
            let starts = starts.map(|entry| (entry.customer, entry.start));
            let usage = Arc::new(Usage {
                version: self.data.state.version,
                usage: ShardUsage::build(&windows, starts, events)?,
                left_out: current.starts.without(),
            });
            memory.put_usage(&about, self.data.state.shard, usage.clone());
            Ok(usage)
        })
    }
}

impl Watch {
    /// The shards in as many parts as there are threads.
    fn parts(&self) -> Vec<&[(Arc<Usage>, Watched)]> {
        let size = self.shards.len().div_ceil(threads()).max(1);
        self.shards.chunks(size).collect()
    }
}

impl Customers for Watch {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn size(&self, landmark: bool) -> u64 {
        let shards = self.shards.iter();
        shards.map(|(_, watched)| watched.size(landmark)).sum()
    }

    fn not_over(&self) -> u64 {
        let shards = self.shards.iter();
        shards.map(|(_, watched)| watched.not_over()).sum()
    }

    fn users(&self, landmark: bool) -> Vec<u64> {
        let parts = in_parallel(threads(), &self.parts(), |shards| {
            let mut users: HashMap<i32, u64> = HashMap::new();
            for (usage, watched) in *shards {
                for (name, more) in usage.usage.users(watched.who(landmark)) {
                    *users.entry(name).or_default() += more;
                }
            }
            users
        });
        let users = self.numbers.iter().map(|name| {
            let parts = parts.iter().filter_map(|users| users.get(name));
            parts.sum()
        });
        users.collect()
    }

    fn fold<A: Send>(
        &self,
        feature: &[u32],
        landmark: bool,
        only_users: bool,
        zero: impl Fn() -> A + Sync,
        add: impl Fn(&mut A, &Unit, u64) + Sync,
        merge: impl Fn(&mut A, A),
    ) -> A {
        let numbers = feature.iter().filter_map(|place| {
            let place = usize::try_from(*place).ok()?;
            self.numbers.get(place).copied()
        });
        let numbers: Vec<i32> = numbers.collect();
        let parts = in_parallel(threads(), &self.parts(), |shards| {
            let mut sum = zero();
            for (usage, watched) in *shards {
                let who = watched.who(landmark);
                usage
                    .usage
                    .each(&numbers, who, only_users, |uses, other, active| {
                        let unit = Unit {
                            uses,
                            other,
                            active,
                        };
                        add(&mut sum, &unit, 1);
                    });
            }
            sum
        });
        let mut parts = parts.into_iter();
        let mut sum = parts.next().unwrap_or_else(&zero);
        for part in parts {
            merge(&mut sum, part);
        }
        sum
    }
}
