//! The last period as far as an as-of within it sees it.
//!
//! Periods before it are the same for every such as-of, so sets are made once for all. When each entry became active in
//! the last one is found once, too: then any as-of within it costs a comparison for each entry.

use crate::Broken;
use crate::bits;
use crate::bytes::place;
use crate::chunk::Chunk;
use crate::frame::Frame;
use crate::month::{DAY, Month};
use crate::sets::{ShardSets, short};
use std::iter::zip;

/// When each entry became active in a calendar frame's last period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastPeriod {
    pub(crate) period: u32,
    /// By place, as bits: who became active in it at all. Most did not.
    pub(crate) active: Vec<u64>,
    /// Of those, by place: the instant of the event that made the period active.
    pub(crate) since: Vec<i64>,
    /// Of each block the latest of these instants. As-of mostly comes after it.
    latest: Vec<i64>,
}

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

    /// Which period of a cohort it is, and who of a block was active in it.
    pub(crate) fn seen(&self, block: usize, cohort: u32) -> Option<(usize, u64)> {
        let period = self.period.checked_sub(cohort)?;
        Some((place(period), self.words[block]))
    }

    /// Puts itself into a block's words, for the entries in `mask`, who are of one cohort.
    pub(crate) fn patch(&self, words: &mut [u64], block: usize, cohort: u32, mask: u64) {
        if let Some((period, seen)) = self.seen(block, cohort)
            && let Some(word) = words.get_mut(period)
        {
            *word = *word & !mask | seen & mask;
        }
    }
}

impl LastPeriod {
    /// A period with those who were active in it, as bits by place, and since when each of them was.
    pub(crate) fn new(period: u32, active: Vec<u64>, since: Vec<i64>) -> Self {
        let mut left = since.iter();
        let latest = active.iter().map(|active| {
            let own = left.by_ref().take(place(active.count_ones()));
            own.copied().max().unwrap_or(i64::MIN)
        });
        Self {
            latest: latest.collect(),
            period,
            active,
            since,
        }
    }

    /// What of it comes before an instant within it. `sets` are those that it was made for.
    pub fn before(&self, sets: &ShardSets, as_of: i64) -> Last {
        let mut since = &self.since[..];
        let words = zip(&self.active, &self.latest).map(|(&active, &latest)| {
            let (own, others) = since.split_at(place(active.count_ones()));
            since = others;
            let mut seen = active;
            if latest >= as_of {
                let mut left = active;
                for &since in own {
                    let lowest = left & left.wrapping_neg();
                    if since >= as_of {
                        seen ^= lowest;
                    }
                    left ^= lowest;
                }
            }
            seen
        });
        Last {
            period: self.period,
            words: words.collect(),
            started: match sets.starts.last() {
                Some(&newest) if newest >= as_of => sets.starts.partition_point(|&at| at < as_of),
                _ => sets.starts.len(),
            },
        }
    }

    /// Bytes of memory.
    pub fn size(&self) -> usize {
        let of_blocks = size_of_val(&self.active[..]) + size_of_val(&self.latest[..]);
        of_blocks + size_of_val(&self.since[..])
    }
}

impl ShardSets {
    /// When each entry became active in the calendar frame's last period, given the chunks of its months with all planes.
    /// With it, sets that see all of that period answer as of any instant within it.
    ///
    /// `count_before` says whether events of an entry's own period count from the beginning of that period on.
    ///
    /// # Errors
    /// When a chunk is broken or lacks a plane.
    pub fn last_period<'a>(
        &self,
        frame: &Frame,
        count_before: bool,
        chunks: impl IntoIterator<Item = (Month, &'a Chunk<'a>)>,
    ) -> Result<LastPeriod, Broken> {
        let (from, to) = frame.last_period().unwrap_or((i64::MAX, i64::MAX));
        let mut events: Vec<(u32, i64)> = Vec::new();
        for (month, chunk) in chunks {
            let mut all = chunk.open(month)?;
            let instants = all.instants();
            let first = month.start();
            let mut number = 0_usize;
            while let Some((customer, day)) = all.next()? {
                let begins = first + i64::from(day) * DAY;
                if begins < to && from < begins + DAY {
                    let at = instants.exact(number, day)?;
                    if (from..to).contains(&at) {
                        events.push((customer, at));
                    }
                }
                number = number.wrapping_add(1);
            }
        }
        // Each chunk is sorted: runs are merged, not sorted again.
        events.sort();
        // By customer: where his events begin.
        let customers = self.customers.iter().max();
        let mut begins = vec![events.len(); customers.map_or(0, |last| place(*last) + 1)];
        for (number, (customer, _)) in events.iter().enumerate().rev() {
            if let Some(begins) = begins.get_mut(place(*customer)) {
                *begins = number;
            }
        }
        let needed = place(frame.at_least.max(1)) - 1;
        let entries = self.customers.iter().zip(&self.starts);
        let mut active = vec![0; bits::words(self.len())];
        let mut since = Vec::new();
        for (number, (customer, &start)) in entries.enumerate() {
            let counts = if count_before { from } else { start };
            let his = events[begins[place(*customer)]..].iter();
            let mut his = his
                .take_while(|(whose, _)| whose == customer)
                .filter(|(_, at)| *at >= counts);
            if let Some((_, at)) = his.nth(needed) {
                bits::set(&mut active, number);
                since.push(*at);
            }
        }
        since.shrink_to_fit();
        let period = short(frame.periods().saturating_sub(1));
        Ok(LastPeriod::new(period, active, since))
    }
}
