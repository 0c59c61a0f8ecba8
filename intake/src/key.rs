//! Keys by which an event is stored once, however often it is sent.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The key of an event. When a key came with it: 128 bits of BLAKE3 over the customer and that key. Else two bytes of its
/// day and 112 bits of BLAKE3 over everything the event says (customer, name, instant, properties sorted by name).
///
/// So the same file twice, or a longer export that holds the same rows, changes nothing. The price without a key column:
/// two events alike in everything count once, and the same event exported with another set of columns is another event.
/// A given key counts within its customer, since customers live in different shards and keys are compared in one.
///
/// The day, which the hash contains anyway, lets the keys of a file in order of time lie together in an index: spread
/// over all of it, every key of fifty million would be another page to read and to write.
pub fn event_key(
    customer: &str,
    given: Option<&str>,
    name: &str,
    at: Timestamp,
    properties: Option<&Map<String, Value>>,
) -> [u8; 16] {
    let mut canonical = Vec::with_capacity(256);
    // Each part is preceded by its length, so that parts can't run into each other.
    let mut put = |part: &[u8]| {
        let length = u64::try_from(part.len()).expect("a length fits 64 bits");
        canonical.extend_from_slice(&length.to_be_bytes());
        canonical.extend_from_slice(part);
    };
    if let Some(given) = given {
        put(b"holdfast event key 1: given");
        put(customer.as_bytes());
        put(given.as_bytes());
    } else {
        put(b"holdfast event key 1: row");
        put(customer.as_bytes());
        put(name.as_bytes());
        put(&at.as_nanosecond().to_be_bytes());
        // Sorted here, not by the map: whether a JSON map is sorted depends on the features of a build.
        let mut properties: Vec<_> = properties.into_iter().flatten().collect();
        properties.sort_unstable_by_key(|(name, _)| *name);
        for (name, value) in properties {
            put(name.as_bytes());
            put(value.to_string().as_bytes());
        }
    }
    let hash = blake3::hash(&canonical);
    let hash = hash.as_bytes();
    let mut key = *hash.first_chunk().expect("32 bytes begin with 16");
    if given.is_none() {
        key.copy_within(..KEPT, DAY);
        key[..DAY].copy_from_slice(&day(at).to_be_bytes());
    }
    key
}

/// Bytes of a day in a key, and of the hash behind it.
const DAY: usize = 2;
const KEPT: usize = 16 - DAY;

/// Days since 1970, in UTC.
fn day(at: Timestamp) -> u16 {
    let day = at.as_second().div_euclid(86_400).rem_euclid(1 << 16);
    u16::try_from(day).expect("a remainder of 65,536")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Event = (String, Option<String>, String, i64, Vec<(String, i64)>);

    fn event() -> impl Strategy<Value = Event> {
        (
            "[ab]{1,2}",
            proptest::option::of("[ab]{1,2}"),
            "[ab]{1,2}",
            0_i64..3,
            proptest::collection::vec(("[ab]{1,2}", 0_i64..3), 0..3),
        )
    }

    fn properties(event: &Event) -> Map<String, Value> {
        event
            .4
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(*value)))
            .collect()
    }

    fn key(event: &Event) -> [u8; 16] {
        let at = Timestamp::from_second(event.3).unwrap();
        event_key(
            &event.0,
            event.1.as_deref(),
            &event.2,
            at,
            Some(&properties(event)),
        )
    }

    proptest! {
        #[test]
        fn equal_exactly_when_the_row_is(one in event(), other in event()) {
            let same = one.0 == other.0 && match (&one.1, &other.1) {
                (Some(key), Some(other_key)) => key == other_key,
                (None, None) => {
                    (&one.2, one.3, properties(&one)) == (&other.2, other.3, properties(&other))
                }
                _ => false,
            };
            prop_assert_eq!(key(&one) == key(&other), same);
        }
    }

    #[test]
    fn does_not_depend_on_the_order_of_columns() {
        let event = |order: [(&str, i64); 2]| {
            let properties = order
                .into_iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect();
            event_key("c", None, "e", Timestamp::UNIX_EPOCH, Some(&properties))
        };
        assert_eq!(event([("a", 1), ("b", 2)]), event([("b", 2), ("a", 1)]));
    }

    #[test]
    fn no_properties_and_none_are_the_same() {
        let with = event_key("c", None, "e", Timestamp::UNIX_EPOCH, Some(&Map::new()));
        assert_eq!(with, event_key("c", None, "e", Timestamp::UNIX_EPOCH, None));
    }

    #[test]
    fn of_a_row_begins_with_its_day() {
        for (second, day) in [
            (0, 0),
            (86_399, 0),
            (86_400, 1),
            (1_704_067_200, 19_723),
            (-1, 65_535),
        ] {
            let at = Timestamp::from_second(second).unwrap();
            let key = event_key("c1", None, "open", at, None);
            assert_eq!(u16::from_be_bytes([key[0], key[1]]), day, "{second}");
        }
    }

    #[test]
    fn is_the_same_in_every_version() {
        let at = Timestamp::from_second(1_704_067_200).unwrap();
        let key = event_key("c1", None, "open", at, None);
        assert_eq!(
            u128::from_be_bytes(key),
            0x4d0b_13bd_2bb9_cea3_b3af_a97a_91e7_aa98
        );
        let key = event_key("c1", Some("k1"), "", Timestamp::UNIX_EPOCH, None);
        assert_eq!(
            u128::from_be_bytes(key),
            0x1c5d_263e_a3c1_0d7f_befc_8c09_829a_c8dd
        );
    }
}
