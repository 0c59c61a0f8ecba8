//! For each entry the set of its periods in which it was active, as bits.
//!
//! An *entry* is one customer in one cohort. The entries of a shard are sorted by their start, so a cohort is a run of
//! neighbours, and kept in blocks of 64: word `k` of a block holds, side by side, whether each of its 64 entries was
//! active in period `k`. A block has as many words as the first of its entries has periods, so a triangle of cohorts and
//! periods takes a triangle's memory. Counting a column is counting bits, 64 entries at a time.
//!
//! Periods are counted from an entry's own, so the same sets answer for any range of cohorts.

use crate::bits;
use crate::bytes::place;
use crate::chunk::Chunk;
use crate::frame::{Frame, Table, Window};
use crate::month::{DAY, Month};
use crate::{Broken, Selection};

/// One customer in one cohort, before his periods are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The customer's number in his shard.
    pub customer: u32,
    /// When he entered.
    pub start: i64,
    /// Events before this instant don't count.
    pub since: i64,
    /// Whether the start was given rather than taken from an event.
    pub given: bool,
}

/// Entries of one cohort: neighbours by place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    pub(crate) cohort: u32,
    pub(crate) first: u32,
    pub(crate) end: u32,
}

/// One entry with its periods.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// The customer's number in his shard.
    pub customer: u32,
    /// The number of the frame's period that is his cohort.
    pub cohort: u32,
    /// When he entered.
    pub start: i64,
    /// Whether the start was given.
    pub given: bool,
    /// The periods in which he was active: bit `k % 64` of word `k / 64`.
    pub active: Vec<u64>,
}

/// The sets of a shard.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ShardSets {
    /// By place: whose entry it is.
    pub(crate) customers: Vec<u32>,
    /// By place, ascending.
    pub(crate) starts: Vec<i64>,
    /// By place, as bits.
    pub(crate) given: Vec<u64>,
    pub(crate) runs: Vec<Run>,
    /// Where each block's words begin, then their end.
    pub(crate) blocks: Vec<usize>,
    pub(crate) words: Vec<u64>,
}

impl ShardSets {
    /// Builds the sets of entries (in any order) from the chunks of all streams that count as active. Entries that lie
    /// in none of the frame's periods, or from its as-of on, are left out.
    ///
    /// # Errors
    /// When a chunk is broken or lacks a plane that was needed (see [`Frame::depth`]).
    pub fn build<'a>(
        frame: &Frame,
        entries: impl IntoIterator<Item = Entry>,
        chunks: impl IntoIterator<Item = (Month, &'a Chunk<'a>)>,
    ) -> Result<ShardSets, Broken> {
        let mut placed: Vec<(Entry, usize)> = entries
            .into_iter()
            .filter_map(|entry| {
                let cohort = frame.period(entry.start)?;
                // Nothing before the cohort's own period can be in one of its periods.
                let since = entry.since.max(frame.bounds[cohort]);
                Some((Entry { since, ..entry }, cohort))
            })
            .collect();
        placed.sort_unstable_by_key(|(entry, _)| (entry.start, entry.customer));
        let mut sets = ShardSets::lay_out(frame, &placed);
        let slots = Slots::of(&sets, &placed);
        let mut words = std::mem::take(&mut sets.words);
        if frame.at_least == 1 {
            slots.walk(frame, chunks, |word, bit| words[word] |= 1 << bit)?;
        } else {
            let mut counts = vec![0_u32; words.len() * 64];
            slots.walk(frame, chunks, |word, bit| {
                let count = &mut counts[word * 64 + place(bit)];
                *count = count.saturating_add(1);
            })?;
            for (word, counts) in words.iter_mut().zip(counts.chunks_exact(64)) {
                for (bit, count) in counts.iter().enumerate() {
                    *word |= u64::from(*count >= frame.at_least) << bit;
                }
            }
        }
        sets.words = words;
        Ok(sets)
    }

    /// Room for everything, no bit set yet.
    fn lay_out(frame: &Frame, placed: &[(Entry, usize)]) -> ShardSets {
        let mut sets = ShardSets {
            given: vec![0; bits::words(placed.len())],
            ..ShardSets::default()
        };
        let mut words = 0;
        for (number, (entry, cohort)) in placed.iter().enumerate() {
            sets.customers.push(entry.customer);
            sets.starts.push(entry.start);
            if entry.given {
                bits::set(&mut sets.given, number);
            }
            let number32 = u32::try_from(number).expect("a shard has fewer than 2^32 entries");
            let cohort32 = u32::try_from(*cohort).expect("a frame has fewer than 2^32 periods");
            match sets.runs.last_mut() {
                Some(run) if run.cohort == cohort32 => run.end = number32 + 1,
                _ => sets.runs.push(Run {
                    cohort: cohort32,
                    first: number32,
                    end: number32 + 1,
                }),
            }
            if number % 64 == 0 {
                sets.blocks.push(words);
                words += frame.reach(*cohort, entry.start);
            }
        }
        sets.blocks.push(words);
        sets.words = vec![0; words];
        sets
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// Bytes of memory.
    pub fn size(&self) -> usize {
        size_of_val(&self.customers[..])
            + size_of_val(&self.starts[..])
            + size_of_val(&self.given[..])
            + size_of_val(&self.runs[..])
            + size_of_val(&self.blocks[..])
            + size_of_val(&self.words[..])
    }

    /// The entries one by one, by start.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        self.runs.iter().flat_map(|run| {
            (run.first..run.end).map(|number| {
                let number = place(number);
                let block = self.blocks[number / 64]..self.blocks[number / 64 + 1];
                let mut active = vec![0; bits::words(block.len())];
                for (period, word) in self.words[block].iter().enumerate() {
                    if word >> (number % 64) & 1 == 1 {
                        bits::set(&mut active, period);
                    }
                }
                Member {
                    customer: self.customers[number],
                    cohort: run.cohort,
                    start: self.starts[number],
                    given: bits::has(&self.given, number),
                    active,
                }
            })
        })
    }

    /// Chosen customers as chosen entries: bits by place.
    pub fn choose(&self, selection: &Selection) -> Vec<u64> {
        let mut chosen = vec![0; bits::words(self.len())];
        for (word, customers) in chosen.iter_mut().zip(self.customers.chunks(64)) {
            for (bit, customer) in customers.iter().enumerate() {
                *word |= u64::from(selection.has(*customer)) << bit;
            }
        }
        chosen
    }
}

