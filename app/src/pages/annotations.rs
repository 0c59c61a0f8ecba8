//! What happened on which day, as charts show it.

use crate::api::annotations::annotations;
use crate::api::imports::Refused;
use crate::api::people::may;
use crate::components::cards::{Head, table};
use crate::components::frame::{Current, Frame};
use crate::pages::common::missing;
use analysis::query::{MAX_TEXT, YEARS};
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;
use store::{Role, SavedAnnotation};

/// The page.
#[component]
pub fn AnnotationsPage() -> impl IntoView {
    view! { <Frame here="reports"><Annotations/></Frame> }
}

#[component]
fn Annotations() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let refused = use_context::<Refused>();
    view! {
        <Title text="Annotations"/>
        <p class="trail"><a href=format!("/w/{slug}/reports")>"Saved reports"</a></p>
        <h1>"Annotations"</h1>
        {Suspend::new(async move {
            match annotations(&slug).await {
                Ok(all) => page(&slug, all, refused),
                Err(error) => missing(error),
            }
        })}
    }
    .into_any()
}

fn page(slug: &str, all: Vec<SavedAnnotation>, refused: Option<Refused>) -> AnyView {
    let editor = may(Role::Editor);
    let none = all.is_empty();
    let rows = all.into_iter().map(|one| row(slug, one, editor));
    let rows = rows.collect_view();
    let new = editor.then(|| new(slug, refused));
    let heads = [
        Head::Text("Day"),
        Head::Text("What happened"),
        Head::Text("By"),
        Head::Hidden("Delete"),
    ];
    let heads = &heads[..if editor { 4 } else { 3 }];
    view! {
        <div class="answer">
            <p class="quiet">
                "Releases, outages, campaigns: each is drawn on the charts of churn, and marked beside the cohort that signed up in its days. Everybody in this workspace sees them; links to a report do not show them."
            </p>
        </div>
        {new}
        {match none {
            true => view! { <p class="quiet">"Nothing is annotated yet."</p> }.into_any(),
            false => view! {
                <section class="card">
                    <header><h2>"All annotations"</h2></header>
                    {table("All annotations", heads, rows.into_any())}
                </section>
            }.into_any(),
        }}
    }
    .into_any()
}

fn new(slug: &str, refused: Option<Refused>) -> AnyView {
    let (first, last) = (YEARS.start(), YEARS.end());
    view! {
        <section class="card">
            <header><h2>"Add one"</h2></header>
            <form class="bring" method="post" action=format!("/w/{slug}/annotations/add")>
                {refused.map(|refused| view! { <p class="notice refusal" role="alert">{refused.sentence}</p> })}
                <label class="labelled">
                    <span>"Day, in the workspace’s zone"</span>
                    <input type="date" name="date" class="field" required min=format!("{first:04}-01-01") max=format!("{last:04}-12-31")/>
                </label>
                <label class="labelled">
                    <span>"What happened"</span>
                    <input type="text" name="text" class="field" required maxlength=MAX_TEXT autocomplete="off" placeholder="Release 4.2"/>
                </label>
                <div class="acts"><button type="submit" class="btn main">"Add"</button></div>
            </form>
        </section>
    }
    .into_any()
}

fn row(slug: &str, one: SavedAnnotation, editor: bool) -> AnyView {
    let SavedAnnotation {
        id,
        annotation,
        author,
    } = one;
    let day = words::date(annotation.date);
    let label = format!("Delete {}, {day}", annotation.text);
    view! {
        <tr>
            <th scope="row" class="moment">{day}</th>
            <td class="sample">{annotation.text}</td>
            <td>{author.unwrap_or_else(|| "–".to_owned())}</td>
            {editor.then(|| view! {
                <td>
                    <form method="post" action=format!("/w/{slug}/annotations/{id}/delete")>
                        <button type="submit" class="btn" aria-label=label>"Delete"</button>
                    </form>
                </td>
            })}
        </tr>
    }
    .into_any()
}
