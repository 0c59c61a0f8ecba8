//! The document around the pages, and which address shows which page.

use crate::api::people::Stopped;
use crate::{error, pages};
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::SsrMode::Async;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;
use pages::{
    account, activity, annotations, board, builder, churn, compare, data, delete, entrance, erase,
    features, home, import, links, not_found, notices, people, reports, retention, saved, stopped,
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
    let stopped = use_context::<Stopped>().map(|why| view! { <stopped::StoppedPage why/> });
    let title = view! {
        <Title formatter=in_title/>
    };
    if let Some(stopped) = stopped {
        return view! { {title} {stopped} }.into_any();
    }
    view! {
        {title}
        <Router>
            <FlatRoutes fallback=not_found::NotFound>
                <Route path=path!("/") view=home::HomePage ssr=Async/>
                <Route path=path!("/new") view=data::NewPage ssr=Async/>
                <Route path=path!("/sign-in") view=entrance::SignInPage ssr=Async/>
                <Route path=path!("/sign-in/forgotten") view=entrance::ForgottenPage ssr=Async/>
                <Route path=path!("/welcome/:token") view=entrance::WelcomePage ssr=Async/>
                <Route path=path!("/account") view=account::AccountPage ssr=Async/>
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
                <Route path=path!("/w/:workspace/reports") view=reports::ReportsPage ssr=Async/>
                <Route path=path!("/w/:workspace/erase") view=erase::ErasePage ssr=Async/>
                <Route path=path!("/w/:workspace/annotations") view=annotations::AnnotationsPage ssr=Async/>
                <Route path=path!("/w/:workspace/notices") view=notices::NoticesPage ssr=Async/>
                <Route path=path!("/w/:workspace/board") view=board::BoardPage ssr=Async/>
                <Route path=path!("/w/:workspace/reports/:report") view=reports::ReportPage ssr=Async/>
                <Route path=path!("/w/:workspace/reports/:report/notices") view=notices::ReportNoticesPage ssr=Async/>
                <Route path=path!("/w/:workspace/reports/:report/delete") view=reports::DeletePage ssr=Async/>
                <Route path=path!("/w/:workspace/links") view=links::LinksPage ssr=Async/>
                <Route path=path!("/w/:workspace/links/:link/changes") view=links::ChangesPage ssr=Async/>
                <Route path=path!("/w/:workspace/data") view=data::DataPage ssr=Async/>
                // where a file that was not taken leads
                <Route path=path!("/w/:workspace/upload") view=data::DataPage ssr=Async/>
                <Route path=path!("/w/:workspace/import/:import") view=import::ImportPage ssr=Async/>
                <Route path=path!("/w/:workspace/people") view=people::PeoplePage ssr=Async/>
                <Route path=path!("/w/:workspace/keys") view=people::KeysPage ssr=Async/>
                <Route path=path!("/w/:workspace/audit") view=people::AuditPage ssr=Async/>
            </FlatRoutes>
        </Router>
    }
    .into_any()
}

/// A page's title with the program's name. Leptos writes it into the document as it is, and what people or events are
/// called may stand in it.
fn in_title(title: String) -> String {
    match title.replace('&', "&amp;").replace('<', "&lt;") {
        empty if empty.is_empty() => "Holdfast".to_owned(),
        title => format!("{title} · Holdfast"),
    }
}
