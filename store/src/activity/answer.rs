//! Counts a retention question by the index.

use super::load::{self, ShardData, ShardState};
use super::memory::{About, Memory, Sets};
use crate::retention::Counted;
use crate::{Members, StoreError, Workspace};
use analysis::period::Length;
use analysis::query::{self, BeforeStart, RetentionQuery, StartRule, TraitFilter, TraitTest};
use analysis::rule::Rule;
use analysis::shape::RetentionPlan;
use analysis::tally::Tally;
use index::chunk::{Chunk, Depth};
use index::column::Column;
use index::month::{Month, micros};
use index::segment::Segment;
use index::sets::{Entry, ShardSets};
use index::starts::{Starts, each_event, first_events};
use index::{Broken, Counting, Frame, Selection, Window, in_parallel};
use sqlx::PgConnection;
use std::sync::Arc;
use tokio::task::{JoinError, JoinHandle};

/// Shards that are read before sets are made of them, while the next ones are read.
const GROUP: usize = 8;

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

/// How periods are laid for a question; `None` when the index can't answer it. Every part of a question is named here,
/// so that a new one has to be thought of.
pub(super) fn window(query: &RetentionQuery) -> Option<Window> {
    let RetentionQuery {
        grain,
        kind: _,
        brackets: _,
        column_zero: _,
        follow_up: _,
        window,
        start: _,
        start_events: _,
        start_where,
        before_start: _,
        activity: _,
        active: _,
        active_where,
        any_event: _,
        min_count: _,
        cohorts: _,
        as_of: _,
        filters: _,
        behaviours,
        segments: _,
        small: _,
    } = query;
    // It has no properties, and no windows but one.
    if !(start_where.is_empty() && active_where.is_empty() && behaviours.is_empty()) {
        return None;
    }
    match (window, grain.length()) {
        (query::Window::Calendar, _) => Some(Window::Calendar),
        (query::Window::Rolling, Length::Seconds(seconds)) => {
            Some(Window::Rolling(i64::from(seconds) * 1_000_000))
        }
        (query::Window::Rolling, Length::Months(_)) => None,
    }
}

/// Counts a question; `None` when the index can't answer it.
pub(crate) async fn count(
    snapshot: &mut PgConnection,
    memory: &Arc<Memory>,
    question: &Question<'_>,
) -> Result<Option<Counted>, StoreError> {
    let Question {
        workspace,
        query,
        plan,
        members,
        ..
    } = question;
    let Some(window) = window(query) else {
        return Ok(None);
    };
    let Some(states) = load::states(&mut *snapshot, workspace.id.0).await? else {
        return Ok(None);
    };
    let rule = Rule::new(query);
    let counting = Counting::new(&rule, plan.reach(0));
    let asked = Asked::new(question, window, &counting);
    let sets = sets(&mut *snapshot, memory, &asked, &states).await?;
    let conditions = (&query.filters[..], &workspace.internal[..]);
    let mut who = Who::read(&mut *snapshot, memory, workspace.id.0, &states, conditions).await?;
    who.members = members.cloned();
    let plan = (*plan).clone();
    let left_out_counts = query.start == StartRule::Signup;
    let work = move || {
        let (tally, internal) = add_up(&rule, &counting, &plan, (&states, &sets), &who)?;
        let left_out = sets.iter().filter(|_| left_out_counts);
        let left_out = left_out.map(|sets| number(sets.left_out));
        Ok::<_, Broken>(Counted {
            tally,
            left_out: left_out.sum(),
            internal,
        })
    };
    Ok(Some(joined(tokio::task::spawn_blocking(work).await)??))
}

/// A question's frames: where as-of hides something of a shard, and where it hides nothing.
struct Asked {
    first: i64,
    as_of: i64,
    /// All streams that are read.
    streams: Vec<i32>,
    open: (Arc<About>, Arc<Frame>),
    limited: (Arc<About>, Arc<Frame>),
}

impl Asked {
    fn new(question: &Question<'_>, window: Window, counting: &Counting) -> Self {
        let Question {
            workspace,
            query,
            plan,
            active,
            start,
            members: _,
        } = question;
        let bounds = &plan.periods.bounds;
        let bound = |at: Option<&jiff::Timestamp>| at.map_or(i64::MIN, |&at| micros(at));
        let sorted = |streams: &[i32]| {
            let mut streams = streams.to_vec();
            streams.sort_unstable();
            streams
        };
        let signup = query.start == StartRule::Signup;
        let (at_least, own) = (query.min_count, counting.needs_own());
        let about = About {
            workspace: workspace.id.0,
            zone: workspace.zone.clone(),
            week_start: workspace.week_start,
            grain: plan.periods.grain,
            window,
            at_least,
            own,
            count_before: query.before_start == BeforeStart::Count,
            active: sorted(active),
            rule: query.start,
            start: sorted(if signup { &[] } else { start }),
            end: bound(bounds.last()),
            limit: None,
        };
        let mut streams = [&about.active[..], &about.start[..]].concat();
        streams.sort_unstable();
        streams.dedup();
        // An as-of before or after all there is.
        let frame = |newest| Frame::new(&plan.periods, plan.as_of, newest, window, at_least, own);
        let as_of = micros(plan.as_of);
        let limited = About {
            limit: Some(as_of),
            ..about.clone()
        };
        Self {
            first: bound(bounds.first()),
            as_of,
            streams,
            open: (Arc::new(about), Arc::new(frame(i64::MIN))),
            limited: (Arc::new(limited), Arc::new(frame(i64::MAX))),
        }
    }

