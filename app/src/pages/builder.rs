//! The builder of segments: a condition that grows step by step in the address, and is counted at each step.

mod add;
mod tree;

use crate::api::imports::Refused;
use crate::api::segments::{count, segment};
use crate::components::frame::{Current, Frame};
use crate::components::problems::ErrorCard;
use crate::pages::common::{address, missing, misunderstood, params};
use crate::pages::saved::names;
use add::additions;
use analysis::query::{ParamProblem, pairs};
use analysis::segment::{Draft, SegmentCount, Step};
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Redirect;
use tree::tree;

/// The page.
#[component]
pub fn BuilderPage() -> impl IntoView {
    view! { <Frame here="segments"><Builder/></Frame> }
}

#[component]
fn Builder() -> impl IntoView {
    let current = expect_context::<Current>();
    let slug = current.slug.get_value();
    let step = Draft::parse(pairs(&params()));
    if step.added && step.problems.is_empty() {
        // What a form has added becomes part of the condition, so that the address says no more than it must.
        let path = format!("/w/{slug}/segments/edit{}", address(step.draft.params()));
        return view! { <Redirect path/> }.into_any();
    }
    let refused = use_context::<Refused>();
    view! {
        <Title text="Build a segment"/>
        <h1 class="vh">"Build a segment"</h1>
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => workspace,
                Err(error) => return missing(error),
            };
            let Step { mut draft, written, mut problems, .. } = step;
            let kept = match &draft.segment {
                // Asked only if it is there: an address with a fault is still this page, not a missing one.
                Some(name) if workspace.segments.iter().any(|one| one.slug == *name) => {
                    segment(&slug, name).await.ok().map(|found| found.segment)
                }
                Some(_) => None,
                None => None,
            };
            match (&kept, draft.segment.take()) {
                (Some(kept), named) => {
                    draft.segment = named;
                    if !written {
                        draft.condition = kept.condition.clone().unwrap_or_default();
                    }
                }
                (None, Some(given)) => problems.push(ParamProblem {
                    param: "segment".to_owned(),
                    given,
                    expected: "the name of a saved segment".to_owned(),
                    used: "a new one".to_owned(),
                }),
                (None, None) => {}
            }
            let counted = count(&slug, &draft.condition.clone().pruned()).await;
            let (name, description) = match &kept {
                Some(kept) => (kept.name.clone(), kept.description.clone()),
                None => Default::default(),
            };
            let title = match &kept {
                Some(kept) => format!("Who belongs to {}", kept.name),
                None => "Who belongs to it".to_owned(),
            };
            view! {
                <p class="trail"><a href=format!("/w/{slug}/segments/saved")>"Saved segments"</a></p>
                {match counted {
                    Ok(counted) => answer(&draft, counted),
                    Err(error) => view! { <ErrorCard error/> }.into_any(),
                }}
                {misunderstood(&problems)}
                <div class="sides builder">
                    {additions(&workspace, &draft)}
                    <div class="stack">
                        <section class="card">
                            <header><h2>{title}</h2></header>
                            {tree(&draft)}
                        </section>
                        {save(&slug, &draft, refused, (&name, &description))}
                    </div>
                </div>
                <p class="method">
                    "Counted are customers who have signed up and are not internal. Traits are those of now; days of behaviour count from the signup."
                </p>
            }
            .into_any()
        })}
    }
    .into_any()
}

/// How many, and who in words.
fn answer(draft: &Draft, counted: SegmentCount) -> AnyView {
    view! {
        <div class="answer" role="status">
            <p class="finding">{format!("{}.", words::segment_count(counted))}</p>
            <p class="quiet">{words::sentence(&words::condition(&draft.condition.clone().pruned()))}</p>
        </div>
    }
    .into_any()
}

/// A name, and the ways to keep it.
fn save(
    slug: &str,
    draft: &Draft,
    refused: Option<Refused>,
    (name, description): (&str, &str),
) -> AnyView {
    let kept = draft.segment.clone();
    let change = kept.is_some();
    let name = match &refused {
        Some(refused) => refused.name.clone(),
        None => name.to_owned(),
    };
    view! {
        <section class="card">
            <header><h2>{if change { "Keep the change" } else { "Save it" }}</h2></header>
            <form class="bring" method="post" action=format!("/w/{slug}/segments/save")>
                {refused.map(|refused| view! { <p class="notice refusal" role="alert">{refused.sentence}</p> })}
                <input type="hidden" name="condition" value=draft.condition.clone().pruned().to_string()/>
                {kept.map(|kept| view! { <input type="hidden" name="segment" value=kept/> })}
                {names(&name, description)}
                <div class="acts">
                    <button type="submit" class="btn main" name="state" value="living">
                        {if change { "Keep it living" } else { "Save as living" }}
                    </button>
                    <button type="submit" class="btn" name="state" value="frozen">
                        {if change { "Keep it frozen as of now" } else { "Save frozen as of now" }}
                    </button>
                </div>
                <p class="quiet">"A living segment is asked anew each time it is used; a frozen one keeps today’s customers."</p>
            </form>
        </section>
    }
    .into_any()
}
