//! What a workspace holds, how it came there, and the way in for more.

mod new;
mod upload;

pub use new::NewPage;

use crate::api::imports::{DataView, ImportLine, Refused, data};
use crate::api::people::may;
use crate::components::frame::{Current, Frame};
use crate::components::problems::ErrorCard;
use leptos::prelude::*;
use leptos_meta::Title;
use store::Role;
use upload::{file_field, refusal, refused};

/// Events, customers, imports, and a form for a file.
#[component]
pub fn DataPage() -> impl IntoView {
    view! { <Frame here="data"><Data/></Frame> }
}

#[component]
fn Data() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let refused = refused();
    view! {
        <Title text="Data"/>
        <h1 class="vh">"Data"</h1>
        {Suspend::new(async move {
            match data(&slug).await {
                Ok(found) => page(found, &slug, refused.as_ref()),
                Err(error) => view! { <ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}

fn page(found: DataView, slug: &str, refused: Option<&Refused>) -> AnyView {
    view! {
        <div class="answer">
            <p class="finding">{found.finding}</p>
            <p class="quiet">{found.evidence}</p>
        </div>
        <section class="card">
            <header><h2>"Bring in a file"</h2></header>
            <form class="bring" method="post" enctype="multipart/form-data" action=format!("/w/{slug}/upload")>
                {refusal(refused)}
                {file_field()}
            </form>
        </section>
        <div class="sides">
            {(!found.events.is_empty()).then(|| events(found.events))}
            {(!found.imports.is_empty()).then(|| imports(found.imports, slug, found.busy))}
        </div>
        <p class="quiet">
            <a href="/new">"Make another workspace"</a>
            {may(Role::Owner).then(|| view! { " · " <a href=format!("/w/{slug}/erase")>"Erase a customer"</a> })}
        </p>
    }
    .into_any()
}

fn events(events: Vec<(String, String)>) -> AnyView {
    view! {
        <section class="card">
            <header><h2>"Events by name"</h2></header>
            <div class="scroll" tabindex="0" role="region" aria-label="Events by name">
                <table class="rows">
                    <thead><tr><th scope="col">"Event"</th><th scope="col" class="number">"Stored"</th></tr></thead>
                    <tbody>
                        {events.into_iter().map(|(name, count)| view! {
                            <tr><th scope="row">{name}</th><td class="number">{count}</td></tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn imports(imports: Vec<ImportLine>, slug: &str, busy: bool) -> AnyView {
    view! {
        <section class="card">
            <header>
                <h2>"Files brought in"</h2>
                // by hand: a page that renewed itself would forget a file just chosen
                {busy.then(|| view! { <a class="btn" href=format!("/w/{slug}/data")>"Look again"</a> })}
            </header>
            <div class="scroll" tabindex="0" role="region" aria-label="Files brought in">
                <table class="rows files">
                    <thead>
                        <tr>
                            <th scope="col">"File"</th>
                            <th scope="col">"State"</th>
                            <th scope="col" class="number">"Stored"</th>
                            <th scope="col" class="number">"Already there"</th>
                            <th scope="col" class="number">"Rejected"</th>
                            <th scope="col">"Came"</th>
                        </tr>
                    </thead>
                    <tbody>
                        {imports.into_iter().map(|one| {
                            let [stored, known, rejected] = one.rows;
                            view! {
                                <tr>
                                    <th scope="row"><a href=format!("/w/{slug}/import/{}", one.id)>{one.file}</a></th>
                                    <td>{one.state}</td>
                                    <td class="number">{stored}</td>
                                    <td class="number">{known}</td>
                                    <td class="number">{rejected}</td>
                                    <td class="moment">{one.came}</td>
                                </tr>
                            }
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
