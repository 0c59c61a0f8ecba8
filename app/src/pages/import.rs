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
    let current = expect_context::<Current>();
    let params = use_params_map();
    let number = Memo::new(move |_| params.read().get("import").unwrap_or_default());
    let said = use_location().search;
    let found = Resource::new(
        move || (current.slug.get(), number.get(), said.get()),
        |(slug, number, said)| import(slug, number, said),
    );
    view! {
        <Title text="Import"/>
        <Suspense>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(found) => {
                        let here = format!("/w/{}/import/{}", current.slug.get_untracked(), number.get_untracked());
                        page(found, &current.slug.get_untracked(), here)
                    }
                    Err(error) => view! { <ErrorCard error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

fn page(found: ImportView, slug: &str, here: String) -> AnyView {
    let rest = match found.phase {
        ImportPhase::Uploaded => match found.preview {
            Some(preview) => confirm::form(preview, here),
            None => confirm::discard(&here).into_any(),
        },
        ImportPhase::Queued | ImportPhase::Running => progress(found.percent),
        ImportPhase::Done | ImportPhase::Failed => {
            let done = found.phase == ImportPhase::Done;
            let rejected = (found.reasons, found.rejected);
            outcome::outcome((done, found.again), rejected, slug, &here)
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

/// How far it is; looked at again by itself.
fn progress(percent: u32) -> AnyView {
    view! {
        {super::look_again()}
        <progress class="progress" max="100" value=percent aria-label="Part of the file that has been read"></progress>
    }
    .into_any()
}
