//! Saved reports: all of them by folder, and one with what can be done to it.

use crate::api::imports::Refused;
use crate::api::people::may;
use crate::api::reports::{LinkView, ReportView, report, reports};
use crate::components::cards::{Head, table};
use crate::components::frame::{Current, Frame};
use crate::components::keep_report::share;
use crate::components::problems::ErrorCard;
use crate::error::AppError;
use crate::pages::board;
use crate::pages::common::NoWorkspace;
use analysis::query::append_params;
use analysis::saved::{MAX_DESCRIPTION, MAX_NAME};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use store::{Role, SavedReport};

/// The list of reports.
#[component]
pub fn ReportsPage() -> impl IntoView {
    view! { <Frame here="reports"><Reports/></Frame> }
}

/// One report.
#[component]
pub fn ReportPage() -> impl IntoView {
    view! { <Frame here="reports"><One deleting=false/></Frame> }
}

/// The question whether a report shall be deleted.
#[component]
pub fn DeletePage() -> impl IntoView {
    view! { <Frame here="reports"><One deleting=true/></Frame> }
}

#[component]
fn Reports() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let refused = use_context::<Refused>();
    view! {
        <Title text="Saved reports"/>
        <h1 class="vh">"Saved reports"</h1>
        {refused.map(|refused| view! { <p class="notice refusal" role="alert">{refused.sentence}</p> })}
        {Suspend::new(async move {
            match reports(&slug).await {
                Ok(all) => list(&slug, &all),
                Err(AppError::NotFound) => view! { <NoWorkspace/> }.into_any(),
                Err(error) => view! { <ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}

fn list(slug: &str, all: &[ReportView]) -> AnyView {
    let finding = match all.len() {
        0 => "No report is saved yet.".to_owned(),
        1 => "1 saved report.".to_owned(),
        many => format!("{many} saved reports."),
    };
    let folders = all.chunk_by(|one, next| one.report.label.folder == next.report.label.folder);
    let folders = folders.map(|reports| folder(slug, reports)).collect_view();
    view! {
        <div class="answer">
            <p class="finding">{finding}</p>
            <p class="quiet">
                "A saved report is a question under a name: opened, it is asked anew. Those of a folder can be seen on one page, as a board. Retention, features, segments and churn are saved on their own pages, under “Save this report”."
            </p>
        </div>
        <div class="acts">
            <a class="btn" href=format!("/w/{slug}/links")>"Everything that is public"</a>
            <a class="btn" href=format!("/w/{slug}/annotations")>"Annotations"</a>
            <a class="btn" href=format!("/w/{slug}/notices")>"Sent by itself"</a>
        </div>
        {folders}
    }
    .into_any()
}

fn folder(slug: &str, reports: &[ReportView]) -> AnyView {
    let folder = reports.first().map(|one| one.report.label.folder.clone());
    let folder = folder.unwrap_or_default();
    let name = board::title(&folder);
    let mut wanted = String::new();
    append_params(&mut wanted, vec![("folder", folder)]);
    let address = format!("/w/{slug}/board{wanted}");
    let rows = reports.iter().map(|one| row(slug, one)).collect_view();
    view! {
        <section class="card">
            <header>
                <h2>{name.clone()}</h2>
                <a class="btn" href=address aria-label=format!("{name} on one page")>"On one page"</a>
            </header>
            {table(
                name,
                &[
                    Head::Text("Report"), Head::Text("Kind"), Head::Text("What it is for"),
                    Head::Text("Owner"), Head::Text("Last change"), Head::Number("Links"),
                    Head::Text("Change"),
                ],
                rows.into_any(),
            )}
        </section>
    }
    .into_any()
}

fn row(slug: &str, one: &ReportView) -> AnyView {
    let report = &one.report;
    let name = report.label.name.clone();
    let change = format!("Change {name}");
    view! {
        <tr>
            <th scope="row"><a href=question(slug, report)>{name}</a></th>
            <td>{report.kind.title()}</td>
            <td class="sample">{report.label.description.clone()}</td>
            <td>{report.owner.clone().unwrap_or_else(|| "–".to_owned())}</td>
            <td class="moment">{one.changed.clone()}</td>
            <td class="number">{report.links}</td>
            <td><a href=format!("/w/{slug}/reports/{}", report.id) aria-label=change>"Change"</a></td>
        </tr>
    }
    .into_any()
}

/// The page that asks a report's question.
pub(super) fn question(slug: &str, report: &SavedReport) -> String {
    format!("/w/{slug}/{}{}", report.kind, report.question)
}

#[component]
fn One(deleting: bool) -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let number = use_params_map().read_untracked().get("report");
    let number = number.and_then(|text| text.parse::<i32>().ok());
    let refused = use_context::<Refused>();
    view! {
        <Title text="A saved report"/>
        {Suspend::new(async move {
            // A number that can't be one is that of no report.
            match report(&slug, number.unwrap_or_default()).await {
                Ok((found, links)) if deleting => delete(&slug, &found, &links),
                Ok((found, links)) => one(&slug, &found, &links, refused),
                Err(AppError::NotFound) => view! {
                    <h1 class="vh">"A saved report"</h1>
                    <section class="card trouble" role="alert">
                        <h2>"There is no report at this address."</h2>
                        <p>"It may have been deleted. "<a href=format!("/w/{slug}/reports")>"All saved reports"</a></p>
                    </section>
                }.into_any(),
                Err(error) => view! { <h1 class="vh">"A saved report"</h1> <ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}

fn one(slug: &str, found: &ReportView, links: &[LinkView], refused: Option<Refused>) -> AnyView {
    let report = &found.report;
    let label = &report.label;
    let here = format!("/w/{slug}/reports/{}", report.id);
    let owner = report.owner.as_ref();
    let owner = owner.map_or_else(String::new, |owner| format!(", owned by {owner}"));
    let editor = may(Role::Editor);
    let sharing = editor.then(|| {
        share(
            slug,
            report.kind,
            &report.question,
            &label.name,
            Some(report.id),
        )
    });
    view! {
        <p class="trail"><a href=format!("/w/{slug}/reports")>"Saved reports"</a></p>
        <div class="title"><h1>{label.name.clone()}</h1><span class="tag plain">{report.kind.title()}</span></div>
        <div class="answer">
            <p class="quiet">{format!("Last changed on {}{owner}.", found.changed)}</p>
        </div>
        <div class="acts"><a class="btn main" href=question(slug, report)>"Open"</a></div>
        {editor.then(|| view! { <section class="card">
            <header><h2>"This report"</h2></header>
            <div class="bring">
                {refused.map(|refused| view! { <p class="notice refusal" role="alert">{refused.sentence}</p> })}
                <form class="stack" method="post" action=format!("{here}/label")>
                    <label class="labelled">
                        <span>"Name"</span>
                        <input type="text" name="name" class="field" value=label.name.clone() required maxlength=MAX_NAME autocomplete="off"/>
                    </label>
                    <label class="labelled">
                        <span>"What it is for (may stay empty)"</span>
                        <input type="text" name="description" class="field" value=label.description.clone() maxlength=MAX_DESCRIPTION autocomplete="off"/>
                    </label>
                    <label class="labelled">
                        <span>"Folder (may stay empty)"</span>
                        <input type="text" name="folder" class="field" value=label.folder.clone() maxlength=MAX_NAME autocomplete="off"/>
                    </label>
                    <div class="acts">
                        <button type="submit" class="btn">"Rename and move"</button>
                        <a class="btn" href=format!("{here}/delete")>"Delete this report"</a>
                    </div>
                </form>
            </div>
        </section> })}
        {sharing}
        {send(&here)}
        {made_from(links)}
    }
    .into_any()
}

/// The way to sending a report by itself.
fn send(here: &str) -> AnyView {
    view! {
        <section class="card">
            <header><h2>"Send it"</h2></header>
            <div class="bring">
                <p class="quiet">"By mail or to another program: each week or month, or when a number lies where it should not."</p>
                <div class="acts"><a class="btn" href=format!("{here}/notices")>"Send it by itself"</a></div>
            </div>
        </section>
    }
    .into_any()
}

/// The links that were made from a report.
fn made_from(links: &[LinkView]) -> AnyView {
    let live: Vec<_> = links.iter().filter(|one| one.answers).collect();
    if live.is_empty() {
        return ().into_any();
    }
    let items = live.into_iter().map(|one| {
        view! { <li>{format!("{}, {}, {}", one.link.name, one.state, one.ends)}</li> }
    });
    view! {
        <section class="card">
            <header><h2>"Links made from it"</h2></header>
            <ul class="plain">{items.collect_view()}</ul>
            <p class="aside">"A link keeps the question it was made with: changing this report changes nothing that is public."</p>
        </section>
    }
    .into_any()
}

fn delete(slug: &str, found: &ReportView, links: &[LinkView]) -> AnyView {
    let report = &found.report;
    let here = format!("/w/{slug}/reports/{}", report.id);
    let ending: Vec<_> = links.iter().filter(|one| one.answers).collect();
    let told = match ending.len() {
        0 => "No link was made from it that still answers.".to_owned(),
        1 => "With it ends a link that was made from it:".to_owned(),
        many => format!("With it end {many} links that were made from it:"),
    };
    let items = ending.into_iter().map(|one| {
        view! { <li>{format!("{}, {}, {}", one.link.name, one.state, one.ends)}</li> }
    });
    view! {
        <p class="trail"><a href=here.clone()>{report.label.name.clone()}</a></p>
        <h1>{format!("Delete “{}”?", report.label.name)}</h1>
        <section class="card">
            <div class="bring">
                <p>{told}</p>
                <ul class="plain">{items.collect_view()}</ul>
                <form method="post" action=format!("{here}/delete")>
                    <div class="acts">
                        <button type="submit" class="btn main">"Delete it"</button>
                        <a class="btn" href=here.clone()>"Keep it"</a>
                    </div>
                </form>
            </div>
        </section>
    }
    .into_any()
}
