//! On which local days customers were active.

use crate::Broken;
use crate::chunk::{Chunk, Depth, Instants};
use crate::month::{DAY, Month, QUARTER};

/// Local days: where each begins, and from which instant on nothing is seen.
#[derive(Clone, Copy, Debug)]
pub struct Days<'a> {
    /// The first instants of the days, ascending, in microseconds since 1970. What is older counts as the first day.
    pub bounds: &'a [i64],
    /// The exclusive limit of what is seen.
    pub before: i64,
}

/// What a day of UTC is among local days.
#[derive(Clone, Copy)]
enum Part {
    /// Part of one.
    Of(u16),
    /// It is not seen.
    Unseen,
    /// Cut at a quarter of an hour.
    CutAtQuarter,
    /// Cut anywhere.
    Cut,
}

impl Days<'_> {
    /// The planes that are needed of all months but that of the limit, of which all are.
    pub fn depth(&self) -> Depth {
        let finest = self.bounds.iter().map(|bound| match bound {
            bound if bound % DAY == 0 => Depth::Days,
            bound if bound % QUARTER == 0 => Depth::Quarters,
            _ => Depth::Exact,
        });
        finest.max().unwrap_or(Depth::Days)
    }

    /// The day of an instant.
    fn day(&self, at: i64) -> u16 {
        let begun = self.bounds.partition_point(|bound| *bound <= at);
        u16::try_from(begun.saturating_sub(1)).unwrap_or(u16::MAX)
    }

    /// The days of a month of UTC.
    fn table(&self, month: Month) -> Vec<Part> {
        let first = month.start();
        let days = (0..month.days()).map(|day| {
            let (from, to) = (first + day * DAY, first + (day + 1) * DAY);
            if from >= self.before {
                return Part::Unseen;
            }
            let bounds = &self.bounds[self.bounds.partition_point(|bound| *bound <= from)..];
            let bounds = bounds.iter().copied().take_while(|bound| *bound < to);
            let mut cuts = bounds.chain((self.before < to).then_some(self.before));
            match cuts.next() {
                None => Part::Of(self.day(from)),
                Some(first) if first % QUARTER == 0 && cuts.all(|cut| cut % QUARTER == 0) => {
                    Part::CutAtQuarter
                }
                Some(_) => Part::Cut,
            }
        });
        days.collect()
    }

    /// The customers of a shard with the days on which they had at least so many of these chunks' events, in the order of
    /// both.
    ///
    /// # Errors
    /// When a chunk is broken or lacks a plane that is needed (see [`Self::depth`]).
    pub fn active<'a>(
        &self,
        at_least: usize,
        chunks: impl IntoIterator<Item = (Month, &'a Chunk<'a>)>,
    ) -> Result<Vec<(u32, u16)>, Broken> {
        let mut met: Vec<(u32, u16)> = Vec::new();
        for (month, chunk) in chunks {
            if month.start() >= self.before {
                continue;
            }
            let table = self.table(month);
            let mut events = chunk.open(month)?;
            let instants = events.instants();
            let mut number = 0_usize;
            while let Some((customer, day)) = events.next()? {
                if let Some(day) = self.of(&table, (month, day), &instants, number)? {
                    let one = (customer, day);
                    if at_least > 1 || met.last() != Some(&one) {
                        met.push(one);
                    }
                }
                number = number.wrapping_add(1);
            }
        }
        // Each chunk is sorted: runs are merged, not sorted again.
        met.sort();
        let same = met.chunk_by(|one, next| one == next);
        let often = same.filter(|same| same.len() >= at_least);
        Ok(often.map(|same| same[0]).collect())
    }

    /// The local day of an event, if it is seen.
    #[inline]
    fn of(
        &self,
        table: &[Part],
        (month, day): (Month, u8),
        instants: &Instants<'_>,
        number: usize,
    ) -> Result<Option<u16>, Broken> {
        let at = match table.get(usize::from(day)) {
            Some(Part::Of(day)) => return Ok(Some(*day)),
            None | Some(Part::Unseen) => return Ok(None),
            Some(Part::CutAtQuarter) => {
                let quarter = i64::from(instants.quarter(number)?);
                month.start() + i64::from(day) * DAY + quarter * QUARTER
            }
            Some(Part::Cut) => instants.exact(number, day)?,
        };
        Ok((at < self.before).then(|| self.day(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Event;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const FIRST: i64 = 1_704_067_200_000_000;

    proptest! {
        #[test]
        fn are_what_a_map_says(
            events in proptest::collection::vec((0..7_u32, 0..70 * DAY, 0..3_usize), 0..120),
            // a zone a whole number of days, quarters or microseconds away, and a night of 23 or 25 hours
            (offset, long) in (prop_oneof![Just(0), (-50..50_i64).prop_map(|n| n * QUARTER), -DAY..DAY], -1..2_i64),
            (from, count) in (-5..40_i64, 1..60_i64),
            before in prop_oneof![(0..75_i64).prop_map(|day| day * DAY), 0..75 * DAY],
            at_least in 1..4_usize,
        ) {
            let night = |day: i64| if day > 20 { long * 4 * QUARTER } else { 0 };
            let bounds: Vec<i64> = (from..from + count)
                .map(|day| FIRST + day * DAY + offset + night(day))
                .collect();
            let days = Days { bounds: &bounds, before: FIRST + before };
            let mut expected: BTreeMap<(u32, u16), usize> = BTreeMap::new();
            let mut chunks: BTreeMap<(usize, Month), Vec<Event>> = BTreeMap::new();
            for (customer, since, stream) in events {
                let at = FIRST + since;
                chunks.entry((stream, Month::of(at))).or_default().push(Event { customer, at });
                if at < days.before {
                    let day = bounds.iter().filter(|bound| **bound <= at).count().max(1) - 1;
                    *expected.entry((customer, u16::try_from(day).unwrap())).or_default() += 1;
                }
            }
            let last = Month::of(days.before);
            let chunks: Vec<(Month, Chunk<'static>)> = chunks
                .into_iter()
                .map(|((_, month), mut events)| {
                    events.sort();
                    let whole = Chunk::encode(month, &events);
                    let depth = if month == last { Depth::Exact } else { days.depth() };
                    let chunk = Chunk {
                        days: whole.days,
                        quarters: whole.quarters.filter(|_| depth >= Depth::Quarters),
                        rest: whole.rest.filter(|_| depth >= Depth::Exact),
                    };
                    (month, chunk)
                })
                .collect();
            let chunks = chunks.iter().map(|(month, chunk)| (*month, chunk));
            let found = days.active(at_least, chunks).expect("all planes that are needed");
            let often = expected.into_iter().filter(|(_, times)| *times >= at_least);
            prop_assert_eq!(found, often.map(|(one, _)| one).collect::<Vec<_>>());
        }
    }
}
