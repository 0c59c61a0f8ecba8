//! What went wrong, and what to do about it.

use crate::error::AppError;
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
            {again.then(|| view! { <p><a href="">"Try again"</a></p> })}
        </section>
    }
}
