//! Forms that make links and end them. They work without any program in the browser.

use crate::access;
use crate::failure::Failure;
use crate::reports::{Asked, Desk, FORM, number};
use crate::router::Pages;
use analysis::query::{RetentionView, append_params, pairs, split_url_query};
use analysis::saved::{Answer, Label, Question};
use app::api::reports::NewAddress;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::header::{HOST, HeaderMap, ORIGIN};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::{NewSharedLink, Password, Pinned, Store, StoreError, Token, Workspace};

/// The longest life of a link that has an end.
const LONGEST: u32 = 3_650;
/// The fewest and most characters of a password.
const PASSWORD: std::ops::RangeInclusive<usize> = 8..=200;
/// The most sites that may frame links.
const SITES: usize = 20;
/// How often an answer is asked for again because something was written meanwhile.
const ATTEMPTS: u32 = 5;

/// The routes of this module.
pub(crate) fn routes(store: Store, pages: Pages) -> Router {
    Router::new()
        .route("/w/{workspace}/links/make", post(make))
        .route("/w/{workspace}/sharing/allow", post(sharing))
        .route("/w/{workspace}/sharing/origins", post(origins))
        .route("/w/{workspace}/links/{link}/revoke", post(revoke))
        .route("/w/{workspace}/links/{link}/rotate", post(rotate))
        .route("/w/{workspace}/links/{link}/end-old", post(end_old))
        .route("/w/{workspace}/links/{link}/password", post(password))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(Desk { store, pages })
}

#[derive(Debug, Deserialize)]
struct Make {
    #[serde(flatten)]
    asked: Asked,
    name: String,
    /// `pinned` or `live`.
    state: String,
    /// Days it lives; 0: without end.
    days: String,
    #[serde(default)]
    password: String,
    /// There if small numbers are to be withheld.
    #[serde(default)]
    withhold: String,
    /// The saved report that it is made from.
    #[serde(default)]
    report: String,
}

/// Why a link was not made.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0}")]
    Name(#[from] analysis::saved::NameError),
    #[error("A password of a link has {} to {} characters.", PASSWORD.start(), PASSWORD.end())]
    Password,
    #[error("Sharing is forbidden in this workspace.")]
    Forbidden,
    #[error(
        "Rows are being written just now, so no answer stays what it is. Try again when they are all there."
    )]
    Busy,
    #[error("{0}")]
    Question(StoreError),
    #[error(
        "“{0}” is not a site. Sites are written as in https://wiki.example.com, without a path, at most {SITES} of them."
    )]
    Site(String),
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Query(_)
            | StoreError::NoActivity
            | StoreError::NoSuchActivity(_)
            | StoreError::ActivityNotReady(_)
            | StoreError::TooLong => Self::Question(error),
            error => Self::Store(error),
        }
    }
}

/// `POST …/links/make`: a link to the answer of a page's question. Its address is on the page that comes back, this once.
async fn make(
    State(desk): State<Desk>,
    Path(workspace): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Make>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let workspace = desk.store.workspace(&workspace).await?;
    match desk.make(&workspace, form).await {
        Ok((link, token)) => {
            let new = NewAddress {
                name: link.name,
                address: address(&headers, &token, &link.question),
                password: link.password_hash.is_some(),
            };
            Ok(desk.told(&workspace, new).await)
        }
        Err(Refusal::Store(error)) => Err(error.into()),
        Err(refusal) => Ok(desk.refuse(&page(&workspace), refusal.to_string()).await),
    }
}

/// The address that readers get: it shows the answer as the sharer looked at it, as far as readers may choose that.
fn address(headers: &HeaderMap, token: &Token, question: &str) -> String {
    let params = split_url_query(question);
    let looks = crate::shared::allowed(&RetentionView::parse(pairs(&params)).0);
    let mut query = String::new();
    append_params(&mut query, looks.params());
    format!("{}/s/{}{query}", site(headers), token.text())
}

