//! Leaving: periods that tell of few are gone, and neither their neighbours nor words tell them.

use analysis::annotation::Annotation;
use analysis::churn::{
    Churn, ChurnPeriod, ChurnReport, Fading, Lifecycle, Quietly, Returns, Stickiness, Week,
};
use analysis::period::{Grain, WeekStart};
use analysis::query::ChurnQuery;
use analysis::saved::Answer;
use analysis::withhold::{FEWEST, Shown, few, withhold_churn};
use analysis::words;
use jiff::ToSpan;
use jiff::civil::Date;
use proptest::prelude::*;

const FIRST: Date = Date::constant(2025, 1, 6);

/// What happened in a week, as numbers that any chain of weeks can have: shares are cut to what there is.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    lost: u64,
    new: u64,
    returned: u64,
    dormant: u64,
    fresh: u64,
    back: u64,
}

/// Weeks that hang together. `alike`: who is new in a week is new at its end, as with a threshold of a week or more.
fn weeks(drawn: &[Drawn], (opening, active): (u64, u64), alike: bool) -> Vec<ChurnPeriod> {
    let (mut opening, mut active) = (opening, active);
    let mut periods: Vec<ChurnPeriod> = Vec::new();
    for (place, one) in drawn.iter().enumerate() {
        let start = FIRST + (7 * i64::try_from(place).unwrap()).days();
        let running = place + 1 == drawn.len();
        let churn = Churn {
            opening,
            lost: one.lost.min(opening),
            new: one.new,
            returned: one.returned,
        };
        let dormant = one.dormant.min(active);
        let lifecycle = Lifecycle {
            new: if alike { one.new } else { one.fresh },
            retained: active - dormant,
            returned: one.back,
            dormant: (!running).then_some(dormant),
        };
        periods.push(ChurnPeriod {
            start,
            last: start + 6.days(),
            opening,
            churn: (!running).then_some(churn),
            before: (one.fresh > 2).then_some(Churn {
                opening: one.fresh + one.back,
                lost: one.back,
                new: one.new,
                returned: 1,
            }),
            lifecycle,
            stickiness: (!running).then(|| Stickiness {
                days: vec![one.fresh, one.back, 3],
            }),
        });
        opening = churn.closing();
        active = lifecycle.active();
    }
    periods
}

fn report(periods: Vec<ChurnPeriod>, quiet: Quietly, threshold: u32) -> ChurnReport {
    let ended = periods.iter().rev().find(|period| period.churn.is_some());
    let picked = ended.map(|period| period.start);
    ChurnReport {
        query: ChurnQuery::customary(Grain::Week),
        activity: "worked".to_owned(),
        threshold,
        returns: Returns {
            horizon: 3,
            after: vec![40, 2, 1],
            open: 2,
            too_recent: 3,
        },
        zone: "UTC".to_owned(),
        week_start: WeekStart::Monday,
        as_of: "2025-06-01T00:00:00Z".parse().unwrap(),
        as_of_local: "2025-06-01T00:00:00".parse().unwrap(),
        watermark: None,
        watermark_local: None,
        first: Some(FIRST),
        customers: periods.iter().map(|period| period.lifecycle.new).sum(),
        internal: 2,
        periods,
        picked,
        fading: Some(Fading {
            lost: vec![Week {
                customers: 3,
                days: 4,
            }],
            ..Fading::default()
        }),
        quiet,
        annotations: vec![Annotation {
            date: FIRST,
            text: "A secret release".to_owned(),
        }],
    }
}

/// Mostly numbers that may be told, so that many weeks are.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 5_u64..10, 1 => Just(0_u64), 1 => 1_u64..5]
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let numbers = (number(), number(), number(), number(), number(), number());
    numbers.prop_map(|(lost, new, returned, dormant, fresh, back)| Drawn {
        lost,
        new,
        returned,
        dormant,
        fresh,
        back,
    })
}

fn chain() -> impl Strategy<Value = (Vec<Drawn>, (u64, u64), bool)> {
    let start = || prop_oneof![1 => Just(0_u64), 3 => 12_u64..20];
    let weeks = prop::collection::vec(drawn(), 3..7);
    (weeks, (start(), start()), any::<bool>())
}

