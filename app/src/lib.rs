//! The pages of Holdfast. Rendered on the server (`ssr`); their islands come to life in the browser (`hydrate`).
//!
//! Components hold no logic: they parse the address, load a value, and show it. Numbers and sentences come from
//! `analysis`; data come through `api`. An island's first view in the browser equals the server's: nothing here reads a
//! clock, a locale or a random number.

#![recursion_limit = "256"]

pub mod api;
pub mod components;
pub mod error;
pub mod words;

#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(feature = "ssr")]
pub mod shared;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
pub use api::people::Stopped;
#[cfg(feature = "ssr")]
pub use shell::{App, shell};

/// Marks the page as alive once all its islands are: browser tests, and people with slow machines, can tell.
#[cfg(feature = "hydrate")]
pub fn mark_hydrated() {
    use leptos::prelude::{document, set_timeout};
    // The page's script calls the islands one after another without giving way to a timer.
    set_timeout(
        || {
            if let Some(root) = document().document_element() {
                // Failing to set the mark harms nobody.
                drop(root.set_attribute("data-hydrated", ""));
            }
        },
        std::time::Duration::ZERO,
    );
}
