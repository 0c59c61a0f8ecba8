//! Sets as bytes, to be kept beside what they were made from.
//!
//! Bytes: a version; the bounds of the frame's periods; the entries' starts, each as its difference from the one before in
//! the coarsest unit that fits all; their customers; whether each start was given; the words. What follows from starts and
//! bounds (cohorts, blocks) is not kept. Then, if it is there, the last period: who was active in it, and since when.
//! For a million customers and 104 weeks about 14 MB. Whoever keeps them sees to it that they are what was written.

use crate::Broken;
use crate::bits;
use crate::bytes::{Reader, number, place, put_varint, unzigzag, zigzag};
use crate::frame::Frame;
use crate::last::LastPeriod;
use crate::sets::{Entry, ShardSets, short};

const VERSION: u8 = 1;

/// A second, a millisecond and a microsecond.
const UNITS: [i64; 3] = [1_000_000, 1_000, 1];

/// Sets as they come back.
#[derive(Clone, PartialEq, Debug)]
pub struct Kept {
    /// The frame that they were made for: that which was asked for, or one that begins earlier.
    pub frame: Frame,
    /// The sets.
    pub sets: ShardSets,
    /// When entries became active in the last period, if that was kept.
    pub last: Option<LastPeriod>,
}

/// The bytes of sets that were made for a frame which sees the whole last period.
pub fn to_bytes(frame: &Frame, sets: &ShardSets, last: Option<&LastPeriod>) -> Vec<u8> {
    let mut out = Vec::with_capacity(sets.words.len() * 8 + sets.len() * 8);
    out.push(VERSION);
    put_varint(&mut out, number(frame.bounds.len()));
    put_instants(&mut out, &frame.bounds);
    put_varint(&mut out, number(sets.len()));
    put_instants(&mut out, &sets.starts);
    let narrow = sets
        .customers
        .iter()
        .max()
        .is_none_or(|&last| last < 1 << 16);
    out.push(if narrow { 2 } else { 4 });
    for customer in &sets.customers {
        out.extend_from_slice(&customer.to_le_bytes()[..if narrow { 2 } else { 4 }]);
    }
    put_words(&mut out, &sets.given);
    put_varint(&mut out, number(sets.words.len()));
    put_words(&mut out, &sets.words);
    out.push(u8::from(last.is_some()));
    if let Some(last) = last {
        put_words(&mut out, &last.active);
        let from = frame.last_period().map_or(0, |(from, _)| from);
        let unit = unit(&last.since, from);
        put_varint(&mut out, unit.unsigned_abs());
        for since in &last.since {
            put_varint(&mut out, zigzag((since - from) / unit));
        }
    }
    out
}

/// Sets from such bytes, for a question with this frame, which sees the whole last period, about a shard of so many
/// customers.
///
/// # Errors
/// When the bytes have no sense, or are of other periods.
pub fn parse(bytes: &[u8], asked: &Frame, customers: usize) -> Result<Kept, Broken> {
    let mut reader = Reader::new(bytes);
    reader.version(VERSION)?;
    let bounds = reader.count()?;
    let bounds = instants(&mut reader, bounds)?;
    let frame = asked.reaching_back(bounds);
    let frame = frame.ok_or(Broken("sets of other periods"))?;
    let entries = reader.count()?;
    let starts = instants(&mut reader, entries)?;
    let numbers = numbers(&mut reader, entries)?;
    if numbers.iter().any(|&customer| place(customer) >= customers) {
        return Err(Broken("sets of a customer who is not there"));
    }
    let given = words(&mut reader, bits::words(entries))?;
    let mut cohort = 0;
    let mut placed = Vec::with_capacity(entries);
    for (number, (&start, &customer)) in starts.iter().zip(&numbers).enumerate() {
        // They ascend, and so do their cohorts.
        while frame
            .bounds
            .get(cohort + 1)
            .is_some_and(|&end| end <= start)
        {
            cohort += 1;
        }
        if cohort >= frame.periods() || start < frame.bounds[cohort] {
            return Err(Broken("sets of somebody outside their periods"));
        }
        let entry = Entry {
            customer,
            start,
            since: start,
            given: bits::has(&given, number),
        };
        placed.push((entry, cohort));
    }
    let mut sets = ShardSets::lay_out(&frame, &placed);
    if reader.count()? != sets.words.len() {
        return Err(Broken("sets with other words than their entries need"));
    }
    sets.words = words(&mut reader, sets.words.len())?;
    let last = match reader.byte()? {
        0 => None,
        1 => Some(last_period(&mut reader, &frame, entries)?),
        _ => return Err(Broken("neither a last period nor none")),
    };
    reader.end()?;
    Ok(Kept { frame, sets, last })
}

