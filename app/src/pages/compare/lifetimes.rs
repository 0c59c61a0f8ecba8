//! How long customers stayed, by segment.

use super::cards::{heads, key};
use crate::components::cards::{self, Head, numbers, table};
use analysis::comparison::ComparisonReport;
use analysis::stats::at_risk;
use analysis::words;
use leptos::prelude::*;

/// The Kaplan-Meier curves, with the numbers at risk, and the same as a table.
pub(crate) fn lifetimes(report: &ComparisonReport, chart: String) -> AnyView {
    if chart.is_empty() {
        return ().into_any();
    }
    let title = format!(
        "Not yet gone, by days since the start; gone is {} without activity",
        words::days(report.query.inactivity())
    );
    let rows = report.ticks().into_iter().map(|tick| {
        let cells = report.segments.iter().map(|segment| {
            let left = words::thousands(at_risk(&segment.endings, tick));
            let text = match segment.survival.at(tick) {
                Some((share, Some(interval))) => format!(
                    "{} ({}), {left} watched",
                    words::percent(share),
                    words::interval(interval)
                ),
                Some((share, None)) => format!("{}, {left} watched", words::percent(share)),
                None => "–".to_owned(),
            };
            view! { <td class="number">{text}</td> }
        });
        let cells = cells.collect_view();
        view! { <tr><th scope="row">{words::days(tick)}</th>{cells}</tr> }
    });
    let rows = rows.collect_view();
    let medians = report
        .segments
        .iter()
        .map(|segment| view! { <td class="number">{words::lifetime(&segment.survival)}</td> });
    let medians = medians.collect_view();
    let numbers = numbers(
        "Customers not yet gone, by segment",
        view! { <th scope="col">"After"</th> {heads(report)} }.into_any(),
        view! { {rows}<tr><th scope="row">"Median lifetime"</th>{medians}</tr> }.into_any(),
    );
    cards::chart(title, key(report), chart, None, numbers)
}

/// The log-rank test of every two segments.
pub(crate) fn pairs(report: &ComparisonReport) -> AnyView {
    if report.pairs.is_empty() {
        return ().into_any();
    }
    let mut pairs: Vec<_> = report.pairs.iter().collect();
    pairs.sort_by(|a, b| a.holm.total_cmp(&b.holm));
    let rows = pairs.into_iter().map(|pair| {
        let tag = if pair.differs() {
            "tag warn"
        } else {
            "tag plain"
        };
        let text = if pair.differs() {
            "differ"
        } else {
            "can’t be told apart"
        };
        view! {
            <tr>
                <th scope="row">{words::pair_sentence(report, pair)}</th>
                <td><span class=tag>{text}</span></td>
                <td class="number">{format!("{:.1}", pair.test.chi_squared)}</td>
                <td class="number">{words::p_value(pair.test.p)}</td>
                <td class="number">{words::p_value(pair.holm)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <details class="numbers first">
                <summary>"Every two segments compared (log-rank)"</summary>
                {table(
                    "Pairs of segments",
                    &[
                        Head::Text("Pair"), Head::Text("Verdict"), Head::Number("χ²"), Head::Number("p"),
                        Head::Number("Corrected p"),
                    ],
                    rows.into_any(),
                )}
            </details>
        </section>
    }
    .into_any()
}
