//! The start: straight to the first workspace's matrix, or how to get one.

use crate::api::people::caller;
use crate::api::workspace::workspaces;
use crate::components::problems::ErrorCard;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;

/// Leads to the oldest workspace; without one it tells how to make it.
#[component]
pub fn HomePage() -> impl IntoView {
    let all = Resource::new_blocking(|| (), |()| workspaces());
    view! {
        <Title text=""/>
        <Suspense>
            {move || Suspend::new(async move {
                match all.await {
                    Ok(list) => match list.first() {
                        Some(first) => view! { <Redirect path=format!("/w/{}/retention", first.slug)/> }.into_any(),
                        None if caller().is_some_and(|caller| caller.person.admin) => view! { <Welcome/> }.into_any(),
                        None => view! { <Nowhere/> }.into_any(),
                    },
                    Err(error) => view! { <main class="lone"><ErrorCard error/></main> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Welcome() -> impl IntoView {
    view! {
        <main class="lone">
            <h1>"There is no workspace yet."</h1>
            <p>"A workspace holds the events of one product. "<a href="/new">"Make one from a file of events"</a>", here or on the command line:"</p>
            <pre><code>"holdfast import events.csv --workspace my-product"</code></pre>
            <p>"or look around in demo data with three planted truths:"</p>
            <pre><code>"holdfast demo"</code></pre>
            <p><a href="/">"Look again"</a></p>
        </main>
    }
}

#[component]
fn Nowhere() -> impl IntoView {
    view! {
        <main class="lone">
            <h1>"You are in no workspace."</h1>
            <p>"An owner of the workspace you are looking for can invite you."</p>
            <p><a href="/account">"Your account"</a></p>
        </main>
    }
}
