//! What is written comes back; what was never written is refused without a panic.

use index::chunk::{Chunk, Depth, Event};
use index::month::Month;
use index::segment::Segment;
use proptest::collection::vec;
use proptest::prelude::*;
use std::borrow::Cow;

const MONTH: Month = Month(2024 * 12 + 1);

fn events() -> impl Strategy<Value = Vec<Event>> {
    let length = MONTH.days() * 86_400_000_000;
    let customer =
        prop_oneof![8 => 0_u32..40, 1 => Just(i32::MAX.unsigned_abs()), 1 => any::<u32>()];
    let instants = prop_oneof![
        (0..length / 1_000_000).prop_map(|second| second * 1_000_000),
        0..length,
        Just(0),
        Just(length - 1),
    ];
    // In most chunks every instant is a whole second, in some none.
    let whole = vec((customer.clone(), 0..length / 1_000_000), 0..200).prop_map(|list| {
        list.into_iter()
            .map(|(customer, second)| (customer, second * 1_000_000))
            .collect()
    });
    prop_oneof![whole, vec((customer, instants), 0..200)].prop_map(|list| {
        let mut events: Vec<Event> = list
            .into_iter()
            .map(|(customer, since)| Event {
                customer,
                at: MONTH.start() + since,
            })
            .collect();
        events.sort();
        events
    })
}

fn segments() -> impl Strategy<Value = (Vec<(i32, Event)>, Vec<Event>)> {
    let far = -60_000_000_000_000_000_i64..60_000_000_000_000_000;
    let near = 1_700_000_000_000_000_i64..1_710_000_000_000_000;
    let instants = prop_oneof![3 => near, 1 => far];
    let event = (0_u32..50, instants).prop_map(|(customer, at)| Event { customer, at });
    (vec((-3_i32..3, event.clone()), 0..60), vec(event, 0..20))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_come_back(events in events()) {
        let chunk = Chunk::encode(MONTH, &events);
        prop_assert_eq!(chunk.decode(MONTH), Ok(events.clone()));
        prop_assert_eq!(chunk.depth(), Depth::Exact);
        let mut days = Chunk { quarters: None, rest: None, ..chunk.clone() };
        prop_assert_eq!(days.depth(), Depth::Days);
        let mut opened = days.open(MONTH).expect("own bytes");
        prop_assert_eq!(opened.left(), events.len());
        for event in &events {
            let day = u8::try_from((event.at - MONTH.start()) / 86_400_000_000).expect("a day");
            prop_assert_eq!(opened.next(), Ok(Some((event.customer, day))));
        }
        prop_assert_eq!(opened.next(), Ok(None));
        prop_assert_eq!(days.decode(MONTH).is_err(), !events.is_empty());
        days.quarters = chunk.quarters.clone();
        prop_assert_eq!(days.depth(), Depth::Quarters);
        prop_assert!(days.size() < chunk.size() || events.is_empty());
    }

    #[test]
    fn chunks_merge(lists in vec(events(), 0..4)) {
        let chunks: Vec<Chunk<'_>> = lists.iter().map(|events| Chunk::encode(MONTH, events)).collect();
        let mut all = lists.concat();
        all.sort();
        prop_assert_eq!(Chunk::merge(MONTH, &chunks), Ok(Chunk::encode(MONTH, &all)));
    }

    #[test]
    fn segments_come_back((events, mut signups) in segments()) {
        let segment = Segment::new(events.clone(), signups.clone());
        let bytes = segment.to_bytes();
        let parsed = Segment::parse(&bytes).expect("own bytes");
        prop_assert_eq!(&parsed, &segment);
        signups.sort_by_key(|signup| signup.customer);
        prop_assert_eq!(&parsed.signups, &signups);
        let mut found = Vec::new();
        for ((stream, month), chunk) in &parsed.parts {
            let decoded = chunk.decode(*month).expect("own bytes");
            found.extend(decoded.into_iter().map(|event| (*stream, event)));
        }
        let mut events = events;
        events.sort();
        found.sort();
        prop_assert_eq!(found, events);
    }

    #[test]
    fn broken_segments_are_refused((events, signups) in segments(), place: prop::sample::Index, byte: u8, cut: bool) {
        let mut bytes = Segment::new(events, signups).to_bytes();
        let place = place.index(bytes.len());
        if cut {
            bytes.truncate(place);
            prop_assert!(Segment::parse(&bytes).is_err());
        } else {
            bytes[place] = byte;
            // Another number may have a sense; a panic has none.
            if let Ok(segment) = Segment::parse(&bytes) {
                for ((_, month), chunk) in &segment.parts {
                    drop(chunk.decode(*month));
                }
            }
        }
    }

    #[test]
    fn garbage_is_refused(days: Vec<u8>, quarters: Option<Vec<u8>>, rest: Option<Vec<u8>>, month: i32) {
        let mut days = days;
        if let Some(version) = days.first_mut() {
            *version %= 2;
        }
        let chunk = Chunk {
            days: Cow::Owned(days.clone()),
            quarters: quarters.map(Cow::Owned),
            rest: rest.map(Cow::Owned),
        };
        drop(chunk.decode(Month(month)));
        drop(Segment::parse(&days));
    }
}

#[test]
fn most_events_take_four_bytes() {
    let events: Vec<Event> = (0..10_000_u32)
        .map(|n| Event {
            customer: n * 3 / 2,
            at: MONTH.start() + i64::from(n % 2_500_000) * 1_000_000,
        })
        .collect();
    let chunk = Chunk::encode(MONTH, &events);
    assert_eq!(chunk.days.len(), 10_000 + 4);
    assert_eq!(chunk.size(), 40_000 + 4);
}
