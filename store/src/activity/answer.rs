//! Counts a retention question by the index.

use super::load::{self, ShardData, ShardState};
use super::memory::{Memory, Question, Sets};
use crate::{StoreError, Workspace};
use analysis::query::{RetentionQuery, TraitFilter};
use analysis::rule::Rule;
use analysis::shape::RetentionPlan;
use analysis::tally::Tally;
use index::chunk::Depth;
use index::column::Column;
use index::month::micros;
use index::segment::Segment;
use index::sets::ShardSets;
use index::starts::Starts;
use index::{Broken, Counting, Frame, Selection, Window, in_parallel};
use sqlx::PgConnection;
use std::sync::Arc;
use tokio::task::{JoinError, JoinHandle};

/// Shards that are read before sets are made of them, while the next ones are read.
const GROUP: usize = 8;

/// Whether the index can answer a question. Every part of a question is named here, so that a new one has to be thought
/// of.
fn covers(query: &RetentionQuery) -> bool {
    let RetentionQuery {
        grain: _,
        kind: _,
        brackets: _,
        column_zero: _,
        follow_up: _,
        active: _,
        cohorts: _,
        as_of: _,
        filters: _,
        small: _,
    } = query;
    true
}

/// The tally of a question, and how many customers could not be placed; `None` when the index can't answer it.
pub(crate) async fn tally(
    snapshot: &mut PgConnection,
    memory: &Arc<Memory>,
    workspace: &Workspace,
    query: &RetentionQuery,
    plan: &RetentionPlan,
    mut streams: Vec<i32>,
) -> Result<Option<(Tally, u64)>, StoreError> {
    if !covers(query) {
        return Ok(None);
    }
    let number = workspace.id.0;
    let Some(states) = load::states(&mut *snapshot, number).await? else {
        return Ok(None);
    };
    streams.sort_unstable();
    let rule = Rule::new(query);
    let counting = Counting::new(&rule, plan.reach(0));
    let asked = Asked::new(workspace, plan, streams, &counting);
    let sets = sets(&mut *snapshot, memory, &asked, &states).await?;
    let mut tests = Vec::with_capacity(query.filters.len());
    for filter in &query.filters {
        let columns = load::columns(&mut *snapshot, memory, number, &states, &filter.name).await?;
        tests.push((filter.clone(), columns));
    }
    let plan = plan.clone();
    let work = move || count(&rule, &counting, &plan, (&states, &sets), &tests);
    let counted = joined(tokio::task::spawn_blocking(work).await)??;
    Ok(Some(counted))
}

/// A question's frames: where as-of hides something of a shard, and where it hides nothing.
struct Asked {
    first: i64,
    as_of: i64,
    open: (Arc<Question>, Arc<Frame>),
    limited: (Arc<Question>, Arc<Frame>),
}

impl Asked {
    fn new(
        workspace: &Workspace,
        plan: &RetentionPlan,
        streams: Vec<i32>,
        counting: &Counting,
    ) -> Self {
        let bounds = &plan.periods.bounds;
        let bound = |at: Option<&jiff::Timestamp>| at.map_or(i64::MIN, |&at| micros(at));
        let (window, at_least, own) = (Window::Calendar, 1, counting.needs_own());
        let question = Question {
            workspace: workspace.id.0,
            zone: workspace.zone.clone(),
            week_start: workspace.week_start,
            grain: plan.periods.grain,
            window,
            at_least,
            own,
            streams,
            end: bound(bounds.last()),
            limit: None,
        };
        // An as-of before or after all there is.
        let frame = |newest| Frame::new(&plan.periods, plan.as_of, newest, window, at_least, own);
        let as_of = micros(plan.as_of);
        let limited = Question {
            limit: Some(as_of),
            ..question.clone()
        };
        Self {
            first: bound(bounds.first()),
            as_of,
            open: (Arc::new(question), Arc::new(frame(i64::MIN))),
            limited: (Arc::new(limited), Arc::new(frame(i64::MAX))),
        }
    }

    /// The question and the frame for a shard with nothing newer than this.
    fn of(&self, newest: i64) -> &(Arc<Question>, Arc<Frame>) {
        if self.as_of > newest {
            &self.open
        } else {
            &self.limited
        }
    }

    /// What is in memory for a shard.
    fn known(&self, memory: &Memory, state: &ShardState) -> Option<Arc<Sets>> {
        let fits = |sets: &Arc<Sets>| sets.frame.offset_of(self.first).is_some();
        let open = memory.sets(&self.open.0, state.shard, state.version);
        let open = open.filter(|sets| self.as_of > sets.newest);
        open.filter(fits).or_else(|| {
            memory
                .sets(&self.limited.0, state.shard, state.version)
                .filter(fits)
        })
    }
}

/// The sets of all shards, from memory or else made from what is kept.
async fn sets(
    snapshot: &mut PgConnection,
    memory: &Arc<Memory>,
    asked: &Asked,
    states: &[ShardState],
) -> Result<Vec<Arc<Sets>>, StoreError> {
    let mut found: Vec<Option<Arc<Sets>>> = states
        .iter()
        .map(|state| asked.known(memory, state))
        .collect();
    let missing: Vec<usize> = (0..states.len())
        .filter(|&place| found[place].is_none())
        .collect();
    let mut making = Vec::new();
    for places in missing.chunks(GROUP) {
        let group: Vec<ShardState> = places.iter().map(|&place| states[place]).collect();
        let depth = group.iter().map(|state| asked.depth(state)).max();
        let depth = depth.unwrap_or(Depth::Exact);
        let data = asked.read(&mut *snapshot, memory, &group, depth).await?;
        for (&place, data) in places.iter().zip(data) {
            making.push((place, asked.make(memory, data)));
        }
    }
    for (place, making) in making {
        let made = match joined(making.await)? {
            // The journal has events from as-of on, so that finer planes are needed than was thought.
            Err(Broken::UNREAD) => {
                let state = &states[place..=place];
                let data = asked
                    .read(&mut *snapshot, memory, state, Depth::Exact)
                    .await?;
                let data = data.into_iter().next().ok_or(Broken::UNREAD)?;
                joined(asked.make(memory, data).await)?
            }
            made => made,
        };
        found[place] = Some(made?);
    }
    Ok(found.into_iter().flatten().collect())
}

