//! Counts a retention question by the index.

use super::asked::{Asked, window};
use super::gather::{Job, Made, make};
use super::load::{self, ShardState};
use super::memory::{Last, Memory, Sets};
use crate::retention::Counted;
use crate::{Members, Store, StoreError, Workspace};
use analysis::query::{RetentionQuery, StartRule, TraitFilter, TraitTest};
use analysis::rule::Rule;
use analysis::shape::RetentionPlan;
use analysis::tally::Tally;
use index::column::Column;
use index::{Broken, Counting, Selection, in_parallel};
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
pub(crate) async fn prepare(
    snapshot: &mut PgConnection,
    memory: &Memory,
    question: &Question<'_>,
) -> Result<Option<Prepared>, StoreError> {
    let Some(window) = window(question.query) else {
        return Ok(None);
    };
    let workspace = question.workspace.id.0;
    let Some(states) = load::states(snapshot, workspace).await? else {
        return Ok(None);
    };
    let rule = Rule::new(question.query);
    let counting = Counting::new(&rule, question.plan.reach(0));
    let asked = Arc::new(Asked::new(question, window, &counting));
    let sets = states.iter().map(|state| asked.known(memory, state));
    Ok(Some(Prepared {
        sets: sets.collect(),
        rule,
        counting,
        asked,
        states,
    }))
}

impl Prepared {
    /// How many customers' sets have to be made.
    pub(crate) fn work(&self) -> usize {
        let missing = self.states.iter().zip(&self.sets);
        let missing = missing.filter(|(_, sets)| sets.is_none());
        missing.map(|(state, _)| state.customers).sum()
    }

    /// Counts the question. Once all is read, the counting itself goes on beside what `meanwhile` asks of the snapshot.
    pub(crate) async fn count<T>(
        mut self,
        store: &Store,
        snapshot: &mut PgConnection,
        question: &Question<'_>,
        meanwhile: impl AsyncFnOnce(&mut PgConnection) -> Result<T, StoreError>,
    ) -> Result<(Counted, T), StoreError> {
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
        let (counted, other) = tokio::join!(tokio::task::spawn_blocking(work), meanwhile(snapshot));
        Ok((joined(counted)??, other?))
    }

    /// The sets of all shards and what of their last period counts, from memory or else made from what is kept.
    pub(super) async fn parts(
        &mut self,
        store: &Store,
        snapshot: &mut PgConnection,
    ) -> Result<Vec<ShardPart>, StoreError> {
        let helpers = if self.work() > store.little_work {
            threads().min(READERS) - 1
        } else {
            0
        };
        let mut found = std::mem::take(&mut self.sets);
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
        for (place, made) in make(store, snapshot, &self.asked, jobs, helpers).await? {
            if let Made::Last(last) = made {
                parts[place].last = Some(last);
            }
        }
        Ok(parts)
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

/// A test with the trait's column in each shard.
type Test = (TraitTest, Vec<Arc<Column>>);

/// Who is counted.
pub(super) struct Who {
    /// All of these hold.
    filters: Vec<Test>,
    /// None of these does.
    internal: Vec<Test>,
    /// Only these, if not all.
    pub(super) members: Option<Members>,
}

impl Who {
    /// Those who pass the first conditions, without those who pass any of the second.
    pub(super) async fn read(
        snapshot: &mut PgConnection,
        memory: &Memory,
        workspace: i32,
        states: &[ShardState],
        (filters, internal): (&[TraitFilter], &[TraitFilter]),
    ) -> Result<Who, StoreError> {
        let mut who = Who {
            filters: Vec::new(),
            internal: Vec::new(),
            members: None,
        };
        for (filters, tests) in [(filters, &mut who.filters), (internal, &mut who.internal)] {
            for filter in filters {
                let columns =
                    load::columns(&mut *snapshot, memory, workspace, states, &filter.name);
                tests.push((filter.test.clone(), columns.await?));
            }
        }
        Ok(who)
    }

    /// The chosen customers of a shard, if there is a choice, and how many are internal.
    pub(super) fn choose(&self, place: usize, state: &ShardState) -> (Option<Selection>, u64) {
        let customers = state.customers;
        if self.filters.is_empty() && self.internal.is_empty() && self.members.is_none() {
            return (None, 0);
        }
        let mut chosen = Selection::all(customers);
        for (test, columns) in &self.internal {
            chosen.without(&columns[place].select(test, customers));
        }
        let internal = number(customers - chosen.len());
        for (test, columns) in &self.filters {
            chosen.and(&columns[place].select(test, customers));
        }
        if let Some(members) = self.members.as_ref().and_then(|all| all.shard(state.shard)) {
            chosen.and(members);
        }
        (Some(chosen), internal)
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
        let places: Vec<usize> = (0..parts.len()).collect();
        let first = plan.periods.bounds.first();
        let add = |place: usize, tally: &mut Tally| {
            let Sets { frame, sets, .. } = &*parts[place].sets;
            let last = parts[place].before(self.asked.as_of());
            let offset = first.and_then(|&first| frame.offset(first));
            let offset = offset.ok_or(Broken("sets that begin later than they should"))?;
            let (chosen, internal) = who.choose(place, &self.states[place]);
            let chosen = chosen.map(|chosen| sets.choose(&chosen));
            sets.count(&self.counting, plan, offset, chosen.as_deref(), last, tally);
            Ok::<_, Broken>(internal)
        };
        // Adding up a tally for every shard would take longer than counting them.
        let groups: Vec<&[usize]> = places
            .chunks(places.len().div_ceil(threads()).max(1))
            .collect();
        let tallies = in_parallel(threads(), &groups, |places| {
            let mut tally = Tally::new(self.rule.clone(), plan);
            let mut internal = 0;
            for &place in *places {
                internal += add(place, &mut tally)?;
            }
            Ok::<_, Broken>((tally, internal))
        });
        let (mut all, mut all_internal) = (Tally::new(self.rule.clone(), plan), 0);
        for tally in tallies {
            let (tally, internal) = tally?;
            all.merge(&tally);
            all_internal += internal;
        }
        Ok((all, all_internal))
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
