//! The demo is what it says it is: the same everywhere, of any size, free of nonsense, and with its truths where an
//! analyst can find them.

mod leaving;
mod load;
mod measure;
mod tables;

use jiff::{SignedDuration, Timestamp};
use measure::{Population, Reading, Window, makes_value};
use server::demo::{AccountHistory, CREATED_VALUE, CUSTOMERS, DemoOptions, FEATURES, SEED};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The demo that docs/DEMO.md describes.
static DEFAULT: LazyLock<Population> = LazyLock::new(|| Population::new(&options(CUSTOMERS, SEED)));

const READINGS: [Reading; 4] = [
    reading(Window::Calendar, true),
    reading(Window::Calendar, false),
    reading(Window::Rolling, true),
    reading(Window::Rolling, false),
];

const fn reading(window: Window, all_events: bool) -> Reading {
    Reading {
        window,
        landmark: true,
        all_events,
    }
}

fn options(customers: u32, seed: u64) -> DemoOptions {
    DemoOptions {
        customers,
        seed,
        ..DemoOptions::until("2026-11-18".parse().expect("a date"))
    }
}

/// FNV-1a over every value of every row.
fn fingerprint(rows: impl Iterator<Item = AccountHistory>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |text: String| {
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    };
    let sorted = |map: &serde_json::Map<String, serde_json::Value>| {
        let sorted: BTreeMap<_, _> = map
            .iter()
            .map(|(name, value)| (name, value.to_string()))
            .collect();
        format!("{sorted:?}")
    };
    for history in rows {
        if let Some(row) = &history.account {
            add(format!("{} {}\n", row.account, sorted(&row.traits)));
        }
        for row in &history.contracts {
            add(format!(
                "{} {} {:?} {:?} ",
                row.contract, row.starts_on, row.ends_on, row.cancelled_on
            ));
            add(format!("{} {:?}\n", row.monthly_minor, row.plan));
        }
        for customer in &history.customers {
            let row = &customer.customer;
            add(format!(
                "{} {:?} {:?} {}\n",
                row.customer,
                row.signup_at,
                row.account,
                sorted(&row.traits)
            ));
            for row in &customer.events {
                let properties = row.properties.as_ref().map(sorted);
                add(format!(
                    "{} {} {} {properties:?} {:?}\n",
                    row.customer,
                    row.name,
                    row.at,
                    row.key.unwrap()
                ));
            }
        }
    }
    hash
}

#[test]
fn the_same_options_give_the_same_rows_on_every_machine() {
    let usual = fingerprint(options(500, SEED).generator());
    assert_eq!(usual, 0x8df8_f9cc_676c_bb21, "{usual:#018x}");
    assert_ne!(fingerprint(options(500, SEED + 1).generator()), usual);
    let later = DemoOptions {
        until: "2026-11-19".parse().expect("a date"),
        ..options(500, SEED)
    };
    assert_ne!(fingerprint(later.generator()), usual);
}

#[test]
fn any_size_and_a_larger_demo_begins_with_the_smaller_one() {
    let large: Vec<AccountHistory> = options(3_000, SEED).generator().collect();
    for size in [0, 1, 500, 3_000] {
        let small: Vec<AccountHistory> = options(size, SEED).generator().collect();
        let customers: usize = small.iter().map(|history| history.customers.len()).sum();
        assert_eq!(u32::try_from(customers), Ok(size));
        for (small, large) in small.iter().zip(&large) {
            // the last account may be cut short, and is the same otherwise
            assert_eq!(small.account, large.account);
            assert_eq!(small.contracts, large.contracts);
            assert_eq!(
                small.customers,
                large.customers[..small.customers.len()],
                "{size}"
            );
        }
    }
    assert_eq!(DEFAULT.customers.len(), 20_000);
}

