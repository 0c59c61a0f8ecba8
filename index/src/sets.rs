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
use crate::chunk::{Chunk, Instants};
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
        let slots = Slots::of(&placed, 0, |number, cohort| {
            short(sets.blocks[number / 64]).wrapping_sub(cohort)
        });
        sets.words = slots.mark(frame, chunks, std::mem::take(&mut sets.words))?;
        Ok(sets)
    }

    /// Room for everything, no bit set yet.
    pub(crate) fn lay_out(frame: &Frame, placed: &[(Entry, usize)]) -> ShardSets {
        let mut sets = ShardSets {
            customers: Vec::with_capacity(placed.len()),
            starts: Vec::with_capacity(placed.len()),
            given: vec![0; bits::words(placed.len())],
            blocks: Vec::with_capacity(bits::words(placed.len()) + 1),
            ..ShardSets::default()
        };
        let mut words = 0;
        for (number, (entry, cohort)) in placed.iter().enumerate() {
            sets.customers.push(entry.customer);
            sets.starts.push(entry.start);
            if entry.given {
                bits::set(&mut sets.given, number);
            }
            match sets.runs.last_mut() {
                Some(run) if run.cohort == short(*cohort) => run.end += 1,
                _ => sets.runs.push(Run {
                    cohort: short(*cohort),
                    first: short(number),
                    end: short(number + 1),
                }),
            }
            if number % 64 == 0 {
                sets.blocks.push(words);
                words += frame.reach(*cohort, entry.start);
            }
        }
        sets.blocks.push(words);
        sets.runs.shrink_to_fit();
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

    /// Calls `each` with every chosen customer who entered from the first instant on and before the second, once, with
    /// the first start of his there.
    pub fn each_first(
        &self,
        (from, to): (i64, i64),
        chosen: Option<&Selection>,
        mut each: impl FnMut(u32, i64),
    ) {
        let first = self.starts.partition_point(|start| *start < from);
        let end = self.starts.partition_point(|start| *start < to);
        let range = first..end.max(first);
        let mut met = vec![
            0;
            bits::words(
                self.customers
                    .iter()
                    .max()
                    .map_or(0, |last| place(*last) + 1)
            )
        ];
        for (&customer, &start) in self.customers[range.clone()]
            .iter()
            .zip(&self.starts[range])
        {
            let number = place(customer);
            if !bits::has(&met, number) && chosen.is_none_or(|chosen| chosen.has(customer)) {
                bits::set(&mut met, number);
                each(customer, start);
            }
        }
    }

    /// Chosen customers as chosen entries: bits by place.
    pub fn choose(&self, selection: &Selection) -> Vec<u64> {
        let blocks = self.customers.chunks(64);
        let chosen = |customers: &[u32]| {
            bits::word(customers.iter().map(|customer| selection.has(*customer)))
        };
        blocks.map(chosen).collect()
    }
}

/// Counts events per entry and period up to the number that makes the period active.
///
/// Counters are as narrow as that number allows and begin so high that they overflow when it is reached; the overflow
/// is the bit. So one event takes no counter at all, and three take two bits.
struct Marks {
    words: Vec<u64>,
    planes: usize,
    /// Of each word's 64 counters the lowest bits, then the next, and so on.
    counters: Vec<u64>,
}

impl Marks {
    fn new(at_least: u32, words: Vec<u64>) -> Marks {
        let planes = place(32 - (at_least.max(1) - 1).leading_zeros());
        let begin = (1_u64 << planes) - u64::from(at_least.max(1));
        let counters = (0..words.len()).flat_map(|_| {
            (0..planes).map(|plane| if begin >> plane & 1 == 1 { u64::MAX } else { 0 })
        });
        Marks {
            planes,
            counters: counters.collect(),
            words,
        }
    }

    #[inline]
    fn mark(&mut self, word: usize, bit: u32) {
        let bit = 1 << bit;
        if self.planes == 0 {
            self.words[word] |= bit;
            return;
        }
        for counter in &mut self.counters[word * self.planes..(word + 1) * self.planes] {
            *counter ^= bit;
            if *counter & bit != 0 {
                return;
            }
        }
        self.words[word] |= bit;
    }
}

/// Where an event of a customer sets its bit.
#[derive(Clone, Copy)]
struct Slot {
    /// The day of `since`, from 1970-01-01; [`NOBODY`] where there is no entry.
    day: i32,
    /// The word of the frame's period 0, if the entry had one; wraps around.
    origin: u32,
    cohort: u32,
    bit: u32,
    /// The customer's next entry; 0 when there is none.
    next: u32,
}

/// A day after all events.
const NOBODY: i32 = i32::MAX;

/// Where events set their bits: first the first entry of each customer, in their order, then further ones.
pub(crate) struct Slots<'a> {
    /// The number of customers, and so of the first slots.
    customers: usize,
    slots: Vec<Slot>,
    /// The entry of each slot.
    entries: Vec<Option<&'a Entry>>,
}

