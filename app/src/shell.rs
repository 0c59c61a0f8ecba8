//! The document around the pages, and which address shows which page.

use crate::{error, pages};
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::SsrMode::Async;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;
use pages::{
    activity, builder, churn, compare, data, delete, features, home, import, not_found, retention,
    saved,
};

/// The document around the application. Pages without islands load no program.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    error::ssr::content_policy();
    let lively = pages::lively();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" type="image/svg+xml" href="/icon.svg"/>
                <HashedStylesheet id="style" options=options.clone()/>
                {lively.then(|| view! { <HydrationScripts options islands=true/> })}
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
    view! {
        <Title formatter=|title: String| if title.is_empty() { "Holdfast".to_owned() } else { format!("{title} · Holdfast") }/>
        <Router>
            <FlatRoutes fallback=not_found::NotFound>
                <Route path=path!("/") view=home::HomePage ssr=Async/>
                <Route path=path!("/new") view=data::NewPage ssr=Async/>
                <Route path=path!("/w/:workspace") view=retention::ToRetention ssr=Async/>
                <Route path=path!("/w/:workspace/retention") view=retention::RetentionPage ssr=Async/>
                <Route path=path!("/w/:workspace/features") view=features::FeaturesPage ssr=Async/>
                <Route path=path!("/w/:workspace/features/delete") view=delete::DeleteFeaturePage ssr=Async/>
                <Route path=path!("/w/:workspace/activity") view=activity::ActivityPage ssr=Async/>
                <Route path=path!("/w/:workspace/activity/edit") view=activity::EditPage ssr=Async/>
                <Route path=path!("/w/:workspace/activity/delete") view=delete::DeleteActivityPage ssr=Async/>
                <Route path=path!("/w/:workspace/segments") view=compare::ComparePage ssr=Async/>
                <Route path=path!("/w/:workspace/segments/edit") view=builder::BuilderPage ssr=Async/>
                <Route path=path!("/w/:workspace/segments/saved") view=saved::SavedPage ssr=Async/>
                <Route path=path!("/w/:workspace/segments/saved/:segment") view=saved::SegmentPage ssr=Async/>
                <Route path=path!("/w/:workspace/segments/saved/:segment/delete") view=delete::DeleteSegmentPage ssr=Async/>
                <Route path=path!("/w/:workspace/churn") view=churn::ChurnPage ssr=Async/>
                <Route path=path!("/w/:workspace/data") view=data::DataPage ssr=Async/>
                // where a file that was not taken leads
                <Route path=path!("/w/:workspace/upload") view=data::DataPage ssr=Async/>
                <Route path=path!("/w/:workspace/import/:import") view=import::ImportPage ssr=Async/>
            </FlatRoutes>
        </Router>
    }
}
