//! What a question means for a shard, and the sets that answer it.

use super::answer::Question;
use super::load::{ALL_MONTHS, Part, ShardData, ShardState};
use super::memory::{About, Last, Memory, Sets};
use super::who::Remembered;
use analysis::period::Length;
use analysis::query::{self, BeforeStart, RetentionQuery, StartRule, Unit};
use index::chunk::{Chunk, Depth};
use index::month::{Month, micros};
use index::segment::Segment;
use index::sets::{Entry, ShardSets};
use index::starts::{Starts, each_event, first_events};
use index::{Broken, Counting, Frame, Window};
use std::sync::Arc;

/// How periods are laid for a question; `None` when the index can't answer it. Every part of a question is named here,
/// so that a new one has to be thought of.
pub(super) fn window(query: &RetentionQuery) -> Option<Window> {
    let RetentionQuery {
        unit,
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
        account_filters,
        behaviours,
        segments: _,
        small: _,
    } = query;
    // It knows nothing of accounts.
    if *unit == Unit::Accounts || !account_filters.is_empty() {
        return None;
    }
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

/// A question's frames.
///
/// Calendar periods before the last one are the same for any as-of in it. So sets see the whole last period, and where
/// something of a shard lies after as-of, when each entry became active in that period is compared with it (`Last`).
/// Rolling periods are each entry's own: there as-of limits the sets themselves.
pub(super) struct Asked {
    first: i64,
    as_of: i64,
    /// The end of the last period.
    end: i64,
    /// All streams that are read.
    streams: Vec<i32>,
    /// Sets that see all of the last period.
    open: (Arc<About>, Arc<Frame>),
    /// Rolling sets that see nothing from as-of on.
    limited: (Arc<About>, Arc<Frame>),
}

impl Asked {
    pub(super) fn new(question: &Question<'_>, window: Window, counting: &Counting) -> Self {
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
            limited: false,
        };
        let mut streams = [&about.active[..], &about.start[..]].concat();
        streams.sort_unstable();
        streams.dedup();
        // An as-of before or after all there is.
        let frame = |newest| Frame::new(&plan.periods, plan.as_of, newest, window, at_least, own);
        let as_of = micros(plan.as_of);
        let limited = About {
            limited: true,
            ..about.clone()
        };
        Self {
            first: bound(bounds.first()),
            as_of,
            end: about.end,
            streams,
            open: (Arc::new(about), Arc::new(frame(i64::MIN))),
            limited: (Arc::new(limited), Arc::new(frame(i64::MAX))),
        }
    }

    pub(super) fn workspace(&self) -> i32 {
        self.open.0.workspace
    }

    /// The streams that count as active.
    pub(super) fn active(&self) -> &[i32] {
        &self.open.0.active
    }

    pub(super) fn as_of(&self) -> i64 {
        self.as_of
    }

    /// Where the first cohort begins.
    pub(super) fn first(&self) -> i64 {
        self.first
    }

    /// What sets are about that see all of the last period.
    pub(super) fn about(&self) -> &Arc<About> {
        &self.open.0
    }

    /// Their frame.
    pub(super) fn frame(&self) -> &Arc<Frame> {
        &self.open.1
    }

    pub(super) fn calendar(&self) -> bool {
        self.open.0.window == Window::Calendar
    }

    /// The sets of a shard, if they are in memory.
    pub(super) fn known(&self, memory: &Memory, state: &ShardState) -> Option<Arc<Sets>> {
        let fits = |sets: &Arc<Sets>| sets.frame.offset_of(self.first).is_some();
        let open = memory.sets(&self.open.0, state.shard, state.version);
        let open = open.filter(|sets| self.calendar() || self.as_of > sets.newest);
        open.filter(fits).or_else(|| {
            let limited = memory.sets(&self.limited.0, state.shard, state.version);
            limited.filter(|sets| !self.calendar() && sets.as_of == Some(self.as_of) && fits(sets))
        })
    }

    /// Whether these sets see more of the last period than as-of lets them.
    pub(super) fn needs_last(&self, sets: &Sets) -> bool {
        self.calendar() && self.as_of <= sets.newest && self.as_of < self.end
    }

    /// When a shard's entries became active in the last period, if it is in memory.
    pub(super) fn known_last(&self, memory: &Memory, shard: i16, sets: &Sets) -> Option<Arc<Last>> {
        let last = memory.last(&self.open.0, shard)?;
        last.fits(sets).then_some(last)
    }

    /// What the last period needs: the streams, the first and the last month, and the planes.
    pub(super) fn last_part(&self) -> Part<'_> {
        let last = self.open.1.last_period();
        Part {
            streams: &self.open.0.active,
            months: last.map_or(ALL_MONTHS, |(from, to)| {
                (Month::of(from), Month::of(to - 1))
            }),
            depth: Depth::Exact,
            keep: true,
        }
    }

    /// What sets need.
    pub(super) fn part(&self) -> Part<'_> {
        // When somebody started is exact.
        let exact = !self.open.0.start.is_empty();
        Part {
            streams: &self.streams,
            months: ALL_MONTHS,
            depth: if exact {
                Depth::Exact
            } else {
                self.open.1.depth()
            },
            keep: true,
        }
    }

    /// Makes a shard's sets and keeps them in memory.
    pub(super) fn make(&self, memory: &Memory, data: &ShardData) -> Result<Arc<Sets>, Broken> {
        let journal = parse(&data.journal)?;
        let current = Current::new(data, &journal)?;
        let open = self.calendar() || self.as_of > current.newest;
        let (about, frame) = if open { &self.open } else { &self.limited };
        let all = chunks(data, &self.streams, &journal);
        let of = |streams: &[i32]| of(&all, streams);
        let mut entries: Vec<Entry> = match about.rule {
            StartRule::Signup => current.starts.entries().collect(),
            StartRule::FirstEvent => first_events(of(&about.start))?,
            StartRule::EachEvent => each_event(frame, of(&about.start))?,
        };
        if about.count_before {
            // From the beginning of the cohort's own period.
            entries.iter_mut().for_each(|entry| entry.since = i64::MIN);
        }
        let sets = Arc::new(Sets {
            version: data.state.version,
            sets: ShardSets::build(frame, entries, of(&about.active))?,
            newest: current.newest,
            left_out: current.starts.without(),
            frame: frame.clone(),
            as_of: (!open).then_some(self.as_of),
            remembered: Remembered::default(),
        });
        memory.put_sets(about, data.state.shard, sets.clone());
        Ok(sets)
    }

    /// Finds when the entries of a shard's sets became active in the last period, and keeps that in memory.
    pub(super) fn make_last(
        &self,
        memory: &Memory,
        sets: &Sets,
        data: &ShardData,
    ) -> Result<Arc<Last>, Broken> {
        let journal = parse(&data.journal)?;
        let about = &self.open.0;
        let all = chunks(data, &about.active, &journal);
        let chunks = of(&all, &about.active);
        let last = Arc::new(Last {
            version: data.state.version,
            frame: sets.frame.clone(),
            period: sets
                .sets
                .last_period(&sets.frame, about.count_before, chunks)?,
        });
        memory.put_last(about, data.state.shard, last.clone());
        Ok(last)
    }
}

