//! A pinned answer against the same question of the same instant, asked again: number by number.

use crate::api::reports::ChangesView;
use analysis::changes::{Difference, differences};
use analysis::saved::Answer;
use analysis::words;
use leptos::prelude::*;

/// The page.
pub(super) fn page(slug: &str, found: &ChangesView) -> AnyView {
    let all = differences(&found.before, &found.after);
    let [one, many, title, head] = match found.before {
        Answer::Retention(_) => ["cell", "cells", "Cells that differ", "Cell"],
        _ => ["number", "numbers", "Numbers that differ", "Number"],
    };
    let reasons = match (all.is_empty(), found.reasons.is_empty()) {
        (true, _) => Vec::new(),
        (false, false) => found.reasons.clone(),
        (false, true) => vec![
            "Why is not known: no rows came in, and the definition is the same. Customers or events may have been removed."
                .to_owned(),
        ],
    };
    let finding = match all.len() {
        0 => format!(
            "Nothing has changed: asked again as of the same instant, every {one} is the same."
        ),
        1 => format!("1 {one} has changed since."),
        count => format!(
            "{} {many} have changed since.",
            words::thousands(u64::try_from(count).unwrap_or(u64::MAX))
        ),
    };
    let method = match &found.before {
        Answer::Retention(report) => words::method_line(report),
        Answer::Features(report) => words::quartile_method(report),
        Answer::Segments(report) => words::comparison_method(report),
        Answer::Churn(report) => words::churn_method(report),
    };
    let reasons = reasons
        .into_iter()
        .map(|reason| view! { <li>{reason}</li> });
    let rows = all.iter().map(row).collect_view();
    let some = !all.is_empty();
    view! {
        <p class="trail"><a href=format!("/w/{slug}/links")>"Links"</a></p>
        <h1>{format!("What changed since “{}” was pinned", found.name)}</h1>
        <div class="answer">
            <p class="finding">{finding}</p>
            <ul class="findings">{reasons.collect_view()}</ul>
        </div>
        {some.then(|| view! {
            <section class="card">
                <header><h2>{title}</h2></header>
                <div class="scroll tall" tabindex="0" role="region" aria-label=title>
                    <table class="rows">
                        <thead>
                            <tr>
                                <th scope="col">{head}</th>
                                <th scope="col" class="number">"Pinned"</th>
                                <th scope="col" class="number">"Now"</th>
                                <th scope="col" class="number">"Difference"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        })}
        <p class="method">{format!(
            "Pinned on {}. Both are as of the same instant, so that what time alone adds is no change. {}",
            found.pinned,
            method
        )}</p>
    }
    .into_any()
}

fn row(change: &Difference) -> AnyView {
    let count = |count: Option<u64>| count.map_or_else(|| "–".to_owned(), words::thousands);
    let difference = match (change.before, change.after) {
        (Some(before), Some(after)) if after >= before => {
            format!("+{}", words::thousands(after - before))
        }
        (Some(before), Some(after)) => format!("\u{2212}{}", words::thousands(before - after)),
        _ => "–".to_owned(),
    };
    view! {
        <tr>
            <th scope="row">{change.name.clone()}</th>
            <td class="number">{count(change.before)}</td>
            <td class="number">{count(change.after)}</td>
            <td class="number">{difference}</td>
        </tr>
    }
    .into_any()
}
