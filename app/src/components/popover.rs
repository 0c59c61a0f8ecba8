//! A phrase of the question that opens its choices. The browser's own popover: it works before the page is hydrated,
//! closes on Escape and outside clicks, and gives focus back.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// A phrase with its choices.
#[component]
pub fn Phrase(
    /// Names the popover within the page.
    id: &'static str,
    /// What the choices are about, for those who can't see the sentence.
    label: &'static str,
    /// The words in the sentence.
    #[prop(into)]
    text: Signal<String>,
    /// The choices.
    children: Children,
) -> impl IntoView {
    view! {
        <button type="button" class="phrase" popovertarget=id>{text}</button>
        <div class="choices" id=id popover="auto" role="group" aria-label=label>{children()}</div>
    }
    .into_any()
}

/// One choice: a link to the same question with one part changed.
#[component]
pub fn Choice(
    /// The address of the changed question.
    #[prop(into)]
    href: Signal<String>,
    /// Whether this is what the question says now.
    #[prop(into)]
    chosen: Signal<bool>,
    /// The choice in words.
    #[prop(into)]
    text: String,
    /// A remark under it.
    #[prop(into, optional)]
    remark: String,
) -> impl IntoView {
    view! {
        <a class="choice" href=href data-noscroll="" aria-current=move || chosen.get().then_some("true")>
            {text}
            {(!remark.is_empty()).then(|| view! { <small>{remark}</small> })}
        </a>
    }
    .into_any()
}

/// Closes whatever popover is open; called when a choice has been taken.
pub fn close_popovers() {
    let Ok(open) = document().query_selector_all("[popover]:popover-open") else {
        return;
    };
    for place in 0..open.length() {
        if let Some(element) = open.get(place)
            && let Ok(element) = element.dyn_into::<web_sys::HtmlElement>()
        {
            // Already closed is what was wanted.
            drop(element.hide_popover());
        }
    }
}
