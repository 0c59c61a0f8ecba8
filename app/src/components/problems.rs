//! What went wrong, and what to do about it.

use crate::error::AppError;
use analysis::query::ParamProblem;
use leptos::prelude::*;

/// An error in place of an answer.
#[component]
pub fn ErrorCard(
    /// What went wrong.
    error: AppError,
) -> impl IntoView {
    let again = error.passing();
    view! {
        <section class="card trouble" role="alert">
            <h2>{error.to_string()}</h2>
            {again.then(|| view! { <p><a href="" rel="external">"Try again"</a></p> })}
        </section>
    }
}

/// Parameters of the address that could not be used, and what is shown instead.
#[component]
pub fn ParamProblems(
    /// The problems.
    #[prop(into)]
    problems: Signal<Vec<ParamProblem>>,
) -> impl IntoView {
    view! {
        <Show when=move || !problems.read().is_empty()>
            <div class="notice" role="status">
                <h2>"Part of this address was not understood"</h2>
                <ul>
                    {move || problems.get().into_iter().map(|problem| view! { <li>{problem.to_string()}</li> }).collect_view()}
                </ul>
            </div>
        </Show>
    }
}
