//! What the browser runs: brings the islands of the pages to life that the server has rendered.

// Only its islands are called, by name, from the page's script.
use app as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called once by the page's script when the program is there, before it calls the islands.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
    app::mark_hydrated();
}
