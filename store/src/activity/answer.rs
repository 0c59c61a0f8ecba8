//! Counts a retention question by the index.

use super::asked::{Asked, window};
use super::gather::{Job, Made, make};
use super::kept::OnDisk;
use super::load::{ShardState, Shards};
use super::memory::{Last, Memory, Sets};
use super::who::Who;
use crate::retention::Counted;
use crate::{Members, Store, StoreError, Workspace};
use analysis::query::{RetentionQuery, StartRule};
use analysis::rule::Rule;
use analysis::shape::RetentionPlan;
use analysis::tally::Tally;
use index::{Broken, Counting, fold_in_parallel};
use sqlx::PgConnection;
use std::sync::{Arc, LazyLock, OnceLock};
use tokio::task::JoinError;

/// Customers whose sets are made at once without waiting for a turn: the work of some milliseconds.
pub(crate) const LITTLE_WORK: usize = 50_000;

/// Most connections that read for one question.
const READERS: usize = 4;

/// A question with what has been found out about it.
pub(crate) struct Question<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) query: &'a RetentionQuery,
    pub(crate) plan: &'a RetentionPlan,
    /// Numbers of the events that count as active.
    pub(crate) active: &'a [i32],
    /// Numbers of the start events.
    pub(crate) start: &'a [i32],
    /// Those who belong to all segments that it names; `None` when it names none.
    pub(crate) members: Option<&'a Members>,
}

/// A question that the index can answer, with what is in memory for it.
pub(crate) struct Prepared {
    rule: Rule,
    counting: Counting,
    pub(super) asked: Arc<Asked>,
    pub(super) states: Vec<ShardState>,
    /// The sets of each shard.
    sets: Vec<Option<Arc<Sets>>>,
}

/// Looks what is in memory; `None` when the index can't answer the question.
pub(crate) fn prepare(
    memory: &Memory,
    question: &Question<'_>,
    shards: Shards,
) -> Option<Prepared> {
    let window = window(question.query)?;
    let states = shards.indexed()?;
    let rule = Rule::new(question.query);
    let counting = Counting::new(&rule, question.plan.reach(0));
    let asked = Arc::new(Asked::new(question, window, &counting));
    let sets = states.iter().map(|state| asked.known(memory, state));
    Some(Prepared {
        sets: sets.collect(),
        rule,
        counting,
        asked,
        states,
    })
}

impl Prepared {
    /// How many customers' sets have to be made.
    pub(crate) fn work(&self) -> usize {
        let missing = self.states.iter().zip(&self.sets);
        let missing = missing.filter(|(_, sets)| sets.is_none());
        missing.map(|(state, _)| state.customers).sum()
    }

    /// Counts the question.
    pub(crate) async fn count(
        mut self,
        store: &Store,
        snapshot: &mut PgConnection,
        question: &Question<'_>,
    ) -> Result<Counted, StoreError> {
        let Question {
            workspace,
            query,
            plan,
            members,
            ..
        } = question;
        let memory = &store.activity;
        let parts = self.parts(store, &mut *snapshot).await?;
        let conditions = (&query.filters[..], &workspace.internal[..]);
        let states = &self.states;
        let mut who = Who::read(&mut *snapshot, memory, workspace.id.0, states, conditions).await?;
        who.members = members.cloned();
        let plan = (*plan).clone();
        let left_out_counts = query.start == StartRule::Signup;
        let work = move || {
            let (tally, internal) = self.add_up(&plan, &parts, &who)?;
            let left_out = parts.iter().filter(|_| left_out_counts);
            let left_out = left_out.map(|part| number(part.sets.left_out));
            Ok::<_, Broken>(Counted {
                tally,
                left_out: left_out.sum(),
                internal,
            })
        };
        Ok(joined(tokio::task::spawn_blocking(work).await)??)
    }

    /// The sets of all shards and what of their last period counts, from memory or else made from what is kept.
    pub(super) async fn parts(
        &mut self,
        store: &Store,
        snapshot: &mut PgConnection,
    ) -> Result<Vec<ShardPart>, StoreError> {
        let missing = self.work() > 0;
        let helpers = if self.work() > store.little_work {
            threads().min(READERS) - 1
        } else {
            0
        };
        let mut found = std::mem::take(&mut self.sets);
        let damaged = self
            .find(store, &mut *snapshot, &mut found, helpers)
            .await?;
        let jobs = found.iter().enumerate().zip(&self.states);
        let jobs = jobs.filter(|((_, sets), _)| sets.is_none());
        let jobs = jobs.map(|((place, _), state)| (place, *state, Job::Sets));
        let jobs = jobs.collect();
        for (place, made) in make(store, &mut *snapshot, &self.asked, jobs, helpers).await? {
            if let Made::Sets(sets) = made {
                found[place] = Some(sets);
            }
        }
        let sets: Option<Vec<Arc<Sets>>> = found.into_iter().collect();
        let sets = sets.ok_or(Broken("a shard without sets"))?;
        let mut parts = Vec::with_capacity(sets.len());
        let mut jobs = Vec::new();
        for (place, (sets, state)) in sets.into_iter().zip(&self.states).enumerate() {
            let needed = self.asked.needs_last(&sets);
            let known = self
                .asked
                .known_last(&store.activity, state.shard, &sets)
                .filter(|_| needed);
            if needed && known.is_none() {
                jobs.push((place, *state, Job::Last(sets.clone())));
            }
            parts.push(ShardPart {
                sets,
                last: known,
                before: OnceLock::new(),
            });
        }
        let missing = missing || !jobs.is_empty();
        for (place, made) in make(store, snapshot, &self.asked, jobs, helpers).await? {
            if let Made::Last(last) = made {
                parts[place].last = Some(last);
            }
        }
        let customers: usize = self.states.iter().map(|state| state.customers).sum();
        // Fewer are made sooner than they would be found.
        if customers > store.little_work && missing {
            store.keep_soon(self.asked.about(), damaged);
        }
        Ok(parts)
    }

