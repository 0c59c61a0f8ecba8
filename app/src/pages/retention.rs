//! The signup cohort retention matrix, as the address asks for it.

use crate::api::retention::{MembersView, RetentionAnswer, members, retention};
use crate::components::explore::Explore;
use crate::components::export::pinned;
use crate::components::frame::{Current, Frame};
use crate::components::keep_report::KeepReport;
use crate::components::notes::notes;
use crate::components::question::QuestionLine;
use crate::pages::common::{
    address, forget_unknown, loading, missing, misunderstood, params, unanswered,
};
use crate::words as labels;
use analysis::query::{
    AsOf, ChurnQuery, ComparisonQuery, QuartileQuery, RetentionQuery, RetentionView, pairs,
    url_query,
};
use analysis::saved::ReportKind;
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use leptos_router::hooks::use_params_map;

/// Leads from a workspace's bare address to its matrix.
#[component]
pub fn ToRetention() -> impl IntoView {
    let slug = use_params_map()
        .read_untracked()
        .get("workspace")
        .unwrap_or_default();
    view! { <Redirect path=format!("/w/{slug}/retention")/> }
}

/// The question and the way it is looked at, as every part of the page shares them.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The question; on the pages of features and of churn, the customers it is about.
    pub query: RetentionQuery,
    /// How it is looked at.
    pub view: RetentionView,
    /// What is asked about them.
    pub about: About,
}

/// What a page asks about customers.
#[derive(Clone, Debug)]
pub enum About {
    /// Their retention, on its own page.
    Retention,
    /// A feature.
    Feature(QuartileQuery),
    /// Segments.
    Comparison(Box<ComparisonQuery>),
    /// Leaving.
    Churn(ChurnQuery),
}

impl Asked {
    /// The address of the same page with another question. The picked cell is let go: it may not be there any more.
    pub fn ask(&self, change: impl FnOnce(&mut RetentionQuery)) -> String {
        let mut query = self.query.clone();
        change(&mut query);
        address(match self.about.clone() {
            About::Retention => {
                let view = RetentionView {
                    cell: None,
                    ..self.view
                };
                let mut params = query.params();
                params.extend(view.params());
                params
            }
            About::Feature(mut feature) => {
                feature.set_population(&query);
                feature.params()
            }
            About::Comparison(mut comparison) => {
                comparison.retention = query;
                comparison.params()
            }
            About::Churn(mut churn) => {
                churn.set_population(&query);
                churn.params()
            }
        })
    }

    /// The parameters of the question.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match &self.about {
            About::Retention => self.query.params(),
            About::Feature(feature) => feature.params(),
            About::Comparison(comparison) => comparison.params(),
            About::Churn(churn) => churn.params(),
        }
    }
}

/// The page.
#[component]
pub fn RetentionPage() -> impl IntoView {
    view! { <Frame here="retention"><Retention/></Frame> }
}

#[component]
fn Retention() -> impl IntoView {
    let current = expect_context::<Current>();
    let slug = current.slug.get_value();
    let params = params();
    let (mut query, mut problems) = RetentionQuery::parse(pairs(&params));
    let (view, more) = RetentionView::parse(pairs(&params));
    problems.extend(more);
    view! {
        <Title text="Retention"/>
        <h1 class="vh">"Retention by signup cohort"</h1>
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => workspace,
                Err(error) => return missing(error),
            };
            problems.extend(forget_unknown(&mut query.segments, &workspace));
            let asked = Asked {
                query,
                view,
                about: About::Retention,
            };
            provide_context(asked.clone());
            let answer = match retention(&slug, &asked.query).await {
                Ok(found) => {
                    let listed = listed(&slug, &found, view).await;
                    Ok((found, listed))
                }
                Err(error) => Err(error),
            };
            view! {
                {loading(&workspace)}
                <QuestionLine workspace=workspace.into()/>
                {misunderstood(&problems)}
                {match answer {
                    Ok((found, listed)) => view! { <Answer slug found listed asked/> }.into_any(),
                    Err(error) => unanswered(error),
                }}
            }
            .into_any()
        })}
    }
}

/// The first customers of the cell that the address names. The island asks itself for what can't be had here, and says
/// why if it can't either.
async fn listed(slug: &str, found: &RetentionAnswer, view: RetentionView) -> Option<MembersView> {
    let cell = view
        .cell
        .filter(|cell| found.report.cell(*cell).is_some())?;
    let mut query = found.report.query.clone();
    query.as_of = AsOf::Instant(found.report.as_of);
    members(slug.to_owned(), query, cell, true, 0).await.ok()
}

/// The answer first, in words; then the curves, the matrix, and the method.
#[component]
fn Answer(
    slug: String,
    found: RetentionAnswer,
    listed: Option<MembersView>,
    asked: Asked,
) -> impl IntoView {
    let RetentionAnswer { report, chart } = found;
    let headline = words::headline(&report);
    let method = words::method_line(&report);
    let stale = words::stale_notice(&report);
    let title = labels::chart_title(&report);
    let chart_label = title.clone();
    let question = url_query(&asked.query, &RetentionView::default());
    let asked_for = url_query(&asked.query, &asked.view);
    let kept = slug.clone();
    let exact = RetentionQuery {
        as_of: pinned(asked.query.as_of, report.as_of),
        ..asked.query.clone()
    };
    let files = url_query(&exact, &RetentionView::default());
    let happened = notes(
        report
            .cohorts
            .iter()
            .filter_map(|cohort| cohort.note.clone()),
    );
    view! {
        <div class="answer">
            <p class="finding">{headline.sentence}</p>
            <p class="quiet">{headline.evidence}</p>
        </div>
        <p class="method">{method}</p>
        {stale.map(|stale| view! { <p class="notice" role="status">{stale}</p> })}
        <Explore slug question files view=asked.view report listed>
            <section class="card">
                <header>
                    <h2>{title}</h2>
                    <div class="key">
                        <span><i></i>"all cohorts, pooled"</span>
                        <span class="k2"><i></i>"picked cohort"</span>
                    </div>
                </header>
                <figure class="chart" tabindex="0" role="group" aria-label=chart_label inner_html=chart></figure>
            </section>
        </Explore>
        {happened}
        <KeepReport slug=kept kind=ReportKind::Retention question=asked_for name="Retention".to_owned()/>
    }
    .into_any()
}
