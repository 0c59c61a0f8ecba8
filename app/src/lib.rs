//! The pages of Holdfast. Rendered on the server (`ssr`), hydrated in the browser (`hydrate`).
//!
//! Components hold no logic: they parse the address, load a value, and show it. Numbers and sentences come from
//! `analysis`; data come through `api`. The first client render equals the server's: nothing here reads a clock, a
//! locale or a random number.

#![recursion_limit = "256"]

pub mod api;
pub mod components;
pub mod error;
pub mod pages;
pub mod words;

use components::frame::Frame;
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};
use pages::data::{DataPage, NewPage};
use pages::home::HomePage;
use pages::import::ImportPage;
use pages::not_found::NotFound;
use pages::retention::RetentionPage;

/// The document around the application.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    #[cfg(feature = "ssr")]
    error::ssr::content_policy();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" type="image/svg+xml" href="/icon.svg"/>
                <HashedStylesheet id="style" options=options.clone()/>
                <HydrationScripts options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// All pages, by address.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // Browser tests, and people with slow machines, can tell when the page answers.
    Effect::new(|| {
        if let Some(root) = document().document_element() {
            // Failing to set the mark harms nobody.
            drop(root.set_attribute("data-hydrated", ""));
        }
    });
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Holdfast".to_owned() } else { format!("{title} · Holdfast") }/>
        <Router>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=HomePage ssr=SsrMode::Async/>
                <Route path=path!("/new") view=NewPage ssr=SsrMode::Async/>
                <ParentRoute path=path!("/w/:workspace") view=Frame ssr=SsrMode::Async>
                    <Route path=path!("") view=pages::retention::ToRetention ssr=SsrMode::Async/>
                    <Route path=path!("retention") view=RetentionPage ssr=SsrMode::Async/>
                    <Route path=path!("data") view=DataPage ssr=SsrMode::Async/>
                    // where a file that was not taken leads
                    <Route path=path!("upload") view=DataPage ssr=SsrMode::Async/>
                    <Route path=path!("import/:import") view=ImportPage ssr=SsrMode::Async/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
