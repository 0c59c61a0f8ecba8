//! Keys by which an event is stored once, however often it is sent.

/// The key of an event that came with one: 128 bits of BLAKE3 over the customer and that key.
///
/// A given key counts within its customer, since customers live in different shards and keys are compared in one. An
/// event that came without a key has none: it is known by all it says.
pub fn event_key(customer: &str, given: &str) -> [u8; 16] {
    let mut canonical = Vec::with_capacity(128);
    // Each part is preceded by its length, so that parts can't run into each other.
    for part in ["holdfast event key 1: given", customer, given] {
        let length = u64::try_from(part.len()).expect("a length fits 64 bits");
        canonical.extend_from_slice(&length.to_be_bytes());
        canonical.extend_from_slice(part.as_bytes());
    }
    let hash = blake3::hash(&canonical);
    *hash
        .as_bytes()
        .first_chunk()
        .expect("32 bytes begin with 16")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_exactly_when_customer_and_key_are(
            one in ("[ab]{1,2}", "[ab]{1,2}"),
            other in ("[ab]{1,2}", "[ab]{1,2}"),
        ) {
            let equal = event_key(&one.0, &one.1) == event_key(&other.0, &other.1);
            prop_assert_eq!(equal, one == other);
        }
    }

    #[test]
    fn is_the_same_in_every_version() {
        assert_eq!(
            u128::from_be_bytes(event_key("c1", "k1")),
            0x1c5d_263e_a3c1_0d7f_befc_8c09_829a_c8dd
        );
    }
}
