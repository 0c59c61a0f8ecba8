//! Who may ask for what. Every request passes here; what is not listed as open needs somebody who is signed in, and what
//! belongs to a workspace needs a role in it. A workspace that one is not in looks like one that is not there.

use crate::api::error::ApiError;
use crate::cookie;
use crate::need::{self, Need, need};
use crate::router::Pages;
use analysis::query::{append_params, is_slug};
use app::Stopped;
use app::error::AppError;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use store::{Caller, KeyKind, Role, Store, StoreError, Workspace, WorkspaceId};

/// Most bytes of a server function's body; a question fits many times.
const BODY: usize = 1024 * 1024;

tokio::task_local! {
    /// Who asks, for pages that answer a form.
    static CALLER: Option<Caller>;
}

/// Who sent the request that is being answered.
pub(crate) fn caller() -> Option<Caller> {
    CALLER.try_with(Clone::clone).ok().flatten()
}

/// What the check works with.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) store: Store,
    pub(crate) pages: Pages,
}

/// Why a request goes no further.
enum Refusal {
    NotSignedIn,
    BadKey,
    WriteKey,
    ReadOnlyKey,
    Forbidden(Role),
    NotAdmin,
    NoWorkspace,
    NothingThere,
    NotUnderstood,
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Somebody who may pass.
#[derive(Default)]
struct Admitted {
    caller: Option<Caller>,
    /// Where a change is noted, and as what.
    change: Option<(WorkspaceId, String)>,
}

/// Lets a request pass or refuses it; a change that it made is noted in the workspace's log.
pub(crate) async fn check(State(access): State<Access>, request: Request, next: Next) -> Response {
    let (uri, method) = (request.uri().clone(), request.method().clone());
    let headers = request.headers().clone();
    let (mut request, admitted) = match access.admit(request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return access.refuse(refusal, &method, &uri, &headers).await,
    };
    let Admitted { caller, change } = admitted;
    let person = caller.as_ref().map(|caller| caller.person.id);
    if let Some(caller) = &caller {
        request.extensions_mut().insert(caller.clone());
    }
    let response = CALLER.scope(caller, next.run(request)).await;
    let went_well = response.status().is_success() || response.status().is_redirection();
    if let (Some((workspace, subject)), Some(person), true) = (change, person, went_well)
        && let Err(error) = access.store.note_change(workspace, person, &subject).await
    {
        tracing::warn!(%error, workspace = workspace.0, "a change could not be noted");
    }
    response
}

impl Access {
    async fn admit(&self, mut request: Request) -> Result<(Request, Admitted), Refusal> {
        let path = request.uri().path().to_owned();
        let method = request.method().clone();
        let need = need(&method, &path);
        let headers = request.headers();
        if matches!(need, Need::Open) {
            return Ok((request, Admitted::default()));
        }
        if let (true, Some(key)) = (need::is_api(&path), bearer(headers)) {
            let brings_in = need::brings_in(&method, &path);
            let here = self.admit_key(key, &need, brings_in).await?;
            if let Some(here) = here {
                request.extensions_mut().insert(here);
            }
            return Ok((request, Admitted::default()));
        }
        let session = cookie::SESSION.read(headers).map(str::to_owned);
        let (request, slug, role) = match need {
            Need::Function(role) => {
                let (request, slug) = named(request).await?;
                (request, Some(slug), Some(role))
            }
            Need::In(slug, role) => (request, Some(slug.to_owned()), Some(role)),
            _ => (request, None, None),
        };
        let slug = slug.filter(|slug| is_slug(slug));
        let caller = match &session {
            Some(session) => match self.store.caller(session, slug.as_deref()).await {
                // Who can't be asked for is nobody, where that makes no difference.
                Err(_) if matches!(need, Need::Anyone) => None,
                found => found?,
            },
            None => None,
        };
        let allowed = match (&need, &caller) {
            (Need::Anyone, _) => Ok(()),
            (_, None) => Err(Refusal::NotSignedIn),
            (Need::Nothing, _) => Err(Refusal::NothingThere),
            (Need::Admin, Some(caller)) if !caller.person.admin => Err(Refusal::NotAdmin),
            (_, Some(caller)) => match role {
                None => Ok(()),
                Some(_) if caller.role.is_none() => Err(Refusal::NoWorkspace),
                Some(role) if !caller.may(role) => Err(Refusal::Forbidden(role)),
                Some(_) => Ok(()),
            },
        };
        allowed?;
        let workspace = caller.as_ref().and_then(|caller| caller.role);
        let subject = need::changes(&method, &path).filter(|_| role >= Some(Role::Editor));
        let change = workspace
            .zip(subject)
            .map(|((id, _), subject)| (id, subject));
        Ok((request, Admitted { caller, change }))
    }

