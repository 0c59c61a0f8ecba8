//! Segments side by side: do they stay alike?

pub(crate) mod cards;
pub(crate) mod lifetimes;
pub(crate) mod matrices;

use crate::api::comparison::{ComparisonAnswer, compare, saved};
use crate::components::cards::verdict;
use crate::components::compare::{ComparisonQuestion, Offer, asked};
use crate::components::export::{ExportMenu, pinned};
use crate::components::frame::{Current, Frame};
use crate::components::keep_report::KeepReport;
use crate::pages::common::{
    address, forget_unknown, loading, missing, misunderstood, params, unanswered,
};
use analysis::export::ExportPage;
use analysis::query::{ComparisonQuery, pairs};
use analysis::saved::ReportKind;
use analysis::withhold::WithheldSegments;
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;

/// The page.
#[component]
pub fn ComparePage() -> impl IntoView {
    view! { <Frame here="segments"><Compare/></Frame> }
}

#[component]
fn Compare() -> impl IntoView {
    let current = expect_context::<Current>();
    let slug = current.slug.get_value();
    let (mut query, mut problems) = ComparisonQuery::parse(pairs(&params()));
    view! {
        <Title text="Segments"/>
        <h1 class="vh">"Segments"</h1>
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => workspace,
                Err(error) => return missing(error),
            };
            problems.extend(forget_unknown(&mut query.retention.segments, &workspace));
            provide_context(asked(&query));
            let answer = compare(&slug, &query).await;
            // Without their list everything else still works.
            let saved = saved(&slug).await.unwrap_or_default();
            let offer = Offer::of(answer.as_ref().ok().map(|found| &found.report), saved);
            let notice = misunderstood(&problems);
            let busy = loading(&workspace);
            view! {
                {busy}
                <ComparisonQuestion workspace=workspace.into() offer/>
                {notice}
                {match answer {
                    Ok(found) => view! { <Answer slug found query/> }.into_any(),
                    Err(error) => unanswered(error),
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
    let nothing = WithheldSegments::default();
    view! {
        <ExportMenu slug=slug.clone() page=ExportPage::Segments question/>
        {verdict(words::comparison_finding(&report))}
        {cards::summary(&report, Some(&query), &nothing)}
        {cards::curves(&report, curves)}
        {matrices::matrices(&report, Some(&slug), &nothing)}
        {cards::differences(&report)}
        {lifetimes::lifetimes(&report, lives)}
        {lifetimes::pairs(&report)}
        {cards::mix(&report, &nothing)}
        <p class="quiet"><a href=format!("/w/{slug}/segments/saved")>"Saved segments"</a></p>
        <p class="method">{words::comparison_method(&report)}</p>
        <KeepReport slug kind=ReportKind::Segments question=asked name="Segments".to_owned()/>
    }
    .into_any()
}
