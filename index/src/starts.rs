//! When each customer of a shard began, and the entries that follow from it.
//!
//! Bytes: a version and the number of customers; of each a tag (bits: a signup was given, it is in whole seconds; there
//! is an event, the first is in whole seconds), then the instants, each as its difference from the one of the same kind
//! before: about eight bytes a customer.

use crate::bytes::{Broken, Reader, number, place, put_varint, unzigzag, zigzag};
use crate::chunk::{Chunk, Event};
use crate::frame::Frame;
use crate::month::Month;
use crate::segment::Segment;
use crate::sets::Entry;

const VERSION: u8 = 1;
const SECOND: i64 = 1_000_000;
/// No such instant.
const NONE: i64 = i64::MIN;

/// The starts of a shard's customers, by number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Starts {
    given: Vec<i64>,
    first: Vec<i64>,
}

impl Starts {
    /// The number of customers that were told of.
    pub fn len(&self) -> usize {
        self.given.len()
    }

    /// Whether there is no customer.
    pub fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Makes room for customers below this number.
    pub fn grow(&mut self, customers: usize) {
        if self.given.len() < customers {
            self.given.resize(customers, NONE);
            self.first.resize(customers, NONE);
        }
    }

    /// A signup was given; it replaces the one before.
    pub fn give(&mut self, signup: Event) {
        let customer = place(signup.customer);
        self.grow(customer + 1);
        self.given[customer] = signup.at;
    }

    /// An event was stored.
    pub fn see(&mut self, event: Event) {
        let customer = place(event.customer);
        self.grow(customer + 1);
        let first = &mut self.first[customer];
        if *first == NONE || event.at < *first {
            *first = event.at;
        }
    }

    /// Takes in what a write added; returns its newest event.
    ///
    /// # Errors
    /// When the segment's chunks are broken.
    pub fn fold(&mut self, segment: &Segment<'_>) -> Result<Option<i64>, Broken> {
        let mut newest = None;
        for signup in &segment.signups {
            self.give(*signup);
        }
        for ((_, month), chunk) in &segment.parts {
            for event in chunk.decode(*month)? {
                self.see(event);
                newest = newest.max(Some(event.at));
            }
        }
        Ok(newest)
    }

    /// Bytes of memory.
    pub fn size(&self) -> usize {
        size_of_val(&self.given[..]) + size_of_val(&self.first[..])
    }

    /// When a customer signed up, as given or else with the first event, and whether it was given.
    pub fn signup(&self, customer: u32) -> Option<(i64, bool)> {
        let customer = place(customer);
        let given = self.given.get(customer).copied().unwrap_or(NONE);
        let first = self.first.get(customer).copied().unwrap_or(NONE);
        match (given, first) {
            (NONE, NONE) => None,
            (NONE, first) => Some((first, false)),
            (given, _) => Some((given, true)),
        }
    }

    /// How many customers have neither a signup nor an event.
    pub fn without(&self) -> usize {
        let both = self.given.iter().zip(&self.first);
        both.filter(|&(given, first)| (*given, *first) == (NONE, NONE))
            .count()
    }

    /// The latest start.
    pub fn newest(&self) -> Option<i64> {
        self.signups().map(|(_, at, _)| at).max()
    }

    fn signups(&self) -> impl Iterator<Item = (u32, i64, bool)> {
        let customers = 0..u32::try_from(self.len()).expect("customers are numbered in 32 bits");
        customers.filter_map(|customer| {
            let (at, given) = self.signup(customer)?;
            Some((customer, at, given))
        })
    }

    /// Everybody once, from his signup on.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        self.signups().map(|(customer, start, given)| Entry {
            customer,
            start,
            since: start,
            given,
        })
    }

    /// The starts in bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        put_varint(&mut out, number(self.len()));
        let mut before = [0_i64; 2];
        for (given, first) in self.given.iter().zip(&self.first) {
            let instants = [*given, *first];
            let mut tag = 0;
            for (kind, at) in instants.into_iter().enumerate() {
                if at != NONE {
                    tag |= 1 << (2 * kind);
                    tag |= u8::from(at % SECOND == 0) << (2 * kind + 1);
                }
            }
            out.push(tag);
            for (at, before) in instants.into_iter().zip(&mut before) {
                if at == NONE {
                    continue;
                }
                if at % SECOND == 0 {
                    let second = at / SECOND;
                    put_varint(&mut out, zigzag(second.wrapping_sub(*before)));
                } else {
                    put_varint(&mut out, zigzag(at));
                }
                *before = at / SECOND;
            }
        }
        out
    }

    /// Reads starts.
    ///
    /// # Errors
    /// When the bytes are broken.
    pub fn parse(bytes: &[u8]) -> Result<Starts, Broken> {
        let mut reader = Reader::new(bytes);
        reader.version(VERSION)?;
        let count = reader.count()?;
        let mut starts = Starts {
            given: Vec::with_capacity(count),
            first: Vec::with_capacity(count),
        };
        let mut before = [0_i64; 2];
        for _ in 0..count {
            let tag = reader.byte()?;
            let mut instants = [NONE; 2];
            for (kind, (at, before)) in instants.iter_mut().zip(&mut before).enumerate() {
                let tag = tag >> (2 * kind);
                if tag & 1 == 0 {
                    continue;
                }
                let read = unzigzag(reader.varint()?);
                *at = if tag & 2 == 0 {
                    read
                } else {
                    let second = before.checked_add(read);
                    let at = second.and_then(|second| second.checked_mul(SECOND));
                    at.ok_or(Broken("an instant beyond all"))?
                };
                *before = *at / SECOND;
            }
            let [given, first] = instants;
            starts.given.push(given);
            starts.first.push(first);
        }
        reader.end()?;
        Ok(starts)
    }
}

/// The entries of those who did one of a stream's events: each customer once, from the first of them on.
///
/// # Errors
/// When a chunk is broken or a plane was not read.
pub fn first_events<'a>(
    chunks: impl IntoIterator<Item = (Month, &'a Chunk<'a>)>,
) -> Result<Vec<Entry>, Broken> {
    let mut events = decode_all(chunks)?;
    events.dedup_by_key(|event| event.customer);
    Ok(events.into_iter().map(entry).collect())
}

/// The entries of those who did one of a stream's events: each customer once in every period of the frame in which he
/// did, from the first of them in that period on.
///
/// # Errors
/// When a chunk is broken or a plane was not read.
pub fn each_event<'a>(
    frame: &Frame,
    chunks: impl IntoIterator<Item = (Month, &'a Chunk<'a>)>,
) -> Result<Vec<Entry>, Broken> {
    let mut events = decode_all(chunks)?;
    events.retain(|event| frame.period(event.at).is_some());
    events.dedup_by_key(|event| (event.customer, frame.period(event.at)));
    Ok(events.into_iter().map(entry).collect())
}

/// All events, by customer, then instant.
fn decode_all<'a>(
    chunks: impl IntoIterator<Item = (Month, &'a Chunk<'a>)>,
) -> Result<Vec<Event>, Broken> {
    let mut events = Vec::new();
    for (month, chunk) in chunks {
        events.append(&mut chunk.decode(month)?);
    }
    events.sort();
    Ok(events)
}

fn entry(event: Event) -> Entry {
    Entry {
        customer: event.customer,
        start: event.at,
        since: event.at,
        given: false,
    }
}
