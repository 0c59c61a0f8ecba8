//! Whether something saved is really to be deleted, and what rests on it.

use crate::api::quartiles::feature_sets;
use crate::api::reports::naming;
use crate::api::segments::{Deletion, deletion};
use crate::components::frame::{Current, Frame};
use crate::error::AppError;
use crate::pages::common::{missing, params};
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// The question before a segment is deleted.
#[component]
pub fn DeleteSegmentPage() -> impl IntoView {
    view! { <Frame here="segments"><OfSegment/></Frame> }
}

/// The question before a definition of activity is deleted.
#[component]
pub fn DeleteActivityPage() -> impl IntoView {
    view! { <Frame here="activity"><OfActivity/></Frame> }
}

#[component]
fn OfSegment() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let name = use_params_map()
        .read_untracked()
        .get("segment")
        .unwrap_or_default();
    view! {
        <Title text="Delete a segment"/>
        {Suspend::new(async move {
            match deletion(&slug, &name).await {
                Ok(found) => {
                    let named = naming(&slug, (&["segment", "by", "baseline"], &name)).await;
                    of_segment(&slug, found, &named.unwrap_or_default())
                }
                Err(AppError::NotFound) => {
                    let all = format!("/w/{slug}/segments/saved");
                    gone("Delete a segment", "There is no segment of this name.", all)
                }
                Err(error) => view! { <h1 class="vh">"Delete a segment"</h1> {missing(error)} }.into_any(),
            }
        })}
    }
    .into_any()
}

/// What is said of what names it, where it can be deleted all the same.
fn stays(named: &[String]) -> String {
    match named {
        [] => "Questions and links that name it say so once it is gone.".to_owned(),
        [one] => format!(
            "{} names it, and will say so once it is gone.",
            words::capital(one)
        ),
        some => format!(
            "{} name it, and will say so once it is gone.",
            words::capital(&words::list(some, "and"))
        ),
    }
}

fn of_segment(slug: &str, found: Deletion, named: &[String]) -> AnyView {
    let Deletion {
        segment,
        count,
        users,
    } = found;
    let here = format!("/w/{slug}/segments/saved/{}", segment.slug);
    let names: Vec<String> = users.iter().map(|one| format!("“{}”", one.name)).collect();
    let links = users.iter().map(|one| {
        let href = format!("/w/{slug}/segments/saved/{}", one.slug);
        view! { <li><a href=href>{one.name.clone()}</a></li> }
    });
    let says = match names.as_slice() {
        [] => format!("No other segment is made of it. {}", stays(named)),
        names => format!(
            "It can’t be deleted: {} made of it. Change or delete {} first.",
            match names {
                [one] => format!("{one} is"),
                some => format!("{} are", words::list(some, "and")),
            },
            if names.len() == 1 { "that" } else { "these" }
        ),
    };
    let goes = users.is_empty();
    ask(
        format!("Delete “{}”?", segment.name),
        format!("{}.", words::segment_count(count)),
        says,
        goes.then(|| (format!("{here}/delete"), None)),
        here,
        view! { <ul>{links.collect_view()}</ul> }.into_any(),
    )
}

#[component]
fn OfActivity() -> impl IntoView {
    let current = expect_context::<Current>();
    let slug = current.slug.get_value();
    let named = named();
    view! {
        <Title text="Delete a definition"/>
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => workspace,
                Err(error) => return missing(error),
            };
            let all = format!("/w/{slug}/activity");
            let found = named.and_then(|named| workspace.activities.iter().find(|one| one.slug == named));
            let Some(found) = found else {
                return gone("Delete a definition", "There is no definition of this name.", all);
            };
            let own = workspace.own_activity.as_ref() == Some(&found.slug);
            let says = match own {
                true => "It is the workspace’s own: without it, every question that names nothing else asks what counts as active.".to_owned(),
                false => {
                    let named = naming(&slug, (&["activity"], &found.slug)).await;
                    format!("{} The events stay.", stays(&named.unwrap_or_default()))
                }
            };
            ask(
                format!("Delete “{}”?", found.name),
                format!("{}.", words::capital(&found.words)),
                says,
                Some((format!("{all}/delete"), Some(found.slug.clone()))),
                all,
                ().into_any(),
            )
        })}
    }
    .into_any()
}

/// The question before a saved feature is deleted.
#[component]
pub fn DeleteFeaturePage() -> impl IntoView {
    view! { <Frame here="features"><OfFeature/></Frame> }
}

#[component]
fn OfFeature() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let named = named();
    view! {
        <Title text="Delete a feature"/>
        {Suspend::new(async move {
            let sets = match feature_sets(&slug).await {
                Ok(sets) => sets,
                Err(error) => return missing(error),
            };
            let all = format!("/w/{slug}/features");
            let Some(found) = sets.into_iter().find(|one| Some(&one.slug) == named.as_ref()) else {
                return gone("Delete a feature", "There is no saved feature of this name.", all);
            };
            let named = naming(&slug, (&["set"], &found.slug)).await;
            ask(
                format!("Delete “{}”?", found.name),
                format!("It is {}.", words::events(&found.events)),
                format!("{} The events stay.", stays(&named.unwrap_or_default())),
                Some((format!("{all}/delete"), Some(found.slug.clone()))),
                format!("{all}?set={}", found.slug),
                ().into_any(),
            )
        })}
    }
    .into_any()
}

/// The name in addresses that the page's own address holds.
fn named() -> Option<String> {
    let named = params().into_iter().find(|(name, _)| name == "slug");
    named.map(|(_, value)| value)
}

/// Nothing to delete.
fn gone(heading: &'static str, what: &'static str, all: String) -> AnyView {
    crate::error::ssr::set_status(http::StatusCode::NOT_FOUND);
    view! {
        <h1 class="vh">{heading}</h1>
        <section class="card trouble" role="alert">
            <h2>{what}</h2>
            <p>"It may have been deleted. "<a href=all>"All that are saved"</a></p>
        </section>
    }
    .into_any()
}

/// The question, what stands behind it, and the two ways on. `delete` is where the form leads and what it names; `None`
/// if it can't be deleted.
fn ask(
    title: String,
    what: String,
    says: String,
    delete: Option<(String, Option<String>)>,
    back: String,
    more: AnyView,
) -> AnyView {
    let form = delete.map(|(action, named)| {
        view! {
            <form method="post" action=action>
                {named.map(|named| view! { <input type="hidden" name="slug" value=named/> })}
                <button type="submit" class="btn main">"Delete it"</button>
            </form>
        }
    });
    view! {
        <div class="title"><h1>{title}</h1></div>
        <div class="answer">
            <p class="finding">{what}</p>
            <p class="quiet">{says}</p>
            {more}
        </div>
        <div class="acts">{form}<a class="btn" href=back>"Keep it"</a></div>
    }
    .into_any()
}
