//! One file a page. Pages are rendered by the server only; what lives in the browser are the islands in them.

pub mod account;
pub mod activity;
pub mod annotations;
pub mod board;
pub mod builder;
pub mod churn;
pub(crate) mod common;
pub mod compare;
pub mod data;
pub mod delete;
pub mod entrance;
pub mod erase;
pub mod features;
pub mod home;
pub mod import;
pub mod links;
pub mod not_found;
pub mod notices;
pub mod people;
pub mod reports;
pub mod retention;
pub mod saved;
pub mod stopped;

/// Whether the requested page has islands; the others load no program.
pub(crate) fn lively() -> bool {
    use leptos::prelude::use_context;
    use_context::<http::request::Parts>()
        .is_none_or(|parts| parts.uri.path().ends_with("/retention"))
}
