//! The page behind a link: whole without a program, and without anything that leads further into the workspace.
//!
//! It is no page of the application's router. It gets what its readers may see, and nothing else is at hand here: no data
//! base, no session, no workspace.

mod churn;
mod features;
mod retention;
mod segments;

use analysis::query::RetentionView;
use analysis::withhold::Shown;
use analysis::words::{self, Finding};
use leptos::html::meta;
use leptos::prelude::*;

/// An answer as readers of a link see it.
#[derive(Clone, Debug)]
pub struct Shared {
    /// What the link is called.
    pub name: String,
    /// What is left of the answer, and what was taken out.
    pub shown: Shown,
    /// Whether numbers that tell of few customers were taken out.
    pub guarded: bool,
    /// How a matrix is looked at.
    pub view: RetentionView,
    /// What kind of link it is and what its numbers stand on, in words.
    pub standing: String,
    /// Whether chat tools may tell what is behind it.
    pub open: bool,
    /// The address of a picture of it for them.
    pub preview: String,
}

/// The whole document; `sheet` is the address of the style sheet.
pub fn page(shared: Shared, sheet: &str) -> String {
    let found = words::shown_finding(&shared.shown);
    let description = format!("{} {}", found.sentence, found.evidence);
    let description = description.trim_end().to_owned();
    let told = shared.open.then(|| {
        view! {
            <meta name="description" content=description.clone()/>
            {tag("og:title", shared.name.clone())}
            {tag("og:description", description.clone())}
            {tag("og:type", "article".to_owned())}
            {tag("og:site_name", "Holdfast".to_owned())}
            {tag("og:image", shared.preview.clone())}
            {tag("og:image:width", "1200".to_owned())}
            {tag("og:image:height", "630".to_owned())}
            <meta name="twitter:card" content="summary_large_image"/>
        }
    });
    let name = shared.name.clone();
    let title = format!("{name} · Holdfast");
    let method = words::shown_method(&shared.shown, shared.guarded);
    let paper = Paper::of(&shared);
    let Shared {
        shown,
        guarded,
        view,
        standing,
        ..
    } = shared;
    let body = move || {
        let answer = match shown {
            Shown::Retention(report, withheld) => retention::answer(found, *report, withheld, view),
            Shown::Features(report, withheld) => {
                features::answer(found, &report, &withheld, guarded)
            }
            Shown::Segments(report, withheld) => segments::answer(found, &report, &withheld),
            Shown::Churn(report, withheld) => churn::answer(found, &report, &withheld, guarded),
        };
        view! {
            <main class="page shared" class:dense=paper.dense class:fine=paper.fine id="main">
                <header class="headed">
                    <h1>{name}</h1>
                    <p class="quiet">{standing}</p>
                </header>
                {answer}
                {paper.lacks.map(|lacks| view! {
                    <p class="aside onpaper">{format!("On paper the {lacks}")}</p>
                })}
                <p class="method">{method}</p>
            </main>
        }
        .into_any()
    };
    document(&title, sheet, told.into_any(), body)
}

/// How an answer is laid out on one page of paper (`style/print.css`).
#[derive(Clone, Copy)]
struct Paper {
    /// Its matrix has the paper's whole width, and a set height; or its rows are low.
    dense: bool,
    /// Its cells are too small for numbers; or it has no room for its rows.
    fine: bool,
    /// What is not there, in words.
    lacks: Option<&'static str>,
}

impl Paper {
    /// Cohorts or periods that a matrix has room for as it is on the screen: half a year of weeks.
    const ROOMY: usize = 27;
    /// Those whose numbers can be read at all: a year of weeks.
    const LEGIBLE: usize = 54;
    /// Segments whose matrices fit beside each other with their numbers.
    const SEGMENTS: usize = 6;
    /// Rows of a table that leave room for all charts: a year of months.
    const ROWS: usize = 14;
    /// Features that fit with all that is told of one of them. Of more, those that stand out most to either side are left.
    const FEATURES: usize = 36;

