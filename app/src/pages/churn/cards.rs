//! The numbers behind an answer about leaving, and their pictures.

use crate::components::cards::{self, numbers, scale};
use crate::components::churn::ask;
use crate::components::dots::Dot;
use crate::components::notes::notes;
use analysis::churn::{Churn, ChurnPeriod, ChurnReport, Stickiness, Week};
use analysis::query::ChurnQuery;
use analysis::stats::Interval;
use analysis::withhold::{FEWEST, WithheldPeriods};
use analysis::words;
use leptos::prelude::*;

const NONE: &str = "–";

/// A number in words, or a dash.
fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| NONE.to_owned())
}

/// The name of a period as a row's head.
fn name(report: &ChurnReport, period: &ChurnPeriod) -> String {
    words::period_label(report.query.grain, period.start, true)
}

/// Churn by period, the year before beside it. A period's name picks it, where there is a question to ask.
pub(crate) fn periods(
    report: &ChurnReport,
    query: Option<&ChurnQuery>,
    withheld: &WithheldPeriods,
    chart: String,
) -> AnyView {
    if report.periods.is_empty() {
        return ().into_any();
    }
    let noun = report.query.grain.noun(1);
    let title = format!("Churn by {noun}");
    let intervals = report.ended().filter_map(|(_, churn)| churn.interval());
    let scale = scale(intervals, 20.0);
    let rows = report
        .periods
        .iter()
        .rev()
        .map(|period| match withheld.has(period.start) {
            true => withheld_row(name(report, period), 9),
            false => period_row(report, query, period, scale),
        })
        .collect_view();
    view! {
        <section class="card">
            <header>
                <h2>{title.clone()}</h2>
                {periods_key(report)}
            </header>
            <figure class="chart" tabindex="0" role="group" aria-label=title inner_html=chart></figure>
            {notes(report.annotations.iter().map(ToString::to_string))}
            <div class="scroll tall" tabindex="0" role="region" aria-label="Churn by period">
                <table class="rows dots">
                    <thead>
                        <tr>
                            <th scope="col">"Period"</th>
                            <th scope="col" class="number">"Active at start"</th>
                            <th scope="col" class="number">"Left"</th>
                            <th scope="col" class="number">"Churn"</th>
                            <th scope="col">{format!("0\u{a0}%, with interval, {}", words::percent(scale.high))}</th>
                            <th scope="col" class="number">"A year before"</th>
                            <th scope="col" class="number">"Points"</th>
                            <th scope="col" class="number">"New"</th>
                            <th scope="col" class="number">"Came back"</th>
                            <th scope="col" class="number">"Net churn"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// What the curves of churn mean.
pub(crate) fn periods_key(report: &ChurnReport) -> AnyView {
    let noun = report.query.grain.noun(1);
    view! {
        <div class="key groups">
            <span><i></i>{format!("this {noun}, with interval")}</span>
            <span class="earlier"><i></i>"a year before"</span>
        </div>
    }
    .into_any()
}

/// A period of which nothing may be told.
fn withheld_row(name: String, columns: u32) -> AnyView {
    view! {
        <tr class="running">
            <th scope="row">{name}</th>
            <td colspan=columns>{format!("withheld: a number of it tells of fewer than {FEWEST} customers")}</td>
        </tr>
    }
    .into_any()
}

fn period_row(
    report: &ChurnReport,
    query: Option<&ChurnQuery>,
    period: &ChurnPeriod,
    scale: Interval,
) -> AnyView {
    let title = name(report, period);
    let opening = words::thousands(period.opening);
    let Some(churn) = period.churn else {
        return view! {
            <tr class="running">
                <th scope="row">{title}</th>
                <td class="number">{opening}</td>
                <td colspan="8">"running: nobody is lost before its end"</td>
            </tr>
        }
        .into_any();
    };
    let start = period.start;
    let picked = (report.picked == Some(start)).then_some("true");
    let title = match query {
        Some(query) => {
            let href = format!("{}#lost", ask(query, |query| query.period = Some(start)));
            view! { <a href=href aria-current=picked>{title}</a> }.into_any()
        }
        None => title.into_any(),
    };
    let count = |of: fn(&Churn) -> u64| words::thousands(of(&churn));
    let dot = churn
        .gross()
        .zip(churn.interval())
        .map(|(value, interval)| {
            let label = format!(
                "{}, {}",
                words::fine_percent(value),
                words::fine_interval(interval)
            );
            view! { <Dot value interval scale label/> }
        });
    let before = period.before;
    let earlier = before.and_then(|churn| churn.gross());
    let points = before.and_then(|before| churn.difference(&before));
    view! {
        <tr>
            <th scope="row">{title}</th>
            <td class="number">{opening}</td>
            <td class="number">{count(|churn| churn.lost)}</td>
            <td class="number">{or_dash(churn.gross().map(words::fine_percent))}</td>
            <td>{dot}</td>
            <td class="number">{or_dash(earlier.map(words::fine_percent))}</td>
            <td class="number">{or_dash(points.map(|(points, _)| words::signed_points(points)))}</td>
            <td class="number">{count(|churn| churn.new)}</td>
            <td class="number">{count(|churn| churn.returned)}</td>
            <td class="number">{or_dash(churn.net().map(words::fine_percent))}</td>
        </tr>
    }
    .into_any()
}

/// How fast customers come back, and the threshold that follows.
pub(crate) fn returns(report: &ChurnReport, chart: String) -> AnyView {
    let title = "How soon customers come back";
    let returns = &report.returns;
    let marks = [1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 60, 90, 180, 365, 730];
    let mut days: Vec<u32> = marks
        .into_iter()
        .chain([report.threshold])
        .chain(returns.proposal())
        .filter(|days| *days <= returns.horizon)
        .collect();
    days.sort_unstable();
    days.dedup();
    let rows = days.into_iter().filter_map(|days| {
        let share = returns.within(days)?;
        let row = view! {
            <tr>
                <th scope="row">{words::days_text(days)}</th>
                <td class="number">{words::percent(share)}</td>
            </tr>
        };
        Some(row)
    });
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <header><h2>{title}</h2></header>
            <figure class="chart small" tabindex="0" role="group" aria-label=title inner_html=chart></figure>
            <p class="aside">{words::churn_threshold(report)}</p>
            {numbers(
                "Share of returns by days of absence",
                view! {
                    <th scope="col">"Within"</th>
                    <th scope="col" class="number">"Share of returns"</th>
                }.into_any(),
                rows.into_any(),
            )}
        </section>
    }
    .into_any()
}

/// On how many of the days customers were active.
pub(crate) fn stickiness(report: &ChurnReport, chart: String) -> AnyView {
    let title = format!(
        "On how many of {} they are active",
        words::days_text(report.query.sticky_days)
    );
    let length = usize::try_from(report.query.sticky_days).unwrap_or(usize::MAX);
    let bins = bins(length);
    let heads = bins.iter().map(|(least, most)| {
        let text = match least == most {
            true => words::days_text(u32::try_from(*least).unwrap_or(u32::MAX)),
            false => format!("{least}–{most}"),
        };
        view! { <th scope="col" class="number">{text}</th> }
    });
    let heads = heads.collect_view();
    let rows = report.periods.iter().rev().filter_map(|period| {
        let of = period.stickiness.as_ref()?;
        Some(sticky_row(name(report, period), of, &bins))
    });
    let rows = rows.collect_view();
    let aside = report.picked_period().map(|(period, _)| {
        format!(
            "The {} up to the end of {}. Shares are of those active on any of the days.",
            words::days_text(report.query.sticky_days),
            words::period_name(report.query.grain, period.start)
        )
    });
    view! {
        <section class="card">
            <header><h2>{title.clone()}</h2></header>
            <figure class="chart small" tabindex="0" role="group" aria-label=title inner_html=chart></figure>
            {aside.map(|aside| view! { <p class="aside">{aside}</p> })}
            {numbers(
                "Active days by period",
                view! {
                    <th scope="col">"Period"</th>
                    <th scope="col" class="number">"Customers"</th>
                    <th scope="col" class="number">"Mean days"</th>
                    <th scope="col" class="number">"Mean share"</th>
                    {heads}
                }.into_any(),
                rows.into_any(),
            )}
        </section>
    }
    .into_any()
}

fn sticky_row(name: String, of: &Stickiness, bins: &[(usize, usize)]) -> AnyView {
    let customers = of.customers();
    let cells = bins.iter().map(|(least, most)| {
        let share = analysis::stats::rate(of.between(*least, *most), customers);
        view! { <td class="number">{or_dash(share.map(words::fine_percent))}</td> }
    });
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td class="number">{words::thousands(customers)}</td>
            <td class="number">{or_dash(of.mean_days().map(words::decimal))}</td>
            <td class="number">{or_dash(of.mean_share().map(words::percent))}</td>
            {cells.collect_view()}
        </tr>
    }
    .into_any()
}