fn big(lost: u64) -> Drawn {
    Drawn {
        lost,
        new: 20,
        returned: 10,
        dormant: 30,
        fresh: 20,
        back: 10,
    }
}

#[test]
fn a_period_is_told_whole_or_not_at_all() {
    let drawn = [big(20), big(3), big(20), big(20)];
    let quiet = Quietly {
        known: 50,
        leaving: 10,
    };
    let whole = report(weeks(&drawn, (100, 100), false), quiet, 9);
    let (shown, withheld) = withhold_churn(&whole);
    assert_eq!(withheld.len(), 1);
    assert!(withheld.has(whole.periods[1].start));
    let gone = &shown.periods[1];
    assert_eq!((gone.opening, gone.churn, gone.before), (0, None, None));
    assert_eq!(gone.lifecycle, Lifecycle::default());
    assert_eq!(shown.periods[2].churn, whole.periods[2].churn);
    assert_eq!((shown.fading.as_ref(), shown.returns.total()), (None, 0));
    assert!(shown.annotations.is_empty());
    let shown = Shown::of(Answer::Churn(Box::new(whole)), true);
    let method = words::shown_method(&shown, true);
    assert!(
        method.contains("withheld, since fewer than 5 customers stand behind a number: 1 week;"),
        "{method}"
    );
    // the newest that has ended is told, so it is what is said first
    let found = words::shown_finding(&shown).sentence;
    assert!(found.starts_with("In the week of 20 Jan 2025"), "{found}");
}

#[test]
fn the_picked_period_is_not_told_in_words() {
    let whole = report(
        weeks(&[big(20), big(4), big(1)], (100, 100), false),
        Quietly {
            known: 40,
            leaving: 2,
        },
        9,
    );
    let shown = Shown::of(Answer::Churn(Box::new(whole)), true);
    assert_eq!(
        words::shown_finding(&shown).sentence,
        "What became of customers in the week of 13 Jan 2025 is not told here: a number of it tells of fewer than 5."
    );
    let Shown::Churn(report, withheld) = &shown else {
        panic!("another kind");
    };
    assert!(withheld.has_quiet());
    assert_eq!(words::shown_churn(report, withheld), Vec::<String>::new());
}

/// The numbers that a row tells, those that follow from it alone included.
fn told(period: &ChurnPeriod) -> Vec<u64> {
    let cycle = period.lifecycle;
    let mut numbers = vec![
        period.opening,
        cycle.new,
        cycle.retained,
        cycle.returned,
        cycle.active(),
    ];
    if let Some(dormant) = cycle.dormant {
        numbers.extend([dormant, dormant + cycle.retained]);
    }
    if let Some(of) = period.churn {
        numbers.extend([
            of.lost,
            of.opening - of.lost,
            of.new,
            of.returned,
            of.closing(),
        ]);
    }
    if let Some(of) = period.before {
        numbers.extend([of.lost, of.opening - of.lost, of.opening]);
    }
    numbers
}

