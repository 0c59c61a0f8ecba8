//! The way in by a provider of OpenID Connect: there, and back.

use crate::asker::{Asker, Desk, REFUSED, granted, local, wait_words};
use crate::cookie;
use crate::failure::Failure;
use crate::oidc::{self, OidcError};
use analysis::query::append_params;
use app::Stopped;
use app::api::imports::Refused;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

/// Most bytes of a path that is led back to.
const NEXT: usize = 4_000;

#[derive(Deserialize)]
pub(super) struct Going {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in/oidc`: sends the browser to the provider.
pub(super) async fn go(
    State(desk): State<Desk>,
    asker: Asker,
    going: Result<Query<Going>, QueryRejection>,
) -> Result<Response, Failure> {
    let Some(provider) = &desk.elsewhere else {
        return Ok(desk.no_such_way().await);
    };
    let next = going.map(|Query(going)| going.next).unwrap_or_default();
    let next = if next.len() > NEXT { "/" } else { local(&next) };
    if let Err(wait) = desk.limits.count(asker.peer, None) {
        let refused = refused(wait_words(wait.0));
        return Ok(desk.wait(&sign_in(next), refused, wait).await);
    }
    let reference = desk.store.go_away(next).await?;
    match provider.address(reference.text()).await {
        Ok(address) => {
            let cookie = cookie::AWAY.keep(asker.headers(), reference.text());
            Ok(([(SET_COOKIE, cookie)], Redirect::to(&address)).into_response())
        }
        Err(error) => Ok(desk.not_in(&sign_in(next), error).await),
    }
}

#[derive(Default, Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
}

/// `GET /sign-in/oidc/back`: the browser is back, once, and brings a code that tells who it is.
pub(super) async fn back(
    State(desk): State<Desk>,
    asker: Asker,
    back: Result<Query<Back>, QueryRejection>,
) -> Result<Response, Failure> {
    let Some(provider) = &desk.elsewhere else {
        return Ok(desk.no_such_way().await);
    };
    let Back { code, state } = back.map(|Query(back)| back).unwrap_or_default();
    if let Err(wait) = desk.limits.count(asker.peer, None) {
        let refused = refused(wait_words(wait.0));
        return Ok(desk.wait(&sign_in("/"), refused, wait).await);
    }
    let reference = cookie::AWAY.read(asker.headers()).unwrap_or_default();
    let next = match oidc::was_sent(reference, &state) {
        true => desk.store.come_back(reference).await?,
        false => None,
    };
    let Some(next) = next else {
        let why = "This took longer than ten minutes, or began in another browser. Begin again.";
        return Ok(desk.not_so(&sign_in("/"), REFUSED, why.to_owned()).await);
    };
    let page = sign_in(&next);
    let who = match provider.who(code, reference).await {
        Ok(who) => who,
        Err(error) => return Ok(desk.not_in(&page, error).await),
    };
    let store = &desk.store;
    let entered = store.sign_in_as(&who, &asker.agent, asker.session.as_deref());
    match granted(entered.await)? {
        Ok(Some(session)) => {
            let mut response = asker.enter(&session, local(&next));
            let gone = cookie::AWAY.forget(asker.headers());
            response.headers_mut().append(SET_COOKIE, gone);
            Ok(response)
        }
        Ok(None) => {
            tracing::info!("a sign-in from elsewhere was refused: nobody has the address");
            let why = "Nobody with your address may sign in here. Ask an owner of the workspace to invite you.";
            Ok(desk.not_so(&page, REFUSED, why.to_owned()).await)
        }
        Err(why) => Ok(desk.not_so(&page, REFUSED, why).await),
    }
}

/// The page for signing in, which leads on to a path.
fn sign_in(next: &str) -> String {
    let mut query = String::new();
    append_params(&mut query, vec![("next", next.to_owned())]);
    format!("/sign-in{query}")
}

fn refused(sentence: String) -> Refused {
    Refused {
        sentence,
        ..Refused::default()
    }
}

impl Desk {
    /// Without a provider there is nothing here.
    async fn no_such_way(&self) -> Response {
        let status = StatusCode::NOT_FOUND;
        self.pages.show("/", status, Stopped::NothingThere).await
    }

    /// The page for signing in, saying why the provider does not lead in.
    async fn not_in(&self, page: &str, error: OidcError) -> Response {
        tracing::warn!(%error, "a sign-in from elsewhere was refused");
        let name = self
            .elsewhere
            .as_ref()
            .map_or("", |provider| provider.name());
        let (status, why) = match error {
            OidcError::Away => (
                StatusCode::BAD_GATEWAY,
                format!(
                    "The way in by {name} is closed just now. Sign in with your password, or try again in a minute."
                ),
            ),
            OidcError::Code | OidcError::Unbelieved => (
                REFUSED,
                format!("It could not be confirmed by {name} who you are. Begin again."),
            ),
            OidcError::Unverified => (
                REFUSED,
                format!(
                    "It is not confirmed by {name} that your e-mail address is yours. Have it verified there first."
                ),
            ),
        };
        self.not_so(page, status, why).await
    }

    async fn not_so(&self, page: &str, status: StatusCode, why: String) -> Response {
        self.pages.refuse(page, status, refused(why)).await
    }
}
