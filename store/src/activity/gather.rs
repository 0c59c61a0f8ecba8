//! Reads what sets are made from, and makes them, on several connections and threads at once.

use super::answer::joined;
use super::asked::Asked;
use super::kept::{self, OnDisk};
use super::load::{self, ShardState};
use super::memory::{Last, Memory, Sets};
use crate::{Store, StoreError, WorkspaceId};
use index::Broken;
use sqlx::PgConnection;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// Shards that are read at a time. While sets are made of them the next are read, so no more than twice as many are in
/// memory for each connection.
const GROUP: usize = 4;

/// What is to be made of a shard.
#[derive(Clone)]
pub(super) enum Job {
    /// Its sets, which are on disk.
    Kept,
    /// Its sets.
    Sets,
    /// The last period of these sets.
    Last(Arc<Sets>),
}

/// What was made of it.
pub(super) enum Made {
    /// What is on disk was of no use.
    Nothing,
    Sets(Arc<Sets>),
    Last(Arc<Last>),
}

/// Work that several readers share. Places are those of shards among the question's.
struct Jobs {
    memory: Arc<Memory>,
    asked: Arc<Asked>,
    /// The shards as the question's snapshot sees them, each with its place.
    jobs: Vec<(usize, ShardState, Job)>,
    next: AtomicUsize,
    /// Jobs for the question's own snapshot: others see another version of the shard.
    left: Mutex<Vec<usize>>,
    /// All jobs are taken: who has not begun need not.
    taken: Notify,
}

impl Jobs {
    /// The next jobs that nobody has taken, by number.
    fn take(&self) -> Vec<usize> {
        let first = self.next.fetch_add(GROUP, Ordering::Relaxed);
        (first..self.jobs.len().min(first.saturating_add(GROUP))).collect()
    }

    fn all_taken(&self) -> bool {
        self.next.load(Ordering::Relaxed) >= self.jobs.len()
    }

    fn leave(&self, number: usize) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.push(number);
    }

    /// Reads what these jobs need and begins to make it. All are of the same kind.
    async fn begin(
        &self,
        connection: &mut PgConnection,
        numbers: &[usize],
        states: &[ShardState],
    ) -> Result<Vec<Making>, StoreError> {
        let part = match numbers.first().map(|&number| &self.jobs[number].2) {
            Some(Job::Kept) => return self.begin_kept(connection, numbers, states).await,
            Some(Job::Last(_)) => self.asked.last_part(),
            _ => self.asked.part(),
        };
        let workspace = self.asked.workspace();
        let data = load::shards(connection, &self.memory, workspace, states, part).await?;
        let making = numbers.iter().zip(data).map(|(&number, data)| {
            let (place, _, job) = self.jobs[number].clone();
            let (memory, asked) = (self.memory.clone(), self.asked.clone());
            let made = tokio::task::spawn_blocking(move || match job {
                Job::Kept | Job::Sets => asked.make(&memory, &data).map(Made::Sets),
                Job::Last(sets) => asked.make_last(&memory, &sets, &data).map(Made::Last),
            });
            (place, made)
        });
        Ok(making.collect())
    }

    /// [`Self::begin`] for sets that are on disk.
    async fn begin_kept(
        &self,
        connection: &mut PgConnection,
        numbers: &[usize],
        states: &[ShardState],
    ) -> Result<Vec<Making>, StoreError> {
        let shards: Vec<i16> = states.iter().map(|state| state.shard).collect();
        let rows = OnDisk::of(&self.asked).read(connection, &shards).await?;
        let making = rows.into_iter().filter_map(|row| {
            let at = shards.iter().position(|&shard| shard == row.shard)?;
            let (place, state) = (self.jobs[numbers[at]].0, states[at]);
            let (memory, asked) = (self.memory.clone(), self.asked.clone());
            let made = tokio::task::spawn_blocking(move || {
                let sets = kept::open(&memory, &asked, &state, &row);
                Ok(sets.map_or(Made::Nothing, Made::Sets))
            });
            Some((place, made))
        });
        Ok(making.collect())
    }

    /// Does jobs by `connection` until none is left. `seen` are all shards as it sees them; `None` if that is how the
    /// question sees them.
    async fn work(
        &self,
        connection: &mut PgConnection,
        seen: Option<&[ShardState]>,
    ) -> Result<Vec<(usize, Made)>, StoreError> {
        let mut done = Vec::new();
        let mut making = VecDeque::new();
        loop {
            let taken = self.take();
            if taken.is_empty() {
                break;
            }
            let (mut numbers, mut states) = (Vec::new(), Vec::new());
            for number in taken {
                match self.state(number, seen) {
                    Some(state) => {
                        numbers.push(number);
                        states.push(state);
                    }
                    None => self.leave(number),
                }
            }
            if numbers.is_empty() {
                continue;
            }
            making.push_back(self.begin(&mut *connection, &numbers, &states).await?);
            if making.len() > 1 {
                finish(making.pop_front(), &mut done).await?;
            }
        }
        for group in making {
            finish(Some(group), &mut done).await?;
        }
        Ok(done)
    }

    /// How a reader sees a job's shard; `None` if it is at another version there. Folding changes no version, and
    /// nothing that is read.
    fn state(&self, number: usize, seen: Option<&[ShardState]>) -> Option<ShardState> {
        let ours = self.jobs[number].1;
        let Some(seen) = seen else {
            return Some(ours);
        };
        let place = seen.binary_search_by_key(&ours.shard, |state| state.shard);
        let theirs = seen[place.ok()?];
        (theirs.version == ours.version).then_some(theirs)
    }
}

