//! A choice taken by keyboard leads to another page; there the focus is given back to the phrase that was opened.

use super::each;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Storage};

/// Where the phrase's name outlives the page.
const KEY: &str = "phrase";

/// Gives the focus back to the phrase whose choice led here, and remembers the next.
pub(super) fn return_focus() {
    let Some(storage) = storage() else {
        return;
    };
    if let Ok(Some(phrase)) = storage.get_item(KEY) {
        // What can't be forgotten is only focused once more.
        drop(storage.remove_item(KEY));
        each(
            &format!(".question button[popovertarget='{phrase}']"),
            |button| {
                if let Ok(button) = button.dyn_into::<HtmlElement>() {
                    drop(button.focus());
                }
            },
        );
    }
    window_event_listener(leptos::ev::click, move |event| {
        // Enter and the space bar click without a count; a mouse has its focus where it is.
        let choice = event
            .target()
            .filter(|_| event.detail() == 0)
            .and_then(|target| target.dyn_into::<Element>().ok())
            .and_then(|element| element.closest(".choices a, .choices [type=submit]").ok()?)
            .and_then(|element| element.closest(".choices").ok()?);
        if let Some(choices) = choice {
            drop(storage.set_item(KEY, &choices.id()));
        }
    });
}

/// `None` where the reader forbids it.
fn storage() -> Option<Storage> {
    window().session_storage().ok()?
}
