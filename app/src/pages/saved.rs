//! Saved segments: all of them, and one with its customers.

use crate::api::imports::Refused;
use crate::api::segments::{SegmentView, saved, segment};
use crate::components::cards::{Head, table};
use crate::components::frame::{Current, Frame};
use crate::components::problems::ErrorCard;
use crate::error::AppError;
use crate::pages::common::missing;
use analysis::segment::{MAX_DESCRIPTION, Segment};
use analysis::stats::rate;
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// The list of segments.
#[component]
pub fn SavedPage() -> impl IntoView {
    view! { <Frame here="segments"><Saved/></Frame> }
}

/// One segment.
#[component]
pub fn SegmentPage() -> impl IntoView {
    view! { <Frame here="segments"><One/></Frame> }
}

#[component]
fn Saved() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    view! {
        <Title text="Saved segments"/>
        <h1 class="vh">"Saved segments"</h1>
        {Suspend::new(async move {
            match saved(&slug).await {
                Ok(all) => list(&slug, all),
                Err(error) => missing(error),
            }
        })}
    }
    .into_any()
}

fn list(slug: &str, all: Vec<SegmentView>) -> AnyView {
    let finding = match all.len() {
        0 => "No segment is saved yet.".to_owned(),
        1 => "1 saved segment.".to_owned(),
        many => format!("{many} saved segments."),
    };
    let none = all.is_empty();
    let rows = all.into_iter().map(|one| row(slug, &one)).collect_view();
    view! {
        <div class="answer">
            <p class="finding">{finding}</p>
            <p class="quiet">
                "A segment is a set of customers with a name. A living one is asked anew each time it is used; a frozen one keeps its customers. Both can be picked in every question, under “everyone”."
            </p>
        </div>
        <div class="acts">
            <a class="btn main" href=format!("/w/{slug}/segments/edit")>"Build a segment"</a>
            <a class="btn" href=format!("/w/{slug}/segments")>"Compare segments"</a>
        </div>
        {(!none).then(|| view! {
            <section class="card">
                <header><h2>"Saved segments"</h2></header>
                {table(
                    "Saved segments",
                    &[
                        Head::Text("Segment"), Head::Text("Who"), Head::Number("Customers"),
                        Head::Number("Share"), Head::Text("State"),
                    ],
                    rows.into_any(),
                )}
            </section>
        })}
    }
    .into_any()
}

fn row(slug: &str, one: &SegmentView) -> AnyView {
    let segment = &one.segment;
    let share = rate(one.count.customers, one.count.of);
    view! {
        <tr>
            <th scope="row"><a href=format!("/w/{slug}/segments/saved/{}", segment.slug)>{segment.name.clone()}</a></th>
            <td class="sample">{who(segment)}</td>
            <td class="number">{words::thousands(one.count.customers)}</td>
            <td class="number">{share.map_or_else(|| "–".to_owned(), words::percent)}</td>
            <td class="moment">{one.state.clone()}</td>
        </tr>
    }
    .into_any()
}

/// The condition in words, or where the customers came from.
fn who(segment: &Segment) -> String {
    match &segment.condition {
        Some(condition) => words::condition(condition),
        None if segment.description.is_empty() => "picked customers".to_owned(),
        None => segment.description.clone(),
    }
}

