//! Whether a feature keeps customers, and the same asked of all features.

mod cards;

use crate::api::quartiles::{QuartileAnswer, quartiles};
use crate::components::choosers::AskActivity;
use crate::components::features::{FeatureQuestion, asked};
use crate::components::frame::{Current, Frame};
use crate::components::problems::ErrorCard;
use crate::error::AppError;
use crate::pages::retention::{NoWorkspace, loading, misunderstood};
use analysis::query::QuartileQuery;
use analysis::words;
pub(super) use cards::numbers;
use cards::{curves, groups, histogram, scan, verdict};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// The page.
#[component]
pub fn FeaturesPage() -> impl IntoView {
    view! { <Frame here="features"><Features/></Frame> }
}

#[component]
fn Features() -> impl IntoView {
    let current = expect_context::<Current>();
    let slug = current.slug.get_value();
    let pairs: Vec<(String, String)> = use_query_map()
        .read_untracked()
        .clone()
        .into_iter()
        .map(|(name, value)| (name.into_owned(), value))
        .collect();
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let (query, problems) = QuartileQuery::parse(pairs);
    provide_context(asked(&query));
    view! {
        <Title text="Features"/>
        <h1 class="vh">"Features"</h1>
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => workspace,
                Err(AppError::NotFound) => return view! { <NoWorkspace/> }.into_any(),
                Err(error) => return view! { <ErrorCard error/> }.into_any(),
            };
            let answer = quartiles(&slug, &query).await;
            let feature = match &answer {
                Ok(found) => found.report.query.feature.clone(),
                Err(_) => query.feature.clone(),
            };
            let notice = (!problems.is_empty()).then(|| misunderstood(&problems));
            let busy = workspace.loading.map(loading);
            view! {
                {busy}
                <FeatureQuestion workspace=workspace.into() feature/>
                {notice}
                {match answer {
                    Ok(found) => view! { <Answer found query/> }.into_any(),
                    Err(AppError::NoActivity) => view! { <AskActivity/> }.into_any(),
                    Err(error) => view! { <ErrorCard error/> }.into_any(),
                }}
            }
            .into_any()
        })}
    }
}

/// The verdict first, in words; then what carries it, all features, and the method.
#[component]
fn Answer(found: QuartileAnswer, query: QuartileQuery) -> impl IntoView {
    let QuartileAnswer {
        report,
        usage,
        groups: drawn,
    } = found;
    let split = report.reading.quartiles.is_some();
    let launch = words::launch(&report);
    view! {
        {verdict(&report)}
        {split.then(|| view! {
            <div class="two">
                {groups(&report, &query)}
                {histogram(&report, usage)}
            </div>
            {curves(&report, drawn)}
        })}
        {scan(&report, &query)}
        {(!launch.is_empty()).then(|| view! { <p class="quiet launch">{launch}</p> })}
        <p class="method">{words::quartile_method(&report)}</p>
    }
    .into_any()
}
