//! One CSV record after the other, with its line number and its bytes as they stand, in bounded memory.
//!
//! `csv-core` splits the fields; what is added here is the bound. A quote that is never closed would swallow the rest of
//! the file as one record: instead the line with the quote is given up alone, and reading goes on with the next line.

use crate::reject::Reason;
use csv_core::ReadRecordResult;
use std::io::{self, Read};

/// Longest record, in bytes.
pub(crate) const MAX_RECORD: usize = 1024 * 1024;

/// Bytes read at a time.
const CHUNK: usize = 64 * 1024;

/// Bytes kept of a line that is too long, for quarantine.
const KEPT: usize = 16 * 1024;

/// What [`Records::advance`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advance {
    /// A record; its fields can be asked for.
    Record,
    /// A line that is no record.
    Broken(Reason),
    /// The end of the file.
    End,
}

/// Splits a text into records. Empty lines are skipped.
pub(crate) struct Records<R> {
    reader: R,
    splitter: csv_core::Reader,
    delimiter: u8,
    input: Vec<u8>,
    consumed: usize,
    ended: bool,
    /// The record's bytes, line break included, and those of the empty lines before it.
    raw: Vec<u8>,
    fields: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
    lines: LineCounter,
    line: u64,
    passed: u64,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(reader: R, delimiter: u8) -> Self {
        Self {
            reader,
            splitter: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            delimiter,
            input: Vec::new(),
            consumed: 0,
            ended: false,
            raw: Vec::new(),
            fields: vec![0; 1024],
            ends: vec![0; 32],
            count: 0,
            lines: LineCounter::default(),
            line: 1,
            passed: 0,
        }
    }

    /// Goes on to the next record.
    pub(crate) fn advance(&mut self) -> io::Result<Advance> {
        self.lines.pass(&self.raw);
        self.passed += u64::try_from(self.raw.len()).expect("lengths fit 64 bits");
        self.raw.clear();
        self.count = 0;
        let mut filled = 0;
        loop {
            if self.consumed == self.input.len() && !self.ended {
                self.refill()?;
            }
            let chunk = &self.input[self.consumed..];
            let at_end = chunk.is_empty();
            let (result, read, written, ended) = self.splitter.read_record(
                chunk,
                &mut self.fields[filled..],
                &mut self.ends[self.count..],
            );
            self.raw.extend_from_slice(&chunk[..read]);
            self.consumed += read;
            filled += written;
            self.count += ended;
            if self.raw.len() > MAX_RECORD {
                return self.give_up_line(Reason::TooLong);
            }
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record if at_end && open_quote(&self.raw, self.delimiter) => {
                    return self.give_up_line(Reason::OpenQuote);
                }
                ReadRecordResult::Record => {
                    self.line = self.lines.after(&self.raw[..self.blank()]);
                    return Ok(Advance::Record);
                }
                ReadRecordResult::End => return Ok(Advance::End),
            }
        }
    }

    /// Line on which the current record or broken line begins, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Bytes of the records and broken lines before the current one.
    pub(crate) fn passed(&self) -> u64 {
        self.passed
    }

    /// The current record or broken line as it stands in the file.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw[self.blank()..]
    }

    /// Number of fields of the current record.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// All fields of the current record, one behind the other without anything between.
    pub(crate) fn joined(&self) -> &[u8] {
        let end = self.count.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.fields[..end]
    }

    /// A field of the current record; empty beyond its last.
    pub(crate) fn field(&self, index: usize) -> &[u8] {
        if index >= self.count {
            return &[];
        }
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.fields[start..self.ends[index]]
    }

    fn refill(&mut self) -> io::Result<()> {
        self.input.resize(CHUNK, 0);
        self.consumed = 0;
        let read = loop {
            match self.reader.read(&mut self.input) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.input.truncate(*read.as_ref().unwrap_or(&0));
        self.ended = read? == 0;
        Ok(())
    }

    /// Bytes of `raw` that belong to empty lines before the record.
    fn blank(&self) -> usize {
        self.raw.iter().take_while(|&&byte| is_break(byte)).count()
    }

    /// Takes the first line of what was read for the current record as broken and goes back to the line after it.
    fn give_up_line(&mut self, reason: Reason) -> io::Result<Advance> {
        let blank = self.blank();
        self.line = self.lines.after(&self.raw[..blank]);
        self.count = 0;
        self.splitter.reset();
        let line_end = self.raw[blank..].iter().position(|&byte| is_break(byte));
        if let Some(end) = line_end {
            let rest = self.raw.split_off(blank + end + 1);
            self.input.splice(..self.consumed, rest);
            self.consumed = 0;
            return Ok(Advance::Broken(reason));
        }
        // The line itself is too long: it is passed over without being held.
        self.raw.truncate(blank + KEPT);
        loop {
            if self.consumed == self.input.len() && !self.ended {
                self.refill()?;
            }
            let rest = &self.input[self.consumed..];
            if let Some(end) = rest.iter().position(|&byte| is_break(byte)) {
                self.raw.push(rest[end]);
                self.consumed += end + 1;
                return Ok(Advance::Broken(reason));
            }
            self.consumed = self.input.len();
            if self.ended {
                return Ok(Advance::Broken(reason));
            }
        }
    }
}