impl Asked {
    /// The planes that a shard's chunks need.
    fn depth(&self, state: &ShardState) -> Depth {
        let newest = state.newest.unwrap_or(i64::MIN);
        self.of(newest).1.depth()
    }

    async fn read(
        &self,
        snapshot: &mut PgConnection,
        memory: &Memory,
        states: &[ShardState],
        depth: Depth,
    ) -> Result<Vec<ShardData>, StoreError> {
        let Question {
            workspace, streams, ..
        } = &*self.open.0;
        load::shards(snapshot, memory, *workspace, states, streams, depth).await
    }

    /// Makes a shard's sets on a thread of their own.
    fn make(&self, memory: &Arc<Memory>, data: ShardData) -> JoinHandle<Result<Arc<Sets>, Broken>> {
        let (open, limited) = (self.open.clone(), self.limited.clone());
        let (memory, as_of) = (memory.clone(), self.as_of);
        tokio::task::spawn_blocking(move || {
            let shard = data.state.shard;
            let journal = parse(&data.journal)?;
            let current = Current::new(&data, &journal)?;
            let (question, frame) = if as_of > current.newest {
                open
            } else {
                limited
            };
            let chunks = data.streams.iter().flat_map(|stream| &stream.chunks);
            let since = journal.iter().flat_map(|segment| &segment.parts);
            let since = since.filter(|((stream, _), _)| question.streams.contains(stream));
            let chunks = chunks
                .map(|(month, chunk)| (*month, chunk))
                .chain(since.map(|((_, month), chunk)| (*month, chunk)));
            let sets = Arc::new(Sets {
                version: data.state.version,
                sets: ShardSets::build(&frame, current.starts.entries(), chunks)?,
                newest: current.newest,
                left_out: current.starts.without(),
                frame,
            });
            memory.put_sets(&question, shard, sets.clone());
            Ok(sets)
        })
    }
}

fn parse(journal: &[Vec<u8>]) -> Result<Vec<Segment<'_>>, Broken> {
    journal.iter().map(|bytes| Segment::parse(bytes)).collect()
}

/// A shard's starts with the journal's.
struct Current {
    starts: Arc<Starts>,
    /// The newest event or start.
    newest: i64,
}

impl Current {
    fn new(data: &ShardData, journal: &[Segment<'_>]) -> Result<Self, Broken> {
        let mut newest = data.state.newest.unwrap_or(i64::MIN);
        let mut starts = data.starts.clone();
        if !journal.is_empty() || starts.len() < data.state.customers {
            let starts = Arc::make_mut(&mut starts);
            starts.grow(data.state.customers);
            for segment in journal {
                if let Some(event) = starts.fold(segment)? {
                    newest = newest.max(event);
                }
            }
        }
        newest = newest.max(starts.newest().unwrap_or(i64::MIN));
        Ok(Self { starts, newest })
    }
}

/// The counting itself.
fn count(
    rule: &Rule,
    counting: &Counting,
    plan: &RetentionPlan,
    (states, sets): (&[ShardState], &[Arc<Sets>]),
    tests: &[(TraitFilter, Vec<Arc<Column>>)],
) -> Result<(Tally, u64), Broken> {
    let places: Vec<usize> = (0..sets.len()).collect();
    let first = plan.periods.bounds.first();
    let add = |place: usize, tally: &mut Tally| {
        let Sets { frame, sets, .. } = &*sets[place];
        let offset = first.and_then(|&first| frame.offset(first));
        let offset = offset.ok_or(Broken("sets that begin later than they should"))?;
        let mut chosen = None;
        if !tests.is_empty() {
            let customers = states[place].customers;
            let mut selection = Selection::all(customers);
            for (filter, columns) in tests {
                selection.and(&columns[place].select(&filter.test, customers));
            }
            chosen = Some(sets.choose(&selection));
        }
        sets.count(counting, offset, chosen.as_deref(), tally);
        Ok(())
    };
    // Adding up a tally for every shard would take longer than counting them.
    let groups: Vec<&[usize]> = places
        .chunks(places.len().div_ceil(threads()).max(1))
        .collect();
    let parts = in_parallel(threads(), &groups, |places| {
        let mut tally = Tally::new(rule.clone(), plan);
        for &place in *places {
            add(place, &mut tally)?;
        }
        Ok::<_, Broken>(tally)
    });
    let mut all = Tally::new(rule.clone(), plan);
    for part in parts {
        all.merge(&part?);
    }
    let left_out = sets
        .iter()
        .map(|sets| u64::try_from(sets.left_out).unwrap_or(u64::MAX));
    Ok((all, left_out.sum()))
}

/// As many as there are processors.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What a thread returned.
fn joined<T>(result: Result<T, JoinError>) -> Result<T, StoreError> {
    result.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The runtime is being shut down: nobody waits for the answer.
        Err(_) => StoreError::Index(Broken("the work was given up")),
    })
}