#[test]
fn rows_make_sense() {
    let known: BTreeSet<&str> = FEATURES
        .into_iter()
        .chain(["login", "invoice_sent", "payment_failed"])
        .collect();
    let (mut ids, mut keys, mut names) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for history in options(5_000, SEED).generator() {
        let account = history.account.as_ref().map(|row| row.account.clone());
        for customer in &history.customers {
            let row = &customer.customer;
            let signup = row.signup_at.expect("the demo gives all signups");
            assert!(signup < DEFAULT.until);
            assert_eq!(row.account, account);
            assert!(ids.insert(row.customer.clone()));
            assert!(customer.events.is_sorted_by_key(|event| event.at));
            for event in &customer.events {
                assert!(event.customer == row.customer && known.contains(event.name.as_str()));
                assert!(
                    signup <= event.at && event.at < DEFAULT.until,
                    "{signup} {event:?}"
                );
                assert!(keys.insert(event.key), "{event:?}");
                names.insert(event.name.clone());
            }
        }
    }
    assert_eq!(names.len(), known.len());
    assert!(!makes_value("login") && CREATED_VALUE.iter().all(|name| FEATURES.contains(name)));
}

#[test]
fn contracts_make_sense() {
    let until = options(0, SEED).until;
    let (mut cancelled, mut not_renewed, mut in_force) = (0, 0, 0);
    let (mut expanded, mut contracted, mut came_back) = (0, 0, 0);
    for history in options(CUSTOMERS, SEED).generator() {
        for (row, next) in history
            .contracts
            .iter()
            .zip(history.contracts.iter().skip(1).map(Some).chain([None]))
        {
            assert_eq!(
                Some(&row.account),
                history.account.as_ref().map(|account| &account.account)
            );
            assert!(row.starts_on < until && row.monthly_minor > 0);
            assert!(row.ends_on.is_none_or(|end| row.starts_on < end));
            assert!(
                row.cancelled_on
                    .is_none_or(|day| row.starts_on <= day && day < until && row.ends_on.is_some())
            );
            let ended = row.ends_on.filter(|end| *end <= until);
            match next {
                Some(next) => {
                    let end = ended.expect("a contract that is followed by another has ended");
                    assert!(end <= next.starts_on);
                    came_back += u32::from(end < next.starts_on);
                    let renewed = end == next.starts_on;
                    expanded += u32::from(renewed && row.monthly_minor < next.monthly_minor);
                    contracted += u32::from(renewed && row.monthly_minor > next.monthly_minor);
                }
                None if row.cancelled_on.is_some() => cancelled += 1,
                None if ended.is_some() => not_renewed += 1,
                None => in_force += 1,
            }
        }
    }
    let found = [
        cancelled,
        not_renewed,
        in_force,
        expanded,
        contracted,
        came_back,
    ];
    assert!(found.into_iter().all(|n| n >= 10), "{found:?}");
}

#[test]
fn volume_and_retention_are_those_of_a_product() {
    let events: usize = DEFAULT
        .customers
        .iter()
        .map(|customer| customer.events.len())
        .sum();
    assert!((1_000_000..1_500_000).contains(&events), "{events}");
    for (week, low, high) in [
        (1, 0.54, 0.62),
        (4, 0.31, 0.37),
        (8, 0.26, 0.30),
        (26, 0.18, 0.22),
        (52, 0.13, 0.18),
    ] {
        let rate = DEFAULT.retention(week, |_| true).rate();
        assert!((low..high).contains(&rate), "week {week}: {rate}");
    }
    // usage is heavy-tailed: the busiest tenth does more than half of everything
    let mut usage: Vec<usize> = DEFAULT
        .customers
        .iter()
        .map(|customer| customer.events.len())
        .collect();
    usage.sort_unstable();
    assert!(usage[usage.len() * 9 / 10..].iter().sum::<usize>() * 2 > events);
    // weekends are quiet
    let weekend = DEFAULT
        .events()
        .filter(|event| weekday(event.at) >= 5)
        .count();
    assert!(
        (events / 50..events / 8).contains(&weekend),
        "{weekend} of {events}"
    );
    let small = DEFAULT
        .cohorts()
        .values()
        .filter(|size| **size < 30)
        .count();
    assert!((2..=6).contains(&small), "{small} small cohorts");
}

