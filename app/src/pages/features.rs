//! Whether a feature keeps customers, and the same asked of all features.

pub(crate) mod cards;

pub(crate) use cards::groups_key;

use crate::api::quartiles::{QuartileAnswer, feature_sets, quartiles};
use crate::components::cards::verdict;
use crate::components::export::{ExportMenu, pinned};
use crate::components::features::{FeatureQuestion, Looked, asked};
use crate::components::frame::{Current, Frame};
use crate::components::keep_report::KeepReport;
use crate::pages::common::{
    address, forget_unknown, loading, missing, misunderstood, params, unanswered,
};
use analysis::export::ExportPage;
use analysis::query::{QuartileQuery, pairs};
use analysis::saved::ReportKind;
use analysis::withhold::WithheldGroups;
use analysis::words;
use cards::{curves, groups, histogram, launch, scan};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page.
#[component]
pub fn FeaturesPage() -> impl IntoView {
    view! { <Frame here="features"><Features/></Frame> }
}

#[component]
fn Features() -> impl IntoView {
    let current = expect_context::<Current>();
    let slug = current.slug.get_value();
    let (mut query, mut problems) = QuartileQuery::parse(pairs(&params()));
    view! {
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => workspace,
                Err(error) => return view! { {heading("")} {missing(error)} }.into_any(),
            };
            problems.extend(forget_unknown(&mut query.segments, &workspace));
            provide_context(asked(&query));
            let answer = quartiles(&slug, &query).await;
            // Without their list everything else still works.
            let sets = feature_sets(&slug).await.unwrap_or_default();
            let feature = Looked::at(answer.as_ref().ok().map(|found| &found.report), &query);
            let notice = misunderstood(&problems);
            let busy = loading(&workspace);
            view! {
                {heading(&feature.name)}
                {busy}
                <FeatureQuestion workspace=workspace.into() feature sets/>
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

/// Each feature's page has a name of its own.
fn heading(feature: &str) -> impl IntoView {
    let (title, question) = match feature {
        "" => (
            "Features".to_owned(),
            "Which features keep customers?".to_owned(),
        ),
        name => (
            format!("{name} · Features"),
            format!("Does {name} keep customers?"),
        ),
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
        {verdict(words::finding(&report))}
        {split.then(|| view! {
            <div class="two">
                {groups(&report, Some((&query, &slug)), &WithheldGroups::default())}
                {histogram(&report, usage)}
            </div>
            {curves(&report, drawn)}
        })}
        {scan(&report, Some(&query))}
        {launch(&report)}
        <p class="method">{words::quartile_method(&report)}</p>
        <KeepReport slug kind=ReportKind::Features question=asked name/>
    }
    .into_any()
}