    /// Takes from the disk what is not in memory; whether any of it was of no use.
    async fn find(
        &self,
        store: &Store,
        snapshot: &mut PgConnection,
        found: &mut [Option<Arc<Sets>>],
        helpers: usize,
    ) -> Result<bool, StoreError> {
        let known = |state: &ShardState| store.activity.has_sets(self.asked.about(), state.shard);
        // Of those that were in memory, what is on disk is no newer.
        let wanted = found.iter().zip(&self.states);
        let wanted = wanted.filter(|(sets, state)| sets.is_none() && !known(state));
        let wanted: Vec<ShardState> = wanted.map(|(_, state)| *state).collect();
        if wanted.is_empty() {
            return Ok(false);
        }
        let on_disk = OnDisk::of(&self.asked);
        let kept = on_disk.shards(&mut *snapshot, &wanted).await?;
        let jobs = self.states.iter().enumerate();
        let jobs = jobs.filter(|(_, state)| kept.contains(&state.shard));
        let jobs = jobs.map(|(place, state)| (place, *state, Job::Kept));
        let made = make(store, snapshot, &self.asked, jobs.collect(), helpers).await?;
        let mut damaged = false;
        for (place, made) in made {
            match made {
                Made::Sets(sets) => found[place] = Some(sets),
                _ => damaged = true,
            }
        }
        Ok(damaged)
    }
}

/// A shard's sets.
pub(super) struct ShardPart {
    pub(super) sets: Arc<Sets>,
    /// Its last period, where as-of does not let all of it be seen.
    last: Option<Arc<Last>>,
    /// What of that period comes before as-of, once somebody asked.
    before: OnceLock<index::Last>,
}

impl ShardPart {
    fn before(&self, as_of: i64) -> Option<&index::Last> {
        let last = self.last.as_ref()?;
        let before = || last.period.before(&self.sets.sets, as_of);
        Some(self.before.get_or_init(before))
    }
}

impl Prepared {
    /// The counting itself: the tally, and the number of internal customers.
    pub(super) fn add_up(
        &self,
        plan: &RetentionPlan,
        parts: &[ShardPart],
        who: &Who,
    ) -> Result<(Tally, u64), Broken> {
        let first = plan.periods.bounds.first();
        let add = |place: usize, tally: &mut Tally| {
            let Sets { frame, sets, .. } = &*parts[place].sets;
            let last = parts[place].before(self.asked.as_of());
            let offset = first.and_then(|&first| frame.offset(first));
            let offset = offset.ok_or(Broken("sets that begin later than they should"))?;
            let state = &self.states[place];
            let (chosen, internal) = who.choose_entries(place, state, &parts[place].sets);
            sets.count(&self.counting, plan, offset, chosen.as_deref(), last, tally);
            Ok::<_, Broken>(internal)
        };
        let zero = || Ok((Tally::new(self.rule.clone(), plan), 0));
        // Adding up a tally for every shard would take longer than counting them.
        let sums = fold_in_parallel(threads(), parts.len(), zero, |sum, place| {
            if let Ok((tally, internal)) = sum {
                match add(place, tally) {
                    Ok(more) => *internal += more,
                    Err(broken) => *sum = Err(broken),
                }
            }
        });
        let merge = |(mut all, internal): (Tally, u64), (tally, more): (Tally, u64)| {
            all.merge(&tally);
            (all, internal + more)
        };
        let all = sums.into_iter().reduce(|all, sum| Ok(merge(all?, sum?)));
        all.unwrap_or_else(zero)
    }
}

/// A length as a count.
pub(super) fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// As many as there are processors.
pub(super) fn threads() -> usize {
    // the system looks it up in files
    static THREADS: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, usize::from));
    *THREADS
}

/// What a task or thread returned.
pub(crate) fn joined<T>(result: Result<T, JoinError>) -> Result<T, StoreError> {
    result.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The runtime is being shut down: nobody waits for the answer.
        Err(_) => StoreError::Index(Broken("the work was given up")),
    })
}