fn weekday(at: Timestamp) -> i8 {
    at.to_zoned(jiff::tz::TimeZone::UTC)
        .weekday()
        .to_monday_zero_offset()
}

#[test]
fn some_come_back_after_a_gap() {
    let gap = SignedDuration::from_hours(24 * 7 * 6);
    let returned = DEFAULT.customers.iter().filter(|customer| {
        let mut active = customer
            .events
            .iter()
            .filter(|event| makes_value(&event.name))
            .map(|event| event.at);
        let first = active.next();
        let found = active.try_fold(first, |last, at| {
            let long = last.is_some_and(|last| at.duration_since(last) > gap);
            if long { None } else { Some(Some(at)) }
        });
        found.is_none()
    });
    let share = returned.count() * 100 / DEFAULT.customers.len();
    assert!((5..25).contains(&share), "{share} %");
}

#[test]
fn the_feature_that_keeps_people_is_found() {
    for reading in READINGS {
        let found = DEFAULT.quartiles("template_used", reading);
        assert!(
            found.raw < -12.0 && found.raw + found.raw_half_width < 0.0,
            "{reading:?} {found:?}"
        );
        assert!(
            found.adjusted < -12.0 && found.adjusted + found.adjusted_half_width < 0.0,
            "{reading:?} {found:?}"
        );
        assert!(found.high.rate() < found.middle.rate() && found.middle.rate() < found.low.rate());
    }
}

#[test]
fn the_feature_that_drives_people_away_is_found() {
    for reading in READINGS {
        let found = DEFAULT.quartiles("bulk_email_sent", reading);
        assert!(
            found.raw > 8.0 && found.raw - found.raw_half_width > 0.0,
            "{reading:?} {found:?}"
        );
        assert!(
            found.adjusted > 8.0 && found.adjusted - found.adjusted_half_width > 0.0,
            "{reading:?} {found:?}"
        );
    }
}

#[test]
fn the_feature_that_only_looks_good_is_seen_through() {
    for reading in READINGS {
        let found = DEFAULT.quartiles("keyboard_shortcut_used", reading);
        assert!(
            found.raw < -4.0 && found.raw + found.raw_half_width < 0.0,
            "{reading:?} {found:?}"
        );
        assert!(found.adjusted.abs() < 4.0, "{reading:?} {found:?}");
        assert!(
            found.adjusted.abs() < found.adjusted_half_width,
            "{reading:?} {found:?}"
        );
    }
}

#[test]
fn the_feature_without_effect_has_none() {
    for window in [Window::Calendar, Window::Rolling] {
        for landmark in [true, false] {
            let found = DEFAULT.quartiles(
                "theme_changed",
                Reading {
                    landmark,
                    ..reading(window, true)
                },
            );
            assert!(
                found.raw.abs() + found.raw_half_width < 5.0,
                "{window:?} {landmark} {found:?}"
            );
            assert!(
                found.adjusted.abs() + found.adjusted_half_width < 5.0,
                "{window:?} {landmark} {found:?}"
            );
        }
    }
}

#[test]
fn without_the_landmark_everything_but_the_theme_seems_to_keep_people() {
    for feature in FEATURES {
        let found = DEFAULT.quartiles(
            feature,
            Reading {
                landmark: false,
                ..reading(Window::Rolling, true)
            },
        );
        let seems_to = found.raw + found.raw_half_width < 0.0;
        assert_eq!(seems_to, feature != "theme_changed", "{feature} {found:?}");
    }
}