    /// Lets the programs of a workspace's keys read that workspace, or bring something into it. Returns it, if the
    /// address names it.
    async fn admit_key(
        &self,
        key: &str,
        need: &Need<'_>,
        brings_in: bool,
    ) -> Result<Option<Workspace>, Refusal> {
        let (slug, role) = match need {
            Need::In(slug, role) => (Some(*slug), *role),
            _ => (None, Role::Viewer),
        };
        let slug = slug.filter(|slug| is_slug(slug));
        let Some(used) = self.store.key(key, slug).await? else {
            return Err(Refusal::BadKey);
        };
        match (used.kind, role) {
            (KeyKind::Write, _) if !brings_in => Err(Refusal::WriteKey),
            _ if matches!(need, Need::In(..)) && used.here.is_none() => Err(Refusal::NoWorkspace),
            (KeyKind::Write, _) | (KeyKind::Read, Role::Viewer) => Ok(used.here),
            (KeyKind::Read, _) => Err(Refusal::ReadOnlyKey),
        }
    }

    async fn refuse(
        &self,
        refusal: Refusal,
        method: &Method,
        uri: &axum::http::Uri,
        headers: &HeaderMap,
    ) -> Response {
        if need::is_api(uri.path()) {
            return told_a_program(refusal);
        }
        if uri.path().starts_with("/api/") {
            return told_an_island(refusal);
        }
        let stopped = match refusal {
            Refusal::NotSignedIn => {
                let reads = matches!(*method, Method::GET | Method::HEAD);
                let next = reads.then(|| uri.path_and_query()).flatten();
                return to_sign_in(next.map_or("/", |next| next.as_str()));
            }
            Refusal::Forbidden(role) => Stopped::Forbidden(role),
            Refusal::NotAdmin => Stopped::NotAdmin,
            Refusal::NoWorkspace => Stopped::NoWorkspace,
            Refusal::Store(error) => Stopped::Failed(error.into()),
            Refusal::BadKey
            | Refusal::WriteKey
            | Refusal::ReadOnlyKey
            | Refusal::NotUnderstood
            | Refusal::NothingThere => Stopped::NothingThere,
        };
        let page = self.pages.show("/", stopped.status(), stopped.clone());
        let response = page.await;
        // Whoever asks for no page, a picture or a table, needs none.
        let html = headers
            .get(ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"));
        match html {
            true => response,
            false => response.status().into_response(),
        }
    }
}

/// Leads to the page for signing in, and from there back.
pub(crate) fn to_sign_in(next: &str) -> Response {
    let mut query = String::new();
    if next != "/" {
        append_params(&mut query, vec![("next", next.to_owned())]);
    }
    Redirect::to(&format!("/sign-in{query}")).into_response()
}

/// The key of a program.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// The workspace that the body of a server function names, and the request as it was.
async fn named(request: Request) -> Result<(Request, String), Refusal> {
    #[derive(Deserialize)]
    struct Named {
        slug: String,
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY)
        .await
        .map_err(|_| Refusal::NotUnderstood)?;
    let named: Named = serde_json::from_slice(&body).map_err(|_| Refusal::NotUnderstood)?;
    Ok((Request::from_parts(parts, Body::from(body)), named.slug))
}

fn told_a_program(refusal: Refusal) -> Response {
    let problem = |status, code, message: &str| ApiError::new(status, code, message);
    let error = match refusal {
        Refusal::NotSignedIn => problem(
            StatusCode::UNAUTHORIZED,
            "no_key",
            "Send a read key of the workspace: `Authorization: Bearer rk_…`.",
        ),
        Refusal::BadKey => problem(
            StatusCode::UNAUTHORIZED,
            "bad_key",
            "This key is not known, or was revoked.",
        ),
        Refusal::WriteKey => problem(
            StatusCode::FORBIDDEN,
            "write_key",
            "A write key brings something in and reads nothing. Use a read key.",
        ),
        Refusal::ReadOnlyKey => problem(
            StatusCode::FORBIDDEN,
            "read_only",
            "A read key changes nothing.",
        ),
        Refusal::Forbidden(_) | Refusal::NotAdmin => problem(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Your role in this workspace does not allow this.",
        ),
        Refusal::NoWorkspace => StoreError::NotFound.into(),
        Refusal::NothingThere => ApiError::nothing_there(),
        Refusal::NotUnderstood => problem(
            StatusCode::BAD_REQUEST,
            "bad_body",
            "The request was not understood.",
        ),
        Refusal::Store(error) => error.into(),
    };
    let mut response = error.into_response();
    if response.status() == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    }
    response
}

fn told_an_island(refusal: Refusal) -> Response {
    let error = match refusal {
        Refusal::NotSignedIn | Refusal::BadKey => AppError::SignedOut,
        Refusal::Forbidden(_) | Refusal::NotAdmin | Refusal::WriteKey | Refusal::ReadOnlyKey => {
            AppError::Forbidden
        }
        Refusal::NoWorkspace | Refusal::NothingThere => AppError::NotFound,
        Refusal::NotUnderstood => {
            let why = "The request was not understood.".to_owned();
            let body = AppError::BadRequest(why);
            return json(StatusCode::BAD_REQUEST, &body);
        }
        Refusal::Store(error) => error.into(),
    };
    json(error.status(), &error)
}

fn json(status: StatusCode, error: &AppError) -> Response {
    let body = serde_json::to_vec(error).expect("an error is plain words");
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