/// Spans of numbers of days: each for itself up to a week, then doubling.
fn bins(length: usize) -> Vec<(usize, usize)> {
    if length <= 7 {
        return (1..=length).map(|days| (days, days)).collect();
    }
    let mut bins = vec![(1, 1)];
    let mut least = 2;
    while least <= length {
        let most = (least * 2 - 1).min(length);
        bins.push((least, most));
        least = most + 1;
    }
    bins
}

/// Who came and went, period by period.
pub(crate) fn lifecycle(
    report: &ChurnReport,
    withheld: &WithheldPeriods,
    chart: String,
) -> AnyView {
    if report.periods.is_empty() {
        return ().into_any();
    }
    let title = format!("Coming and going, by {}", report.query.grain.noun(1));
    let rows = report.periods.iter().rev().map(|period| {
        if withheld.has(period.start) {
            return withheld_row(name(report, period), 6);
        }
        let of = period.lifecycle;
        let running = of
            .dormant
            .is_none()
            .then(|| view! { <small>"running"</small> });
        view! {
            <tr>
                <th scope="row">{name(report, period)}{running}</th>
                <td class="number">{words::thousands(of.active())}</td>
                <td class="number">{words::thousands(of.new)}</td>
                <td class="number">{words::thousands(of.retained)}</td>
                <td class="number">{words::thousands(of.returned)}</td>
                <td class="number">{or_dash(of.dormant.map(words::thousands))}</td>
                <td class="number">{or_dash(of.growth().map(|ratio| format!("{ratio:.2}")))}</td>
            </tr>
        }
        .into_any()
    });
    let rows = rows.collect_view();
    let noun = report.query.grain.noun(1);
    let aside = format!(
        "New: active for the first time. Retained: active in the {noun} before as well. Returned: active some time ago, \
         but not in the {noun} before. Dormant: active in the {noun} before and no more. Growth: (new + returned) / \
         dormant."
    );
    let key = key(
        "key groups bars",
        [
            ("new", "new"),
            ("returned", "returned"),
            ("retained", "retained"),
            ("dormant", "dormant, below the line"),
        ],
    );
    let heads = heads(
        "Period",
        [
            "Active",
            "New",
            "Retained",
            "Returned",
            "Dormant",
            "Growth ratio",
        ],
    );
    let numbers = numbers("Customers who came and went", heads, rows.into_any());
    cards::chart(title, key, chart, Some(aside), numbers)
}

