//! A span of numbers as a condition on a trait.

#![expect(
    missing_docs,
    reason = "what the macro makes for the browser is documented by its component"
)]

use super::explore::go;
use leptos::prelude::*;

/// Two fields whose numbers become the condition `NAME:between:LOW:HIGH`.
#[island]
pub fn TraitSpan(
    /// The address of the question without a condition on the trait, ready to be followed by the condition.
    before: String,
    /// What stands in the fields.
    ends: (String, String),
) -> impl IntoView {
    let (low, high) = (RwSignal::new(ends.0), RwSignal::new(ends.1));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (low, high) = (low.get_untracked(), high.get_untracked());
        if !(low.is_empty() && high.is_empty()) {
            go(&format!("{before}:between:{low}:{high}"));
        }
    };
    view! {
        <form class="span scripted" on:submit=submit>
            <label>"from "<input type="number" step="any" class="field" value=low.get_untracked() on:input:target=move |event| low.set(event.target().value())/></label>
            <label>"to "<input type="number" step="any" class="field" value=high.get_untracked() on:input:target=move |event| high.set(event.target().value())/></label>
            <button type="submit" class="btn">"Apply"</button>
        </form>
    }
    .into_any()
}
