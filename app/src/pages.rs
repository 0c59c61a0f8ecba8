//! One file a page.

#[cfg(feature = "ssr")]
pub mod data;
pub mod home;
#[cfg(feature = "ssr")]
pub mod import;
pub mod not_found;
pub mod retention;

/// Whether the requested page is one that is hydrated.
#[cfg(feature = "ssr")]
pub(crate) fn lively() -> bool {
    use leptos::prelude::use_context;
    use_context::<http::request::Parts>()
        .is_none_or(|parts| parts.uri.path().ends_with("/retention"))
}