#[test]
fn truths_do_not_depend_on_the_seed_or_the_date() {
    for (seed, until) in [(1, "2026-11-18"), (2, "2026-03-02"), (SEED, "2027-07-01")] {
        let population = Population::new(&DemoOptions {
            until: until.parse().expect("a date"),
            ..options(CUSTOMERS, seed)
        });
        let question = reading(Window::Rolling, true);
        let found = |feature| population.quartiles(feature, question);
        assert!(found("template_used").adjusted < -10.0, "{seed} {until}");
        assert!(found("bulk_email_sent").adjusted > 5.0, "{seed} {until}");
        assert!(found("keyboard_shortcut_used").raw < -3.0, "{seed} {until}");
        assert!(
            found("keyboard_shortcut_used").adjusted.abs() < 5.0,
            "{seed} {until}"
        );
        assert!(found("theme_changed").raw.abs() < 5.0, "{seed} {until}");
    }
}

#[test]
fn the_affiliate_channel_brings_people_who_leave() {
    let of = |affiliate: bool| {
        DEFAULT.retention(8, move |customer| {
            (customer.customer.traits["channel"] == "affiliate") == affiliate
        })
    };
    let (affiliate, others) = (of(true), of(false));
    assert!(
        affiliate.of > 1_500 && affiliate.rate() < others.rate() - 0.1,
        "{affiliate:?} {others:?}"
    );
}

#[test]
fn the_campaign_week_is_large_and_stays_badly() {
    let weeks = options(0, SEED).generator();
    let campaign = weeks.campaign_week();
    let cohorts = DEFAULT.cohorts();
    let near: Vec<u32> = cohorts
        .iter()
        .filter(|(week, _)| (1..=4).contains(&(**week - campaign).get_days().abs().div_euclid(7)))
        .map(|(_, size)| *size)
        .collect();
    let usual = near.iter().sum::<u32>() / 8;
    assert!(
        near.len() == 8 && cohorts[&campaign] > usual * 3 / 2,
        "{near:?} {}",
        cohorts[&campaign]
    );
    let kept = |inside: bool| {
        DEFAULT.retention(8, |customer| (DEFAULT.week(customer) == campaign) == inside)
    };
    assert!(
        kept(true).rate() < kept(false).rate() - 0.06,
        "{:?} {:?}",
        kept(true),
        kept(false)
    );
}

#[test]
fn the_bad_release_hits_all_cohorts_and_costs_customers() {
    let release = options(0, SEED).generator().release_week();
    let active = |weeks_later: i64| {
        let mut by_cohort: BTreeMap<_, u32> = BTreeMap::new();
        for customer in &DEFAULT.customers {
            if DEFAULT.active_in(customer, release, weeks_later) {
                *by_cohort.entry(DEFAULT.week(customer)).or_default() += 1;
            }
        }
        by_cohort
    };
    let (before, during, after) = (active(-1), active(0), active(1));
    // old enough to be past the trial, large enough to tell
    let told: Vec<bool> = before
        .iter()
        .filter(|(week, count)| **count >= 25 && (release - **week).get_days() >= 56)
        .map(|(week, count)| during.get(week).copied().unwrap_or(0) < *count)
        .collect();
    let fell = told.iter().filter(|fell| **fell).count();
    assert!(
        told.len() > 30 && fell * 10 > told.len() * 9,
        "{fell} of {}",
        told.len()
    );
    let total = |counts: &BTreeMap<_, u32>| counts.values().sum::<u32>();
    assert!(total(&during) * 5 < total(&before) * 4 && total(&during) < total(&after));
    let gone = |weeks_later| DEFAULT.gone(release, weeks_later).rate();
    assert!(gone(-1) > gone(-6) * 1.3, "{} {}", gone(-1), gone(-6));
}

#[test]
fn the_document_tells_what_is_measured() {
    let document = include_str!("../../../docs/DEMO.md");
    for table in tables::all(&DEFAULT, &options(CUSTOMERS, SEED).generator()) {
        assert!(
            document.contains(&table),
            "docs/DEMO.md lacks this table as measured:\n{table}"
        );
    }
}
