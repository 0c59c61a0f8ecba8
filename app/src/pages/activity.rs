//! What counts as active here: the saved definitions, and the making of one.

mod edit;

pub use edit::EditPage;

use crate::api::activities::{ActivitiesView, ActivityLine, activities};
use crate::components::frame::{Current, Frame};
use crate::components::proposals::Proposed;
use crate::error::ssr::look_again;
use crate::pages::common::missing;
use leptos::prelude::*;
use leptos_meta::Title;

/// The saved definitions.
#[component]
pub fn ActivityPage() -> impl IntoView {
    view! { <Frame here="activity"><Definitions/></Frame> }
}

#[component]
fn Definitions() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    view! {
        <Title text="Activity"/>
        <h1 class="vh">"Activity"</h1>
        {Suspend::new(async move {
            match activities(&slug).await {
                Ok(found) => page(found, &slug),
                Err(error) => missing(error),
            }
        })}
    }
    .into_any()
}

fn page(found: ActivitiesView, slug: &str) -> AnyView {
    if found.busy {
        look_again();
    }
    let asks = !found.lines.iter().any(|line| line.own);
    view! {
        <div class="answer">
            <p class="finding">{found.finding}</p>
            <p class="quiet">{found.evidence}</p>
        </div>
        {asks.then(|| view! {
            <section class="card ask">
                <header><h2>"Events that customers come back to"</h2></header>
                <Proposed slug=slug.to_owned() page="activity"/>
            </section>
        })}
        {(!found.lines.is_empty()).then(|| table(found.lines, slug))}
        <p class="acts"><a class="btn main" href=format!("/w/{slug}/activity/edit")>"Define another"</a></p>
    }
    .into_any()
}

fn table(lines: Vec<ActivityLine>, slug: &str) -> AnyView {
    view! {
        <section class="card">
            <header><h2>"Saved definitions"</h2></header>
            <div class="scroll" tabindex="0" role="region" aria-label="Saved definitions">
                <table class="rows definitions">
                    <thead>
                        <tr>
                            <th scope="col">"Definition"</th>
                            <th scope="col" class="number">"Customers, last 90 days"</th>
                            <th scope="col" class="number">"Times"</th>
                            <th scope="col">"State"</th>
                            <th scope="col"><span class="vh">"What can be done with it"</span></th>
                        </tr>
                    </thead>
                    <tbody>{lines.into_iter().map(|line| row(line, slug)).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn row(line: ActivityLine, slug: &str) -> AnyView {
    let ActivityLine {
        slug: one,
        name,
        words,
        own,
        state,
        counts: [customers, times],
    } = line;
    let make_own = (!own).then(|| {
        let words = "Make it the workspace’s own";
        view! {
            <form method="post" action=format!("/w/{slug}/activity/own")>
                <input type="hidden" name="slug" value=one.clone()/>
                <button type="submit" class="btn" aria-label=format!("{words}: {name}")>{words}</button>
            </form>
        }
    });
    view! {
        <tr>
            <th scope="row">
                <a href=format!("/w/{slug}/retention?activity={one}")>{name.clone()}</a>
                <small>{words}</small>
            </th>
            <td class="number">{customers}</td>
            <td class="number">{times}</td>
            <td>{state}{own.then_some(" · the workspace’s own")}</td>
            <td>
                <div class="acts">
                    <a class="btn" aria-label=format!("Change: {name}") href=format!("/w/{slug}/activity/edit?slug={one}")>"Change"</a>
                    {make_own}
                    <a class="btn" aria-label=format!("Delete: {name}") href=format!("/w/{slug}/activity/delete?slug={one}")>"Delete"</a>
                </div>
            </td>
        </tr>
    }
    .into_any()
}