pub(super) fn parse(journal: &[Vec<u8>]) -> Result<Vec<Segment<'_>>, Broken> {
    journal.iter().map(|bytes| Segment::parse(bytes)).collect()
}

/// A chunk with its stream and month.
pub(super) type Named<'a> = (i32, Month, &'a Chunk<'a>);

/// All chunks of a shard that were read, those of the journal after the others.
pub(super) fn chunks<'a>(
    data: &'a ShardData,
    streams: &'a [i32],
    journal: &'a [Segment<'a>],
) -> Vec<Named<'a>> {
    let kept = streams.iter().zip(&data.streams);
    let kept = kept.flat_map(|(number, stream)| {
        let chunks = stream.chunks.iter();
        chunks.map(move |(month, chunk)| (*number, *month, chunk))
    });
    let since = journal.iter().flat_map(|segment| &segment.parts);
    let since = since.map(|((number, month), chunk)| (*number, *month, chunk));
    kept.chain(since).collect()
}

/// Of these chunks those of some streams.
pub(super) fn of<'a>(all: &[Named<'a>], streams: &[i32]) -> Vec<(Month, &'a Chunk<'a>)> {
    let mine = all.iter().filter(|(number, ..)| streams.contains(number));
    mine.map(|(_, month, chunk)| (*month, *chunk)).collect()
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
