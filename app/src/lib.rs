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

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

/// The document around the application.
///
/// Only the retention page has something to do in the browser; the others are forms and text, and load no program.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    #[cfg(feature = "ssr")]
    error::ssr::content_policy();
    #[cfg(feature = "ssr")]
    let lively = pages::lively();
    #[cfg(not(feature = "ssr"))]
    let lively = true;
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" type="image/svg+xml" href="/icon.svg"/>
                <HashedStylesheet id="style" options=options.clone()/>
                {lively.then(|| view! { <HydrationScripts options/> })}
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
        <Router>{routes()}</Router>
    }
}

/// The page that is hydrated. Links that lead elsewhere carry `rel="external"`, so the server answers them.
#[cfg(not(feature = "ssr"))]
fn routes() -> impl IntoView {
    view! {
        <FlatRoutes fallback=pages::not_found::NotFound>
            <Route path=path!("/w/:workspace/retention") view=pages::retention::RetentionPage/>
        </FlatRoutes>
    }
}

#[cfg(feature = "ssr")]
fn routes() -> impl IntoView {
    use leptos_router::SsrMode::Async;
    use pages::{data, home, import, not_found, retention};
    view! {
        <FlatRoutes fallback=not_found::NotFound>
            <Route path=path!("/") view=home::HomePage ssr=Async/>
            <Route path=path!("/new") view=data::NewPage ssr=Async/>
            <Route path=path!("/w/:workspace") view=retention::ToRetention ssr=Async/>
            <Route path=path!("/w/:workspace/retention") view=retention::RetentionPage ssr=Async/>
            <Route path=path!("/w/:workspace/data") view=data::DataPage ssr=Async/>
            // where a file that was not taken leads
            <Route path=path!("/w/:workspace/upload") view=data::DataPage ssr=Async/>
            <Route path=path!("/w/:workspace/import/:import") view=import::ImportPage ssr=Async/>
        </FlatRoutes>
    }
}