    /// The question and the frame for a shard with nothing newer than this.
    fn of(&self, newest: i64) -> &(Arc<About>, Arc<Frame>) {
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
        // When somebody started is exact.
        if !self.open.0.start.is_empty() {
            return Depth::Exact;
        }
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
        let workspace = self.open.0.workspace;
        load::shards(snapshot, memory, workspace, states, &self.streams, depth).await
    }

    /// Makes a shard's sets on a thread of their own.
    fn make(&self, memory: &Arc<Memory>, data: ShardData) -> JoinHandle<Result<Arc<Sets>, Broken>> {
        let (open, limited) = (self.open.clone(), self.limited.clone());
        let (memory, as_of, streams) = (memory.clone(), self.as_of, self.streams.clone());
        tokio::task::spawn_blocking(move || {
            let shard = data.state.shard;
            let journal = parse(&data.journal)?;
            let current = Current::new(&data, &journal)?;
            let (about, frame) = if as_of > current.newest {
                open
            } else {
                limited
            };
            let kept = streams.iter().zip(&data.streams);
            let kept = kept.flat_map(|(number, stream)| {
                let chunks = stream.chunks.iter();
                chunks.map(move |(month, chunk)| (*number, *month, chunk))
            });
            let since = journal.iter().flat_map(|segment| &segment.parts);
            let since = since.map(|((number, month), chunk)| (*number, *month, chunk));
            let all: Vec<(i32, Month, &Chunk<'_>)> = kept.chain(since).collect();
            let of = |streams: &[i32]| {
                let mine = all.iter().filter(|(number, ..)| streams.contains(number));
                let mine: Vec<(Month, &Chunk<'_>)> =
                    mine.map(|(_, month, chunk)| (*month, *chunk)).collect();
                mine
            };
            let mut entries: Vec<Entry> = match about.rule {
                StartRule::Signup => current.starts.entries().collect(),
                StartRule::FirstEvent => first_events(of(&about.start))?,
                StartRule::EachEvent => each_event(&frame, of(&about.start))?,
            };
            if about.count_before {
                // From the beginning of the cohort's own period.
                entries.iter_mut().for_each(|entry| entry.since = i64::MIN);
            }
            let sets = Arc::new(Sets {
                version: data.state.version,
                sets: ShardSets::build(&frame, entries, of(&about.active))?,
                newest: current.newest,
                left_out: current.starts.without(),
                frame,
            });
            memory.put_sets(&about, shard, sets.clone());
            Ok(sets)
        })
    }
}

/// The segments of a journal.
pub(super) fn parse(journal: &[Vec<u8>]) -> Result<Vec<Segment<'_>>, Broken> {
    journal.iter().map(|bytes| Segment::parse(bytes)).collect()
}

/// A shard's starts with the journal's.
pub(super) struct Current {
    pub(super) starts: Arc<Starts>,
    /// The newest event or start.
    newest: i64,
}

impl Current {
    pub(super) fn new(data: &ShardData, journal: &[Segment<'_>]) -> Result<Self, Broken> {
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

/// The counting itself: the tally, and the number of internal customers.
fn add_up(
    rule: &Rule,
    counting: &Counting,
    plan: &RetentionPlan,
    (states, sets): (&[ShardState], &[Arc<Sets>]),
    who: &Who,
) -> Result<(Tally, u64), Broken> {
    let places: Vec<usize> = (0..sets.len()).collect();
    let first = plan.periods.bounds.first();
    let add = |place: usize, tally: &mut Tally| {
        let Sets { frame, sets, .. } = &*sets[place];
        let offset = first.and_then(|&first| frame.offset(first));
        let offset = offset.ok_or(Broken("sets that begin later than they should"))?;
        let (chosen, internal) = who.choose(place, &states[place]);
        let chosen = chosen.map(|chosen| sets.choose(&chosen));
        sets.count(counting, plan, offset, chosen.as_deref(), None, tally);
        Ok::<_, Broken>(internal)
    };
    // Adding up a tally for every shard would take longer than counting them.
    let groups: Vec<&[usize]> = places
        .chunks(places.len().div_ceil(threads()).max(1))
        .collect();
    let parts = in_parallel(threads(), &groups, |places| {
        let mut tally = Tally::new(rule.clone(), plan);
        let mut internal = 0;
        for &place in *places {
            internal += add(place, &mut tally)?;
        }
        Ok::<_, Broken>((tally, internal))
    });
    let (mut all, mut all_internal) = (Tally::new(rule.clone(), plan), 0);
    for part in parts {
        let (tally, internal) = part?;
        all.merge(&tally);
        all_internal += internal;
    }
    Ok((all, all_internal))
}

/// A length as a count.
pub(super) fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// As many as there are processors.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What a thread returned.
pub(crate) fn joined<T>(result: Result<T, JoinError>) -> Result<T, StoreError> {
    result.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // The runtime is being shut down: nobody waits for the answer.
        Err(_) => StoreError::Index(Broken("the work was given up")),
    })
}
