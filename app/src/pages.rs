//! One file a page.

pub mod data;
pub mod home;
pub mod import;
pub mod not_found;
pub mod retention;

use leptos::prelude::*;
use leptos_meta::Meta;

/// Has the browser ask for the page again in two seconds; for pages without a program, while something goes on.
fn look_again() -> impl IntoView {
    view! { <Meta http_equiv="refresh" content="2"/> }
}

/// Whether the requested page is one that is hydrated.
#[cfg(feature = "ssr")]
pub(crate) fn lively() -> bool {
    use_context::<http::request::Parts>().is_none_or(|parts| parts.uri.path().ends_with("/retention"))
}
