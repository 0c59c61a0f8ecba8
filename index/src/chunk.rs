//! The events of one stream in one shard in one month of UTC.
//!
//! A stream is an event name. Each event is kept in three *planes*, from coarse to fine, each readable without the next:
//!
//! | plane      | bytes per event         | what                                                           |
//! |------------|-------------------------|----------------------------------------------------------------|
//! | `days`     | 1 (seldom 2 or 3)       | how much the customer's number grew (3 bits), day (5 bits)     |
//! | `quarters` | 1                       | quarter hour of the day, 0 to 95                               |
//! | `rest`     | 2, or 4 with fractions  | seconds in the quarter hour, or microseconds in it             |
//!
//! A matrix of weeks in UTC reads the first plane alone; in any zone of today the second tells the few events of days
//! that have a bound in them; rolling windows read all three. The rest is in seconds when every instant of the chunk is
//! a whole second.
//!
//! `days` begins with a version, a byte of flags and the number of events. In an event's byte, a growth of 7 means that
//! a number follows which is to be added to 7; a growth of 0 is the same customer again.

use crate::bytes::{Broken, Reader, number, put_varint};
use crate::month::{DAY, Month, QUARTER};
use std::borrow::Cow;

const VERSION: u8 = 1;
/// Flag: the rest is in microseconds.
const FRACTIONS: u8 = 1;
/// The growth that announces a number.
const ESCAPE: u8 = 7;
const SECOND: i64 = 1_000_000;

/// An event: who and when. The stream is the chunk's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Event {
    /// The customer's number in his shard.
    pub customer: u32,
    /// Microseconds since 1970.
    pub at: i64,
}

/// Events in bytes; finer planes may be left unread.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chunk<'a> {
    /// Who and on which day.
    pub days: Cow<'a, [u8]>,
    /// Quarter hours, if they were read.
    pub quarters: Option<Cow<'a, [u8]>>,
    /// What is left of the instants, if it was read.
    pub rest: Option<Cow<'a, [u8]>>,
}

/// How much of the instants is needed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Depth {
    /// The days.
    Days,
    /// And the quarter hours.
    Quarters,
    /// Everything.
    Exact,
}

impl Chunk<'_> {
    /// Writes events of one month, which must be sorted by customer, then instant.
    ///
    /// # Panics
    /// When an event lies outside the month or they are not sorted: a mistake of the caller, not of the data.
    pub fn encode(month: Month, events: &[Event]) -> Chunk<'static> {
        let fractions = events.iter().any(|event| event.at % SECOND != 0);
        let mut days = vec![VERSION, if fractions { FRACTIONS } else { 0 }];
        put_varint(&mut days, number(events.len()));
        let mut quarters = Vec::with_capacity(events.len());
        let mut rest = Vec::with_capacity(events.len() * if fractions { 4 } else { 2 });
        let (start, length) = (month.start(), month.days());
        let mut before = Event {
            customer: 0,
            at: start,
        };
        for &event in events {
            let since = event.at - start;
            assert!(
                before <= event && (0..length * DAY).contains(&since),
                "{event:?} after {before:?} in {month:?}"
            );
            let growth = event.customer - before.customer;
            let direct = u8::try_from(growth).map_or(ESCAPE, |growth| growth.min(ESCAPE));
            let day = u8::try_from(since / DAY).expect("a month has 31 days");
            days.push(direct << 5 | day);
            if direct == ESCAPE {
                put_varint(&mut days, u64::from(growth - u32::from(ESCAPE)));
            }
            let in_day = since % DAY;
            quarters.push(u8::try_from(in_day / QUARTER).expect("a day has 96 quarter hours"));
            let left = in_day % QUARTER;
            if fractions {
                let left = u32::try_from(left).expect("a quarter hour is 900 million microseconds");
                rest.extend_from_slice(&left.to_le_bytes());
            } else {
                let left = u16::try_from(left / SECOND).expect("a quarter hour is 900 seconds");
                rest.extend_from_slice(&left.to_le_bytes());
            }
            before = event;
        }
        Chunk {
            days: Cow::Owned(days),
            quarters: Some(Cow::Owned(quarters)),
            rest: Some(Cow::Owned(rest)),
        }
    }

    /// Opens the bytes for reading as events of this month.
    ///
    /// # Errors
    /// When they have no sense.
    pub fn open(&self, month: Month) -> Result<Events<'_>, Broken> {
        let mut days = Reader::new(&self.days);
        days.version(VERSION)?;
        let flags = days.byte()?;
        if flags & !FRACTIONS != 0 {
            return Err(Broken("unknown flags"));
        }
        let count = days.count()?;
        let width = if flags & FRACTIONS == 0 { 2 } else { 4 };
        let fits = |plane: &Option<Cow<'_, [u8]>>, width: usize| {
            plane
                .as_ref()
                .is_none_or(|plane| plane.len() == count * width)
        };
        if !fits(&self.quarters, 1) || !fits(&self.rest, width) {
            return Err(Broken("planes of different lengths"));
        }
        Ok(Events {
            days,
            left: count,
            customer: 0,
            length: u8::try_from(month.days()).map_err(|_| Broken("no such month"))?,
            instants: Instants {
                quarters: self.quarters.as_deref(),
                rest: self.rest.as_deref(),
                fractions: flags & FRACTIONS != 0,
                start: month.start(),
            },
        })
    }

    /// How much of the instants is here.
    pub fn depth(&self) -> Depth {
        match (&self.quarters, &self.rest) {
            (Some(_), Some(_)) => Depth::Exact,
            (Some(_), None) => Depth::Quarters,
            (None, _) => Depth::Days,
        }
    }

    /// Bytes of memory.
    pub fn size(&self) -> usize {
        let plane = |plane: &Option<Cow<'_, [u8]>>| plane.as_ref().map_or(0, |plane| plane.len());
        self.days.len() + plane(&self.quarters) + plane(&self.rest)
    }

    /// All events, sorted by customer, then instant.
    ///
    /// # Errors
    /// When the bytes are broken or planes are missing.
    pub fn decode(&self, month: Month) -> Result<Vec<Event>, Broken> {
        let mut events = self.open(month)?;
        let instants = events.instants;
        let mut decoded = Vec::with_capacity(events.left);
        let mut place = 0;
        while let Some((customer, day)) = events.next()? {
            let at = instants.exact(place, day)?;
            decoded.push(Event { customer, at });
            place += 1;
        }
        if decoded.is_sorted() {
            Ok(decoded)
        } else {
            Err(Broken("events out of order"))
        }
    }

    /// The events of several chunks of the same stream and month in one.
    ///
    /// # Errors
    /// As [`Chunk::decode`].
    pub fn merge<'b>(
        month: Month,
        chunks: impl IntoIterator<Item = &'b Chunk<'b>>,
    ) -> Result<Chunk<'static>, Broken> {
        let mut events = Vec::new();
        for chunk in chunks {
            events.append(&mut chunk.decode(month)?);
        }
        // Runs that are sorted already are merged, not sorted again.
        events.sort();
        Ok(Chunk::encode(month, &events))
    }
}

