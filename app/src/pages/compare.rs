//! Segments side by side: do they stay alike?

mod cards;
mod lifetimes;
mod matrices;

use crate::api::comparison::{ComparisonAnswer, compare, saved};
use crate::components::choosers::AskActivity;
use crate::components::compare::{ComparisonQuestion, Offer, asked};
use crate::components::export::{ExportMenu, pinned};
use crate::components::frame::{Current, Frame};
use crate::components::keep_report::KeepReport;
use crate::components::problems::ErrorCard;
use crate::error::AppError;
use crate::pages::retention::{NoWorkspace, address, forget_unknown, loading, misunderstood};
use analysis::export::ExportPage;
use analysis::query::ComparisonQuery;
use analysis::saved::ReportKind;
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// The page.
#[component]
pub fn ComparePage() -> impl IntoView {
    view! { <Frame here="segments"><Compare/></Frame> }
}

#[component]
fn Compare() -> impl IntoView {
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
    let (mut query, mut problems) = ComparisonQuery::parse(pairs);
    view! {
        <Title text="Segments"/>
        <h1 class="vh">"Segments"</h1>
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => workspace,
                Err(AppError::NotFound) => return view! { <NoWorkspace/> }.into_any(),
                Err(error) => return view! { <ErrorCard error/> }.into_any(),
            };
            problems.extend(forget_unknown(&mut query.retention.segments, &workspace));
            provide_context(asked(&query));
            let answer = compare(&slug, &query).await;
            // Without their list everything else still works.
            let saved = saved(&slug).await.unwrap_or_default();
            let offer = Offer::of(answer.as_ref().ok().map(|found| &found.report), saved);
            let notice = (!problems.is_empty()).then(|| misunderstood(&problems));
            let busy = workspace.loading.map(loading);
            view! {
                {busy}
                <ComparisonQuestion workspace=workspace.into() offer/>
                {notice}
                {match answer {
                    Ok(found) => view! { <Answer slug found query/> }.into_any(),
                    Err(AppError::NoActivity) => view! { <AskActivity/> }.into_any(),
                    Err(error) => view! { <ErrorCard error/> }.into_any(),
                }}
            }
            .into_any()
        })}
    }
}

/// The answer first, in words; then what carries it, and the method.
#[component]
fn Answer(slug: String, found: ComparisonAnswer, query: ComparisonQuery) -> impl IntoView {
    let ComparisonAnswer {
        report,
        curves,
        lifetimes: lives,
    } = found;
    let mut exact = query.clone();
    if let Some(any) = report.any() {
        exact.retention.as_of = pinned(exact.retention.as_of, any.as_of);
    }
    let question = address(exact.params());
    let asked = address(query.params());
    view! {
        <ExportMenu slug=slug.clone() page=ExportPage::Segments question/>
        {cards::finding(&report)}
        {cards::summary(&report, &query)}
        {cards::curves(&report, curves)}
        {matrices::matrices(&report, &slug)}
        {cards::differences(&report)}
        {lifetimes::lifetimes(&report, lives)}
        {lifetimes::pairs(&report)}
        {cards::mix(&report)}
        <p class="quiet"><a href=format!("/w/{slug}/segments/saved")>"Saved segments"</a></p>
        <p class="method">{words::comparison_method(&report)}</p>
        <KeepReport slug kind=ReportKind::Segments question=asked name="Segments".to_owned()/>
    }
    .into_any()
}