/// How those lost in the picked period faded before it.
pub(crate) fn fading(report: &ChurnReport, chart: String) -> AnyView {
    let (Some(fading), false) = (&report.fading, chart.is_empty()) else {
        return ().into_any();
    };
    let Some((period, _)) = report.picked_period() else {
        return ().into_any();
    };
    let title = format!(
        "Active days a week, up to the end of {}",
        words::period_name(report.query.grain, period.start)
    );
    let mean = |week: &Week| or_dash(week.mean().map(|days| format!("{days:.2}")));
    let weeks = fading.regular.iter().zip(&fading.new).zip(&fading.lost);
    let rows = weeks
        .rev()
        .zip(0_u32..)
        .map(|(((regular, new), lost), back)| {
            view! {
                <tr>
                    <th scope="row">{back}</th>
                    <td class="number">{mean(regular)}</td>
                    <td class="number">{mean(new)}</td>
                    <td class="number">{mean(lost)}</td>
                    <td class="number">{words::thousands(lost.customers)}</td>
                </tr>
            }
        });
    let rows = rows.collect_view();
    let key = key(
        "key groups",
        [
            ("regular", "regular: active at its start and end"),
            ("new", "new in it"),
            ("lost", "lost in it"),
        ],
    );
    let heads = heads(
        "Weeks before the last",
        ["Regular", "New", "Lost", "Lost, customers by then"],
    );
    let numbers = numbers("Mean active days a week", heads, rows.into_any());
    cards::chart(title, key, chart, words::fading_sentence(report), numbers)
}

fn key<const N: usize>(class: &'static str, of: [(&str, &str); N]) -> AnyView {
    cards::key(
        class,
        of.map(|(class, text)| (class.to_owned(), text.to_owned())),
    )
}

/// Heads of a table whose first column names its rows, the others being numbers.
fn heads<const N: usize>(first: &'static str, numbers: [&'static str; N]) -> AnyView {
    let numbers = numbers.map(|text| view! { <th scope="col" class="number">{text}</th> });
    view! { <th scope="col">{first}</th> {numbers} }.into_any()
}
