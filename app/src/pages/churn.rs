//! How many customers leave, how they come and go, how often they are there, and who is about to leave.

pub(crate) mod cards;
mod people;

pub(crate) use cards::periods_key;

use crate::api::churn::{ChurnFound, churn};
use crate::components::churn::{ChurnQuestion, asked};
use crate::components::export::{ExportMenu, pinned};
use crate::components::frame::{Current, Frame};
use crate::components::keep_report::KeepReport;
use crate::pages::common::{
    address, forget_unknown, loading, missing, misunderstood, params, unanswered,
};
use analysis::export::ExportPage;
use analysis::query::{ChurnQuery, pairs};
use analysis::saved::ReportKind;
use analysis::withhold::WithheldPeriods;
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;

/// The page.
#[component]
pub fn ChurnPage() -> impl IntoView {
    view! { <Frame here="churn"><Churn/></Frame> }
}

#[component]
fn Churn() -> impl IntoView {
    let current = expect_context::<Current>();
    let slug = current.slug.get_value();
    let (mut query, mut problems) = ChurnQuery::parse(pairs(&params()));
    view! {
        <Title text="Churn"/>
        <h1 class="vh">"Churn"</h1>
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => workspace,
                Err(error) => return missing(error),
            };
            problems.extend(forget_unknown(&mut query.segments, &workspace));
            provide_context(asked(&query));
            let answer = churn(&slug, &query).await;
            let threshold = answer.as_ref().ok().map(|found| found.answer.report.threshold);
            let notice = misunderstood(&problems);
            let busy = loading(&workspace);
            view! {
                {busy}
                <ChurnQuestion workspace=workspace.into() threshold/>
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

/// The answer first, in words; then the periods with those lost in one, what stands behind the threshold, coming and
/// going, those about to leave, and the method.
#[component]
fn Answer(slug: String, found: ChurnFound, query: ChurnQuery) -> impl IntoView {
    let report = &found.answer.report;
    let findings = words::churn_findings(report);
    let findings = findings
        .into_iter()
        .map(|finding| view! { <li>{finding}</li> });
    let elsewhere = (!report.shows_period_asked_for()).then_some(
        "The period asked for is not among these, or has not ended; the newest that has is shown instead.",
    );
    let notices = elsewhere
        .map(str::to_owned)
        .into_iter()
        .chain(words::churn_stale(report))
        .map(|notice| view! { <p class="notice" role="status">{notice}</p> });
    let exact = ChurnQuery {
        as_of: pinned(query.as_of, report.as_of),
        ..query.clone()
    };
    let question = address(exact.params());
    let files = people::Files::new(&slug, report);
    let asked = address(query.params());
    let nothing = WithheldPeriods::default();
    view! {
        {notices.collect_view()}
        <ExportMenu slug=slug.clone() page=ExportPage::Churn question/>
        <div class="answer">
            <p class="finding">{words::churn_headline(report)}</p>
            <ul class="findings">{findings.collect_view()}</ul>
        </div>
        {cards::periods(report, Some(&query), &nothing, found.churn)}
        {people::lost(&found.answer, &files)}
        {(report.customers > 0).then(|| view! {
            <div class="two even">
                {cards::returns(report, found.returns)}
                {cards::stickiness(report, found.stickiness)}
            </div>
        })}
        {cards::lifecycle(report, &nothing, found.lifecycle)}
        {cards::fading(report, found.fading)}
        {people::quiet(&found.answer, &files)}
        <p class="method">{words::churn_method(report)}</p>
        <KeepReport slug kind=ReportKind::Churn question=asked name="Churn".to_owned()/>
    }
    .into_any()
}