#[component]
fn One() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let name = use_params_map()
        .read_untracked()
        .get("segment")
        .unwrap_or_default();
    let refused = use_context::<Refused>();
    view! {
        <Title text="A segment"/>
        {Suspend::new(async move {
            match segment(&slug, &name).await {
                Ok(found) => one(&slug, found, refused),
                Err(AppError::NotFound) => view! {
                    <h1 class="vh">"A segment"</h1>
                    <section class="card trouble" role="alert">
                        <h2>"There is no segment at this address."</h2>
                        <p>"It may have been deleted. "<a href=format!("/w/{slug}/segments/saved")>"All saved segments"</a></p>
                    </section>
                }.into_any(),
                Err(error) => view! { <h1 class="vh">"A segment"</h1> <ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}

fn one(slug: &str, found: SegmentView, refused: Option<Refused>) -> AnyView {
    let SegmentView {
        segment,
        count,
        state,
        customers,
    } = found;
    let here = format!("/w/{slug}/segments/saved/{}", segment.slug);
    let ask = |page: &str, text: &'static str| {
        let href = format!("/w/{slug}/{page}?segment={}", segment.slug);
        view! { <a class="btn" href=href>{text}</a> }
    };
    let turn = |to: &'static str, text: &'static str| {
        view! {
            <form method="post" action=format!("{here}/{to}")>
                <button type="submit" class="btn">{text}</button>
            </form>
        }
    };
    let remade = segment.condition.is_some();
    let state_now = match (segment.is_frozen(), remade) {
        (false, _) => "It is living: who belongs to it is asked anew each time it is used.",
        (true, true) => "It keeps the customers who belonged to it then.",
        (true, false) => "It keeps the customers who were picked then.",
    };
    let turned = match (segment.is_frozen(), remade) {
        (false, _) => Some(turn("freeze", "Freeze it as it is now")),
        (true, true) => Some(turn("thaw", "Make it living again")),
        (true, false) => None,
    };
    let shown = customers.len();
    let more = count
        .customers
        .saturating_sub(u64::try_from(shown).unwrap_or(u64::MAX));
    let described = (!segment.description.is_empty() && remade)
        .then(|| view! { <p class="quiet">{segment.description.clone()}</p> });
    view! {
        <p class="trail"><a href=format!("/w/{slug}/segments/saved")>"Saved segments"</a></p>
        <div class="title"><h1>{segment.name.clone()}</h1><span class="tag plain">{state}</span></div>
        <div class="answer">
            <p class="finding">{format!("{}.", words::segment_count(count))}</p>
            <p class="quiet">{words::sentence(&who(&segment))}</p>
            {described}
        </div>
        <div class="acts">
            {ask("retention", "How they stay")}
            {ask("features", "What keeps them")}
            {remade.then(|| view! {
                <a class="btn" href=format!("/w/{slug}/segments/edit?segment={}", segment.slug)>"Change who belongs to it"</a>
            })}
        </div>
        <div class="sides">
            <section class="card">
                <header><h2>"This segment"</h2></header>
                <div class="bring">
                    {refused.map(|refused| view! { <p class="notice refusal" role="alert">{refused.sentence}</p> })}
                    <form class="stack" method="post" action=format!("{here}/rename")>
                        {names(&segment.name, &segment.description)}
                        <div class="acts"><button type="submit" class="btn">"Rename"</button></div>
                    </form>
                    <p class="quiet">{state_now}</p>
                    <div class="acts">{turned}<a class="btn" href=format!("{here}/delete")>"Delete this segment"</a></div>
                </div>
            </section>
            <section class="card">
                <header><h2>"Its customers"</h2></header>
                {(shown == 0).then(|| view! { <p class="aside nobody">"Nobody."</p> })}
                <ul class="people">
                    {customers.into_iter().map(|id| view! { <li><span>{id}</span></li> }).collect_view()}
                </ul>
                {(more > 0).then(|| view! { <p class="aside more">{format!("And {} more.", words::thousands(more))}</p> })}
            </section>
        </div>
        <p class="method">
            "Counted are customers who have signed up and are not internal. Traits are those of now; days of behaviour count from the signup."
        </p>
    }
    .into_any()
}

/// Fields for a name and a description.
pub(super) fn names(name: &str, description: &str) -> AnyView {
    view! {
        <label class="labelled">
            <span>"Name"</span>
            <input type="text" name="name" class="field" value=name.to_owned() required maxlength="200" autocomplete="off"/>
        </label>
        <label class="labelled">
            <span>"What it is for (may stay empty)"</span>
            <input type="text" name="description" class="field" value=description.to_owned() maxlength=MAX_DESCRIPTION autocomplete="off"/>
        </label>
    }
    .into_any()
}