/// Where an event of a customer sets its bit.
#[derive(Clone, Copy)]
struct Slot {
    /// The day of `since`, from 1970-01-01.
    day: i64,
    /// The word of period 0 of the calendar, if it had one; wraps around.
    origin: usize,
    cohort: u32,
    bit: u32,
}

/// The entries by customer.
struct Slots<'a> {
    /// Where each customer's slots begin, then their end.
    offsets: Vec<u32>,
    slots: Vec<Slot>,
    /// The entry of each slot.
    entries: Vec<&'a Entry>,
}

impl<'a> Slots<'a> {
    fn of(sets: &ShardSets, placed: &'a [(Entry, usize)]) -> Slots<'a> {
        let customers = placed.iter().map(|(entry, _)| place(entry.customer) + 1);
        let mut offsets = vec![0_u32; customers.max().unwrap_or(0) + 1];
        for (entry, _) in placed {
            offsets[place(entry.customer) + 1] += 1;
        }
        for customer in 1..offsets.len() {
            offsets[customer] += offsets[customer - 1];
        }
        let mut order: Vec<usize> = (0..placed.len()).collect();
        order.sort_by_key(|&number| placed[number].0.customer);
        let slots = order.iter().map(|&number| {
            let (entry, cohort) = &placed[number];
            Slot {
                day: entry.since.div_euclid(DAY),
                origin: sets.blocks[number / 64].wrapping_sub(*cohort),
                cohort: u32::try_from(*cohort).expect("a frame has fewer than 2^32 periods"),
                bit: u32::try_from(number % 64).expect("less than 64"),
            }
        });
        Slots {
            offsets,
            slots: slots.collect(),
            entries: order.iter().map(|&number| &placed[number].0).collect(),
        }
    }

    /// The slots of a customer.
    #[inline]
    fn range(&self, customer: u32) -> std::ops::Range<usize> {
        let customer = place(customer);
        match self.offsets.get(customer..customer + 2) {
            Some(&[from, until]) => place(from)..place(until),
            _ => 0..0,
        }
    }

    /// Calls `mark` with word and bit for every event that counts.
    fn walk<'b>(
        &self,
        frame: &Frame,
        chunks: impl IntoIterator<Item = (Month, &'b Chunk<'b>)>,
        mut mark: impl FnMut(usize, u32),
    ) -> Result<(), Broken> {
        for (month, chunk) in chunks {
            if !frame.sees(month) {
                continue;
            }
            match (frame.window, frame.table(month)) {
                (Window::Calendar, Some(table)) => {
                    self.calendar(frame, table, month, chunk, &mut mark)?;
                }
                (Window::Calendar, None) => {}
                (Window::Rolling(length), _) => {
                    self.rolling(frame, length, month, chunk, &mut mark)?;
                }
            }
        }
        Ok(())
    }

    fn calendar(
        &self,
        frame: &Frame,
        table: &Table,
        month: Month,
        chunk: &Chunk<'_>,
        mark: &mut impl FnMut(usize, u32),
    ) -> Result<(), Broken> {
        let mut events = chunk.open(month)?;
        let instants = events.instants();
        let mut event = 0;
        while let Some((customer, day)) = events.next()? {
            for number in self.range(customer) {
                let slot = self.slots[number];
                let absolute = table.day(day);
                if absolute < slot.day {
                    continue;
                }
                let Some(period) = table.period(frame, instants, event, day)? else {
                    continue;
                };
                if absolute == slot.day {
                    if period < slot.cohort || (period == slot.cohort && !frame.own) {
                        continue;
                    }
                    if period == slot.cohort
                        && instants.exact(event, day)? < self.entries[number].since
                    {
                        continue;
                    }
                }
                mark(slot.origin.wrapping_add(place(period)), slot.bit);
            }
            event += 1;
        }
        Ok(())
    }

    fn rolling(
        &self,
        frame: &Frame,
        length: i64,
        month: Month,
        chunk: &Chunk<'_>,
        mark: &mut impl FnMut(usize, u32),
    ) -> Result<(), Broken> {
        let mut events = chunk.open(month)?;
        let instants = events.instants();
        let mut event = 0;
        while let Some((customer, day)) = events.next()? {
            for number in self.range(customer) {
                let slot = self.slots[number];
                let at = instants.exact(event, day)?;
                let since = at - self.entries[number].start;
                if since < 0 || at >= frame.limit {
                    continue;
                }
                let period = usize::try_from(since / length.max(1)).expect("not negative");
                let own = slot.origin.wrapping_add(place(slot.cohort));
                mark(own.wrapping_add(period), slot.bit);
            }
            event += 1;
        }
        Ok(())
    }
}
