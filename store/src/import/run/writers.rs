//! The writing half of an import: what is of the lower and of the upper shards at the same time, each by a task of its
//! own. Neither waits for the other, so that there is always something to do.

use super::ImportError;
use super::reader::Set;
use crate::writer::{Memory, Written};
use crate::{Store, StoreError, WorkspaceId};
use intake::{CustomerRecord, EventRecord, Rejected};
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::iter::zip;
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

/// The half of a set that one of the writers writes.
struct Half {
    customers: Vec<CustomerRecord>,
    events: Vec<EventRecord>,
}

/// Where writers tell what became of their halves, and put the lists of events that they have written.
#[derive(Clone)]
struct Tell {
    done: UnboundedSender<HalfDone>,
    spare: UnboundedSender<Vec<EventRecord>>,
}

/// What became of a half.
struct HalfDone {
    /// The place of its writer.
    writer: usize,
    written: Written,
    /// Events stored, by the number of their name.
    events: BTreeMap<i32, i64>,
}

/// A set that was read, and what became of it once it is written.
#[derive(Default)]
pub(super) struct SetDone {
    /// Its rows.
    pub(super) rows: u64,
    /// The oldest and the newest instant in it.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// What became of the rows that were not rejected.
    pub(super) written: Written,
    /// Events stored, by the number of their name.
    pub(super) events: BTreeMap<i32, i64>,
    pub(super) rejected: Vec<Rejected>,
    /// Bytes of the file read up to its end.
    pub(super) bytes: u64,
    /// Which of the writers are through with it.
    through: [bool; 2],
}

impl SetDone {
    fn of(set: &mut Set) -> Self {
        let instants = set.events.iter().flatten().map(|event| event.at);
        Self {
            rows: set.rows(),
            span: instants.clone().min().zip(instants.max()),
            rejected: std::mem::take(&mut set.rejected),
            bytes: set.bytes_done,
            ..Self::default()
        }
    }
}

/// The two writers, who end with this.
pub(super) struct Writers {
    tasks: JoinSet<Result<(), StoreError>>,
    /// None, once there are no more sets.
    halves: Vec<Sender<Half>>,
    told: UnboundedReceiver<HalfDone>,
    /// Sets that are not written wholly, the oldest first.
    underway: VecDeque<SetDone>,
}

impl Writers {
    /// Begins. Lists of events that were written go to `spare`, cleared.
    pub(super) fn start(
        store: &Store,
        workspace: WorkspaceId,
        batch: i32,
        spare: UnboundedSender<Vec<EventRecord>>,
    ) -> Self {
        let mut tasks = JoinSet::new();
        let (done, told) = mpsc::unbounded_channel();
        let tell = Tell { done, spare };
        let halves = (0..2).map(|writer| {
            let (sender, halves) = mpsc::channel(1);
            tasks.spawn(write(
                store.clone(),
                workspace,
                batch,
                halves,
                (writer, tell.clone()),
            ));
            sender
        });
        Self {
            halves: halves.collect(),
            tasks,
            told,
            underway: VecDeque::new(),
        }
    }

    /// Hands a set over; waits while there is one to be begun.
    pub(super) async fn write(&mut self, mut set: Set) -> Result<(), ImportError> {
        self.underway.push_back(SetDone::of(&mut set));
        for (sender, (customers, events)) in zip(&self.halves, zip(set.customers, set.events)) {
            if sender.send(Half { customers, events }).await.is_err() {
                return Err(self.failed().await);
            }
        }
        Ok(())
    }

    /// There are no more sets.
    pub(super) fn close(&mut self) {
        self.halves.clear();
    }

    /// The oldest set, if it is written; when there are no more it is waited for. `None`: not yet, or nothing is left.
    pub(super) async fn done(&mut self) -> Result<Option<SetDone>, ImportError> {
        while let Some(oldest) = self.underway.front() {
            if oldest.through == [true; 2] {
                return Ok(self.underway.pop_front());
            }
            let half = match self.halves.is_empty() {
                true => Some(self.told.recv().await),
                false => self.told.try_recv().ok().map(Some),
            };
            match half {
                Some(Some(half)) => self.note(half),
                // Both have ended, one of them too early.
                Some(None) => return Err(self.failed().await),
                None => break,
            }
        }
        Ok(None)
    }

    /// Each writes in the order of the sets.
    fn note(&mut self, half: HalfDone) {
        let HalfDone {
            writer,
            written,
            events,
        } = half;
        let mut sets = self.underway.iter_mut();
        let Some(set) = sets.find(|set| !set.through[writer]) else {
            return;
        };
        set.through[writer] = true;
        set.written += written;
        for (name, count) in events {
            *set.events.entry(name).or_default() += count;
        }
    }

    /// Why a writer ended before it was told to.
    async fn failed(&mut self) -> ImportError {
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error.into(),
                Err(error) => return ImportError::Broken(error.to_string()),
            }
        }
        ImportError::Broken("a writer ended".to_owned())
    }
}

/// Writes halves until no more come.
async fn write(
    store: Store,
    workspace: WorkspaceId,
    batch: i32,
    mut halves: Receiver<Half>,
    (writer, tell): (usize, Tell),
) -> Result<(), StoreError> {
    let mut memory = Memory::relaxed();
    while let Some(Half {
        customers,
        mut events,
    }) = halves.recv().await
    {
        let mut written = store.write_customers(workspace, &customers).await?;
        written += store
            .write_more_events(workspace, batch, &events, &mut memory)
            .await?;
        let done = HalfDone {
            writer,
            written,
            events: std::mem::take(&mut memory.stored),
        };
        events.clear();
        // The reader may have ended.
        let _reading = tell.spare.send(events);
        if tell.done.send(done).is_err() {
            break;
        }
    }
    Ok(())
}
