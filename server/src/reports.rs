//! Forms that save reports and change saved ones. They work without any program in the browser.

use crate::access;
use crate::failure::Failure;
use crate::router::Pages;
use analysis::saved::{Label, MAX_QUESTION, NameError, ReportKind};
use app::api::imports::Refused;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;
use store::Store;

/// Most bytes of a form: the longest question fits twice.
pub(crate) const FORM: usize = 64 * 1024;

/// What the handlers work with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) store: Store,
    pub(crate) pages: Pages,
}

/// The routes of this module.
pub(crate) fn routes(store: Store, pages: Pages) -> Router {
    Router::new()
        .route("/w/{workspace}/reports/save", post(save))
        .route("/w/{workspace}/reports/change", post(change))
        .route("/w/{workspace}/reports/{report}/label", post(label))
        .route("/w/{workspace}/reports/{report}/delete", post(delete))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(Desk { store, pages })
}

/// A question as a page's form sends it.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    pub(crate) kind: ReportKind,
    #[serde(default)]
    pub(crate) question: String,
}

impl Asked {
    /// What is understood of the question, as its page's address has it.
    pub(crate) fn canonical(&self) -> Result<String, NameError> {
        let question = self.kind.canonical(&self.question);
        match question.len() > MAX_QUESTION || question.contains("%00") {
            true => Err(NameError::Question),
            false => Ok(question),
        }
    }
}

#[derive(Debug, Deserialize)]
struct Save {
    #[serde(flatten)]
    asked: Asked,
    name: String,
    #[serde(default)]
    folder: String,
}

#[derive(Debug, Deserialize)]
struct Change {
    #[serde(flatten)]
    asked: Asked,
    report: String,
}

/// `POST …/reports/save`: a page's question under a name.
async fn save(
    State(desk): State<Desk>,
    Path(workspace): Path<String>,
    form: Result<Form<Save>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let workspace = desk.store.workspace(&workspace).await?;
    let label = Label {
        name: form.name,
        description: String::new(),
        folder: form.folder,
    };
    let checked = label
        .checked()
        .and_then(|label| Ok((label, form.asked.canonical()?)));
    let (label, question) = match checked {
        Ok(checked) => checked,
        Err(error) => {
            let page = format!("/w/{}/reports", workspace.slug);
            return Ok(desk.refuse(&page, error.to_string()).await);
        }
    };
    let owner = access::caller().map(|caller| caller.person.id);
    let id = desk
        .store
        .save_report(workspace.id, &label, (form.asked.kind, &question), owner)
        .await?;
    Ok(to_report(&workspace.slug, id))
}

/// `POST …/reports/change`: a page's question in the place of a saved one.
async fn change(
    State(desk): State<Desk>,
    Path(workspace): Path<String>,
    form: Result<Form<Change>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let workspace = desk.store.workspace(&workspace).await?;
    let id = number(&form.report);
    let question = match form.asked.canonical() {
        Ok(question) => question,
        Err(error) => {
            let page = format!("/w/{}/reports/{id}", workspace.slug);
            return Ok(desk.refuse(&page, error.to_string()).await);
        }
    };
    desk.store
        .change_report(workspace.id, id, (form.asked.kind, &question))
        .await?;
    Ok(to_report(&workspace.slug, id))
}

/// `POST …/label`: another name, description and folder.
async fn label(
    State(desk): State<Desk>,
    Path((workspace, report)): Path<(String, String)>,
    form: Result<Form<Label>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(label) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let workspace = desk.store.workspace(&workspace).await?;
    let id = number(&report);
    match label.checked() {
        Ok(label) => {
            desk.store.label_report(workspace.id, id, &label).await?;
            Ok(to_report(&workspace.slug, id))
        }
        Err(error) => {
            let page = format!("/w/{}/reports/{id}", workspace.slug);
            Ok(desk.refuse(&page, error.to_string()).await)
        }
    }
}

/// `POST …/delete`: the report, and the links that were made from it.
async fn delete(
    State(desk): State<Desk>,
    Path((workspace, report)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    desk.store
        .delete_report(workspace.id, number(&report))
        .await?;
    let all = format!("/w/{}/reports", workspace.slug);
    Ok(Redirect::to(&all).into_response())
}

impl Desk {
    /// A page again, saying why its form was refused.
    pub(crate) async fn refuse(&self, page: &str, sentence: String) -> Response {
        let refused = Refused {
            sentence,
            ..Refused::default()
        };
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        self.pages.refuse(page, status, refused).await
    }
}

/// A report's or link's number; of what is none, that of nothing.
pub(crate) fn number(text: &str) -> i32 {
    text.parse().unwrap_or_default()
}

fn to_report(slug: &str, id: i32) -> Response {
    Redirect::to(&format!("/w/{slug}/reports/{id}")).into_response()
}
