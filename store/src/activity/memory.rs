//! What was read of the index, in bounded memory: the least recently used is forgotten first.

use super::load::{ALL_MONTHS, Months};
use super::usage::{Usage, UsageAbout};
use super::who::Remembered;
use analysis::period::{Grain, WeekStart};
use analysis::query::StartRule;
use foldhash::HashMap;
use index::chunk::{Chunk, Depth};
use index::column::Column;
use index::latest::Latest;
use index::month::Month;
use index::sets::ShardSets;
use index::starts::Starts;
use index::{Frame, LastPeriod, Window};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of memory that the index may take, unless said otherwise.
pub const INDEX_MEMORY: usize = 256 << 20;

/// The chunks of one stream in one shard.
pub(super) struct Stream {
    pub(super) depth: Depth,
    pub(super) chunks: Vec<(Month, Chunk<'static>)>,
}

/// What sets are about, apart from their shard and the first of their cohorts.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct About {
    pub(super) workspace: i32,
    pub(super) zone: String,
    pub(super) week_start: WeekStart,
    pub(super) grain: Grain,
    pub(super) window: Window,
    pub(super) at_least: u32,
    pub(super) own: bool,
    /// Whether events of period 0 count from its beginning on.
    pub(super) count_before: bool,
    /// The streams that count as active.
    pub(super) active: Vec<i32>,
    pub(super) rule: StartRule,
    /// The streams of the start rule.
    pub(super) start: Vec<i32>,
    /// The end of the last period.
    pub(super) end: i64,
    /// Whether an as-of before the end limits what is seen. Which one is not part of the key: sets of another as-of take
    /// the place of those before.
    pub(super) limited: bool,
}

/// The sets of a shard with what else a report says of it.
pub(super) struct Sets {
    pub(super) version: i64,
    pub(super) frame: Arc<Frame>,
    pub(super) sets: ShardSets,
    /// Its newest event or start.
    pub(super) newest: i64,
    /// Customers with neither signup nor event.
    pub(super) left_out: usize,
    /// The as-of that limits what they see, if one does.
    pub(super) as_of: Option<i64>,
    /// Whose entries fulfil conditions that were asked about.
    pub(super) remembered: Remembered,
}

/// When customers were last active before a month.
pub(super) struct LatestBefore {
    pub(super) version: i64,
    pub(super) month: Month,
    pub(super) latest: Latest,
}

/// When the entries of sets became active in their last period.
pub(super) struct Last {
    pub(super) version: i64,
    /// That of the sets.
    pub(super) frame: Arc<Frame>,
    pub(super) period: LastPeriod,
}

impl Last {
    /// Whether it is of these sets, which may have been made anew with an earlier first cohort, and more entries.
    pub(super) fn fits(&self, sets: &Sets) -> bool {
        self.version == sets.version && self.frame == sets.frame
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Starts(i32, i16),
    /// A stream's chunks of these months.
    Stream(i32, i16, i32, Months),
    Column(i32, i16, String),
    Sets(Arc<About>, i16),
    Last(Arc<About>, i16),
    Usage(Arc<UsageAbout>, i16),
    /// Of these streams. Before which month is not part of the key: another takes the place of the one before.
    Latest(i32, i16, Arc<[i32]>),
}

#[derive(Clone)]
enum Value {
    /// With the version that they were folded at.
    Starts(i64, Arc<Starts>),
    /// With the version that it was folded at.
    Stream(i64, Arc<Stream>),
    /// With the version of the shard's traits.
    Column(i64, Arc<Column>),
    Sets(Arc<Sets>),
    Last(Arc<Last>),
    Usage(Arc<Usage>),
    Latest(Arc<LatestBefore>),
}

impl Value {
    fn size(&self) -> usize {
        const ROUGHLY: usize = 200;
        ROUGHLY
            + match self {
                Value::Starts(_, starts) => starts.size(),
                Value::Stream(_, stream) => {
                    let chunks = stream.chunks.iter();
                    chunks.map(|(_, chunk)| chunk.size() + ROUGHLY).sum()
                }
                Value::Column(_, column) => column.size(),
                Value::Sets(sets) => sets.sets.size() + Remembered::most(sets.sets.len()),
                Value::Last(last) => last.period.size(),
                Value::Usage(usage) => usage.usage.size(),
                Value::Latest(before) => before.latest.size(),
            }
    }
}

struct Kept {
    value: Value,
    size: usize,
    used: u64,
}

#[derive(Default)]
struct Inner {
    kept: HashMap<Key, Kept>,
    size: usize,
    clock: u64,
}

/// The memory of one store; shared by its clones.
pub(crate) struct Memory {
    limit: usize,
    inner: Mutex<Inner>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl Memory {
    /// Memory of at most so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            inner: Mutex::default(),
        }
    }

