//! A pinned matrix against the same question of the same instant, asked again: cell by cell.

use crate::api::reports::ChangesView;
use analysis::changes::{Change, changes};
use analysis::query::CellRef;
use analysis::words;
use leptos::prelude::*;

/// The page.
pub(super) fn page(slug: &str, found: &ChangesView) -> AnyView {
    let all = changes(&found.before, &found.after);
    let reasons = match (all.is_empty(), found.reasons.is_empty()) {
        (true, _) => Vec::new(),
        (false, false) => found.reasons.clone(),
        (false, true) => vec![
            "Why is not known: no rows came in, and the definition is the same. Customers or events may have been removed."
                .to_owned(),
        ],
    };
    let finding = match all.len() {
        0 => "Nothing has changed: asked again as of the same instant, every cell is the same."
            .to_owned(),
        1 => "1 cell has changed since.".to_owned(),
        many => format!(
            "{} cells have changed since.",
            words::thousands(u64::try_from(many).unwrap_or(u64::MAX))
        ),
    };
    let reasons = reasons
        .into_iter()
        .map(|reason| view! { <li>{reason}</li> });
    let rows = all.iter().map(|change| row(found, change)).collect_view();
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
                <header><h2>"Cells that differ"</h2></header>
                <div class="scroll tall" tabindex="0" role="region" aria-label="Cells that differ">
                    <table class="rows">
                        <thead>
                            <tr>
                                <th scope="col">"Cell"</th>
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
            words::method_line(&found.before)
        )}</p>
    }
    .into_any()
}

fn row(found: &ChangesView, change: &Change) -> AnyView {
    let query = &found.before.query;
    let CellRef { cohort, period } = change.at;
    let row = match cohort {
        Some(start) => words::period_name(query.grain, start),
        None => "all finished cohorts".to_owned(),
    };
    let name = match change.size {
        true => format!("{row}, customers"),
        false => format!("{row}, {}", words::column_name(query, period)),
    };
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
            <th scope="row">{name}</th>
            <td class="number">{count(change.before)}</td>
            <td class="number">{count(change.after)}</td>
            <td class="number">{difference}</td>
        </tr>
    }
    .into_any()
}
