//! What surrounds every page of a workspace: the rail with its name and ways.

use crate::api::people::{caller, may};
use crate::api::workspace::{WorkspaceView, workspace, workspaces};
use crate::error::AppError;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use store::{Person, Role};

/// The workspace that the address names, for every page below the frame.
#[derive(Clone, Copy)]
pub struct Current {
    /// Its slug.
    pub slug: StoredValue<String>,
    /// Its settings and choices.
    pub view: OnceResource<Result<WorkspaceView, AppError>>,
}

/// The frame of a workspace's pages.
#[component]
pub fn Frame(
    /// The page's place in the rail: the last part of its address.
    here: &'static str,
    /// The page.
    children: Children,
) -> impl IntoView {
    let slug = use_params_map()
        .read_untracked()
        .get("workspace")
        .unwrap_or_default();
    let view = OnceResource::new(workspace(slug.clone()));
    let others = OnceResource::new(workspaces());
    provide_context(Current {
        slug: StoredValue::new(slug.clone()),
        view,
    });

    let way = |page: &'static str, text: &'static str| {
        view! {
            <a href=format!("/w/{slug}/{page}") aria-current=(page == here).then_some("page")>
                {text}
            </a>
        }
    };
    let ways = [
        way("retention", "Retention"),
        way("features", "Features"),
        way("segments", "Segments"),
        way("churn", "Churn"),
        way("reports", "Reports"),
        way("activity", "Activity"),
        way("data", "Data"),
    ];
    let people = may(Role::Owner).then(|| way("people", "People"));
    let me = caller().map(|caller| you(&caller.person));
    // Readers are shown no form that changes something; whoever sends one all the same is refused.
    let shell = if may(Role::Editor) {
        "shell"
    } else {
        "shell reader"
    };
    view! {
        <a class="skip" href="#main">"Skip to the page"</a>
        <div class=shell>
            <aside class="rail">
                <a href="/" class="brand">
                    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true">
                        <path d="M12 2c0 6-4 7-4 12M12 2c0 6 4 7 4 12M12 8v6"/>
                        <path d="M3 21c3 0 4-3 5-7 1 3 2 7 4 7s3-4 4-7c1 4 2 7 5 7"/>
                    </svg>
                    "Holdfast"
                </a>
                <nav aria-label="Main">
                    {ways}
                    {people}
                </nav>
                {Suspend::new(async move {
                    let list = others.await.unwrap_or_default();
                    (list.len() > 1).then(|| view! {
                        <div class="others">
                            <h2 id="workspaces">"Workspaces"</h2>
                            <nav aria-labelledby="workspaces">
                                {list.into_iter().map(|one| view! {
                                    <a
                                        href=format!("/w/{}/retention", one.slug)
                                        aria-current=(one.slug == slug).then_some("true")
                                    >
                                        {one.name}
                                    </a>
                                }).collect_view()}
                            </nav>
                        </div>
                    })
                })}
                <p class="who">
                    {Suspend::new(async move {
                        view.await.ok().map(|found| format!("{} · {}", found.name, found.zone))
                    })}
                </p>
                {me}
            </aside>
            <main class="page" id="main" tabindex="-1">
                {children()}
            </main>
        </div>
    }
    .into_any()
}

/// The way to one's account, and what it still needs.
fn you(person: &Person) -> AnyView {
    let open = !person.has_password;
    view! {
        <nav class="you" aria-label="You">
            <a href="/account">{person.called()}</a>
            {open.then(|| view! { <a href="/account">"Set a password"</a> })}
        </nav>
    }
    .into_any()
}
