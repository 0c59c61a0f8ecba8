//! What surrounds every page of a workspace: the rail with its name and ways.

use crate::api::workspace::{WorkspaceView, workspace, workspaces};
use crate::error::AppError;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// The workspace that the address names, for every page below the frame.
#[derive(Clone, Copy)]
pub struct Current {
    /// Its slug.
    pub slug: Memo<String>,
    /// Its settings and choices; refetched while data are being loaded.
    pub view: Resource<Result<WorkspaceView, AppError>>,
}

/// Percent loaded, to be looked at again after this many milliseconds.
const LOADING_POLL_MS: u64 = 1_500;

/// The frame of a workspace's pages.
#[component]
pub fn Frame(
    /// The page's place in the rail: the last part of its address.
    here: &'static str,
    /// The page.
    children: Children,
) -> impl IntoView {
    let params = use_params_map();
    let slug = Memo::new(move |_| params.read().get("workspace").unwrap_or_default());
    let view = Resource::new_blocking(move || slug.get(), workspace);
    let others = Resource::new_blocking(|| (), |()| workspaces());
    provide_context(Current { slug, view });

    // While data are loading the numbers grow: look again until they are all there.
    Effect::new(move |_| {
        let loading = view
            .read()
            .as_ref()
            .and_then(|found| found.as_ref().ok())
            .is_some_and(|found| found.loading.is_some());
        if loading {
            set_timeout(
                move || view.refetch(),
                std::time::Duration::from_millis(LOADING_POLL_MS),
            );
        }
    });

    let way = move |page: &'static str, text: &'static str| {
        view! {
            <a href=move || format!("/w/{}/{page}", slug.get()) rel="external" aria-current=(page == here).then_some("page")>
                {text}
            </a>
        }
    };
    view! {
        <a class="skip" href="#main" rel="external">"Skip to the page"</a>
        <div class="shell">
            <aside class="rail">
                <a href="/" rel="external" class="brand">
                    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true">
                        <path d="M12 2c0 6-4 7-4 12M12 2c0 6 4 7 4 12M12 8v6"/>
                        <path d="M3 21c3 0 4-3 5-7 1 3 2 7 4 7s3-4 4-7c1 4 2 7 5 7"/>
                    </svg>
                    "Holdfast"
                </a>
                <nav aria-label="Main">
                    {way("retention", "Retention")}
                    {way("data", "Data")}
                </nav>
                <Transition>
                    {move || Suspend::new(async move {
                        let list = others.await.unwrap_or_default();
                        (list.len() > 1).then(|| view! {
                            <div class="others">
                                <h2 id="workspaces">"Workspaces"</h2>
                                <nav aria-labelledby="workspaces">
                                    {list.into_iter().map(|one| {
                                        let here = one.slug.clone();
                                        view! {
                                            <a
                                                href=format!("/w/{}/retention", one.slug) rel="external"
                                                aria-current=move || (slug.get() == here).then_some("true")
                                            >
                                                {one.name}
                                            </a>
                                        }
                                    }).collect_view()}
                                </nav>
                            </div>
                        })
                    })}
                </Transition>
                <p class="who">
                    <Transition>
                        {move || Suspend::new(async move {
                            view.await.ok().map(|found| format!("{} · {}", found.name, found.zone))
                        })}
                    </Transition>
                </p>
            </aside>
            <main class="page" id="main" tabindex="-1">
                {children()}
            </main>
        </div>
    }
    .into_any()
}