impl Desk {
    async fn make(
        &self,
        workspace: &Workspace,
        form: Make,
    ) -> Result<(NewSharedLink, Token), Refusal> {
        let label = Label {
            name: form.name,
            ..Label::default()
        };
        let name = label.checked()?.name;
        let question = form.asked.canonical()?;
        let asked = Question::parse(form.asked.kind, &question);
        if !self.store.sharing(workspace.id).await?.allowed {
            return Err(Refusal::Forbidden);
        }
        let password_hash = hashed(form.password).await?;
        let report = match form.report.as_str() {
            "" => None,
            // of this workspace, or there is none
            text => Some(self.store.report(workspace.id, number(text)).await?.id),
        };
        let pinned = match form.state == "live" {
            true => {
                // A question that has no answer is refused now, not by every reader.
                self.ask(workspace, &asked).await?;
                None
            }
            false => Some(self.pin(workspace, &asked).await?),
        };
        let days = form.days.parse::<u32>().unwrap_or(90).min(LONGEST);
        let new = NewSharedLink {
            report,
            name,
            kind: form.asked.kind,
            question,
            pinned,
            withhold: !form.withhold.is_empty(),
            password_hash,
            expires_at: (days > 0).then(|| after(days)),
            person: access::caller().map(|caller| caller.person.id),
        };
        let (_, token) = self.store.make_link(workspace.id, &new).await?;
        Ok((new, token))
    }

    async fn ask(&self, workspace: &Workspace, question: &Question) -> Result<Answer, StoreError> {
        let now = Timestamp::now();
        self.store.answer(workspace, question, now).await
    }

    /// The answer as it is now, with what it stands on: nothing was written while it was counted.
    async fn pin(&self, workspace: &Workspace, question: &Question) -> Result<Pinned, Refusal> {
        for _ in 0..ATTEMPTS {
            let (data, batch) = self.store.data_version(workspace.id).await?;
            let answer = self.ask(workspace, question).await?;
            if self.store.data_version(workspace.id).await?.0 != data {
                continue;
            }
            return Ok(Pinned {
                at: Timestamp::now(),
                data,
                batch,
                activity: workspace.answering(&question.population()),
                answer,
            });
        }
        Err(Refusal::Busy)
    }

    /// The page of links, with an address that is told this once.
    async fn told(&self, workspace: &Workspace, new: NewAddress) -> Response {
        self.pages.show(&page(workspace), StatusCode::OK, new).await
    }
}

async fn hashed(password: String) -> Result<Option<String>, Refusal> {
    match password.chars().count() {
        0 => Ok(None),
        length if PASSWORD.contains(&length) => Ok(Some(Password::new(password).hash().await)),
        _ => Err(Refusal::Password),
    }
}

#[derive(Debug, Deserialize)]
struct Rotate {
    #[serde(default)]
    days: String,
}

#[derive(Debug, Deserialize)]
struct Locked {
    #[serde(default)]
    password: String,
}

#[derive(Debug, Deserialize)]
struct Allow {
    allow: String,
}

#[derive(Debug, Deserialize)]
struct Origins {
    #[serde(default)]
    origins: String,
}