/// All that a week between two that are told can have been: (lost, stayed, new, returned, dormant, retained, new in it,
/// returned in it), by whoever knows the rules and that the week is withheld.
fn possible(
    (a, b): (u64, u64),
    (before, after): (u64, u64),
    alike: bool,
    mut visit: impl FnMut([u64; 8]),
) {
    for stayed in 0..=a.min(b) {
        for new in 0..=b - stayed {
            let returned = b - stayed - new;
            for retained in 0..=before.min(after) {
                let fresh = match alike {
                    true => new..=new.min(after - retained),
                    false => 0..=after - retained,
                };
                for fresh in fresh {
                    let one = [
                        a - stayed,
                        stayed,
                        new,
                        returned,
                        before - retained,
                        retained,
                        fresh,
                        after - retained - fresh,
                    ];
                    if one
                        .iter()
                        .any(|number| (1..u64::from(FEWEST)).contains(number))
                    {
                        visit(one);
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// No number that is shown tells of few.
    #[test]
    fn nothing_shown_tells_of_few((drawn, start, alike) in chain()) {
        let whole = report(weeks(&drawn, start, alike), Quietly { known: 30, leaving: 10 }, 9);
        let (shown, withheld) = withhold_churn(&whole);
        for (shown, whole) in shown.periods.iter().zip(&whole.periods) {
            prop_assert!(shown.stickiness.is_none());
            if withheld.has(shown.start) {
                prop_assert!(told(shown).iter().all(|number| *number == 0));
                continue;
            }
            prop_assert_eq!((shown.opening, shown.churn, shown.lifecycle), (whole.opening, whole.churn, whole.lifecycle));
            prop_assert!(told(shown).into_iter().all(|number| !few(number)), "{:?}", shown);
        }
        // what is found out about all periods follows from those that are told
        for period in &shown.periods {
            prop_assert!(!withheld.has(period.start) || period.churn.is_none());
        }
    }

    /// Whoever knows the weeks around a withheld one, and the rules, finds none of its few.
    #[test]
    fn neighbours_do_not_tell((drawn, start, alike) in chain()) {
        let whole = report(weeks(&drawn, start, alike), Quietly::default(), 9);
        let (_, withheld) = withhold_churn(&whole);
        for of in whole.periods.windows(3) {
            let hidden = |place: usize| withheld.has(of[place].start);
            let (Some(churn), false, true, false) = (of[1].churn, hidden(0), hidden(1), hidden(2)) else {
                continue;
            };
            let cycle = of[1].lifecycle;
            let ends = (churn.opening, churn.closing());
            let actives = (cycle.retained + cycle.dormant.unwrap(), cycle.active());
            // The year before, and active days, are not told of a withheld week; openings are its neighbours'.
            let was = [
                churn.lost, churn.opening - churn.lost, churn.new, churn.returned,
                cycle.dormant.unwrap(), cycle.retained, cycle.new, cycle.returned,
            ];
            let (mut among, mut others) = (false, [false; 8]);
            possible(ends, actives, alike, |one| {
                among |= one == was;
                for place in 0..8 {
                    others[place] |= one[place] != was[place];
                }
            });
            prop_assert!(among, "{:?} is not among them", was);
            for (number, other) in was.into_iter().zip(others) {
                prop_assert!(!few(number) || other, "{} of {:?} is found: {:?} {:?}", number, was, ends, actives);
            }
        }
    }

    /// Two worlds that differ in withheld numbers alone are the same to readers, in every number and word.
    #[test]
    fn withheld_numbers_leave_no_trace(
        (drawn, start, alike) in chain(), turns in prop::collection::vec((0_usize..1000, 0_u64..9), 9), quiet in 0_u64..5
    ) {
        let one = report(weeks(&drawn, start, alike), Quietly { known: 30, leaving: quiet.min(4) }, 9);
        let (_, withheld) = withhold_churn(&one);
        let mut other = one.clone();
        other.periods.iter_mut().zip(&turns).for_each(|(period, (turn, odd))| {
            period.stickiness = None;
            let (true, Some(churn)) = (withheld.has(period.start), period.churn) else {
                return;
            };
            // another week with the same ends
            let cycle = period.lifecycle;
            let ends = (churn.opening, churn.closing());
            let actives = (cycle.retained + cycle.dormant.unwrap(), cycle.active());
            let (mut count, mut chosen) = (0, None);
            possible(ends, actives, alike, |_| count += 1);
            let wanted = turn * 7919 % count.max(1);
            let mut place = 0;
            possible(ends, actives, alike, |one| {
                if place == wanted {
                    chosen = Some(one);
                }
                place += 1;
            });
            let Some([lost, _, new, returned, dormant, retained, fresh, back]) = chosen else {
                return;
            };
            period.churn = Some(Churn { opening: churn.opening, lost, new, returned });
            period.lifecycle = Lifecycle { new: fresh, retained, returned: back, dormant: Some(dormant) };
            period.before = Some(Churn { opening: 20 + odd, lost: 10, new: *odd, returned: 0 });
        });
        if withheld.has_quiet() {
            other.quiet = Quietly { known: 30, leaving: quiet % 4 + 1 };
        }
        other.returns.after = vec![90, 1, 1];
        other.fading = None;
        other.internal = 3;
        let [one, other] = [one, other].map(|report| Shown::of(Answer::Churn(Box::new(report)), true));
        let [said, alike] = [&one, &other].map(|shown| {
            let Shown::Churn(report, withheld) = shown else { panic!("another kind") };
            (words::shown_finding(shown), words::shown_churn(report, withheld), words::shown_method(shown, true))
        });
        prop_assert_eq!(said, alike);
        prop_assert_eq!(one, other);
    }
}
