//! What was done in a workspace.

use super::parts;
use crate::api::people::{AuditView, audit};
use crate::components::frame::{Current, Frame};
use crate::components::problems::ErrorCard;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// The log, newest first.
#[component]
pub fn AuditPage() -> impl IntoView {
    view! { <Frame here="people"><Log/></Frame> }
}

#[component]
fn Log() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let before = use_query_map().read_untracked().get("before");
    let misread = before
        .as_ref()
        .is_some_and(|before| before.parse::<i64>().is_err());
    let before = before.and_then(|before| before.parse().ok());
    view! {
        <Title text="Log"/>
        <h1 class="vh">"Log"</h1>
        {misread.then(|| view! {
            <p class="notice" role="status">"“before” in this address is no number of a line; the newest are shown."</p>
        })}
        {Suspend::new(async move {
            match audit(&slug, before).await {
                Ok(found) => page(&slug, found, before.is_some()),
                Err(error) => view! { <ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}

fn page(slug: &str, found: AuditView, later: bool) -> AnyView {
    let AuditView { lines, older } = found;
    let here = format!("/w/{slug}/audit");
    let finding = match lines.is_empty() {
        true => "Nothing is noted.",
        false if later => "What was done earlier.",
        false => "What was done here, newest first.",
    };
    let newest = here.clone();
    view! {
        <div class="acts">{parts(slug, "audit")}</div>
        <div class="answer">
            <p class="finding">{finding}</p>
            <p class="quiet">"Who signed in, who was let in, which keys were made, and what was changed. Lines are only ever added."</p>
        </div>
        <section class="card">
            <header><h2>"Log"</h2></header>
            <div class="scroll" tabindex="0" role="region" aria-label="Log">
                <table class="rows">
                    <thead><tr>
                        <th scope="col">"When"</th>
                        <th scope="col">"Who"</th>
                        <th scope="col">"What"</th>
                    </tr></thead>
                    <tbody>
                        {lines.into_iter().map(|(when, who, what)| view! {
                            <tr><td class="moment">{when}</td><th scope="row">{who}</th><td class="sample">{what}</td></tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
        </section>
        <div class="acts">
            {later.then(|| view! { <a class="btn" href=newest>"Newest"</a> })}
            {older.map(|older| view! { <a class="btn" href=format!("{here}?before={older}")>"Older"</a> })}
        </div>
    }
    .into_any()
}