    fn get(&self, key: &Key) -> Option<Value> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let clock = inner.clock;
        let kept = inner.kept.get_mut(key)?;
        kept.used = clock;
        Some(kept.value.clone())
    }

    fn put(&self, key: Key, value: Value) {
        let size = value.size();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let used = inner.clock;
        inner.size += size;
        if let Some(old) = inner.kept.insert(key, Kept { value, size, used }) {
            inner.size -= old.size;
        }
        if inner.size > self.limit {
            inner.forget(self.limit / 10 * 9);
        }
    }

    pub(super) fn starts(&self, workspace: i32, shard: i16, version: i64) -> Option<Arc<Starts>> {
        match self.get(&Key::Starts(workspace, shard))? {
            Value::Starts(at, starts) if at == version => Some(starts),
            _ => None,
        }
    }

    pub(super) fn put_starts(&self, workspace: i32, shard: i16, version: i64, starts: Arc<Starts>) {
        self.put(
            Key::Starts(workspace, shard),
            Value::Starts(version, starts),
        );
    }

    pub(super) fn stream(
        &self,
        (workspace, shard, stream): (i32, i16, i32),
        months: Months,
        version: i64,
        depth: Depth,
    ) -> Option<Arc<Stream>> {
        let kept = |months| match self.get(&Key::Stream(workspace, shard, stream, months))? {
            Value::Stream(at, stream) if at == version && stream.depth >= depth => Some(stream),
            _ => None,
        };
        kept(months).or_else(|| kept(ALL_MONTHS))
    }

    pub(super) fn put_stream(
        &self,
        (workspace, shard, number): (i32, i16, i32),
        months: Months,
        version: i64,
        stream: Arc<Stream>,
    ) {
        self.put(
            Key::Stream(workspace, shard, number, months),
            Value::Stream(version, stream),
        );
    }

    pub(super) fn column(
        &self,
        workspace: i32,
        shard: i16,
        name: &str,
        version: i64,
    ) -> Option<Arc<Column>> {
        match self.get(&Key::Column(workspace, shard, name.to_owned()))? {
            Value::Column(at, column) if at == version => Some(column),
            _ => None,
        }
    }

    pub(super) fn put_column(
        &self,
        workspace: i32,
        shard: i16,
        name: &str,
        version: i64,
        column: Arc<Column>,
    ) {
        self.put(
            Key::Column(workspace, shard, name.to_owned()),
            Value::Column(version, column),
        );
    }

    pub(super) fn sets(&self, about: &Arc<About>, shard: i16, version: i64) -> Option<Arc<Sets>> {
        match self.get(&Key::Sets(about.clone(), shard))? {
            Value::Sets(sets) if sets.version == version => Some(sets),
            _ => None,
        }
    }

    /// Whether sets of a shard are in memory, of whichever version.
    pub(super) fn has_sets(&self, about: &Arc<About>, shard: i16) -> bool {
        self.get(&Key::Sets(about.clone(), shard)).is_some()
    }

    /// All sets about something, each with its shard and its last period.
    pub(super) fn all_sets(&self, about: &Arc<About>) -> Vec<(i16, Arc<Sets>, Option<Arc<Last>>)> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let sets = inner
            .kept
            .iter()
            .filter_map(|(key, kept)| match (key, &kept.value) {
                (Key::Sets(mine, shard), Value::Sets(sets)) if mine == about => {
                    Some((*shard, sets))
                }
                _ => None,
            });
        let all = sets.map(|(shard, sets)| {
            let last = inner.kept.get(&Key::Last(about.clone(), shard));
            let last = last.and_then(|kept| match &kept.value {
                Value::Last(last) if last.fits(sets) => Some(last.clone()),
                _ => None,
            });
            (shard, sets.clone(), last)
        });
        all.collect()
    }

    pub(super) fn usage(
        &self,
        about: &Arc<UsageAbout>,
        shard: i16,
        version: i64,
    ) -> Option<Arc<Usage>> {
        match self.get(&Key::Usage(about.clone(), shard))? {
            Value::Usage(usage) if usage.version == version => Some(usage),
            _ => None,
        }
    }

    pub(super) fn put_usage(&self, about: &Arc<UsageAbout>, shard: i16, usage: Arc<Usage>) {
        self.put(Key::Usage(about.clone(), shard), Value::Usage(usage));
    }

    pub(super) fn latest(
        &self,
        (workspace, shard): (i32, i16),
        streams: &Arc<[i32]>,
        (version, month): (i64, Month),
    ) -> Option<Arc<LatestBefore>> {
        match self.get(&Key::Latest(workspace, shard, streams.clone()))? {
            Value::Latest(before) if (before.version, before.month) == (version, month) => {
                Some(before)
            }
            _ => None,
        }
    }

    pub(super) fn put_latest(
        &self,
        (workspace, shard): (i32, i16),
        streams: &Arc<[i32]>,
        before: Arc<LatestBefore>,
    ) {
        let key = Key::Latest(workspace, shard, streams.clone());
        self.put(key, Value::Latest(before));
    }

    pub(super) fn put_sets(&self, about: &Arc<About>, shard: i16, sets: Arc<Sets>) {
        self.put(Key::Sets(about.clone(), shard), Value::Sets(sets));
    }

    pub(super) fn last(&self, about: &Arc<About>, shard: i16) -> Option<Arc<Last>> {
        match self.get(&Key::Last(about.clone(), shard))? {
            Value::Last(last) => Some(last),
            _ => None,
        }
    }

    pub(super) fn put_last(&self, about: &Arc<About>, shard: i16, last: Arc<Last>) {
        self.put(Key::Last(about.clone(), shard), Value::Last(last));
    }
}

