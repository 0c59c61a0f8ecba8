//! The tables of docs/DEMO.md, made from what is measured, so that the document can't grow old.

use super::measure::{Left, Population, Reading, Window};
use server::demo::{FEATURES, Generator};
use std::fmt::Write;

/// Every table of measured values in the document.
pub fn all(population: &Population, generator: &Generator) -> Vec<String> {
    vec![
        sizes(generator),
        features(population, Window::Calendar),
        features(population, Window::Rolling),
        curve(population),
        channels(population),
        weeks(population, generator),
    ]
}

fn sizes(generator: &Generator) -> String {
    let (mut accounts, mut contracts, mut customers, mut events) = (0, 0, 0, 0);
    for history in generator.clone() {
        accounts += usize::from(history.account.is_some());
        contracts += history.contracts.len();
        customers += history.customers.len();
        events += history
            .customers
            .iter()
            .map(|customer| customer.events.len())
            .sum::<usize>();
    }
    format!(
        "| accounts | contracts | customers | events |\n|---|---|---|---|\n\
         | {accounts} | {contracts} | {customers} | {events} |\n"
    )
}

fn percent(left: Left) -> String {
    format!("{:.1} %", 100.0 * left.rate())
}

fn features(population: &Population, window: Window) -> String {
    let mut table = String::from(
        "| feature | never used | infrequent | high | difference | adjusted |\n|---|---|---|---|---|---|\n",
    );
    for feature in FEATURES {
        let found = population.quartiles(
            feature,
            Reading {
                window,
                landmark: true,
                all_events: true,
            },
        );
        writeln!(
            table,
            "| `{feature}` | {} | {} of those with ≤ {} | {} of those with ≥ {} | {:+.1} ± {:.1} | {:+.1} ± {:.1} |",
            percent(found.never),
            percent(found.low),
            found.bottom_cut,
            percent(found.high),
            found.top_cut,
            found.raw,
            found.raw_half_width,
            found.adjusted,
            found.adjusted_half_width,
        )
        .expect("a string takes all");
    }
    table
}

fn curve(population: &Population) -> String {
    let weeks = [1, 2, 3, 4, 6, 8, 12, 26, 52];
    let names: Vec<String> = weeks.iter().map(|week| format!("week {week}")).collect();
    let rates: Vec<String> = weeks
        .iter()
        .map(|week| percent(population.retention(*week, |_| true)))
        .collect();
    format!(
        "| {} |\n|{}\n| {} |\n",
        names.join(" | "),
        "---|".repeat(weeks.len()),
        rates.join(" | ")
    )
}

fn channels(population: &Population) -> String {
    let mut table = String::from(
        "| channel | customers | week 1 | week 8 | week 26 |\n|---|---|---|---|---|\n",
    );
    for channel in [
        "affiliate",
        "organic search",
        "paid search",
        "partner",
        "referral",
        "sales",
    ] {
        let of = |customer: &server::demo::CustomerHistory| {
            customer.customer.traits["channel"] == channel
        };
        let customers = population
            .customers
            .iter()
            .filter(|customer| of(customer))
            .count();
        let [first, eighth, last] = [1, 8, 26].map(|week| percent(population.retention(week, of)));
        writeln!(
            table,
            "| {channel} | {customers} | {first} | {eighth} | {last} |"
        )
        .expect("a string takes all");
    }
    table
}

fn weeks(population: &Population, generator: &Generator) -> String {
    let cohorts = population.cohorts();
    let (campaign, release) = (generator.campaign_week(), generator.release_week());
    let active = |weeks_later| {
        population
            .customers
            .iter()
            .filter(|customer| population.active_in(customer, release, weeks_later))
            .count()
    };
    let kept = |inside: bool| {
        percent(population.retention(8, |customer| {
            (population.week(customer) == campaign) == inside
        }))
    };
    let small: Vec<String> = cohorts
        .iter()
        .filter(|(_, size)| **size < 30)
        .map(|(week, size)| format!("{week}: {size}"))
        .collect();
    format!(
        "| what | measured |\n|---|---|\n\
         | active customers in the week before the release of {release}, in it, in the week after | {}, {}, {} |\n\
         | of those active in the week before it, not seen in weeks 2 to 9 after; the same five weeks earlier | {}, {} |\n\
         | signups in the campaign's week, {campaign}, and on average | {}, {} |\n\
         | still active in week 8 of those, and of all others | {}, {} |\n\
         | signup weeks with fewer than 30 customers | {} |\n",
        active(-1),
        active(0),
        active(1),
        percent(population.gone(release, -1)),
        percent(population.gone(release, -6)),
        cohorts[&campaign],
        population.customers.len() / cohorts.len(),
        kept(true),
        kept(false),
        small.join(", "),
    )
}
