//! A phrase of the question that opens its choices. The browser's own popover: it needs no program, closes on Escape
//! and outside clicks, and gives focus back.

use leptos::prelude::*;

/// A phrase with its choices.
#[component]
pub fn Phrase(
    /// Names the popover within the page.
    id: &'static str,
    /// What the choices are about, for those who can't see the sentence.
    label: &'static str,
    /// The words in the sentence.
    text: String,
    /// A sign that follows and must not begin a line.
    #[prop(optional)]
    after: &'static str,
    /// The choices.
    children: Children,
) -> impl IntoView {
    view! {
        <span class="phrased">
            <button type="button" class="phrase" popovertarget=id>{text}</button>
            <div class="choices" id=id popover="auto" role="group" aria-label=label>{children()}</div>
            {after}
        </span>
    }
    .into_any()
}

/// One choice: a link to the same question with one part changed.
#[component]
pub fn Choice(
    /// The address of the changed question.
    href: String,
    /// Whether this is what the question says now.
    chosen: bool,
    /// The choice in words.
    #[prop(into)]
    text: String,
    /// A remark under it.
    #[prop(into, optional)]
    remark: String,
) -> impl IntoView {
    view! {
        <a class="choice" href=href aria-current=chosen.then_some("true")>
            {text}
            {(!remark.is_empty()).then(|| view! { <small>{remark}</small> })}
        </a>
    }
    .into_any()
}
