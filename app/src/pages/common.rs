//! What the pages of questions share: reading the address, and what is said when there is no answer.

use crate::api::workspace::WorkspaceView;
use crate::components::choosers::AskActivity;
use crate::components::problems::ErrorCard;
use crate::error::AppError;
use crate::error::ssr::look_again;
use analysis::query::{ParamProblem, append_params};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The parameters of the page's address, decoded.
pub(super) fn params() -> Vec<(String, String)> {
    let map = use_query_map().read_untracked().clone();
    map.into_iter()
        .map(|(name, value)| (name.into_owned(), value))
        .collect()
}

/// The address of the same page with other parameters.
pub(crate) fn address(params: Vec<(&'static str, String)>) -> String {
    let mut address = String::new();
    append_params(&mut address, params);
    // A link with an empty query would keep the old one, so the bare page is named by its `?`.
    if address.is_empty() {
        "?".to_owned()
    } else {
        address
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

/// Numbers grow while data are loading, so the page is asked for again.
pub(super) fn loading(workspace: &WorkspaceView) -> Option<AnyView> {
    let percent = workspace.loading?;
    look_again();
    let notice = view! {
        <p class="notice" role="status">
            {format!("Data are being loaded ({percent} %). The numbers below grow until they are all there.")}
        </p>
    };
    Some(notice.into_any())
}

/// A definition that is being filled in is ready by itself, so the page is asked for again.
fn filling(error: AppError) -> AnyView {
    look_again();
    view! { <p class="notice" role="status">{error.to_string()}" The answer appears by itself."</p> }.into_any()
}

/// Parameters of the address that could not be used, and what is shown instead.
pub(super) fn misunderstood(problems: &[ParamProblem]) -> Option<AnyView> {
    if problems.is_empty() {
        return None;
    }
    let notice = view! {
        <div class="notice" role="status">
            <h2>"Part of this address was not understood"</h2>
            <ul>{problems.iter().map(|problem| view! { <li>{problem.to_string()}</li> }).collect_view()}</ul>
        </div>
    };
    Some(notice.into_any())
}

/// What a page shows in place of a workspace that can't be had.
pub(super) fn missing(error: AppError) -> AnyView {
    match error {
        AppError::NotFound => view! { <NoWorkspace/> }.into_any(),
        error => view! { <ErrorCard error/> }.into_any(),
    }
}

/// What a page shows in place of an answer.
pub(super) fn unanswered(error: AppError) -> AnyView {
    match error {
        AppError::NoActivity => view! { <AskActivity/> }.into_any(),
        error @ AppError::Filling(_) => filling(error),
        error => view! { <ErrorCard error/> }.into_any(),
    }
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
