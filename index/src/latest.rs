//! The latest event of each customer: when he was last active.

use crate::Broken;
use crate::bytes::place;
use crate::chunk::Chunk;
use crate::month::Month;

/// No event.
const NONE: i64 = i64::MIN;

/// The latest event of each of a shard's customers before some instant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Latest {
    /// By number.
    instants: Vec<i64>,
}

impl Latest {
    /// Of the events of these chunks, of which all planes are there, those before `before` (microseconds since 1970).
    ///
    /// # Errors
    /// When a chunk is broken or lacks a plane.
    pub fn build<'a>(
        before: i64,
        chunks: impl IntoIterator<Item = (Month, &'a Chunk<'a>)>,
    ) -> Result<Latest, Broken> {
        let mut latest = Latest::default();
        for (month, chunk) in chunks {
            if month.start() < before {
                latest.add(before, month, chunk)?;
            }
        }
        Ok(latest)
    }

    fn add(&mut self, before: i64, month: Month, chunk: &Chunk<'_>) -> Result<(), Broken> {
        let mut events = chunk.open(month)?;
        let instants = events.instants();
        // A customer's events stand together, the latest last. Of months that are over, only that one has to be exact.
        let over = month.next().start() <= before;
        let mut last: Option<(u32, i64)> = None;
        let mut waiting: Option<(u32, u8, usize)> = None;
        let mut number = 0_usize;
        while let Some((customer, day)) = events.next()? {
            if over {
                if let Some((other, day, number)) = waiting
                    && other != customer
                {
                    self.see(other, instants.exact(number, day)?);
                }
                waiting = Some((customer, day, number));
            } else {
                let at = instants.exact(number, day)?;
                if at < before {
                    if let Some((other, at)) = last
                        && other != customer
                    {
                        self.see(other, at);
                    }
                    last = Some((customer, at));
                }
            }
            number = number.wrapping_add(1);
        }
        if let Some((customer, day, number)) = waiting {
            self.see(customer, instants.exact(number, day)?);
        }
        if let Some((customer, at)) = last {
            self.see(customer, at);
        }
        Ok(())
    }

    fn see(&mut self, customer: u32, at: i64) {
        let customer = place(customer);
        if self.instants.len() <= customer {
            self.instants.resize(customer + 1, NONE);
        }
        let latest = &mut self.instants[customer];
        *latest = at.max(*latest);
    }

    /// A customer's latest event, in microseconds since 1970.
    pub fn of(&self, customer: u32) -> Option<i64> {
        let at = self.instants.get(place(customer)).copied();
        at.filter(|at| *at != NONE)
    }

    /// Bytes of memory.
    pub fn size(&self) -> usize {
        size_of_val(&self.instants[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Event;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const FIRST: i64 = 1_704_067_200_000_000;
    const DAY: i64 = 86_400_000_000;

    proptest! {
        #[test]
        fn is_what_a_map_says(
            events in proptest::collection::vec((0..9_u32, 0..90 * DAY), 0..80),
            before in -DAY..91 * DAY,
            whole in any::<bool>(),
        ) {
            let before = FIRST + if whole { before / DAY * DAY } else { before };
            let mut months: BTreeMap<Month, Vec<Event>> = BTreeMap::new();
            let mut expected: BTreeMap<u32, i64> = BTreeMap::new();
            for (customer, since) in events {
                let at = FIRST + if whole { since / DAY * DAY } else { since };
                months.entry(Month::of(at)).or_default().push(Event { customer, at });
                if at < before {
                    let latest = expected.entry(customer).or_insert(at);
                    *latest = at.max(*latest);
                }
            }
            let chunks: Vec<(Month, Chunk<'static>)> = months
                .into_iter()
                .map(|(month, mut events)| {
                    events.sort();
                    (month, Chunk::encode(month, &events))
                })
                .collect();
            let latest = Latest::build(before, chunks.iter().map(|(month, chunk)| (*month, chunk)));
            let latest = latest.expect("whole chunks");
            for customer in 0..10 {
                prop_assert_eq!(latest.of(customer), expected.get(&customer).copied());
            }
        }
    }
}
