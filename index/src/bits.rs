//! Sets of small numbers as bits, number `n` in bit `n % 64` of word `n / 64`.

/// Words for `n` bits.
pub(crate) fn words(n: usize) -> usize {
    n.div_ceil(64)
}

/// Adds a number.
pub(crate) fn set(words: &mut [u64], n: usize) {
    words[n / 64] |= 1 << (n % 64);
}

/// Whether a number is in the set.
pub(crate) fn has(words: &[u64], n: usize) -> bool {
    words
        .get(n / 64)
        .is_some_and(|word| word >> (n % 64) & 1 == 1)
}

/// At most 64 answers as a word, the first in bit 0. From the last to the first: then each only moves the others up.
pub(crate) fn word(answers: impl DoubleEndedIterator<Item = bool>) -> u64 {
    answers
        .rev()
        .fold(0, |word, answer| word << 1 | u64::from(answer))
}

/// The bits `from..until` of a word; `until` is at most 64.
pub(crate) fn span(from: usize, until: usize) -> u64 {
    let below = |n: usize| {
        if n >= 64 { u64::MAX } else { (1 << n) - 1 }
    };
    below(until) & !below(from)
}