/// Events being read: customers and days; [`Events::instants`] has the rest.
#[derive(Clone, Debug)]
pub struct Events<'a> {
    days: Reader<'a>,
    left: usize,
    customer: u32,
    length: u8,
    instants: Instants<'a>,
}

impl<'a> Events<'a> {
    /// The number of events not yet read.
    pub fn left(&self) -> usize {
        self.left
    }

    /// The finer planes.
    pub fn instants(&self) -> Instants<'a> {
        self.instants
    }

    /// The next event's customer and day of the month, from 0.
    ///
    /// # Errors
    /// When the bytes are broken.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator of results is read more slowly and can go on after an error"
    )]
    #[inline]
    pub fn next(&mut self) -> Result<Option<(u32, u8)>, Broken> {
        if self.left == 0 {
            self.days.end()?;
            return Ok(None);
        }
        self.left -= 1;
        let byte = self.days.byte()?;
        let (direct, day) = (byte >> 5, byte & 31);
        let (customer, beyond) = if direct == ESCAPE {
            let more = self.days.varint32()?;
            let (growth, beyond) = u32::from(ESCAPE).overflowing_add(more);
            let (customer, also) = self.customer.overflowing_add(growth);
            (customer, beyond || also)
        } else {
            self.customer.overflowing_add(u32::from(direct))
        };
        if beyond {
            return Err(Broken("a customer beyond all numbers"));
        }
        self.customer = customer;
        if day >= self.length {
            return Err(Broken("a day beyond its month"));
        }
        Ok(Some((self.customer, day)))
    }
}

/// The finer planes of a chunk, by an event's place in it.
#[derive(Clone, Copy, Debug)]
pub struct Instants<'a> {
    quarters: Option<&'a [u8]>,
    rest: Option<&'a [u8]>,
    fractions: bool,
    start: i64,
}

impl Instants<'_> {
    /// The quarter hour of the day, 0 to 95.
    ///
    /// # Errors
    /// When the plane is broken or was not read.
    #[inline]
    pub fn quarter(&self, place: usize) -> Result<u8, Broken> {
        let plane = self.quarters.ok_or(Broken::UNREAD)?;
        match plane.get(place) {
            Some(quarter) if *quarter < 96 => Ok(*quarter),
            _ => Err(Broken("a quarter hour beyond its day")),
        }
    }

    /// The instant, in microseconds since 1970, given its day of the month.
    ///
    /// # Errors
    /// When a plane is broken or was not read.
    #[inline]
    pub fn exact(&self, place: usize, day: u8) -> Result<i64, Broken> {
        let plane = self.rest.ok_or(Broken::UNREAD)?;
        let left = if self.fractions {
            let bytes = plane.get(place * 4..place * 4 + 4);
            bytes.and_then(|bytes| Some(i64::from(u32::from_le_bytes(bytes.try_into().ok()?))))
        } else {
            let bytes = plane.get(place * 2..place * 2 + 2);
            bytes.and_then(|bytes| {
                Some(i64::from(u16::from_le_bytes(bytes.try_into().ok()?)) * SECOND)
            })
        };
        match left {
            Some(left) if left < QUARTER => Ok(self.start
                + i64::from(day) * DAY
                + i64::from(self.quarter(place)?) * QUARTER
                + left),
            _ => Err(Broken("an instant beyond its quarter hour")),
        }
    }
}
