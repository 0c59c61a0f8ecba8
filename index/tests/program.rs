//! Whatever a rule may ask of columns, blocks of 64 give the same as one entry at a time.

use analysis::query::TraitTest;
use analysis::rule::{Need, Span};
use index::Selection;
use index::column::{Column, Value};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn values() -> impl Strategy<Value = Vec<(u32, Value)>> {
    let value = prop_oneof![
        select(vec!["pro", "free", "10", ""]).prop_map(|text| Value {
            text: text.to_owned(),
            number: None
        }),
        (0_u32..600).prop_map(|n| Value {
            text: n.to_string(),
            number: Some(f64::from(n))
        }),
    ];
    prop_oneof![
        vec((0_u32..200, value.clone()), 0..100),
        vec((0_u32..2000, value), 0..2000)
    ]
}

fn tests() -> impl Strategy<Value = TraitTest> {
    let texts = vec(
        select(vec!["pro", "free", "10", "17", "never"]).prop_map(str::to_owned),
        1..3,
    );
    prop_oneof![
        texts.clone().prop_map(TraitTest::Is),
        texts.prop_map(TraitTest::IsNot),
        Just(TraitTest::Set),
        Just(TraitTest::Unset),
        (option::of(0.0..300.0), option::of(200.0..600.0))
            .prop_map(|(min, max)| TraitTest::Between { min, max }),
    ]
}

fn passes(value: Option<&Value>, test: &TraitTest) -> bool {
    match (test, value) {
        (TraitTest::Is(list), value) => value.is_some_and(|value| list.contains(&value.text)),
        (TraitTest::IsNot(list), value) => value.is_none_or(|value| !list.contains(&value.text)),
        (TraitTest::Set, value) => value.is_some(),
        (TraitTest::Unset, value) => value.is_none(),
        (TraitTest::Between { min, max }, value) => {
            value.and_then(|value| value.number).is_some_and(|number| {
                min.is_none_or(|min| min <= number) && max.is_none_or(|max| number <= max)
            })
        }
    }
}

fn needs() -> impl Strategy<Value = Vec<Need>> {
    let need = (
        0_usize..12,
        option::of(0_usize..90),
        0_usize..5,
        any::<bool>(),
    )
        .prop_map(|(from, more, at_least, all)| {
            let at_least = match more {
                Some(more) if all => more + 1,
                _ => at_least,
            };
            Need {
                span: Span {
                    from,
                    to: more.map(|more| from + more),
                },
                at_least,
            }
        });
    // Streaks, suffixes and the like, where columns are made from each other, and anything at all.
    let streak = (0_usize..3).prop_map(|from| {
        (0..80)
            .map(|k| Need {
                span: Span {
                    from,
                    to: Some(from + k),
                },
                at_least: k + 1,
            })
            .collect()
    });
    let suffix = option::of(30_usize..90).prop_map(|to| {
        (0..30)
            .map(|from| Need {
                span: Span { from, to },
                at_least: 1,
            })
            .collect()
    });
    let prefix = (0_usize..3).prop_map(|from| {
        (0..80)
            .map(|k| Need {
                span: Span {
                    from,
                    to: Some(from + k),
                },
                at_least: 1,
            })
            .collect()
    });
    prop_oneof![vec(need, 0..40), streak, suffix, prefix]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn columns_choose_as_their_conditions_say(rows in values(), test in tests(), customers in 0_usize..2100) {
        let column = Column::new(rows.clone());
        let chosen = column.select(&test, customers);
        let mut count = 0;
        for customer in 0..2200_u32 {
            let value = rows.iter().rev().find(|(owner, _)| *owner == customer).map(|(_, value)| value);
            let expected = usize::try_from(customer).expect("small") < customers && passes(value, &test);
            prop_assert_eq!(chosen.has(customer), expected, "{} {:?} {:?}", customer, value, test);
            count += usize::from(expected);
        }
        prop_assert_eq!(chosen.len(), count);
        prop_assert_eq!(chosen.is_empty(), count == 0);
        let mut all = Selection::all(customers);
        prop_assert_eq!(all.len(), customers);
        all.and(&chosen);
        prop_assert_eq!(all.len(), count);
        all.without(&chosen);
        prop_assert!(all.is_empty());
    }

    #[test]
    fn programs_ask_what_needs_ask(needs in needs(), words in vec(any::<u64>(), 0..100), dense: bool) {
        let words: Vec<u64> = words.into_iter().map(|word| if dense { word | word.rotate_left(7) | word.rotate_left(29) } else { word }).collect();
        let columns = index::Program::new(&needs).columns(&words);
        prop_assert_eq!(columns.len(), needs.len());
        for (column, need) in columns.iter().zip(&needs) {
            for entry in 0..64 {
                let mut active = vec![0_u64; words.len().div_ceil(64)];
                for (k, word) in words.iter().enumerate() {
                    active[k / 64] |= (word >> entry & 1) << (k % 64);
                }
                prop_assert_eq!(column >> entry & 1 == 1, need.holds(&active), "{:?}", need);
            }
        }
    }
}
