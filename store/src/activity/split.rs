//! Several choices of customers counted from the same sets: segments side by side, and how long each stayed.

use super::answer::{Prepared, Question, ShardPart, joined, number, threads};
use super::asked::{chunks, of, parse};
use super::load::{self, Part, ShardData, ShardState};
use super::memory::{LatestBefore, Memory};
use super::who::Who;
use crate::{Members, Store, StoreError};
use analysis::query::{StartRule, TraitFilter};
use analysis::shape::RetentionPlan;
use analysis::stats::Ending;
use analysis::tally::Tally;
use index::chunk::Depth;
use index::latest::Latest;
use index::month::{Month, micros};
use index::{Broken, in_parallel};
use sqlx::PgConnection;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

/// Shards that are read before they are looked at, while the next ones are read.
const GROUP: usize = 4;

const DAY: i64 = 86_400_000_000;

/// A question whose sets are made.
pub(crate) struct Ready {
    prepared: Arc<Prepared>,
    parts: Arc<Vec<ShardPart>>,
    plan: Arc<RetentionPlan>,
    /// The instants within which somebody of the question's cohorts started, the second excluded.
    range: (i64, i64),
    /// Customers with neither signup nor event, when those count.
    pub(crate) left_out: u64,
}

/// Who is counted: those who pass all conditions and belong to all segments.
pub(crate) struct Choice {
    pub(crate) filters: Vec<TraitFilter>,
    pub(crate) members: Option<Members>,
}

/// What was counted of a choice.
pub(crate) struct Side {
    pub(crate) tally: Tally,
    /// How long its customers stayed, by time, those who left before the others; none when that was not asked.
    pub(crate) endings: Vec<Ending>,
}

impl Prepared {
    /// Makes what is missing of the sets.
    pub(crate) async fn ready(
        mut self,
        store: &Store,
        snapshot: &mut PgConnection,
        question: &Question<'_>,
    ) -> Result<Ready, StoreError> {
        let parts = self.parts(store, snapshot).await?;
        let plan = question.plan;
        let bound = |place: usize| {
            micros(
                plan.periods
                    .bounds
                    .get(place)
                    .copied()
                    .unwrap_or(plan.as_of),
            )
        };
        let cohorts = usize::try_from(plan.cohort_count).unwrap_or(usize::MAX);
        let left_out = parts.iter().map(|part| number(part.sets.left_out));
        let left_out = match question.query.start {
            StartRule::Signup => left_out.sum(),
            StartRule::FirstEvent | StartRule::EachEvent => 0,
        };
        Ok(Ready {
            range: (bound(0), bound(cohorts).min(micros(plan.as_of))),
            plan: Arc::new(plan.clone()),
            prepared: Arc::new(self),
            parts: Arc::new(parts),
            left_out,
        })
    }
}

impl Ready {
    /// The values of a trait among the chosen, each with its number of customers: the most frequent first, equals by text.
    pub(crate) async fn values(
        &self,
        store: &Store,
        snapshot: &mut PgConnection,
        question: &Question<'_>,
        (name, choice): (&str, &Choice),
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let who = self.who(store, &mut *snapshot, question, choice).await?;
        let workspace = question.workspace.id.0;
        let states = &self.prepared.states;
        let columns = load::columns(snapshot, &store.activity, workspace, states, name).await?;
        let sum = self.by_shard(move |place, part, state, range| {
            let (chosen, _) = who.choose(place, state);
            let column = &columns[place];
            let mut counts = vec![0_u64; column.texts().len()];
            part.sets
                .sets
                .each_first(range, chosen.as_ref(), |customer, _| {
                    if let Some(value) = column.value(customer) {
                        counts[value] += 1;
                    }
                });
            let texts = column.texts().map(str::to_owned);
            Ok(texts.zip(counts).collect::<Vec<_>>())
        });
        let mut values: HashMap<String, u64> = HashMap::new();
        for (text, customers) in sum.await?.into_iter().flatten() {
            if customers > 0 {
                *values.entry(text).or_default() += customers;
            }
        }
        let mut values: Vec<(String, u64)> = values.into_iter().collect();
        values.sort_by(|(a, x), (b, y)| (Reverse(x), a).cmp(&(Reverse(y), b)));
        Ok(values)
    }

