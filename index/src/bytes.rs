//! Numbers in bytes, and a reader that never trusts them.

/// Bytes that are not what this crate writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the activity index holds bytes that it can't have written: {0}")]
pub struct Broken(pub &'static str);

impl Broken {
    /// Nothing is wrong but that a plane is needed that was not read.
    pub const UNREAD: Broken = Broken("a plane of the chunk was not read");
}

/// Appends a number in groups of seven bits, the lowest first.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            out.push(low & 0x7f);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Small numbers of either sign as small numbers without one: 0, -1, 1, -2, …
pub(crate) fn zigzag(number: i64) -> u64 {
    (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned()
}

/// Undoes [`zigzag`].
pub(crate) fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// A length or place as a number to write.
pub(crate) fn number(length: usize) -> u64 {
    u64::try_from(length).expect("lengths fit 64 bits")
}

/// A number read or kept as a place in memory.
pub(crate) fn place(number: u32) -> usize {
    usize::try_from(number).expect("an address has at least 32 bits")
}

/// What is left to read.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next byte.
    #[inline]
    pub(crate) fn byte(&mut self) -> Result<u8, Broken> {
        let (first, rest) = self.rest.split_first().ok_or(Broken("too short"))?;
        self.rest = rest;
        Ok(*first)
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Broken> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(Broken("too short"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// A number as [`put_varint`] writes it.
    pub(crate) fn varint(&mut self) -> Result<u64, Broken> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let group = u64::from(byte & 0x7f);
            if shift == 63 && group > 1 {
                break;
            }
            number |= group << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Broken("a number of more than 64 bits"))
    }

    /// A number of at most 32 bits.
    pub(crate) fn varint32(&mut self) -> Result<u32, Broken> {
        u32::try_from(self.varint()?).map_err(|_| Broken("a number of more than 32 bits"))
    }

    /// A number of things that take at least a byte each, so that broken bytes can't ask for endless memory.
    pub(crate) fn count(&mut self) -> Result<usize, Broken> {
        let count = usize::try_from(self.varint()?).map_err(|_| Broken("too many"))?;
        if count > self.rest.len() {
            return Err(Broken("more entries than bytes"));
        }
        Ok(count)
    }

    /// The version byte that begins everything kept.
    pub(crate) fn version(&mut self, expected: u8) -> Result<(), Broken> {
        if self.byte()? == expected {
            Ok(())
        } else {
            Err(Broken("another version"))
        }
    }

    /// Fails unless all was read.
    pub(crate) fn end(&self) -> Result<(), Broken> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Broken("too long"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(numbers: Vec<u64>, signed: i64) {
            let mut bytes = Vec::new();
            for &number in &numbers {
                put_varint(&mut bytes, number);
            }
            let mut reader = Reader::new(&bytes);
            for &number in &numbers {
                prop_assert_eq!(reader.varint(), Ok(number));
            }
            prop_assert_eq!(reader.end(), Ok(()));
            prop_assert_eq!(unzigzag(zigzag(signed)), signed);
        }
    }

    #[test]
    fn numbers_too_long_are_broken() {
        for bytes in [&[0xff_u8; 10][..], &[0x80; 11], &[0x80; 3]] {
            assert!(Reader::new(bytes).varint().is_err(), "{bytes:?}");
        }
        let mut bytes = Vec::new();
        put_varint(&mut bytes, u64::MAX);
        assert_eq!(Reader::new(&bytes).varint(), Ok(u64::MAX));
    }
}
