//! A real 404.

use leptos::prelude::*;
use leptos_meta::Title;

/// What is shown at an address that leads nowhere.
#[component]
pub fn NotFound() -> impl IntoView {
    crate::error::ssr::set_status(http::StatusCode::NOT_FOUND);
    view! {
        <Title text="Not found"/>
        <main class="lone">
            <h1>"There is nothing at this address."</h1>
            <p>"The link may be old, or a letter may be missing. "<a href="/">"Go to the workspaces"</a>"."</p>
        </main>
    }
}
