//! Groups by usage: the rule of the cuts, what must hold for any customers, and the verdicts.

use analysis::quartiles::{
    Cuts, Effect, FactRow, Facts, Needed, Pace, Part, Reading, ScanRow, Single, Verdict, bars, cut,
    interesting, read, scan, verdict,
};
use analysis::query::{QuartileQuery, Zeros};
use analysis::stats::Interval;
use proptest::collection::vec;
use proptest::prelude::*;

/// Usage of single customers, as the cut rule takes it.
fn usage(list: &[u32]) -> Vec<(u32, u64)> {
    let mut sorted = list.to_vec();
    sorted.sort_unstable();
    let mut counts: Vec<(u32, u64)> = Vec::new();
    for uses in sorted {
        match counts.last_mut() {
            Some((last, count)) if *last == uses => *count += 1,
            _ => counts.push((uses, 1)),
        }
    }
    counts
}

#[test]
fn cuts_worked_by_hand() {
    let check = |list: &[u32], expected: Option<(u32, u32)>| {
        let found = cut(&usage(list)).map(|Cuts { bottom, top }| (bottom, top));
        assert_eq!(found, expected, "{list:?}");
    };
    check(&[1, 2, 3, 4], Some((1, 4)));
    check(&[1, 2, 3, 4, 5, 6, 7, 8], Some((2, 7)));
    // nobody to compare
    check(&[], None);
    check(&[3], None);
    check(&[3, 3, 3], None);
    // two values: no middle
    check(&[1, 1, 1, 2], Some((1, 2)));
    check(&[1, 2, 2, 2, 2, 2], Some((1, 2)));
    // equal usage is never split: more than half is at the bottom
    check(&[1, 1, 1, 1, 1, 2, 3, 9], Some((1, 3)));
    // of two equally near ones the smaller group: 1 or 3 of 8 are as far from 2
    check(&[1, 2, 2, 4, 5, 6, 6, 7], Some((1, 7)));
    // huge numbers
    check(&[0, u32::MAX], Some((0, u32::MAX)));
}

fn row() -> impl Strategy<Value = FactRow> {
    let events = proptest::collection::btree_map(0_u32..4, 1_u32..9, 0..4);
    (
        1_u32..4,
        any::<bool>(),
        prop_oneof![Just(0), 0_u64..256],
        events,
    )
        .prop_map(|(customers, lately, active, events)| FactRow {
            customers,
            lately,
            active,
            events: events.into_iter().collect(),
        })
}

fn facts() -> impl Strategy<Value = Facts> {
    vec(row(), 0..60).prop_map(|rows| Facts {
        names: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        rows,
        not_over: 3,
    })
}

fn query(landmark: bool, zeros: Zeros) -> QuartileQuery {
    QuartileQuery {
        landmark,
        zeros,
        ..QuartileQuery::default()
    }
}

fn finite(effect: Option<Effect>) -> bool {
    effect.is_none_or(
        |Effect {
             difference,
             interval,
             p,
         }| {
            let Interval { low, high } = interval;
            -1.0 <= low
                && low <= difference
                && difference <= high
                && high <= 1.0
                && (0.0..=1.0).contains(&p)
        },
    )
}