/// Counts lines over pieces of text, whose line ends are `\n`, `\r\n` or `\r`.
#[derive(Clone, Copy, Default)]
struct LineCounter {
    passed: u64,
    after_return: bool,
}

impl LineCounter {
    fn pass(&mut self, text: &[u8]) {
        for &byte in text {
            if byte == b'\r' || (byte == b'\n' && !self.after_return) {
                self.passed += 1;
            }
            self.after_return = byte == b'\r';
        }
    }

    /// Number of the line that begins after `text`.
    fn after(mut self, text: &[u8]) -> u64 {
        self.pass(text);
        self.passed + 1
    }
}

fn is_break(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

/// Whether a record's bytes end inside a quoted field. Only a quote at a field's beginning opens one.
fn open_quote(raw: &[u8], delimiter: u8) -> bool {
    let mut open = false;
    let mut at_start = true;
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if open {
            if byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
                open = false;
            }
        } else {
            open = at_start && byte == b'"';
            at_start = byte == delimiter || is_break(byte);
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every record as (line, fields), every broken line as (line, reason).
    fn read(text: &[u8]) -> Vec<(u64, Result<Vec<String>, Reason>)> {
        let mut records = Records::new(text, b',');
        let mut found = Vec::new();
        loop {
            match records.advance().unwrap() {
                Advance::Record => {
                    let fields = (0..records.len())
                        .map(|index| String::from_utf8_lossy(records.field(index)).into_owned());
                    found.push((records.line(), Ok(fields.collect())));
                }
                Advance::Broken(reason) => found.push((records.line(), Err(reason))),
                Advance::End => return found,
            }
        }
    }

    fn row(line: u64, fields: &[&str]) -> (u64, Result<Vec<String>, Reason>) {
        (
            line,
            Ok(fields.iter().map(|&field| field.to_owned()).collect()),
        )
    }

    #[test]
    fn counts_lines_of_every_kind() {
        for (text, second, third) in [
            ("a,b\nc,d\ne,f", 2, 3),
            ("a,b\r\nc,d\r\ne,f\r\n", 2, 3),
            ("a,b\rc,d\re,f\r", 2, 3),
            ("a,b\n\n\r\nc,d\n\ne,f", 4, 6),
            ("a,b\r\n\r\nc,d\r\n\re,f", 3, 5),
        ] {
            let expected = vec![
                row(1, &["a", "b"]),
                row(second, &["c", "d"]),
                row(third, &["e", "f"]),
            ];
            assert_eq!(read(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn a_quoted_field_may_span_lines() {
        assert_eq!(
            read(b"a,\"b\n\"\"c\"\"\"\nd,e\n"),
            vec![row(1, &["a", "b\n\"c\""]), row(3, &["d", "e"])]
        );
    }

    #[test]
    fn an_open_quote_costs_one_line() {
        assert_eq!(
            read(b"a,b\nc,\"d\ne,f\ng,h"),
            vec![
                row(1, &["a", "b"]),
                (2, Err(Reason::OpenQuote)),
                row(3, &["e", "f"]),
                row(4, &["g", "h"]),
            ]
        );
        // no opening quote: it stands inside a field
        assert_eq!(read(b"a,5\" pipe"), vec![row(1, &["a", "5\" pipe"])]);
    }

    #[test]
    fn a_record_that_is_too_long_costs_one_line() {
        let long = "x".repeat(MAX_RECORD + 10);
        let text = format!(
            "a,b\nc,{long}\ne,f\ng,\"h\n{}k,l\n",
            "i,j\n".repeat(MAX_RECORD / 4)
        );
        let found = read(text.as_bytes());
        assert_eq!(found[1], (2, Err(Reason::TooLong)));
        assert_eq!(found[2], row(3, &["e", "f"]));
        assert_eq!(found[3], (4, Err(Reason::TooLong)));
        assert_eq!(found[4], row(5, &["i", "j"]));
        let lines = u64::try_from(text.lines().count()).unwrap();
        assert_eq!(found.last(), Some(&row(lines, &["k", "l"])));
        assert_eq!(found.len(), text.lines().count());
    }

    #[test]
    fn a_line_that_is_too_long_is_not_held() {
        let text = "y".repeat(5 * MAX_RECORD);
        let mut records = Records::new(text.as_bytes(), b',');
        assert_eq!(records.advance().unwrap(), Advance::Broken(Reason::TooLong));
        assert_eq!(records.raw().len(), KEPT);
        assert_eq!(records.advance().unwrap(), Advance::End);
    }
}
