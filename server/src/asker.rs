//! What a request says of its browser, and what handlers of forms answer with.

use crate::letters::Writer;
use crate::limits::{self, Limits};
use crate::mail::{Letter, Mailer};
use crate::oidc::Provider;
use crate::router::Pages;
use crate::{access, cookie};
use axum::extract::FromRequestParts;
use axum::http::header::{HOST, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use std::convert::Infallible;
use std::net::IpAddr;
use store::{Caller, Store, StoreError, Token};

/// What the handlers of people's forms work with.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) store: Store,
    pub(crate) pages: Pages,
    pub(crate) limits: Limits,
    /// What sends mail, if any is sent.
    pub(crate) mailer: Option<Mailer>,
    /// Who else says who people are, if anybody does.
    pub(crate) elsewhere: Option<Provider>,
    /// Where the server is, as links in mail begin.
    pub(crate) origin: String,
}

impl Desk {
    /// What writes to somebody.
    pub(crate) fn writer<'a>(&'a self, to: &'a str) -> Writer<'a> {
        let origin = &self.origin;
        Writer { origin, to }
    }

    /// Sends a letter beside the answer, if mail is sent at all.
    pub(crate) fn send_beside(&self, letter: Letter) {
        let Some(mailer) = self.mailer.clone() else {
            return;
        };
        tokio::spawn(async move {
            if let Err(error) = mailer.send(&letter).await {
                tracing::warn!(%error, "a letter could not be sent");
            }
        });
    }
}

/// Who asks, as the request itself says.
pub(crate) struct Asker {
    /// Whom limits count.
    pub(crate) peer: IpAddr,
    /// What the browser calls itself.
    pub(crate) agent: String,
    /// The session's reference, whether it is worth anything or not.
    pub(crate) session: Option<String>,
    headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let agent = headers
            .get(USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        Ok(Self {
            peer: limits::peer(headers, &parts.extensions),
            agent: agent.unwrap_or_default().to_owned(),
            session: cookie::SESSION.read(headers).map(str::to_owned),
            headers: headers.clone(),
        })
    }
}

impl Asker {
    /// The address of a path here as others would write it.
    pub(crate) fn address(&self, path: &str) -> String {
        let host = self.headers.get(HOST).and_then(|host| host.to_str().ok());
        let scheme = match cookie::is_https(&self.headers) {
            true => "https",
            false => "http",
        };
        format!("{scheme}://{}{path}", host.unwrap_or("localhost"))
    }

    /// Leads on with a new session.
    pub(crate) fn enter(&self, session: &Token, to: &str) -> Response {
        let cookie = cookie::SESSION.keep(&self.headers, session.text());
        ([(SET_COOKIE, cookie)], Redirect::to(to)).into_response()
    }

    /// Leads on without any.
    pub(crate) fn leave(&self, to: &str) -> Response {
        let cookie = cookie::SESSION.forget(&self.headers);
        ([(SET_COOKIE, cookie)], Redirect::to(to)).into_response()
    }

    /// All headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Where a form may lead to: a path here. Anything that could lead elsewhere is the start.
pub(crate) fn local(next: &str) -> &str {
    let here = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && next.bytes().all(|byte| byte.is_ascii_graphic())
        && !next.starts_with("/sign-");
    if here { next } else { "/" }
}

/// The person whose request is being answered; the check before let nobody else through.
pub(crate) fn me() -> Result<Caller, StoreError> {
    access::caller().ok_or(StoreError::NotFound)
}

/// The sentence of a wish that can't be granted, or the failure.
pub(crate) fn granted<T>(result: Result<T, StoreError>) -> Result<Result<T, String>, StoreError> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(StoreError::Refused(why)) => Ok(Err(why.to_owned())),
        Err(error) => Err(error),
    }
}

/// Too many tries, in words.
pub(crate) fn wait_words(seconds: u64) -> String {
    match seconds {
        1 => "Too many tries. Try again in a second.".to_owned(),
        many => format!("Too many tries. Try again in {many} seconds."),
    }
}

/// The status of a form that was refused.
pub(crate) const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn next_leads_nowhere_else() {
        for (next, expected) in [
            (
                "/w/acme/retention?grain=month",
                "/w/acme/retention?grain=month",
            ),
            ("/", "/"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nset-cookie: x=y", "/"),
            ("/\t/evil.example", "/"),
            ("/sign-out", "/"),
        ] {
            assert_eq!(local(next), expected, "{next:?}");
        }
    }
}
