//! The last period as far as an as-of within it sees it.
//!
//! Periods before it are the same for every such as-of, so sets are made once for all, and only this one is counted again.

use crate::Broken;
use crate::bits;
use crate::bytes::place;
use crate::chunk::Chunk;
use crate::frame::Frame;
use crate::month::Month;
use crate::sets::{Entry, ShardSets, Slots, short};

/// The entries that were active in a frame's last period before some instant in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Last {
    period: u32,
    /// How many entries had started; they are the first.
    started: usize,
    /// One a block.
    words: Vec<u64>,
}

impl Last {
    /// Those of a block who had started.
    pub(crate) fn started(&self, block: usize) -> u64 {
        bits::span(0, self.started.saturating_sub(block * 64).min(64))
    }

    /// Puts itself into a block's words, for the entries in `mask`, who are of one cohort.
    pub(crate) fn patch(&self, words: &mut [u64], block: usize, cohort: u32, mask: u64) {
        let period = self.period.checked_sub(cohort).map(place);
        if let Some(word) = period.and_then(|period| words.get_mut(period)) {
            *word = *word & !mask | self.words[block] & mask;
        }
    }

    /// Bytes of memory.
    pub fn size(&self) -> usize {
        size_of_val(&self.words[..])
    }
}

impl ShardSets {
    /// Which entries were active in the calendar frame's last period as far as `frame` (see [`Frame::last_before`]) sees
    /// it, given the chunks of its months. With it, sets that see all of that period answer as of an instant within it.
    ///
    /// `count_before` says whether events of an entry's own period count from the beginning of that period on.
    ///
    /// # Errors
    /// As [`ShardSets::build`].
    pub fn last<'a>(
        &self,
        frame: &Frame,
        count_before: bool,
        chunks: impl IntoIterator<Item = (Month, &'a Chunk<'a>)>,
    ) -> Result<Last, Broken> {
        let chunks: Vec<(Month, &Chunk<'_>)> = chunks.into_iter().collect();
        let period = short(frame.periods().saturating_sub(1));
        let mut words = vec![0; bits::words(self.len())];
        // Whoever entered before the period need only have an event in it. That is asked of customers, not of entries.
        let simple = frame.at_least == 1;
        if simple {
            let customers = self.customers.iter().max();
            let customers = customers.map_or(0, |last| place(*last) + 1);
            let seen = seen(frame, &chunks, customers)?;
            for (word, customers) in words.iter_mut().zip(self.customers.chunks(64)) {
                for (bit, customer) in customers.iter().enumerate() {
                    *word |= u64::from(bits::has(&seen, place(*customer))) << bit;
                }
            }
        }
        // The others one by one: all who entered in it, of whom events before their start don't count, or else all.
        let own = self.runs.partition_point(|run| run.cohort < period);
        let first = if simple {
            self.runs
                .get(own)
                .map_or(self.len(), |run| place(run.first))
        } else {
            0
        };
        for number in first..self.len() {
            words[number / 64] &= !(1 << (number % 64));
        }
        if first < self.len() && (frame.own || !simple) {
            let placed = self.placed(frame, first, count_before);
            let slots = Slots::of(&placed, first, |number, _| {
                short(number / 64).wrapping_sub(period)
            });
            words = slots.mark(frame, chunks, words)?;
        }
        Ok(Last {
            period,
            started: self.starts.partition_point(|start| *start < frame.limit),
            words,
        })
    }

    /// The entries from a place on, with their cohorts.
    fn placed(&self, frame: &Frame, first: usize, count_before: bool) -> Vec<(Entry, usize)> {
        let runs = self.runs.iter().flat_map(|run| {
            let cohort = place(run.cohort);
            let bound = frame.bounds[cohort];
            (place(run.first).max(first)..place(run.end)).map(move |number| {
                let start = self.starts[number];
                let entry = Entry {
                    customer: self.customers[number],
                    start,
                    since: if count_before { bound } else { start },
                    given: false,
                };
                (entry, cohort)
            })
        });
        runs.collect()
    }
}

/// The customers, of so many, with an event that a calendar frame sees, as bits by number.
fn seen(
    frame: &Frame,
    chunks: &[(Month, &Chunk<'_>)],
    customers: usize,
) -> Result<Vec<u64>, Broken> {
    let mut seen = vec![0; bits::words(customers)];
    for (month, chunk) in chunks.iter().filter(|(month, _)| frame.sees(*month)) {
        let Some(table) = frame.table(*month) else {
            continue;
        };
        let mut events = chunk.open(*month)?;
        let instants = events.instants();
        let mut event = 0_usize;
        while let Some((customer, day)) = events.next()? {
            if table.period(frame, instants, event, day)?.is_some()
                && let Some(word) = seen.get_mut(place(customer) / 64)
            {
                *word |= 1 << (customer % 64);
            }
            event = event.wrapping_add(1);
        }
    }
    Ok(seen)
}