/// `POST …/revoke`: it never answers again.
async fn revoke(
    State(desk): State<Desk>,
    Path((workspace, link)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    desk.store.revoke_link(workspace.id, number(&link)).await?;
    Ok(to_links(&workspace))
}

/// `POST …/rotate`: another address; the one before works on for some days.
async fn rotate(
    State(desk): State<Desk>,
    Path((workspace, link)): Path<(String, String)>,
    headers: HeaderMap,
    form: Result<Form<Rotate>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let workspace = desk.store.workspace(&workspace).await?;
    let days = form.days.parse::<u32>().unwrap_or_default().min(LONGEST);
    let id = number(&link);
    let token = desk
        .store
        .rotate_link(workspace.id, id, after(days))
        .await?;
    let link = desk.store.shared_link(workspace.id, id).await?;
    let new = NewAddress {
        name: link.name,
        address: address(&headers, &token, &link.question),
        password: link.password,
    };
    Ok(desk.told(&workspace, new).await)
}

/// `POST …/end-old`: addresses that were replaced stop working.
async fn end_old(
    State(desk): State<Desk>,
    Path((workspace, link)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let workspace = desk.store.workspace(&workspace).await?;
    desk.store
        .end_old_addresses(workspace.id, number(&link))
        .await?;
    Ok(to_links(&workspace))
}

/// `POST …/password`: another password, or none. Whoever came in by the one before is asked again.
async fn password(
    State(desk): State<Desk>,
    Path((workspace, link)): Path<(String, String)>,
    form: Result<Form<Locked>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let workspace = desk.store.workspace(&workspace).await?;
    let hash = match hashed(form.password).await {
        Ok(hash) => hash,
        Err(refusal) => return Ok(desk.refuse(&page(&workspace), refusal.to_string()).await),
    };
    desk.store
        .set_link_password(workspace.id, number(&link), hash.as_deref())
        .await?;
    Ok(to_links(&workspace))
}

/// `POST …/sharing/allow`: whether links answer at all.
async fn sharing(
    State(desk): State<Desk>,
    Path(workspace): Path<String>,
    form: Result<Form<Allow>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let workspace = desk.store.workspace(&workspace).await?;
    let mut sharing = desk.store.sharing(workspace.id).await?;
    sharing.allowed = form.allow == "1";
    desk.store.set_sharing(workspace.id, &sharing).await?;
    Ok(to_links(&workspace))
}

/// `POST …/sharing/origins`: which sites may frame links.
async fn origins(
    State(desk): State<Desk>,
    Path(workspace): Path<String>,
    form: Result<Form<Origins>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let workspace = desk.store.workspace(&workspace).await?;
    let given = form.origins.split_whitespace();
    let origins: Vec<String> = given
        .map(|one| one.trim_end_matches('/').to_owned())
        .collect();
    let wrong = origins
        .iter()
        .find(|one| !is_origin(one))
        .or_else(|| origins.get(SITES));
    if let Some(wrong) = wrong {
        let refusal = Refusal::Site(wrong.clone());
        return Ok(desk.refuse(&page(&workspace), refusal.to_string()).await);
    }
    let mut sharing = desk.store.sharing(workspace.id).await?;
    sharing.origins = origins;
    desk.store.set_sharing(workspace.id, &sharing).await?;
    Ok(to_links(&workspace))
}

/// Whether a text is exactly a site: nothing of it can be read as another part of the content policy.
fn is_origin(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
        && text.len() <= 200
        && text.parse::<Uri>().is_ok_and(|uri| uri.host().is_some())
}

/// Where the reader's browser knows this program to be.
fn site(headers: &HeaderMap) -> String {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &axum::http::HeaderValue| value.to_str().ok())
    };
    match text(ORIGIN).filter(|origin| *origin != "null") {
        Some(origin) => origin.to_owned(),
        None => format!("http://{}", text(HOST).unwrap_or("localhost")),
    }
}

fn after(days: u32) -> Timestamp {
    Timestamp::now()
        .checked_add(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(Timestamp::MAX)
}

fn page(workspace: &Workspace) -> String {
    format!("/w/{}/links", workspace.slug)
}

fn to_links(workspace: &Workspace) -> Response {
    Redirect::to(&page(workspace)).into_response()
}

#[cfg(test)]
mod tests {
    use super::is_origin;

    #[test]
    fn sites() {
        for good in [
            "https://wiki.example.com",
            "http://127.0.0.1:8080",
            "https://[::1]:3000",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "https://",
            "wiki.example.com",
            "https://wiki.example.com/page",
            "https://*.example.com",
            "https://a.example;script-src",
            "https://a.example'",
            "javascript:alert(1)",
            "https://a.example,b",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