    /// Counts each choice; `inactivity`: with how long its customers stayed, of whom those count as gone who were not
    /// active for so many days.
    pub(crate) async fn sides(
        &self,
        store: &Store,
        snapshot: &mut PgConnection,
        question: &Question<'_>,
        choices: &[Choice],
        inactivity: Option<u32>,
    ) -> Result<Vec<Side>, StoreError> {
        let latest = match inactivity {
            Some(days) => Some((self.latest(store, &mut *snapshot).await?, days)),
            None => None,
        };
        let latest = Arc::new(latest);
        let mut sides = Vec::with_capacity(choices.len());
        for choice in choices {
            let who = self.who(store, &mut *snapshot, question, choice).await?;
            let who = Arc::new(who);
            let endings = match &*latest {
                Some(_) => self.endings(who.clone(), latest.clone()).await?,
                None => Vec::new(),
            };
            let (prepared, parts, plan) =
                (self.prepared.clone(), self.parts.clone(), self.plan.clone());
            let count = move || prepared.add_up(&plan, &parts, &who);
            let (tally, _) = joined(tokio::task::spawn_blocking(count).await)??;
            sides.push(Side { tally, endings });
        }
        Ok(sides)
    }

    /// How many internal customers are left out.
    pub(crate) async fn internal(
        &self,
        store: &Store,
        snapshot: &mut PgConnection,
        question: &Question<'_>,
    ) -> Result<u64, StoreError> {
        let everybody = Choice {
            filters: Vec::new(),
            members: None,
        };
        let who = self.who(store, snapshot, question, &everybody).await?;
        let internal = self.by_shard(move |place, _, state, _| Ok(who.choose(place, state).1));
        Ok(internal.await?.into_iter().sum())
    }

    /// How many of the chosen belong to more than one of these.
    pub(crate) async fn overlapping(
        &self,
        store: &Store,
        snapshot: &mut PgConnection,
        question: &Question<'_>,
        (choice, segments): (&Choice, Vec<Members>),
    ) -> Result<u64, StoreError> {
        let who = self.who(store, snapshot, question, choice).await?;
        let many = self.by_shard(move |place, part, state, range| {
            let (chosen, _) = who.choose(place, state);
            let mut many = 0_u64;
            part.sets
                .sets
                .each_first(range, chosen.as_ref(), |customer, _| {
                    let mut of = segments.iter().filter(|one| one.has(state.shard, customer));
                    many += u64::from(of.nth(1).is_some());
                });
            Ok(many)
        });
        Ok(many.await?.into_iter().sum())
    }

    async fn who(
        &self,
        store: &Store,
        snapshot: &mut PgConnection,
        question: &Question<'_>,
        choice: &Choice,
    ) -> Result<Who, StoreError> {
        let workspace = question.workspace;
        let conditions = (&choice.filters[..], &workspace.internal[..]);
        let states = &self.prepared.states;
        let memory = &store.activity;
        let mut who = Who::read(snapshot, memory, workspace.id.0, states, conditions).await?;
        who.members = choice.members.clone();
        Ok(who)
    }