fn last_period(
    reader: &mut Reader<'_>,
    frame: &Frame,
    entries: usize,
) -> Result<LastPeriod, Broken> {
    let active = words(reader, bits::words(entries))?;
    let from = frame.last_period().map_or(0, |(from, _)| from);
    let unit = read_unit(reader)?;
    let since = active.iter().map(|word| place(word.count_ones())).sum();
    let since = (0..since).map(|_| {
        let offset = unzigzag(reader.varint()?).checked_mul(unit);
        let at = offset.and_then(|offset| from.checked_add(offset));
        at.ok_or(Broken("an instant out of range"))
    });
    let since = since.collect::<Result<_, _>>()?;
    let period = short(frame.periods().saturating_sub(1));
    Ok(LastPeriod::new(period, active, since))
}

/// The coarsest unit in which all these instants are whole, counted from another.
fn unit(instants: &[i64], from: i64) -> i64 {
    let whole = |unit: &i64| instants.iter().all(|at| (at - from) % unit == 0);
    UNITS.into_iter().find(whole).unwrap_or(1)
}

fn read_unit(reader: &mut Reader<'_>) -> Result<i64, Broken> {
    let unit = i64::try_from(reader.varint()?).ok();
    let unit = unit.filter(|unit| UNITS.contains(unit));
    unit.ok_or(Broken("an unknown unit"))
}

/// Appends instants that ascend: their unit, then each as its difference from the one before.
fn put_instants(out: &mut Vec<u8>, instants: &[i64]) {
    let unit = unit(instants, 0);
    put_varint(out, unit.unsigned_abs());
    let mut before = 0;
    for at in instants {
        put_varint(out, zigzag(at / unit - before));
        before = at / unit;
    }
}

/// So many instants as [`put_instants`] writes them.
fn instants(reader: &mut Reader<'_>, count: usize) -> Result<Vec<i64>, Broken> {
    let unit = read_unit(reader)?;
    let mut before = 0_i64;
    let mut instants = Vec::with_capacity(count);
    for _ in 0..count {
        let next = before.checked_add(unzigzag(reader.varint()?));
        before = next.ok_or(Broken("an instant out of range"))?;
        let at = before.checked_mul(unit);
        instants.push(at.ok_or(Broken("an instant out of range"))?);
    }
    if !instants.is_sorted() {
        return Err(Broken("instants out of order"));
    }
    Ok(instants)
}

/// So many customers' numbers.
fn numbers(reader: &mut Reader<'_>, count: usize) -> Result<Vec<u32>, Broken> {
    let width = usize::from(reader.byte()?);
    if width != 2 && width != 4 {
        return Err(Broken("numbers of an unknown width"));
    }
    let bytes = reader.take(count * width)?.chunks_exact(width);
    let numbers = bytes.map(|bytes| {
        let mut number = [0; 4];
        number[..width].copy_from_slice(bytes);
        u32::from_le_bytes(number)
    });
    Ok(numbers.collect())
}

fn put_words(out: &mut Vec<u8>, words: &[u64]) {
    for word in words {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

/// So many words.
fn words(reader: &mut Reader<'_>, count: usize) -> Result<Vec<u64>, Broken> {
    let (words, _) = reader.take(count * 8)?.as_chunks();
    Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
}
