//! The parts of an answer about segments: what can be said, the segments, their curves, their differences.

use crate::components::cards::{self, numbers, scale};
use crate::components::compare::ask;
use crate::components::dots::Dot;
use analysis::comparison::{ComparisonReport, Segment};
use analysis::query::ComparisonQuery;
use analysis::stats::Interval;
use analysis::withhold::{FEWEST, WithheldSegments};
use analysis::words::{self, signed_points};
use leptos::prelude::*;

/// The class of a segment's colour, the same on all charts.
pub(super) fn colour(report: &ComparisonReport, place: usize) -> String {
    format!("s{}", report.colour(place))
}

/// Every segment with its size, its quoted rate, its difference from the baseline and, where that may be told, its median
/// lifetime. A name makes it the baseline, where there is a question to ask.
pub(crate) fn summary(
    report: &ComparisonReport,
    query: Option<&ComparisonQuery>,
    withheld: &WithheldSegments,
) -> AnyView {
    let lived = !withheld.is_guarded();
    if report.segments.is_empty() {
        return ().into_any();
    }
    let rates = report
        .column
        .into_iter()
        .flat_map(|column| report.segments.iter().map(move |one| one.retention(column)));
    let scale = scale(rates.flatten().map(|(_, interval)| interval), 10.0);
    let column = report.column.map_or("–".to_owned(), |column| {
        words::column_name(&report.query.retention, column)
    });
    let rows: Vec<AnyView> = report
        .segments
        .iter()
        .enumerate()
        .map(|(place, segment)| summary_row(report, query, (place, segment), (scale, lived)))
        .collect();
    let base = report.segments.get(report.baseline);
    let base = base.map_or_else(String::new, |one| one.name.clone());
    view! {
        <section class="card">
            <header><h2>{format!("Segments by {}", words::split(&report.query))}</h2></header>
            <div class="scroll" tabindex="0" role="region" aria-label="Segments">
                <table class="rows dots compared">
                    <thead>
                        <tr>
                            <th scope="col">"Segment"</th>
                            <th scope="col" class="number">"Customers"</th>
                            <th scope="col" class="number">{format!("Active in {column}")}</th>
                            <th scope="col">{format!("0\u{a0}%, with interval, {}", words::percent(scale.high))}</th>
                            <th scope="col" class="number">{format!("Against {base}")}</th>
                            {lived.then(|| view! { <th scope="col" class="number">"Median lifetime"</th> })}
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {(report.folded > 0).then(|| view! {
                <p class="aside">{format!("“other” is all customers with one of the {} values that have fewer customers than these.", words::thousands(u64::from(report.folded)))}</p>
            })}
        </section>
    }
    .into_any()
}

fn summary_row(
    report: &ComparisonReport,
    query: Option<&ComparisonQuery>,
    (place, segment): (usize, &Segment),
    (scale, lived): (Interval, bool),
) -> AnyView {
    let found = report.column.and_then(|column| segment.retention(column));
    let (rate, dot) = match found {
        Some((rate, interval)) => {
            let label = format!("{}, {}", words::percent(rate), words::interval(interval));
            let dot = view! { <Dot value=rate interval scale label/> };
            (words::percent(rate), dot.into_any())
        }
        None => ("–".to_owned(), ().into_any()),
    };
    let baseline = place == report.baseline;
    let difference = match report
        .column
        .and_then(|column| report.difference(place, column))
    {
        Some((difference, interval)) => points(difference, interval),
        None if baseline => "baseline".to_owned(),
        None => "–".to_owned(),
    };
    let name = segment.name.clone();
    let name = match query {
        Some(query) => {
            let key = segment.key.param().to_owned();
            let href = ask(query, |query| query.baseline = Some(key));
            let label = format!("{name}: compare the others with it");
            let current = baseline.then_some("true");
            view! { <a href=href aria-label=label aria-current=current>{name}</a> }.into_any()
        }
        None => name.into_any(),
    };
    view! {
        <tr class=colour(report, place)>
            <th scope="row"><i class="swatch" aria-hidden="true"></i>{name}</th>
            <td class="number">{words::thousands(segment.report.customers)}</td>
            <td class="number">{rate}</td>
            <td>{dot}</td>
            <td class="number">{difference}</td>
            {lived.then(|| view! { <td class="number">{words::lifetime(&segment.survival)}</td> })}
        </tr>
    }
    .into_any()
}

/// "−12 (−15 to −9)".
fn points(difference: f64, interval: Interval) -> String {
    format!(
        "{} ({} to {})",
        signed_points(difference),
        signed_points(interval.low),
        signed_points(interval.high)
    )
}

/// The names of segments with their colours.
pub(super) fn key(report: &ComparisonReport) -> AnyView {
    let names = report.segments.iter().enumerate();
    let names = names.map(|(place, segment)| (colour(report, place), segment.name.clone()));
    cards::key("key groups", names)
}

/// Heads of a table with a column for each segment.
pub(super) fn heads(report: &ComparisonReport) -> AnyView {
    let heads = report.segments.iter().map(|segment| {
        view! { <th scope="col" class="number">{segment.name.clone()}</th> }
    });
    heads.collect_view().into_any()
}

