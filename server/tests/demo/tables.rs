//! The tables of docs/DEMO.md, made from what is measured, so that the document can't grow old.

use crate::measure::{Left, Population, Reading, Window};
use server::demo::{FEATURES, Generator};
use std::fmt::Write;

/// Every table of measured values in the document.
pub fn all(population: &Population, generator: &Generator) -> Vec<String> {
    vec![
        features(population, Window::Calendar),
        features(population, Window::Rolling),
        curve(population),
        channels(population),
        weeks(population, generator),
    ]
}

fn percent(left: Left) -> String {
    format!("{:.1} %", 100.0 * left.rate())
}

fn features(population: &Population, window: Window) -> String {
    let mut table = String::from(
        "| feature | users | infrequent | left | high | left | difference | adjusted |\n|---|---|---|---|---|---|---|---|\n",
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
        let users = found.low.of + found.middle.of + found.high.of;
        writeln!(
            table,
            "| `{feature}` | {users} | {} uses or less | {} | {} uses or more | {} | {:+.1} ± {:.1} | {:+.1} ± {:.1} |",
            found.bottom_cut,
            percent(found.low),
            found.top_cut,
            percent(found.high),
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
    let mut table = String::from("| channel | customers | week 1 | week 8 | week 26 |\n|---|---|---|---|---|\n");
    for channel in ["affiliate", "organic search", "paid search", "partner", "referral", "sales"] {
        let of = |customer: &server::demo::CustomerHistory| customer.customer.traits["channel"] == channel;
        let customers = population.customers.iter().filter(|customer| of(customer)).count();
        let [first, eighth, last] = [1, 8, 26].map(|week| percent(population.retention(week, of)));
        writeln!(table, "| {channel} | {customers} | {first} | {eighth} | {last} |").expect("a string takes all");
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
    let kept = |inside: bool| percent(population.retention(8, |customer| (population.week(customer) == campaign) == inside));
    let small: Vec<String> = cohorts
        .iter()
        .filter(|(_, size)| **size < 30)
        .map(|(week, size)| format!("{week}: {size}"))
        .collect();
    format!(
        "| what | measured |\n|---|---|\n\
         | active customers in the week before the release of {release}, in it, in the week after | {}, {}, {} |\n\
         | signups in the campaign's week, {campaign}, and on average | {}, {} |\n\
         | still active in week 8 of those, and of all others | {}, {} |\n\
         | signup weeks with fewer than 30 customers | {} |\n",
        active(-1),
        active(0),
        active(1),
        cohorts[&campaign],
        population.customers.len() / cohorts.len(),
        kept(true),
        kept(false),
        small.join(", "),
    )
}
