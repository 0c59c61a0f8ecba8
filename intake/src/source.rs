//! From a file's bytes to its text: decompressed, without byte-order mark, and nothing that is not delimited text.

use crate::IntakeError;
use flate2::read::MultiGzDecoder;
use std::io::{self, Chain, Cursor, Read};

/// Bytes looked at before reading begins.
const HEAD: usize = 64 * 1024;

/// A file's text, with its beginning at hand.
pub(crate) struct Source<R: Read> {
    head: Vec<u8>,
    given: usize,
    body: Body<R>,
}

enum Body<R: Read> {
    Plain(R),
    Gzip(Box<MultiGzDecoder<Chain<Cursor<Vec<u8>>, R>>>),
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(reader) => reader.read(into),
            Self::Gzip(reader) => reader.read(into),
        }
    }
}

impl<R: Read> Source<R> {
    /// Reads the beginning and finds out what the file is.
    pub(crate) fn open(mut reader: R) -> Result<Self, IntakeError> {
        let mut head = beginning(&mut reader)?;
        let mut body = if head.starts_with(&[0x1f, 0x8b]) {
            let whole = Cursor::new(std::mem::take(&mut head)).chain(reader);
            Body::Gzip(Box::new(MultiGzDecoder::new(whole)))
        } else {
            Body::Plain(reader)
        };
        if matches!(body, Body::Gzip(_)) {
            head = beginning(&mut body)?;
        }
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(IntakeError::Utf16);
        }
        if let Some(what) = foreign(&head) {
            return Err(IntakeError::NotCsv(what));
        }
        let start = head.get(..512).unwrap_or(&head);
        if start.iter().filter(|&&byte| byte == 0).count() * 4 > start.len() {
            return Err(IntakeError::Utf16);
        }
        let given = if head.starts_with(&[0xef, 0xbb, 0xbf]) {
            3
        } else {
            0
        };
        if head[given..].iter().all(u8::is_ascii_whitespace) {
            return Err(IntakeError::Empty);
        }
        Ok(Self { head, given, body })
    }

    /// The text's beginning; all of it when it is short.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head[self.given..]
    }

    /// Whether [`Self::head`] is all there is.
    pub(crate) fn is_short(&self) -> bool {
        self.head.len() < HEAD
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.head.len() {
            return self.body.read(into);
        }
        let read = (&self.head[self.given..]).read(into)?;
        self.given += read;
        Ok(read)
    }
}

fn beginning(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(HEAD).expect("64 KiB fit");
    let mut head = Vec::with_capacity(HEAD);
    reader.take(limit).read_to_end(&mut head)?;
    Ok(head)
}

/// What else the file is, told by its first bytes.
fn foreign(head: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 10] = [
        (b"PK\x03\x04", "a zip archive or an Excel workbook"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
        (b"PAR1", "a Parquet file"),
        (b"\x28\xb5\x2f\xfd", "a file compressed with zstd"),
        (b"BZh", "a file compressed with bzip2"),
        (b"\xfd7zXZ\x00", "a file compressed with xz"),
        (b"\x1f\x8b", "a file compressed twice"),
        (b"%PDF", "a PDF"),
        (b"\x7fELF", "a program"),
        (b"SQLite format 3\x00", "an SQLite data base"),
    ];
    if let Some((_, what)) = SIGNATURES.iter().find(|(bytes, _)| head.starts_with(bytes)) {
        return Some(what);
    }
    let text = head.trim_ascii_start();
    let starts = |word: &[u8]| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    if text.starts_with(b"{") || text.starts_with(b"[{") || text.starts_with(b"[\n") {
        Some("JSON")
    } else if starts(b"<!doctype") || starts(b"<html") {
        Some("a web page")
    } else if starts(b"<?xml") {
        Some("XML")
    } else {
        None
    }
}
