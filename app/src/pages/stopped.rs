//! What is shown instead of a page that the caller may not see, or that can't be made.

use crate::api::people::Stopped;
use crate::components::problems::ErrorCard;
use crate::pages::not_found::NotFound;
use crate::pages::retention::NoWorkspace;
use leptos::prelude::*;
use leptos_meta::Title;

/// Why, and what to do.
#[component]
pub fn StoppedPage(
    /// Why.
    why: Stopped,
) -> impl IntoView {
    match why {
        Stopped::Forbidden(role) => forbidden(format!(
            "This needs the role of an {role} in this workspace."
        )),
        Stopped::NotAdmin => {
            forbidden("Workspaces are made by administrators of this server.".to_owned())
        }
        Stopped::NoWorkspace => view! {
            <Title text="Not found"/>
            <main class="lone"><NoWorkspace/></main>
        }
        .into_any(),
        Stopped::NothingThere => view! { <NotFound/> }.into_any(),
        Stopped::Failed(error) => view! {
            <Title text=""/>
            <main class="lone"><ErrorCard error/></main>
        }
        .into_any(),
    }
}

fn forbidden(why: String) -> AnyView {
    view! {
        <Title text="Not allowed"/>
        <main class="lone">
            <h1>"You may not do this."</h1>
            <p>{why}" One of its owners can change that. "<a href="/">"Go to the workspaces"</a></p>
        </main>
    }
    .into_any()
}
