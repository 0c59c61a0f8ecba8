//! What became of an import: the way on, and the rows that could not be stored.

use leptos::prelude::*;

/// Reasons with their numbers, and the first rows with line and reason.
type Rejected = (Vec<(String, String)>, Vec<(String, String, String)>);

/// The end of an import. `rejected`: reasons with their numbers, and the first rows with line and reason.
pub(super) fn outcome(
    (done, again): (bool, bool),
    (reasons, rows): Rejected,
    slug: &str,
    here: &str,
) -> AnyView {
    let matrix = format!("/w/{slug}/retention");
    let data = format!("/w/{slug}/data");
    view! {
        <div class="acts">
            {done.then(|| view! { <a class="btn main" href=matrix>"Open the matrix"</a> })}
            {again.then(|| view! {
                <form method="post" action=format!("{here}/again")>
                    <button type="submit" class="btn main">"Start again"</button>
                </form>
            })}
            <a class="btn" href=data>"Bring in another file"</a>
        </div>
        {(!reasons.is_empty()).then(|| rejected(reasons, rows, here))}
    }
    .into_any()
}

fn rejected(
    reasons: Vec<(String, String)>,
    rows: Vec<(String, String, String)>,
    here: &str,
) -> AnyView {
    view! {
        <section class="card">
            <header>
                <h2>"Rejected rows"</h2>
                <a class="btn" href=format!("{here}/rejected.csv") download="">"Download all"</a>
            </header>
            <div class="scroll" tabindex="0" role="region" aria-label="Reasons for which rows were rejected">
                <table class="rows">
                    <thead><tr><th scope="col">"Reason"</th><th scope="col" class="number">"Rows"</th></tr></thead>
                    <tbody>
                        {reasons.into_iter().map(|(reason, count)| view! {
                            <tr><th scope="row">{reason}</th><td class="number">{count}</td></tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
        </section>
        <section class="card">
            <header><h2>"The first of them"</h2></header>
            <div class="scroll" tabindex="0" role="region" aria-label="The first rejected rows">
                <table class="rows raw">
                    <thead>
                        <tr><th scope="col" class="number">"Line"</th><th scope="col">"Reason"</th><th scope="col">"Row"</th></tr>
                    </thead>
                    <tbody>
                        {rows.into_iter().map(|(line, reason, raw)| view! {
                            <tr><td class="number">{line}</td><td>{reason}</td><td><code>{raw}</code></td></tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
