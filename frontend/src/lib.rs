//! What the browser runs: hydrates the pages that the server has rendered.

#![recursion_limit = "256"]

use app::App;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the page's script when the program is there.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
}
