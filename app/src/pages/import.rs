//! One import: its columns before it starts, its progress, and what became of it.

mod confirm;
mod outcome;

use crate::api::imports::{ImportView, import};
use crate::components::frame::{Current, Frame};
use crate::components::problems::ErrorCard;
use analysis::import::ImportPhase;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_location, use_params_map};

/// The import that the address names.
#[component]
pub fn ImportPage() -> impl IntoView {
    view! { <Frame here="data"><ImportOf/></Frame> }
}

#[component]
fn ImportOf() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let number = use_params_map()
        .read_untracked()
        .get("import")
        .unwrap_or_default();
    let said = use_location().search.get_untracked();
    view! {
        <Title text="Import"/>
        {Suspend::new(async move {
            match import(&slug, &number, &said).await {
                Ok(found) => page(found, &slug, &format!("/w/{slug}/import/{number}")),
                Err(error) => view! { <h1 class="vh">"Import"</h1><ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}

fn page(found: ImportView, slug: &str, here: &str) -> AnyView {
    let rest = match found.phase {
        ImportPhase::Uploaded => match found.preview {
            Some(preview) => confirm::form(preview, here),
            None => confirm::discard(here),
        },
        ImportPhase::Queued | ImportPhase::Running => progress(found.percent),
        ImportPhase::Done | ImportPhase::Failed => {
            let done = found.phase == ImportPhase::Done;
            let rejected = (found.reasons, found.rejected);
            outcome::outcome((done, found.again), rejected, slug, here)
        }
    };
    view! {
        <nav class="trail" aria-label="Way back"><a href=format!("/w/{slug}/data")>"Data"</a></nav>
        <div class="title">
            <h1>{found.file}</h1>
            <p class="quiet">{found.about}</p>
        </div>
        <div class="answer">
            <p class="finding">{found.finding}</p>
            <p class="quiet">{found.evidence}</p>
        </div>
        {rest}
    }
    .into_any()
}

/// How far it is. The browser asks again every two seconds.
fn progress(percent: u32) -> AnyView {
    crate::error::ssr::look_again();
    view! {
        <progress class="progress" max="100" value=percent aria-label="Part of the file that has been read"></progress>
    }
    .into_any()
}
