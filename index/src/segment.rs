//! What one write added to a shard: the journal that keeps the index as new as the events are.
//!
//! Bytes: a version; the number of signups, then of each how much the customer's number grew and the instant; the number
//! of parts, then of each stream, month, the lengths of the three planes of its chunk, and these.

use crate::bytes::{Broken, Reader, number, put_varint, unzigzag, zigzag};
use crate::chunk::{Chunk, Event};
use crate::month::Month;
use std::borrow::Cow;
use std::collections::BTreeMap;

const VERSION: u8 = 1;

/// Which chunk: the number of the event's name, and the month.
pub type Part = (i32, Month);

/// A write of a shard.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Segment<'a> {
    /// Signups that were given, by customer; they replace those given before.
    pub signups: Vec<Event>,
    /// Events that are new.
    pub parts: BTreeMap<Part, Chunk<'a>>,
}

impl Segment<'_> {
    /// Makes a segment of events (with the numbers of their streams) and given signups, in any order.
    pub fn new(
        events: impl IntoIterator<Item = (i32, Event)>,
        signups: Vec<Event>,
    ) -> Segment<'static> {
        let mut parts: BTreeMap<Part, Vec<Event>> = BTreeMap::new();
        for (stream, event) in events {
            let part = (stream, Month::of(event.at));
            parts.entry(part).or_default().push(event);
        }
        let mut signups = signups;
        signups.sort_by_key(|signup| signup.customer);
        Segment {
            signups,
            parts: parts
                .into_iter()
                .map(|((stream, month), mut events)| {
                    events.sort_unstable();
                    ((stream, month), Chunk::encode(month, &events))
                })
                .collect(),
        }
    }

    /// The segment in bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put_varint(&mut out, number(self.signups.len()));
        let mut before = 0;
        for signup in &self.signups {
            put_varint(&mut out, u64::from(signup.customer - before));
            put_varint(&mut out, zigzag(signup.at));
            before = signup.customer;
        }
        put_varint(&mut out, number(self.parts.len()));
        for ((stream, month), chunk) in &self.parts {
            let planes = [
                &chunk.days[..],
                chunk.quarters.as_deref().unwrap_or_default(),
                chunk.rest.as_deref().unwrap_or_default(),
            ];
            put_varint(&mut out, zigzag(i64::from(*stream)));
            put_varint(&mut out, zigzag(i64::from(month.0)));
            for plane in planes {
                put_varint(&mut out, number(plane.len()));
            }
            for plane in planes {
                out.extend_from_slice(plane);
            }
        }
        out
    }

    /// Reads a segment; its chunks borrow the bytes.
    ///
    /// # Errors
    /// When the bytes are broken. What is inside a chunk is looked at when it is opened.
    pub fn parse(bytes: &[u8]) -> Result<Segment<'_>, Broken> {
        let mut reader = Reader::new(bytes);
        reader.version(VERSION)?;
        let count = reader.count()?;
        let mut signups = Vec::with_capacity(count);
        let mut customer = 0_u32;
        for _ in 0..count {
            customer = customer
                .checked_add(reader.varint32()?)
                .ok_or(Broken("a customer beyond all numbers"))?;
            let at = unzigzag(reader.varint()?);
            signups.push(Event { customer, at });
        }
        let count = reader.count()?;
        let mut parts = BTreeMap::new();
        for _ in 0..count {
            let stream = small(&mut reader)?;
            let month = Month(small(&mut reader)?);
            let lengths = [reader.count()?, reader.count()?, reader.count()?];
            let [days, quarters, rest] = lengths.map(|length| reader.take(length));
            let chunk = Chunk {
                days: Cow::Borrowed(days?),
                quarters: Some(Cow::Borrowed(quarters?)),
                rest: Some(Cow::Borrowed(rest?)),
            };
            if parts.insert((stream, month), chunk).is_some() {
                return Err(Broken("a part twice"));
            }
        }
        reader.end()?;
        Ok(Segment { signups, parts })
    }
}

fn small(reader: &mut Reader<'_>) -> Result<i32, Broken> {
    i32::try_from(unzigzag(reader.varint()?)).map_err(|_| Broken("a number of more than 32 bits"))
}
