//! Keeps the page's question under a name, and makes links that show its answer.

use crate::api::people::may;
use crate::api::reports::of_kind;
use analysis::saved::{MAX_NAME, ReportKind};
use leptos::prelude::*;
use store::Role;

/// The days after which a link ends, with their words; 0: it does not.
const ENDS: [(u32, &str); 5] = [
    (7, "7 days"),
    (30, "30 days"),
    (90, "90 days"),
    (365, "a year"),
    (0, "never"),
];
/// What is chosen at first.
const USUAL: u32 = 90;

/// Both forms, each behind its words.
#[component]
pub fn KeepReport(
    /// The workspace.
    slug: String,
    /// The page.
    kind: ReportKind,
    /// The question as the query part of its address.
    question: String,
    /// A name to begin with.
    name: String,
) -> impl IntoView {
    if !may(Role::Editor) {
        return ().into_any();
    }
    let sharing = share(&slug, kind, &question, &name, None);
    view! {
        <div class="keeping">
            {Suspend::new(async move {
                // Without their list a report can still be saved as a new one.
                let saved = of_kind(&slug, kind).await.unwrap_or_default();
                save(&slug, kind, &question, &name, saved)
            })}
            {sharing}
        </div>
    }
    .into_any()
}

fn save(
    slug: &str,
    kind: ReportKind,
    question: &str,
    name: &str,
    saved: Vec<(i32, String)>,
) -> AnyView {
    let instead = (!saved.is_empty()).then(|| {
        let choices = saved
            .into_iter()
            .map(|(id, name)| view! { <option value=id>{name}</option> });
        view! {
            <form class="stack" method="post" action=format!("/w/{slug}/reports/change")>
                <input type="hidden" name="kind" value=kind.as_str()/>
                <input type="hidden" name="question" value=question.to_owned()/>
                <label class="labelled">
                    <span>"Or put this question in the place of"</span>
                    <select name="report" class="field">{choices.collect_view()}</select>
                </label>
                <div class="acts"><button type="submit" class="btn">"Replace its question"</button></div>
            </form>
        }
    });
    view! {
        <details class="keep-as">
            <summary>"Save this report"</summary>
            <form class="stack" method="post" action=format!("/w/{slug}/reports/save")>
                <input type="hidden" name="kind" value=kind.as_str()/>
                <input type="hidden" name="question" value=question.to_owned()/>
                <label class="labelled">
                    <span>"Name"</span>
                    <input type="text" name="name" class="field" value=name.to_owned() required maxlength=MAX_NAME autocomplete="off"/>
                </label>
                <label class="labelled">
                    <span>"Folder (may stay empty)"</span>
                    <input type="text" name="folder" class="field" maxlength=MAX_NAME autocomplete="off"/>
                </label>
                <div class="acts"><button type="submit" class="btn main">"Save"</button></div>
            </form>
            {instead}
        </details>
    }
    .into_any()
}

/// The form that makes a link.
pub fn share(
    slug: &str,
    kind: ReportKind,
    question: &str,
    name: &str,
    report: Option<i32>,
) -> AnyView {
    let ends = ENDS.map(|(days, text)| {
        view! { <option value=days selected=days == USUAL>{text}</option> }
    });
    view! {
        <details class="keep-as">
            <summary>"Share by a link"</summary>
            <form class="stack" method="post" action=format!("/w/{slug}/links/make")>
                <input type="hidden" name="kind" value=kind.as_str()/>
                <input type="hidden" name="question" value=question.to_owned()/>
                {report.map(|id| view! { <input type="hidden" name="report" value=id/> })}
                <label class="labelled">
                    <span>"Name, as readers see it"</span>
                    <input type="text" name="name" class="field" value=name.to_owned() required maxlength=MAX_NAME autocomplete="off"/>
                </label>
                <fieldset class="asked">
                    <legend>"What it shows"</legend>
                    <label><input type="radio" name="state" value="pinned" checked/>"Pinned: these numbers, for ever"</label>
                    <label><input type="radio" name="state" value="live"/>"Live: the question asked anew whenever it is looked at"</label>
                </fieldset>
                <div class="pair">
                    <label class="labelled">
                        <span>"Ends after"</span>
                        <select name="days" class="field">{ends}</select>
                    </label>
                    <label class="labelled">
                        <span>"Password (may stay empty)"</span>
                        <input type="password" name="password" class="field" maxlength="200" autocomplete="new-password"/>
                    </label>
                </div>
                <label class="ticked">
                    <input type="checkbox" name="withhold" value="1" checked/>
                    "Withhold numbers that tell of fewer than 5 customers"
                </label>
                <div class="acts"><button type="submit" class="btn main">"Make the link"</button></div>
                <p class="quiet">"Whoever has the address sees the answer, never a list of customers. "<a href=format!("/w/{slug}/links")>"Everything that is public"</a></p>
            </form>
        </details>
    }
    .into_any()
}
