//! Whether a feature keeps customers, and the same asked of all features.

mod cards;

use crate::api::quartiles::{QuartileAnswer, quartiles};
use crate::components::choosers::AskActivity;
use crate::components::export::{ExportMenu, pinned};
use crate::components::features::{FeatureQuestion, asked};
use crate::components::frame::{Current, Frame};
use crate::components::keep_report::KeepReport;
use crate::components::problems::ErrorCard;
use crate::error::AppError;
use crate::pages::retention::{
    NoWorkspace, address, filling, forget_unknown, loading, misunderstood,
};
use analysis::export::ExportPage;
use analysis::query::QuartileQuery;
use analysis::saved::ReportKind;
use analysis::words;
pub(super) use cards::numbers;
use cards::{curves, groups, histogram, launch, scan, verdict};
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
    let (mut query, mut problems) = QuartileQuery::parse(pairs);
    view! {
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => workspace,
                Err(AppError::NotFound) => return view! { {heading(&[])} <NoWorkspace/> }.into_any(),
                Err(error) => return view! { {heading(&[])} <ErrorCard error/> }.into_any(),
            };
            problems.extend(forget_unknown(&mut query.segments, &workspace));
            provide_context(asked(&query));
            let answer = quartiles(&slug, &query).await;
            let feature = match &answer {
                Ok(found) => found.report.query.feature.clone(),
                Err(_) => query.feature.clone(),
            };
            let notice = (!problems.is_empty()).then(|| misunderstood(&problems));
            let busy = workspace.loading.map(loading);
            view! {
                {heading(&feature)}
                {busy}
                <FeatureQuestion workspace=workspace.into() feature/>
                {notice}
                {match answer {
                    Ok(found) => view! { <Answer slug found query/> }.into_any(),
                    Err(AppError::NoActivity) => view! { <AskActivity/> }.into_any(),
                    Err(error @ AppError::Filling(_)) => filling(error),
                    Err(error) => view! { <ErrorCard error/> }.into_any(),
                }}
            }
            .into_any()
        })}
    }
}

/// Each feature's page has a name of its own.
fn heading(feature: &[String]) -> impl IntoView {
    let (title, question) = match feature {
        [] => (
            "Features".to_owned(),
            "Which features keep customers?".to_owned(),
        ),
        names => {
            let names = words::events(names);
            (
                format!("{names} · Features"),
                format!("Does {names} keep customers?"),
            )
        }
    };
    view! {
        <Title text=title/>
        <h1 class="vh">{question}</h1>
    }
}

/// The verdict first, in words; then what carries it, all features, and the method.
#[component]
fn Answer(slug: String, found: QuartileAnswer, query: QuartileQuery) -> impl IntoView {
    let QuartileAnswer {
        report,
        usage,
        groups: drawn,
    } = found;
    let split = report.reading.quartiles.is_some();
    let exact = QuartileQuery {
        as_of: pinned(query.as_of, report.as_of),
        ..query.clone()
    };
    let question = address(exact.params());
    let asked = address(query.params());
    let name = match query.feature.as_slice() {
        [] => "Features".to_owned(),
        names => words::events(names),
    };
    view! {
        <ExportMenu slug=slug.clone() page=ExportPage::Features question/>
        {verdict(&report)}
        {split.then(|| view! {
            <div class="two">
                {groups(&report, &query, &slug)}
                {histogram(&report, usage)}
            </div>
            {curves(&report, drawn)}
        })}
        {scan(&report, &query)}
        {launch(&report)}
        <p class="method">{words::quartile_method(&report)}</p>
        <KeepReport slug kind=ReportKind::Features question=asked name/>
    }
    .into_any()
}
