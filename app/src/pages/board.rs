//! Several saved reports on one page: a folder is a board.

use crate::api::churn::churn;
use crate::api::comparison::compare;
use crate::api::quartiles::quartiles;
use crate::api::reports::{ReportView, folder};
use crate::api::retention::retention;
use crate::api::workspace::WorkspaceView;
use crate::components::cards::tone_class;
use crate::components::frame::{Current, Frame};
use crate::error::AppError;
use crate::pages::churn::periods_key;
use crate::pages::common::{forget_unknown, loading, missing, params};
use crate::pages::features::groups_key;
use crate::pages::reports::question;
use analysis::query::{
    ChurnQuery, ComparisonQuery, ParamProblem, QuartileQuery, RetentionQuery, pairs,
    split_url_query,
};
use analysis::saved::ReportKind;
use analysis::words::{self, Finding, Tone};
use leptos::prelude::*;
use leptos_meta::Title;
use std::sync::Arc;

/// Reports that are answered on one page; further ones are named.
const SHOWN: usize = 12;

/// The page.
#[component]
pub fn BoardPage() -> impl IntoView {
    view! { <Frame here="reports"><Board/></Frame> }
}

#[component]
fn Board() -> impl IntoView {
    let current = expect_context::<Current>();
    let slug = current.slug.get_value();
    let name = params().into_iter().find(|(param, _)| param == "folder");
    let name = name.map(|(_, name)| name).unwrap_or_default();
    let title = title(&name);
    view! {
        <Title text=title.clone()/>
        <p class="trail"><a href=format!("/w/{slug}/reports")>"Saved reports"</a></p>
        <h1>{title}</h1>
        {Suspend::new(async move {
            let workspace = match current.view.await {
                Ok(workspace) => Arc::new(workspace),
                Err(error) => return missing(error),
            };
            match folder(&slug, &name).await {
                Ok(reports) if reports.is_empty() => nothing(&slug),
                Ok(reports) => cards(&slug, &workspace, reports),
                Err(error) => missing(error),
            }
        })}
    }
    .into_any()
}

/// What a folder is called.
pub(super) fn title(folder: &str) -> String {
    match folder {
        "" => "Without a folder".to_owned(),
        name => name.to_owned(),
    }
}

fn nothing(slug: &str) -> AnyView {
    view! {
        <section class="card trouble" role="alert">
            <h2>"There is no report in this folder."</h2>
            <p>"A board shows the reports of a folder. "<a href=format!("/w/{slug}/reports")>"All saved reports"</a></p>
        </section>
    }
    .into_any()
}

fn cards(slug: &str, workspace: &Arc<WorkspaceView>, mut reports: Vec<ReportView>) -> AnyView {
    let further = reports.split_off(reports.len().min(SHOWN));
    let further = further.iter().map(|one| {
        let report = &one.report;
        view! { <li><a href=question(slug, report)>{report.label.name.clone()}</a></li> }
    });
    let further: Vec<_> = further.collect();
    let cards = reports.into_iter().map(|one| card(slug, workspace, one));
    view! {
        {loading(workspace)}
        <div class="board">{cards.collect_view()}</div>
        {(!further.is_empty()).then(|| view! {
            <section class="card">
                <header><h2>{format!("Not shown: a board has at most {SHOWN} reports")}</h2></header>
                <ul class="plain">{further}</ul>
            </section>
        })}
    }
    .into_any()
}

/// A report with its answer, asked for beside the others.
fn card(slug: &str, workspace: &Arc<WorkspaceView>, one: ReportView) -> AnyView {
    let report = one.report;
    let name = report.label.name.clone();
    let open = question(slug, &report);
    let (slug, workspace) = (slug.to_owned(), workspace.clone());
    view! {
        <section class="card">
            <header>
                <h2><a href=open>{name.clone()}</a></h2>
                <span class="tag plain">{report.kind.title()}</span>
            </header>
            {(!report.label.description.is_empty()).then(|| view! {
                <p class="aside">{report.label.description.clone()}</p>
            })}
            {Suspend::new(async move {
                let parts = split_url_query(&report.question);
                match answered(&slug, &workspace, report.kind, &parts).await {
                    Ok(found) => found.view(name),
                    Err(error) => view! { <p class="refusal" role="alert">{error.to_string()}</p> }.into_any(),
                }
            })}
        </section>
    }
    .into_any()
}

