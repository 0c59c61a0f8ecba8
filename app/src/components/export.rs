//! A page taken along: links to its answer in every form.

use analysis::export::{ExportForm, ExportPage, PART};
use analysis::query::{AsOf, append_params};
use jiff::Timestamp;
use leptos::prelude::*;

/// A button that opens the forms. They are links to the page's own address with an ending, so they need no program.
#[component]
pub fn ExportMenu(
    /// The workspace.
    slug: String,
    /// The page.
    page: ExportPage,
    /// The question, and how it is looked at, as the query part of an address; with the instant of the page's own answer,
    /// so that the files hold the same numbers.
    #[prop(into)]
    question: Signal<String>,
) -> impl IntoView {
    let link = |form: ExportForm, part: &'static str, text: &'static str, remark: &'static str| {
        let path = format!("/w/{slug}/{page}.{form}");
        let href = move || {
            let mut query = question.get();
            if !part.is_empty() {
                append_params(&mut query, vec![(PART, part.to_owned())]);
            }
            format!("{path}{query}")
        };
        view! {
            <a class="choice" href=href>
                {text}
                {(!remark.is_empty()).then(|| view! { <small>{remark}</small> })}
            </a>
        }
        .into_any()
    };
    let parts = |form: ExportForm| -> Vec<AnyView> {
        let parts = page.parts(form).iter();
        parts
            .map(|(part, title)| link(form, part, title, ""))
            .collect()
    };
    view! {
        <div class="export">
            <button type="button" class="btn" popovertarget="export">"Export"</button>
            <div class="choices" id="export" popover="auto" role="group" aria-label="Export">
                <h3>"The whole answer"</h3>
                {link(ExportForm::Xlsx, "", "Excel workbook", "all tables, with the colours, and the method")}
                {link(ExportForm::Pdf, "", "PDF", "one page to print or to send")}
                <h3>"Tables (CSV)"</h3>
                {parts(ExportForm::Csv)}
                <h3>"Pictures (PNG)"</h3>
                {parts(ExportForm::Png)}
                <h3>"Pictures (SVG)"</h3>
                {parts(ExportForm::Svg)}
                <h3>"For programs (JSON)"</h3>
                {parts(ExportForm::Json)}
            </div>
        </div>
    }
    .into_any()
}

/// The instant that an answer was of, in the place of "now": asked again, the question has the same answer.
pub fn pinned(asked: AsOf, used: Timestamp) -> AsOf {
    match asked {
        AsOf::Now => AsOf::Instant(used),
        fixed => fixed,
    }
}