impl Inner {
    /// Forgets the least recently used until no more than so many bytes are left.
    fn forget(&mut self, limit: usize) {
        let mut uses: Vec<(u64, usize)> = self
            .kept
            .values()
            .map(|kept| (kept.used, kept.size))
            .collect();
        uses.sort_unstable();
        let mut oldest = 0;
        for (used, size) in uses {
            if self.size <= limit {
                break;
            }
            self.size -= size;
            oldest = used;
        }
        self.kept.retain(|_, kept| kept.used > oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(customers: usize) -> Arc<Starts> {
        let mut starts = Starts::default();
        starts.grow(customers);
        Arc::new(starts)
    }

    #[test]
    fn the_least_recently_used_is_forgotten() {
        let memory = Memory::new(20_000);
        for shard in 0..8 {
            memory.put_starts(1, shard, 7, starts(100));
        }
        assert!(memory.starts(1, 0, 7).is_some());
        assert!(memory.starts(1, 0, 8).is_none(), "another version");
        for shard in 8..16 {
            memory.put_starts(1, shard, 7, starts(100));
        }
        assert!(memory.starts(1, 0, 7).is_some(), "it was used");
        assert!(memory.starts(1, 1, 7).is_none());
        assert!(memory.starts(1, 15, 7).is_some());
        let inner = memory.inner.lock().expect("no panic");
        assert!(inner.size <= 20_000);
        assert_eq!(
            inner.size,
            inner.kept.values().map(|kept| kept.size).sum::<usize>()
        );
    }
}
