//! One file a page.

pub mod data;
pub mod home;
pub mod import;
pub mod not_found;
pub mod retention;

use leptos::prelude::*;
use std::time::Duration;

/// Looks again after a pause, for as long as something goes on. In the browser only: without a program there, pages
/// are looked at again by hand.
fn look_again(busy: impl Fn() -> bool + 'static, pause_ms: u64, again: impl Fn() + Copy + 'static) {
    Effect::new(move |_| {
        if busy()
            && let Ok(handle) = set_timeout_with_handle(again, Duration::from_millis(pause_ms))
        {
            on_cleanup(move || handle.clear());
        }
    });
}