impl<'a> Slots<'a> {
    /// The first of these entries has the number `first`. `origin` tells the word of the frame's period 0 (it may lie before all words and wrap around) for an entry's
    /// number and cohort.
    pub(crate) fn of(
        placed: &'a [(Entry, usize)],
        first: usize,
        origin: impl Fn(usize, u32) -> u32,
    ) -> Slots<'a> {
        let customers = placed.iter().map(|(entry, _)| place(entry.customer) + 1);
        let customers = customers.max().unwrap_or(0);
        let nobody = Slot {
            day: NOBODY,
            origin: 0,
            cohort: 0,
            bit: 0,
            next: 0,
        };
        let mut slots = vec![nobody; customers];
        let mut entries = vec![None; customers];
        for (number, (entry, cohort)) in (first..).zip(placed) {
            let cohort = short(*cohort);
            let mut slot = Slot {
                day: i32::try_from(entry.since.div_euclid(DAY)).unwrap_or(NOBODY),
                origin: origin(number, cohort),
                cohort,
                bit: short(number % 64),
                next: 0,
            };
            let first = place(entry.customer);
            if entries[first].is_none() {
                slots[first] = slot;
                entries[first] = Some(entry);
            } else {
                slot.next = slots[first].next;
                slots[first].next = short(slots.len());
                slots.push(slot);
                entries.push(Some(entry));
            }
        }
        Slots {
            customers,
            slots,
            entries,
        }
    }

    /// From when on the events of a slot's entry count, and its start.
    fn entry(&self, number: usize) -> (i64, i64) {
        self.entries[number].map_or((i64::MAX, i64::MAX), |entry| (entry.since, entry.start))
    }

    /// Sets the bits of all events that a frame sees in these words.
    pub(crate) fn mark<'b>(
        &self,
        frame: &Frame,
        chunks: impl IntoIterator<Item = (Month, &'b Chunk<'b>)>,
        words: Vec<u64>,
    ) -> Result<Vec<u64>, Broken> {
        let mut marks = Marks::new(frame.at_least, words);
        for (month, chunk) in chunks {
            if !frame.sees(month) {
                continue;
            }
            match frame.window {
                Window::Calendar => {
                    if let Some(table) = frame.table(month) {
                        self.calendar(frame, table, month, chunk, &mut marks)?;
                    }
                }
                Window::Rolling(length) => {
                    self.rolling(frame, length, month, chunk, &mut marks)?;
                }
            }
        }
        Ok(marks.words)
    }

    fn calendar(
        &self,
        frame: &Frame,
        table: &Table,
        month: Month,
        chunk: &Chunk<'_>,
        marks: &mut Marks,
    ) -> Result<(), Broken> {
        let mut events = chunk.open(month)?;
        let instants = events.instants();
        let first = &self.slots[..self.customers];
        let mut event = 0_usize;
        while let Some((customer, day)) = events.next()? {
            if let Some(slot) = first.get(place(customer)) {
                let period = u32::try_from(table.at(day));
                match period {
                    // Nearly all events: the day tells all, and the customer entered once.
                    Ok(period) if table.day(day) > slot.day && slot.next == 0 => {
                        marks.mark(place(slot.origin.wrapping_add(period)), slot.bit);
                    }
                    _ => {
                        self.closely(frame, table, place(customer), (instants, event, day), marks)?
                    }
                }
            }
            event = event.wrapping_add(1);
        }
        Ok(())
    }

    /// An event for which its day alone does not tell all.
    #[inline(never)]
    fn closely(
        &self,
        frame: &Frame,
        table: &Table,
        mut number: usize,
        (instants, event, day): (Instants<'_>, usize, u8),
        marks: &mut Marks,
    ) -> Result<(), Broken> {
        loop {
            let slot = &self.slots[number];
            let absolute = table.day(day);
            if absolute >= slot.day
                && let Some(period) = table.period(frame, instants, event, day)?
                && (absolute > slot.day
                    || period > slot.cohort
                    || (period == slot.cohort
                        && frame.own
                        && instants.exact(event, day)? >= self.entry(number).0))
            {
                marks.mark(place(slot.origin.wrapping_add(period)), slot.bit);
            }
            if slot.next == 0 {
                return Ok(());
            }
            number = place(slot.next);
        }
    }

    fn rolling(
        &self,
        frame: &Frame,
        length: i64,
        month: Month,
        chunk: &Chunk<'_>,
        marks: &mut Marks,
    ) -> Result<(), Broken> {
        let mut events = chunk.open(month)?;
        let instants = events.instants();
        let mut event = 0_usize;
        while let Some((customer, day)) = events.next()? {
            let mut number = place(customer);
            if number >= self.customers {
                number = usize::MAX;
            }
            while let Some(slot) = self.slots.get(number) {
                let at = instants.exact(event, day)?;
                let (since, start) = self.entry(number);
                if at >= since && at >= start && at < frame.limit {
                    let period = usize::try_from((at - start) / length).unwrap_or(0);
                    let own = place(slot.origin.wrapping_add(slot.cohort));
                    marks.mark(own + period, slot.bit);
                }
                if slot.next == 0 {
                    break;
                }
                number = place(slot.next);
            }
            event = event.wrapping_add(1);
        }
        Ok(())
    }
}

/// A number within a shard.
pub(crate) fn short(number: usize) -> u32 {
    u32::try_from(number).expect("a shard has fewer than 2^32 entries and words")
}
