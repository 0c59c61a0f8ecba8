//! Annotations in words, below what they are marked on.

use leptos::prelude::*;

/// What happened; nothing where nothing did.
pub(crate) fn notes(told: impl Iterator<Item = String>) -> AnyView {
    let items: Vec<_> = told.map(|one| view! { <li>{one}</li> }).collect();
    match items.is_empty() {
        true => ().into_any(),
        false => view! { <ul class="notes" aria-label="Annotations">{items}</ul> }.into_any(),
    }
}
