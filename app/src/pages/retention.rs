//! The signup cohort retention matrix, as the address asks for it.

use crate::api::retention::{MembersView, RetentionAnswer, members, retention};
use crate::api::workspace::WorkspaceView;
use crate::components::choosers::AskActivity;
use crate::components::explore::Explore;
use crate::components::export::pinned;
use crate::components::frame::{Current, Frame};
use crate::components::keep_report::KeepReport;
use crate::components::problems::ErrorCard;
use crate::components::question::QuestionLine;
use crate::error::AppError;
use crate::error::ssr::look_again;
use crate::words as labels;
use analysis::query::{
    AsOf, ChurnQuery, ComparisonQuery, ParamProblem, QuartileQuery, RetentionQuery, RetentionView,
    append_params, url_query,
};
use analysis::saved::ReportKind;
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use leptos_router::hooks::{use_params_map, use_query_map};
use leptos_router::params::ParamsMap;

/// Leads from a workspace's bare address to its matrix.
#[component]
pub fn ToRetention() -> impl IntoView {
    let slug = use_params_map()
        .read_untracked()
        .get("workspace")
        .unwrap_or_default();
    view! { <Redirect path=format!("/w/{slug}/retention")/> }
}

/// What the address says: the question, how it is looked at, and what of it was not understood.
struct Address {
    query: RetentionQuery,
    view: RetentionView,
    problems: Vec<ParamProblem>,
}

impl Address {
    fn read(map: &ParamsMap) -> Self {
        let pairs: Vec<(String, String)> = map
            .clone()
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value))
            .collect();
        let pairs = || {
            pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
        };
        let (query, mut problems) = RetentionQuery::parse(pairs());
        let (view, more) = RetentionView::parse(pairs());
        problems.extend(more);
        Self {
            query,
            view,
            problems,
        }
    }
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
    Comparison(ComparisonQuery),
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

/// Lets go of segments that are not saved here, and names them.
pub(super) fn forget_unknown(
    segments: &mut Vec<String>,
    workspace: &WorkspaceView,
) -> Vec<ParamProblem> {
    let mut problems = Vec::new();
    segments.retain(|slug| {
        let known = workspace.segments.iter().any(|one| one.slug == *slug);
        if !known {
            problems.push(ParamProblem {
                param: "segment".to_owned(),
                given: slug.clone(),
                expected: "the name of a saved segment".to_owned(),
                used: String::new(),
            });
        }
        known
    });
    problems
}

/// The address of the same page with other parameters.
pub fn address(params: Vec<(&'static str, String)>) -> String {
    let mut address = String::new();
    append_params(&mut address, params);
    // A link with an empty query would keep the old one, so the bare page is named by its `?`.
    if address.is_empty() {
        "?".to_owned()
    } else {
        address
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
    let Address {
        mut query,
        view,
        mut problems,
    } = Address::read(&use_query_map().read_untracked());
    view! {
        <Title text="Retention"/>
        <h1 class="vh">"Retention by signup cohort"</h1>
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => workspace,
                Err(AppError::NotFound) => return view! { <NoWorkspace/> }.into_any(),
                Err(error) => return view! { <ErrorCard error/> }.into_any(),
            };
            problems.extend(forget_unknown(&mut query.segments, &workspace));
            let asked = Asked {
                query,
                view,
                about: About::Retention,
            };
            provide_context(asked.clone());
            let answer = match retention(slug.clone(), asked.query.clone()).await {
                Ok(found) => {
                    let listed = listed(&slug, &found, view).await;
                    Ok((found, listed))
                }
                Err(error) => Err(error),
            };
            view! {
                {workspace.loading.map(loading)}
                <QuestionLine workspace=workspace.into()/>
                {(!problems.is_empty()).then(|| misunderstood(&problems))}
                {match answer {
                    Ok((found, listed)) => view! { <Answer slug found listed asked/> }.into_any(),
                    Err(AppError::NoActivity) => view! { <AskActivity/> }.into_any(),
                    Err(error @ AppError::Filling(_)) => filling(error),
                    Err(error) => view! { <ErrorCard error/> }.into_any(),
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

/// Numbers grow while data are loading, so the page is asked for again.
pub(super) fn loading(percent: u32) -> AnyView {
    look_again();
    view! {
        <p class="notice" role="status">
            {format!("Data are being loaded ({percent} %). The numbers below grow until they are all there.")}
        </p>
    }
    .into_any()
}

/// A definition that is being filled in is ready by itself, so the page is asked for again.
pub(super) fn filling(error: AppError) -> AnyView {
    look_again();
    view! { <p class="notice" role="status">{error.to_string()}" The answer appears by itself."</p> }.into_any()
}

/// Parameters of the address that could not be used, and what is shown instead.
pub(super) fn misunderstood(problems: &[ParamProblem]) -> AnyView {
    view! {
        <div class="notice" role="status">
            <h2>"Part of this address was not understood"</h2>
            <ul>{problems.iter().map(|problem| view! { <li>{problem.to_string()}</li> }).collect_view()}</ul>
        </div>
    }
    .into_any()
}

#[component]
pub(super) fn NoWorkspace() -> impl IntoView {
    view! {
        <section class="card trouble" role="alert">
            <h2>"There is no workspace at this address."</h2>
            <p>"The link may be old, or a letter may be missing. "<a href="/">"Go to the workspaces"</a>"."</p>
        </section>
    }
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
        <KeepReport slug=kept kind=ReportKind::Retention question=asked_for name="Retention".to_owned()/>
    }
    .into_any()
}