/// Something being made for a shard.
type Making = (usize, JoinHandle<Result<Made, Broken>>);

async fn finish(
    group: Option<Vec<Making>>,
    done: &mut Vec<(usize, Made)>,
) -> Result<(), StoreError> {
    for (place, made) in group.into_iter().flatten() {
        done.push((place, joined(made.await)??));
    }
    Ok(())
}

/// Does all jobs, on the question's own snapshot and as many `helpers` beside it. When nobody waits for the answer any
/// more, they stop.
pub(super) async fn make(
    store: &Store,
    snapshot: &mut PgConnection,
    asked: &Arc<Asked>,
    jobs: Vec<(usize, ShardState, Job)>,
    helpers: usize,
) -> Result<Vec<(usize, Made)>, StoreError> {
    let helpers = helpers.min((jobs.len() / GROUP).saturating_sub(1));
    let jobs = Arc::new(Jobs {
        memory: store.activity.clone(),
        asked: asked.clone(),
        jobs,
        next: AtomicUsize::new(0),
        left: Mutex::default(),
        taken: Notify::new(),
    });
    let mut others = JoinSet::new();
    for _ in 0..helpers {
        let (store, jobs) = (store.clone(), jobs.clone());
        others.spawn(async move { help(&store, &jobs).await });
    }
    let mut done = jobs.work(&mut *snapshot, None).await?;
    jobs.taken.notify_waiters();
    while let Some(other) = others.join_next().await {
        done.extend(joined(other)??);
    }
    let left = std::mem::take(&mut *jobs.left.lock().unwrap_or_else(PoisonError::into_inner));
    for number in left {
        let state = jobs.jobs[number].1;
        let group = jobs.begin(&mut *snapshot, &[number], &[state]).await?;
        finish(Some(group), &mut done).await?;
    }
    Ok(done)
}

/// Does jobs on a snapshot of its own. It sees another moment, but a shard at the same version holds the same.
async fn help(store: &Store, jobs: &Jobs) -> Result<Vec<(usize, Made)>, StoreError> {
    let taken = jobs.taken.notified();
    if jobs.all_taken() {
        return Ok(Vec::new());
    }
    let snapshot = tokio::select! {
        snapshot = store.snapshot(WorkspaceId(jobs.asked.workspace())) => snapshot,
        () = taken => return Ok(Vec::new()),
    };
    let mut snapshot = match snapshot {
        // All connections are in use: the question's own has to do.
        Err(StoreError::Unavailable(_)) => return Ok(Vec::new()),
        snapshot => snapshot?,
    };
    let seen = load::shards_of(&mut snapshot, jobs.asked.workspace()).await?;
    let seen = seen.indexed();
    let done = match seen {
        Some(seen) => jobs.work(&mut snapshot, Some(&seen)).await?,
        None => Vec::new(),
    };
    snapshot.end();
    Ok(done)
}