/// How many of each segment were active in each period.
pub(crate) fn curves(report: &ComparisonReport, chart: String) -> AnyView {
    if chart.is_empty() {
        return ().into_any();
    }
    let query = &report.query.retention;
    let title = format!("Still active, by {} since the start", query.grain.noun(2));
    let rows = (1..report.columns()).map(|column| {
        let cells = report.segments.iter().map(|segment| {
            let text = match segment.retention(column) {
                Some((rate, interval)) => {
                    format!("{} ({})", words::percent(rate), words::interval(interval))
                }
                None => "–".to_owned(),
            };
            view! { <td class="number">{text}</td> }
        });
        let cells = cells.collect_view();
        view! { <tr><th scope="row">{words::column_name(query, column)}</th>{cells}</tr> }
    });
    let rows = rows.collect_view().into_any();
    let numbers = numbers(
        "Customers still active, by segment",
        view! { <th scope="col">"Period"</th> {heads(report)} }.into_any(),
        rows,
    );
    cards::chart(title, key(report), chart, None, numbers)
}

/// The difference of each segment from the baseline in each period.
pub(crate) fn differences(report: &ComparisonReport) -> AnyView {
    let base = report.segments.get(report.baseline);
    let Some(base) = base.filter(|_| report.segments.len() > 1) else {
        return ().into_any();
    };
    let others: Vec<usize> = (0..report.segments.len())
        .filter(|place| *place != report.baseline)
        .collect();
    let told = |column: u32| {
        let mut others = others.iter();
        others.any(|place| report.difference(*place, column).is_some())
    };
    let columns: Vec<u32> = (1..report.columns())
        .filter(|column| told(*column))
        .collect();
    if columns.is_empty() {
        return ().into_any();
    }
    let query = &report.query.retention;
    let heads = columns.iter().map(|column| {
        view! { <th scope="col" class="number">{words::column_label(query, *column)}</th> }
    });
    let heads = heads.collect_view();
    let rows = others.iter().map(|&place| {
        let cells = columns.iter().map(|&column| difference_cell(report, place, column));
        let cells = cells.collect_view();
        let name = report.segments[place].name.clone();
        view! { <tr class=colour(report, place)><th scope="row"><i class="swatch" aria-hidden="true"></i>{name}</th>{cells}</tr> }
    });
    let rows = rows.collect_view();
    let title = format!(
        "Difference from {} in each {}, in points",
        base.name,
        query.grain.noun(1)
    );
    view! {
        <section class="card">
            <header><h2>{title}</h2><div class="key quiet"><span>"bold where the 95\u{a0}% interval "<span>"below "</span>"excludes 0"</span></div></header>
            <div class="scroll" tabindex="0" role="region" aria-label="Differences by period">
                <table class="rows compared">
                    <thead><tr><th scope="col">"Segment"</th>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn difference_cell(report: &ComparisonReport, place: usize, column: u32) -> AnyView {
    let Some((difference, interval)) = report.difference(place, column) else {
        return view! { <td class="number">"–"</td> }.into_any();
    };
    let told = interval.low > 0.0 || interval.high < 0.0;
    let span = format!(
        "{} to {}",
        signed_points(interval.low),
        signed_points(interval.high)
    );
    view! { <td class="number" class:told=told>{signed_points(difference)}<small>{span}</small></td> }
        .into_any()
}

/// What a change of the total comes from.
pub(crate) fn mix(report: &ComparisonReport, withheld: &WithheldSegments) -> AnyView {
    let Some(mix) = &report.mix else {
        let why = match (report.query.against, report.total.is_some()) {
            (None, _) => return ().into_any(),
            (_, false) => {
                "Saved segments may overlap, so a change of the total can’t be split among them. Choose a trait.".to_owned()
            }
            _ if withheld.has_mix() => format!(
                "Mix and rate are withheld: a number behind them tells of fewer than {FEWEST} customers."
            ),
            _ => "Mix and rate can’t be told: one of the two ranges has no finished cohorts yet.".to_owned(),
        };
        return view! { <p class="notice">{why}</p> }.into_any();
    };
    let share = |part: (u64, u64), all: u64| {
        analysis::stats::rate(part.1, all).map_or("–".to_owned(), words::percent)
    };
    let rate = |(retained, of): (u64, u64)| {
        analysis::stats::rate(retained, of).map_or("–".to_owned(), words::percent)
    };
    let before: u64 = mix.parts.iter().map(|part| part.before.1).sum();
    let after: u64 = mix.parts.iter().map(|part| part.after.1).sum();
    let rows = mix.parts.iter().enumerate().map(|(place, part)| {
        view! {
            <tr class=colour(report, place)>
                <th scope="row"><i class="swatch" aria-hidden="true"></i>{report.segments[place].name.clone()}</th>
                <td class="number">{format!("{} → {}", share(part.before, before), share(part.after, after))}</td>
                <td class="number">{format!("{} → {}", rate(part.before), rate(part.after))}</td>
                <td class="number">{signed_points(part.contribution.mix)}</td>
                <td class="number">{signed_points(part.contribution.rate)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <header><h2>"Mix against rate"</h2></header>
            <p class="say">{words::mix_sentence(report, mix)}</p>
            <div class="scroll" tabindex="0" role="region" aria-label="Mix against rate">
                <table class="rows compared">
                    <thead>
                        <tr>
                            <th scope="col">"Segment"</th>
                            <th scope="col" class="number">"Share of customers"</th>
                            <th scope="col" class="number">"Active"</th>
                            <th scope="col" class="number">"By mix, points"</th>
                            <th scope="col" class="number">"By rate, points"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
