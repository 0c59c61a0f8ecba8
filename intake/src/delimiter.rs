//! What separates the columns.

use crate::records::{Advance, Records};
use std::cmp::Reverse;

const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Records of the beginning that are compared.
const COMPARED: usize = 100;

/// The delimiter under which most records have as many fields as the headings, and the more fields the better. Comma
/// when nothing separates anything.
///
/// `complete`: `head` is the whole file, so its last record counts as well.
pub(crate) fn sniff(head: &[u8], complete: bool) -> u8 {
    CANDIDATES
        .into_iter()
        .filter_map(|delimiter| {
            let (agreeing, compared, width) = agreement(head, complete, delimiter)?;
            // in percent, so that a few bad rows don't decide
            Some((agreeing * 10 / compared, width, Reverse(delimiter)))
        })
        .max()
        .map_or(b',', |(_, _, Reverse(delimiter))| delimiter)
}

/// (records as wide as the headings, records, width of the headings); none when the headings are one column.
fn agreement(head: &[u8], complete: bool, delimiter: u8) -> Option<(usize, usize, usize)> {
    let mut records = Records::new(head, delimiter);
    let mut widths = Vec::new();
    while widths.len() < COMPARED {
        match records.advance() {
            Ok(Advance::Record) => widths.push(records.len()),
            Ok(Advance::Broken(_)) => widths.push(0),
            Ok(Advance::End) | Err(_) => break,
        }
    }
    if !complete && widths.len() > 1 && widths.len() < COMPARED {
        widths.pop();
    }
    let width = *widths.first().filter(|&&width| width > 1)?;
    let agreeing = widths.iter().filter(|&&other| other == width).count();
    Some((agreeing, widths.len(), width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_separates() {
        for (text, expected) in [
            ("a,b,c\n1,2,3\n", b','),
            ("a;b;c\n1,5;2,5;3\n", b';'),
            ("a\tb\n1,2,3\t4\n", b'\t'),
            ("a|b|c\n1|2|3", b'|'),
            ("only\n1\n2\n", b','),
            // one bad row among many does not decide
            (
                "a;b\n1;2\n1;2\n1;2\n1;2\n1;2\n1;2\n1;2\n1;2\n1;2\nbad\n",
                b';',
            ),
            // a list in quotes is not a row of columns
            ("a;b\n\"1,2,3\";4\n", b';'),
        ] {
            assert_eq!(
                char::from(sniff(text.as_bytes(), true)),
                char::from(expected),
                "{text:?}"
            );
        }
    }
}