/// A report in short.
struct Short {
    /// What is made of the numbers, and how it is meant.
    tag: Option<(String, Tone)>,
    sentence: String,
    evidence: String,
    /// Its first picture; empty where there is none.
    picture: String,
    /// What its colours mean, where it does not say so itself.
    key: Option<AnyView>,
    method: String,
    /// Whether a part of its question means nothing any more.
    problems: bool,
}

async fn answered(
    slug: &str,
    workspace: &WorkspaceView,
    kind: ReportKind,
    parts: &[(String, String)],
) -> Result<Short, AppError> {
    let forgotten = |segments: &mut Vec<String>, problems: Vec<ParamProblem>| {
        let unknown = forget_unknown(segments, workspace);
        !(problems.is_empty() && unknown.is_empty())
    };
    match kind {
        ReportKind::Retention => {
            let (mut query, problems) = RetentionQuery::parse(pairs(parts));
            let problems = forgotten(&mut query.segments, problems);
            let found = retention(slug, &query).await?;
            let headline = words::headline(&found.report);
            Ok(Short {
                tag: None,
                sentence: headline.sentence,
                evidence: headline.evidence,
                picture: found.chart,
                key: None,
                method: words::method_line(&found.report),
                problems,
            })
        }
        ReportKind::Features => {
            let (mut query, problems) = QuartileQuery::parse(pairs(parts));
            let problems = forgotten(&mut query.segments, problems);
            let found = quartiles(slug, &query).await?;
            let finding = words::finding(&found.report);
            let method = words::quartile_method(&found.report);
            let key = Some(groups_key(&found.report));
            Ok(Short::of(finding, (found.groups, key), method, problems))
        }
        ReportKind::Segments => {
            let (mut query, problems) = ComparisonQuery::parse(pairs(parts));
            let problems = forgotten(&mut query.retention.segments, problems);
            let found = compare(slug, &query).await?;
            let finding = words::comparison_finding(&found.report);
            let method = words::comparison_method(&found.report);
            Ok(Short::of(finding, (found.curves, None), method, problems))
        }
        ReportKind::Churn => {
            let (mut query, problems) = ChurnQuery::parse(pairs(parts));
            let problems = forgotten(&mut query.segments, problems);
            let found = churn(slug, &query).await?;
            let report = &found.answer.report;
            Ok(Short {
                tag: None,
                sentence: words::churn_headline(report),
                evidence: String::new(),
                method: words::churn_method(report),
                key: Some(periods_key(report)),
                picture: found.churn,
                problems,
            })
        }
    }
}

impl Short {
    fn of(
        finding: Finding,
        (picture, key): (String, Option<AnyView>),
        method: String,
        problems: bool,
    ) -> Self {
        Self {
            tag: Some((finding.tag, finding.tone)),
            sentence: finding.sentence,
            evidence: finding.evidence,
            picture,
            key,
            method,
            problems,
        }
    }

    fn view(self, name: String) -> AnyView {
        let tag = self.tag.map(|(tag, tone)| {
            view! { <span class=format!("tag {}", tone_class(tone))>{tag}</span> }
        });
        view! {
            <div class="short">
                {tag}
                <p class="said">{self.sentence}</p>
                {(!self.evidence.is_empty()).then(|| view! { <p class="quiet">{self.evidence}</p> })}
                {self.key}
                {self.problems.then_some(view! {
                    <p class="notice" role="status">"A part of its question means nothing any more. Open it to see which."</p>
                })}
            </div>
            <figure class="chart" tabindex="0" role="group" aria-label=name inner_html=self.picture></figure>
            <details class="numbers">
                <summary>"How this was counted"</summary>
                <p class="method">{self.method}</p>
            </details>
        }
        .into_any()
    }
}
