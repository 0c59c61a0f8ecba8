//! The signup cohort retention matrix, as the address asks for it.

use crate::api::retention::{RetentionAnswer, retention};
use crate::components::choosers::AskActivity;
use crate::components::frame::{Current, Frame};
use crate::components::inspect::Inspect;
use crate::components::matrix::Matrix;
use crate::components::popover::close_popovers;
use crate::components::problems::{ErrorCard, ParamProblems};
use crate::components::question::QuestionLine;
use crate::error::AppError;
use crate::words as labels;
use analysis::query::{ParamProblem, RetentionQuery, RetentionView, url_query};
use analysis::report::RetentionReport;
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use leptos_router::hooks::{use_params_map, use_query_map};
use leptos_router::params::ParamsMap;
use std::sync::Arc;

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
#[derive(Clone, Debug, PartialEq)]
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
#[derive(Clone, Copy)]
pub struct Asked {
    /// The question.
    pub query: Memo<RetentionQuery>,
    /// How it is looked at.
    pub view: Memo<RetentionView>,
}

impl Asked {
    /// The address of the same page with another question. The picked cell is let go: it may not be there any more.
    pub fn ask(&self, change: impl FnOnce(&mut RetentionQuery)) -> String {
        let mut query = self.query.get();
        change(&mut query);
        let mut view = self.view.get();
        view.cell = None;
        address(&query, &view)
    }

    /// The address of the same question looked at in another way.
    pub fn look(&self, change: impl FnOnce(&mut RetentionView)) -> String {
        let mut view = self.view.get();
        change(&mut view);
        address(&self.query.get(), &view)
    }
}

/// A link with an empty query would keep the old one, so the bare page is named by its `?`.
fn address(query: &RetentionQuery, view: &RetentionView) -> String {
    let text = url_query(query, view);
    if text.is_empty() {
        "?".to_owned()
    } else {
        text
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
    let map = use_query_map();
    let here = Memo::new(move |_| Address::read(&map.read()));
    let asked = Asked {
        query: Memo::new(move |_| here.with(|here| here.query.clone())),
        view: Memo::new(move |_| here.with(|here| here.view)),
    };
    provide_context(asked);
    let problems = Memo::new(move |_| here.with(|here| here.problems.clone()));
    let answer = Resource::new(
        move || (current.slug.get(), asked.query.get()),
        |(slug, query)| retention(slug, query),
    );

    // A question that has changed closes the chooser that changed it.
    Effect::new(move |before: Option<()>| {
        asked.query.track();
        if before.is_some() {
            close_popovers();
        }
    });
    // Numbers grow while data are loading.
    Effect::new(move |before: Option<bool>| {
        let loading = current
            .view
            .read()
            .as_ref()
            .and_then(|found| found.as_ref().ok())
            .is_some_and(|found| found.loading.is_some());
        if before == Some(true) {
            answer.refetch();
        }
        loading
    });

    view! {
        <Title text="Retention"/>
        <h1 class="vh">"Retention by signup cohort"</h1>
        <Transition fallback=|| view! { <div class="skeleton line"></div> }>
            {move || Suspend::new(async move {
                match current.view.await {
                    Ok(workspace) => view! {
                        {workspace.loading.map(|percent| view! {
                            <p class="notice" role="status">
                                {format!("Data are being loaded ({percent} %). The numbers below grow until they are all there.")}
                            </p>
                        })}
                        <QuestionLine workspace=workspace.into()/>
                    }.into_any(),
                    Err(AppError::NotFound) => view! { <NoWorkspace/> }.into_any(),
                    // The answer below fails for the same reason and says so.
                    Err(_) => ().into_any(),
                }
            })}
        </Transition>
        <ParamProblems problems/>
        <Transition fallback=|| view! { <div class="skeleton block"></div> }>
            {move || Suspend::new(async move {
                match answer.await {
                    Ok(answer) => view! { <Answer answer/> }.into_any(),
                    Err(AppError::NoActivity) => view! { <AskActivity/> }.into_any(),
                    // Said above, where the question would stand.
                    Err(AppError::NotFound) => ().into_any(),
                    Err(error) => view! { <ErrorCard error/> }.into_any(),
                }
            })}
        </Transition>
    }
}

#[component]
fn NoWorkspace() -> impl IntoView {
    view! {
        <section class="card trouble" role="alert">
            <h2>"There is no workspace at this address."</h2>
            <p>"The link may be old, or a letter may be missing. "<a href="/" rel="external">"Go to the workspaces"</a>"."</p>
        </section>
    }
}

/// The answer first, in words; then the curves, the matrix, and the method.
#[component]
fn Answer(answer: RetentionAnswer) -> impl IntoView {
    let RetentionAnswer { report, chart } = answer;
    let report: Arc<RetentionReport> = report.into();
    let headline = words::headline(&report);
    let method = words::method_line(&report);
    let title = labels::chart_title(&report);
    let chart_label = title.clone();
    let asked = expect_context::<Asked>();
    let picked = Memo::new(move |_| asked.view.read().cell);
    highlight(picked);
    let inspected = report.clone();
    view! {
        <div class="answer">
            <p class="finding">{headline.sentence}</p>
            <p class="quiet">{headline.evidence}</p>
        </div>
        <p class="method">{method}</p>
        <div
            class="work"
            class:inspecting=move || picked.get().is_some()
            class:picking=move || picked.get().is_some_and(|cell| cell.cohort.is_some())
        >
            <div class="stack">
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
                <Matrix report=report.clone()/>
            </div>
            {move || picked.get().map(|cell| view! { <Inspect report=inspected.clone() cell/> })}
        </div>
    }
    .into_any()
}

/// Lets the picked cohort's curve stand out. The chart is drawn on the server and not part of the hydrated view, so
/// its paths are marked from outside.
fn highlight(picked: Memo<Option<analysis::query::CellRef>>) {
    Effect::new(move |_| {
        let wanted = picked
            .get()
            .and_then(|cell| cell.cohort)
            .map(|date| date.to_string());
        let Ok(paths) = document().query_selector_all(".chart [data-cohort]") else {
            return;
        };
        for place in 0..paths.length() {
            use wasm_bindgen::JsCast;
            let Some(path) = paths
                .get(place)
                .and_then(|node| node.dyn_into::<web_sys::Element>().ok())
            else {
                continue;
            };
            let on = wanted.is_some() && path.get_attribute("data-cohort") == wanted;
            // A curve that stays grey is not worth a panic.
            drop(path.class_list().toggle_with_force("picked", on));
        }
    });
}