fn customers(facts: &Facts, counted: impl Fn(&FactRow) -> bool) -> u64 {
    let rows = facts.rows.iter().filter(|row| counted(row));
    rows.map(|row| u64::from(row.customers)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Every pair of cuts is compared.
    #[test]
    fn cuts_are_the_nearest(list in vec(0_u32..12, 0..40)) {
        let size = |is: &dyn Fn(u32) -> bool| {
            i64::try_from(list.iter().filter(|uses| is(**uses)).count()).unwrap()
        };
        let n = i64::try_from(list.len()).unwrap();
        let mut pairs = Vec::new();
        for top in &list {
            for bottom in list.iter().filter(|bottom| *bottom < top) {
                let (high, low) = (size(&|uses| uses >= *top), size(&|uses| uses <= *bottom));
                pairs.push(((4 * high - n).abs(), high, (4 * low - n).abs(), low, *bottom, *top));
            }
        }
        let expected = pairs.into_iter().min().map(|(.., bottom, top)| Cuts { bottom, top });
        prop_assert_eq!(cut(&usage(&list)), expected);
    }

    /// Groups partition the customers counted, no equal usage is split, nothing is NaN.
    #[test]
    fn groups_partition(facts in facts(), landmark: bool, inside: bool, feature in vec(0_u32..5, 0..3)) {
        let zeros = if inside { Zeros::Inside } else { Zeros::Apart };
        let found = read(&query(landmark, zeros), &facts, &feature, landmark, 4);
        let counted = customers(&facts, |row| row.lately || !landmark);
        prop_assert_eq!(found.customers, counted);
        prop_assert_eq!(found.gone + counted, customers(&facts, |_| true));
        prop_assert_eq!(found.never.is_none(), inside);
        let never = found.never.as_ref().map_or(0, |group| group.customers);
        prop_assert_eq!(found.users() + never, counted);
        if let Some(quartiles) = &found.quartiles {
            let groups = [&quartiles.infrequent, &quartiles.moderate, &quartiles.high];
            prop_assert_eq!(groups.iter().map(|group| group.customers).sum::<u64>(), found.users());
            let left: u64 = groups.iter().chain(&found.never.as_ref()).map(|group| group.left).sum();
            prop_assert_eq!(left, found.all.left);
            let with = |is: &dyn Fn(u32) -> bool| {
                found.usage.iter().filter(|(uses, _)| is(*uses)).map(|(_, n)| n).sum::<u64>()
            };
            let Cuts { bottom, top } = quartiles.cuts;
            prop_assert!(bottom < top);
            prop_assert_eq!(quartiles.infrequent.customers, with(&|uses| uses <= bottom));
            prop_assert_eq!(quartiles.high.customers, with(&|uses| uses >= top));
            for group in groups {
                prop_assert!(group.left <= group.customers);
                prop_assert!(group.active.iter().all(|active| *active <= group.customers - group.left));
            }
        } else {
            prop_assert_eq!(found.verdict, Verdict::NotEnoughVariation);
            prop_assert!(found.usage.len() < 2);
        }
        prop_assert!(finite(found.raw) && finite(found.adjusted), "{:?}", &found);
        prop_assert!(found.trend.is_none_or(|trend| trend.z.is_finite() && (0.0..=1.0).contains(&trend.p)));
        prop_assert!(serde_json::to_string(&found).unwrap().parse::<serde_json::Value>().is_ok());
    }

    /// Bars hold all users, each in its group, and only a few lie beyond.
    #[test]
    fn bars_hold_all_users(list in vec(prop_oneof![1_u32..9, 1_u32..400, Just(u32::MAX)], 0..60)) {
        let rows = list.iter().map(|uses| FactRow {
            customers: 1,
            lately: true,
            active: 1,
            events: vec![(0, *uses)],
        });
        let facts = Facts { names: vec!["a".to_owned()], rows: rows.collect(), not_over: 0 };
        let found = read(&query(true, Zeros::Apart), &facts, &[0], true, 1);
        let drawn = bars(&found);
        prop_assert!(drawn.bars.windows(2).all(|two| two[0].to + 1 == two[1].from));
        if let Some(quartiles) = &found.quartiles {
            prop_assert!(drawn.bars.len() <= 44);
            prop_assert!(drawn.beyond * 50 <= found.users());
            for part in Part::ALL {
                let bars = drawn.bars.iter().filter(|bar| bar.part == part);
                let beyond = if part == Part::High { drawn.beyond } else { 0 };
                let group = found.group(part).map_or(0, |group| group.customers);
                prop_assert_eq!(bars.map(|bar| bar.customers).sum::<u64>() + beyond, group);
            }
            prop_assert_eq!(drawn.bars[0].part, Part::Infrequent);
            prop_assert!(drawn.bars.iter().any(|bar| bar.from == quartiles.cuts.top || bar.to + 1 == quartiles.cuts.top));
        } else {
            prop_assert!(drawn.bars.is_empty());
        }
    }

    /// Neither the order of customers nor how they are put together matters.
    #[test]
    fn relabelling_changes_nothing(facts in facts(), seed: u64) {
        let mut single: Vec<FactRow> = facts
            .rows
            .iter()
            .flat_map(|row| (0..row.customers).map(|_| FactRow { customers: 1, ..row.clone() }))
            .collect();
        let length = u64::try_from(single.len()).unwrap().max(1);
        for place in 0..single.len() {
            let other = (seed.wrapping_mul(u64::try_from(place).unwrap() + 7) >> 7) % length;
            single.swap(place, usize::try_from(other).unwrap());
        }
        let relabelled = Facts { rows: single, ..facts.clone() };
        let query = query(true, Zeros::Apart);
        prop_assert_eq!(read(&query, &facts, &[1], true, 4), read(&query, &relabelled, &[1], true, 4));
        prop_assert_eq!(scan(&query, &facts, &[], 4), scan(&query, &relabelled, &[], 4));
    }

    /// The scan says of each feature what its own page says, and Holm only makes it more careful.
    #[test]
    fn the_scan_agrees_with_the_page(facts in facts()) {
        let query = query(true, Zeros::Apart);
        let (rows, left_out) = scan(&query, &facts, &[], 4);
        prop_assert_eq!(left_out, 0);
        for row in &rows {
            let place = facts.names.iter().position(|name| *name == row.feature).unwrap();
            let page = read(&query, &facts, &[u32::try_from(place).unwrap()], true, 4);
            prop_assert_eq!(page.users(), row.users);
            prop_assert_eq!(page.verdict, row.verdict);
            prop_assert_eq!(row.holm.is_some(), row.adjusted.is_some());
            if let (Some(holm), Some(effect)) = (row.holm, row.adjusted) {
                prop_assert!(effect.p <= holm && holm <= 1.0);
            }
        }
        prop_assert!(rows.is_sorted_by_key(|row| row.adjusted.map_or(2.0, |effect| effect.difference)));
    }
}

/// Customers with as many uses of event 0 and of all else, of whom some left.
fn people(groups: &[(u32, u32, u32, u32)]) -> Facts {
    let rows = groups.iter().flat_map(|&(uses, other, stayed, left)| {
        let row = |customers, active| FactRow {
            customers,
            lately: true,
            active,
            events: vec![(0, uses), (1, other)],
        };
        [row(stayed, 1), row(left, 0)]
    });
    Facts {
        names: vec!["feature".to_owned(), "else".to_owned()],
        rows: rows.collect(),
        not_over: 0,
    }
}

fn reading(groups: &[(u32, u32, u32, u32)]) -> Reading {
    let query = query(true, Zeros::Apart);
    read(&query, &people(groups), &[0], true, 10)
}

#[test]
fn verdicts_on_customers_made_for_them() {
    // heavy users leave less, however active they are otherwise
    let keeps = reading(&[
        (1, 1, 100, 100),
        (1, 9, 100, 100),
        (5, 1, 180, 20),
        (5, 9, 180, 20),
    ]);
    assert_eq!(keeps.verdict, Verdict::Confirmed);
    assert!(keeps.trend.unwrap().z < -5.0);
    let harms = reading(&[
        (1, 1, 180, 20),
        (1, 9, 180, 20),
        (5, 1, 100, 100),
        (5, 9, 100, 100),
    ]);
    assert_eq!(harms.verdict, Verdict::Reverse);
    // it is the active ones who stay, and who use it more
    let fellow = reading(&[
        (1, 1, 500, 500),
        (1, 9, 190, 10),
        (5, 1, 100, 100),
        (5, 9, 950, 50),
    ]);
    assert!(
        matches!(
            fellow.verdict,
            Verdict::Confounded {
                raw: Single::Confirmed,
                ..
            }
        ),
        "{:?}",
        fellow.verdict
    );
    let nothing = reading(&[
        (1, 1, 4000, 1000),
        (1, 9, 4000, 1000),
        (5, 1, 4000, 1000),
        (5, 9, 4000, 1000),
    ]);
    assert_eq!(nothing.verdict, Verdict::NoMaterialDifference);
    let few = reading(&[(1, 1, 12, 8), (1, 9, 12, 8), (5, 1, 14, 6), (5, 9, 14, 6)]);
    let Verdict::TooLittleData { needed } = few.verdict else {
        panic!("{:?}", few.verdict);
    };
    // ten points of 80 customers: the interval is about twice as wide as it may be
    assert!(
        (100..1_000).contains(&needed.customers.unwrap()),
        "{needed:?}"
    );
    assert_eq!(
        needed.periods.map(u64::from),
        needed.customers.map(|more| more.div_ceil(8))
    );
    // heavy users are all more active than light ones: nothing in common
    let apart = reading(&[(1, 1, 100, 100), (5, 9, 180, 20)]);
    assert_eq!(apart.adjusted, None);
    let expected = Verdict::Confounded {
        raw: Single::Confirmed,
        adjusted: Single::TooLittleData,
    };
    assert_eq!(apart.verdict, expected);
    // extremes
    for groups in [
        vec![(1, 1, 0, 9), (5, 1, 0, 9)],
        vec![(1, 1, 9, 0), (5, 1, 9, 0)],
        vec![(1, 1, 0, 1), (5, 1, 1, 0)],
        vec![(1, 1, 1, 0)],
        vec![],
    ] {
        let found = reading(&groups);
        assert!(finite(found.raw) && finite(found.adjusted), "{found:?}");
    }
}

#[test]
fn verdicts_by_intervals() {
    let effect = |low: f64, high: f64| Effect {
        difference: f64::midpoint(low, high),
        interval: Interval { low, high },
        p: 0.5,
    };
    let pace = Pace {
        customers: 1_000,
        periods: 10,
    };
    let check = |raw: (f64, f64), adjusted: (f64, f64)| {
        let (raw, adjusted) = (effect(raw.0, raw.1), effect(adjusted.0, adjusted.1));
        verdict(Some(&raw), Some(&adjusted), 5, pace)
    };
    let (less, more) = ((-0.3, -0.1), (0.1, 0.3));
    let (none, wide) = ((-0.02, 0.03), (-0.2, 0.2));
    assert_eq!(check(less, less), Verdict::Confirmed);
    assert_eq!(check(more, more), Verdict::Reverse);
    assert_eq!(check(none, none), Verdict::NoMaterialDifference);
    let confounded = |raw, adjusted| Verdict::Confounded { raw, adjusted };
    assert_eq!(
        check(less, more),
        confounded(Single::Confirmed, Single::Reverse)
    );
    assert_eq!(
        check(less, none),
        confounded(Single::Confirmed, Single::NoMaterialDifference)
    );
    assert_eq!(
        check(more, wide),
        confounded(Single::Reverse, Single::TooLittleData)
    );
    assert_eq!(
        check(wide, less),
        confounded(Single::TooLittleData, Single::Confirmed)
    );
    // an interval that touches 0 is no finding, one that touches the limit is immaterial
    assert_eq!(
        check((-0.05, 0.0), (-0.05, 0.05)),
        Verdict::NoMaterialDifference
    );
    // no difference, and an interval four times as wide as what is immaterial: sixteen times as many customers
    let needed = Needed {
        customers: Some(15_000),
        periods: Some(150),
    };
    assert_eq!(check(wide, none), Verdict::TooLittleData { needed });
    assert_eq!(verdict(None, None, 5, pace), Verdict::NotEnoughVariation);
    let nobody = Pace {
        customers: 0,
        periods: 1,
    };
    let Verdict::TooLittleData { needed } = verdict(Some(&effect(-1.0, 1.0)), None, 5, nobody)
    else {
        panic!("something is said of nobody");
    };
    assert_eq!(needed.periods, None);
}

#[test]
fn the_most_interesting_feature() {
    let row = |feature: &str, difference: f64, users: u64, holm: f64, verdict: Verdict| ScanRow {
        feature: feature.to_owned(),
        groups: None,
        set: None,
        users,
        raw: None,
        adjusted: Some(Effect {
            difference,
            interval: Interval {
                low: difference - 0.01,
                high: difference + 0.01,
            },
            p: holm,
        }),
        holm: Some(holm),
        verdict,
    };
    let nothing = || row("report_made", 0.0, 90, 1.0, Verdict::NoMaterialDifference);
    let chosen = |rows: &[ScanRow]| interesting(rows).map(|row| row.feature.clone());
    let login = || row("login", -0.4, 100, 0.0, Verdict::Confirmed);
    let harm = || row("bulk_edit", 0.3, 10, 0.0, Verdict::Reverse);
    let all = [
        login(),
        row("lucky", -0.3, 5, 0.4, Verdict::Confirmed),
        row("draw", -0.2, 20, 0.0, Verdict::Confirmed),
        nothing(),
        harm(),
    ];
    assert_eq!(chosen(&all).as_deref(), Some("draw"));
    assert_eq!(
        chosen(&[login(), nothing(), harm()]).as_deref(),
        Some("bulk_edit")
    );
    let rare = row("rare", -0.1, 5, 0.9, Verdict::NotEnoughVariation);
    assert_eq!(
        chosen(&[login(), rare, nothing()]).as_deref(),
        Some("report_made")
    );
    for name in ["login", "Signed Up", "page_viewed", "session_started"] {
        let only = row(name, -0.4, 100, 0.0, Verdict::Confirmed);
        assert_eq!(chosen(&[only]), None, "{name}");
    }
    assert_eq!(chosen(&[]), None);
}