    fn of(shared: &Shared) -> Self {
        let (dense, fine) = match &shared.shown {
            Shown::Retention(report, _) => {
                let most = report.cohorts.len().max(report.columns());
                (most > Self::ROOMY, most > Self::LEGIBLE)
            }
            // Where nothing is withheld, lifetimes take their room.
            Shown::Segments(report, _) => {
                let many = report.segments.len() > Self::SEGMENTS;
                (false, many || !shared.guarded)
            }
            Shown::Churn(report, _) => {
                let rows = report.periods.len();
                (rows > Self::ROWS, rows > Self::ROOMY)
            }
            Shown::Features(report, _) => {
                let rows = report.scan.len();
                (rows > Self::ROWS, rows > Self::FEATURES)
            }
        };
        let lacks = match &shared.shown {
            Shown::Churn(..) if fine => Some("table of periods is left out: it has too many rows."),
            Shown::Features(..) if fine => Some(
                "table of features keeps the 18 rows at its top and the last 18 that have a difference: there are too many.",
            ),
            _ if fine => Some("cells of matrices are colours without numbers: there are too many."),
            Shown::Retention(..) if dense && shared.view.intervals => {
                Some("cells of matrices are without their intervals: there are too many.")
            }
            _ => None,
        };
        Self { dense, fine, lacks }
    }
}

/// What was found, where its page gives it no mark.
fn answer(found: Finding, further: Vec<String>) -> AnyView {
    let evidence = (!found.evidence.is_empty()).then_some(found.evidence);
    let further = (!further.is_empty()).then(|| {
        let further = further.into_iter().map(|one| view! { <li>{one}</li> });
        view! { <ul class="findings">{further.collect_view()}</ul> }
    });
    view! {
        <div class="answer">
            <p class="finding">{found.sentence}</p>
            {evidence.map(|evidence| view! { <p class="quiet">{evidence}</p> })}
            {further}
        </div>
    }
    .into_any()
}

/// What asks for a link's password; `wrong` says why it is asked for again.
pub fn locked(wrong: Option<&str>, sheet: &str) -> String {
    let wrong = wrong.map(str::to_owned);
    document("Password · Holdfast", sheet, ().into_any(), move || {
        view! {
            <main class="lone" id="main">
                <h1>"This report asks for a password"</h1>
                {wrong.map(|why| view! { <p class="notice refusal" role="alert">{why}</p> })}
                <form method="post" class="stack unlock">
                    <label class="labelled">
                        <span>"Password"</span>
                        <input type="password" name="password" class="field" required autocomplete="off" maxlength="200"/>
                    </label>
                    <div class="acts"><button type="submit" class="btn main">"Show the report"</button></div>
                </form>
            </main>
        }
        .into_any()
    })
}

/// What a link says that does not answer, whatever the reason.
pub fn nothing(sheet: &str) -> String {
    document("Nothing here · Holdfast", sheet, ().into_any(), || {
        view! {
            <main class="lone" id="main">
                <h1>"There is nothing at this address."</h1>
                <p>"A link may have ended, or a letter of it may be missing. Ask whoever sent it for a new one."</p>
            </main>
        }
        .into_any()
    })
}

/// What a link says that can't answer just now.
pub fn trouble(why: &str, sheet: &str) -> String {
    let why = why.to_owned();
    document(
        "Not just now · Holdfast",
        sheet,
        ().into_any(),
        move || {
            view! {
                <main class="lone" id="main">
                    <h1>"This report can’t be shown just now."</h1>
                    <p>{why}</p>
                </main>
            }
            .into_any()
        },
    )
}

/// What chat tools read. `property` is no attribute that views know.
fn tag(property: &'static str, content: String) -> impl IntoView {
    meta().attr("property", property).attr("content", content)
}

/// The document around a body. Nothing in it is loaded from elsewhere, and no program at all.
fn document(title: &str, sheet: &str, told: AnyView, body: impl FnOnce() -> AnyView) -> String {
    let owner = Owner::new();
    let html = owner.with(|| {
        let view = view! {
            <html lang="en">
                <head>
                    <meta charset="utf-8"/>
                    <meta name="viewport" content="width=device-width, initial-scale=1"/>
                    <meta name="color-scheme" content="light dark"/>
                    <meta name="robots" content="noindex, nofollow, noarchive"/>
                    <meta name="referrer" content="no-referrer"/>
                    <title>{title.to_owned()}</title>
                    {told}
                    <link rel="icon" type="image/svg+xml" href="/icon.svg"/>
                    <link rel="stylesheet" href=sheet.to_owned()/>
                </head>
                <body>{body()}</body>
            </html>
        };
        view.to_html()
    });
    // Views put a mark behind a text that may change; within a title it would be read as text.
    let html = html.replacen("<!></title>", "</title>", 1);
    format!("<!DOCTYPE html>{html}")
}