    /// Works on all shards, several at once.
    async fn by_shard<R: Send + 'static>(
        &self,
        work: impl Fn(usize, &ShardPart, &ShardState, (i64, i64)) -> Result<R, Broken>
        + Send
        + Sync
        + 'static,
    ) -> Result<Vec<R>, StoreError> {
        let (prepared, parts, range) = (self.prepared.clone(), self.parts.clone(), self.range);
        let work = move || {
            let places: Vec<usize> = (0..parts.len()).collect();
            let done = in_parallel(threads(), &places, |&place| {
                work(place, &parts[place], &prepared.states[place], range)
            });
            done.into_iter().collect::<Result<Vec<R>, Broken>>()
        };
        Ok(joined(tokio::task::spawn_blocking(work).await)??)
    }

    /// How long the chosen stayed: from their first start in the question's cohorts to their last activity, if that is
    /// longer ago than `days`, else until as-of.
    async fn endings(
        &self,
        who: Arc<Who>,
        latest: Arc<Option<(Vec<ShardLatest>, u32)>>,
    ) -> Result<Vec<Ending>, StoreError> {
        let as_of = self.prepared.asked.as_of();
        // By days: who left, and who had not when last looked at.
        let sums = self.by_shard(move |place, part, state, range| {
            let mut sums: Vec<[u64; 2]> = Vec::new();
            let Some((latest, days)) = &*latest else {
                return Ok(sums);
            };
            let inactivity = i64::from(*days) * DAY;
            let (chosen, _) = who.choose(place, state);
            let add = |customer, start| {
                let last = latest[place].of(customer);
                let last = last.map_or(start, |last| last.max(start));
                let left = last.saturating_add(inactivity) <= as_of;
                let until = if left { last } else { as_of };
                let time = usize::try_from((until - start) / DAY).unwrap_or(0);
                if sums.len() <= time {
                    sums.resize(time + 1, [0; 2]);
                }
                sums[time][usize::from(!left)] += 1;
            };
            part.sets.sets.each_first(range, chosen.as_ref(), add);
            Ok(sums)
        });
        let mut all: Vec<[u64; 2]> = Vec::new();
        for sums in sums.await? {
            all.resize(all.len().max(sums.len()), [0; 2]);
            for (all, more) in all.iter_mut().zip(sums) {
                all[0] += more[0];
                all[1] += more[1];
            }
        }
        let endings = (0_u32..).zip(all).flat_map(|(time, both)| {
            let both = [true, false].into_iter().zip(both);
            both.map(move |(ended, customers)| Ending {
                time,
                ended,
                customers,
            })
        });
        let endings = endings.filter(|one| one.customers > 0);
        Ok(endings.collect())
    }

    /// When the customers of each shard were last active before as-of: before its month from memory or else made, within
    /// its month looked at anew.
    async fn latest(
        &self,
        store: &Store,
        snapshot: &mut PgConnection,
    ) -> Result<Vec<ShardLatest>, StoreError> {
        let asked = &self.prepared.asked;
        let (memory, workspace) = (&store.activity, asked.workspace());
        let streams: Arc<[i32]> = asked.active().into();
        let month = Month::of(asked.as_of());
        let states = &self.prepared.states;
        let known = states
            .iter()
            .map(|state| memory.latest((workspace, state.shard), &streams, (state.version, month)));
        let mut before: Vec<Option<Arc<LatestBefore>>> = known.collect();
        let part = |months, keep| Part {
            streams: &streams,
            months,
            depth: Depth::Exact,
            keep,
        };
        let missing: Vec<usize> = (0..states.len())
            .filter(|&place| before[place].is_none())
            .collect();
        let mut making = Vec::new();
        for places in missing.chunks(GROUP) {
            let group: Vec<ShardState> = places.iter().map(|&place| states[place]).collect();
            let part = part((Month(i32::MIN), Month(month.0 - 1)), false);
            let data = load::shards(&mut *snapshot, memory, workspace, &group, part).await?;
            // No more than two groups are in memory.
            for (place, made) in std::mem::take(&mut making) {
                let made: tokio::task::JoinHandle<_> = made;
                before[place] = Some(joined(made.await)??);
            }
            for (&place, data) in places.iter().zip(data) {
                let (memory, streams) = (memory.clone(), streams.clone());
                let make = move || keep_before(&memory, workspace, (&streams, month), &data);
                making.push((place, tokio::task::spawn_blocking(make)));
            }
        }
        for (place, made) in making {
            before[place] = Some(joined(made.await)??);
        }
        let part = part((month, month), true);
        let data = load::shards(snapshot, memory, workspace, states, part).await?;
        let as_of = asked.as_of();
        let work = move || {
            let within = in_parallel(threads(), &data, |data| latest_in(data, &streams, as_of));
            let both = before.into_iter().flatten().zip(within);
            both.map(|(before, within)| {
                Ok(ShardLatest {
                    before,
                    within: within?,
                })
            })
            .collect::<Result<Vec<ShardLatest>, Broken>>()
        };
        Ok(joined(tokio::task::spawn_blocking(work).await)??)
    }
}

/// When a shard's customers were last active.
struct ShardLatest {
    before: Arc<LatestBefore>,
    within: Latest,
}

impl ShardLatest {
    fn of(&self, customer: u32) -> Option<i64> {
        let within = self.within.of(customer);
        within.or_else(|| self.before.latest.of(customer))
    }
}

/// The latest events of a shard before an instant, of the months that were read.
fn latest_in(data: &ShardData, streams: &[i32], before: i64) -> Result<Latest, Broken> {
    let journal = parse(&data.journal)?;
    let all = chunks(data, streams, &journal);
    Latest::build(before, of(&all, streams))
}

fn keep_before(
    memory: &Memory,
    workspace: i32,
    (streams, month): (&Arc<[i32]>, Month),
    data: &ShardData,
) -> Result<Arc<LatestBefore>, Broken> {
    let before = Arc::new(LatestBefore {
        version: data.state.version,
        month,
        latest: latest_in(data, streams, month.start())?,
    });
    memory.put_latest((workspace, data.state.shard), streams, before.clone());
    Ok(before)
}
