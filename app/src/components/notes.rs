//! Annotations in words, below what they are marked on.

use analysis::annotation::Annotation;
use analysis::words;
use leptos::prelude::*;

/// The annotations of a report; nothing without any.
pub(crate) fn notes(all: &[Annotation]) -> AnyView {
    if all.is_empty() {
        return ().into_any();
    }
    let items = all.iter().map(|one| {
        view! { <li><b>{words::date(one.date)}</b>" "{one.text.clone()}</li> }
    });
    view! { <ul class="notes" aria-label="Annotations">{items.collect_view()}</ul> }.into_any()
}
