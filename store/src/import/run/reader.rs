//! The reading half of an import, on a thread of its own.

use crate::{SHARDS, shard};
use intake::{CustomerRecord, EventRecord, IntakeError, Mapping, Rejected, Row, Rows};
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc::{Sender, UnboundedReceiver};

/// Rows of a set. Larger ones are no faster, and progress would be seen less often.
const SET_ROWS: usize = 100_000;

/// Text of a set, for files with long rows.
const SET_BYTES: u64 = 16 * 1024 * 1024;

/// Rows that are written together.
#[derive(Default)]
pub(super) struct Set {
    /// Events of the lower and of the upper shards, for two writers that never meet.
    pub(super) events: [Vec<EventRecord>; 2],
    /// Customers, divided in the same way.
    pub(super) customers: [Vec<CustomerRecord>; 2],
    pub(super) rejected: Vec<Rejected>,
    /// Bytes of the file read up to here.
    pub(super) bytes_done: u64,
}

impl Set {
    fn len(&self) -> usize {
        let events: usize = self.events.iter().map(Vec::len).sum();
        let customers: usize = self.customers.iter().map(Vec::len).sum();
        events + customers + self.rejected.len()
    }

    fn push(&mut self, row: Row) {
        match row {
            Row::Event(event) => self.events[half(&event.customer)].push(event),
            Row::Customer(customer) => self.customers[half(&customer.customer)].push(customer),
            Row::Rejected(rejected) => self.rejected.push(rejected),
        }
    }

    /// An empty one, in the memory of those that were written.
    fn again(spare: &mut UnboundedReceiver<Vec<EventRecord>>) -> Self {
        let mut events = || spare.try_recv().unwrap_or_default();
        Self {
            events: [events(), events()],
            ..Self::default()
        }
    }

    pub(super) fn rows(&self) -> u64 {
        u64::try_from(self.len()).expect("lengths fit 64 bits")
    }
}

/// Whether a customer is of the lower or of the upper shards.
fn half(customer: &str) -> usize {
    usize::from(i32::from(shard(customer)) * 2 >= i32::from(SHARDS))
}

/// Sends the rows of a file, set by set, until it ends or nobody listens any more. Lists of events that were written and
/// cleared come back by `spare`: the system takes longer to give memory than we to fill it.
pub(super) fn read_sets(
    path: &Path,
    mapping: &Mapping,
    now: Timestamp,
    sets: &Sender<Set>,
    mut spare: UnboundedReceiver<Vec<EventRecord>>,
) -> Result<(), IntakeError> {
    let read = Arc::new(AtomicU64::new(0));
    let file = Counted {
        inner: File::open(path)?,
        read: Arc::clone(&read),
    };
    let mut rows = Rows::new(file, mapping, now)?;
    let mut set = Set::default();
    let mut begun_at = 0;
    while let Some(row) = rows.next() {
        match row {
            Ok(row) => set.push(row),
            Err(error) => {
                // what was read before the error is good
                set.bytes_done = read.load(Ordering::Relaxed);
                let _listening = sets.blocking_send(set);
                return Err(error);
            }
        }
        if set.len() >= SET_ROWS || rows.bytes() - begun_at >= SET_BYTES {
            begun_at = rows.bytes();
            set.bytes_done = read.load(Ordering::Relaxed);
            let next = Set::again(&mut spare);
            if sets
                .blocking_send(std::mem::replace(&mut set, next))
                .is_err()
            {
                // the writer gave up, and says why itself
                return Ok(());
            }
        }
    }
    set.bytes_done = read.load(Ordering::Relaxed);
    let _listening = sets.blocking_send(set);
    Ok(())
}

/// Counts the bytes that pass.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        let bytes = u64::try_from(read).expect("lengths fit 64 bits");
        self.read.fetch_add(bytes, Ordering::Relaxed);
        Ok(read)
    }
}
