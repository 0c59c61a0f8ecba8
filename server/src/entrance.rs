//! The ways in and out: signing in and out, and links that lead in once. Forms that work without a program.

mod elsewhere;

use crate::access::{caller, to_sign_in};
use crate::asker::{Asker, Desk, REFUSED, granted, local, wait_words};
use crate::failure::Failure;
use crate::guard;
use crate::limits::TooMany;
use analysis::query::append_params;
use app::api::imports::Refused;
use app::api::people::{AskedByMail, Entrance};
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::header::{HeaderValue, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use store::{
    Link, LinkFor, Password, PersonId, StoreError, check_email, check_password, check_person_name,
};

/// Most bytes of a form.
const FORM: usize = 16 * 1024;

/// How long a link leads in that was mailed.
const MAILED_HOURS: i32 = 1;

/// The routes of this module.
pub(crate) fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/sign-in", post(sign_in))
        .route("/sign-in/forgotten", post(forgotten))
        .route("/sign-in/oidc", get(elsewhere::go))
        .route("/sign-in/oidc/back", get(elsewhere::back))
        .route("/sign-out", post(sign_out))
        .route("/welcome/{token}", get(welcome).post(accept))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(desk)
}

#[derive(Deserialize)]
struct SignIn {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /sign-in`.
async fn sign_in(
    State(desk): State<Desk>,
    asker: Asker,
    form: Result<Form<SignIn>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let next = local(&form.next);
    let mut query = String::new();
    append_params(&mut query, vec![("next", next.to_owned())]);
    let page = format!("/sign-in{query}");
    let refused = |sentence: String| Refused {
        sentence,
        name: form.email.clone(),
        ..Refused::default()
    };
    if let Err(wait) = desk.limits.count(asker.peer, Some(&form.email)) {
        let refused = refused(wait_words(wait.0));
        return Ok(desk.wait(&page, refused, wait).await);
    }
    let password = Password::new(form.password.as_str());
    let session = desk
        .store
        .sign_in(
            &form.email,
            password,
            &asker.agent,
            asker.session.as_deref(),
        )
        .await?;
    match session {
        Some(session) => Ok(asker.enter(&session, next)),
        None => {
            tracing::info!("a sign-in was refused");
            let sentence = "This e-mail address and this password don’t belong together.";
            let refused = refused(sentence.to_owned());
            Ok(desk.pages.refuse(&page, REFUSED, refused).await)
        }
    }
}

#[derive(Deserialize)]
struct Forgotten {
    email: String,
}

/// `POST /sign-in/forgotten`: a link by mail for whoever forgot a password. The answer is on its way before anybody is
/// looked for, so that it tells nothing.
async fn forgotten(
    State(desk): State<Desk>,
    asker: Asker,
    form: Result<Form<Forgotten>, FormRejection>,
) -> Result<Response, Failure> {
    const PAGE: &str = "/sign-in/forgotten";
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let refused = |sentence: String| Refused {
        sentence,
        name: form.email.clone(),
        ..Refused::default()
    };
    if let Err(wait) = desk.limits.count_letter(asker.peer, &form.email) {
        let refused = refused(wait_words(wait.0));
        return Ok(desk.wait(PAGE, refused, wait).await);
    }
    let email = match granted(check_email(&form.email))? {
        Ok(email) => email,
        Err(why) => return Ok(desk.pages.refuse(PAGE, REFUSED, refused(why)).await),
    };
    if desk.mailer.is_some() {
        tokio::spawn({
            let desk = desk.clone();
            async move { desk.mail_reset(&email).await }
        });
    }
    Ok(desk.pages.show(PAGE, StatusCode::OK, AskedByMail).await)
}

/// `POST /sign-out`: this browser only.
async fn sign_out(State(desk): State<Desk>, asker: Asker) -> Result<Response, Failure> {
    if let Some(session) = &asker.session {
        desk.store.sign_out(session).await?;
    }
    Ok(asker.leave("/sign-in"))
}

/// `GET /welcome/{token}`: what a link is for. The first owner's, opened on the server's own machine, leads straight in;
/// all others wait for a button, so that a program which looks at links in messages uses nothing up.
async fn welcome(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    method: Method,
    asker: Asker,
) -> Result<Response, Failure> {
    if let Err(wait) = desk.limits.count(asker.peer, None) {
        return Ok(desk.wait("/", Refused::default(), wait).await);
    }
    let Some(link) = desk.store.link(&token).await? else {
        return Ok(desk.nowhere().await);
    };
    let looked_at = asker.header("sec-purpose").or(asker.header("purpose"));
    let opened = method == Method::GET && looked_at.is_none();
    let here = asker.header("host").is_some_and(guard::is_this_machine);
    match &link.leads {
        LinkFor::First(person) if opened && here => {
            desk.enter_first(&link, person.id, &asker).await
        }
        _ => Ok(desk.entrance(&link, String::new(), StatusCode::OK).await),
    }
}

#[derive(Deserialize)]
struct Accepted {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

/// `POST /welcome/{token}`: the link is used.
async fn accept(
    State(desk): State<Desk>,
    Path(token): Path<String>,
    asker: Asker,
    form: Result<Form<Accepted>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    if let Err(wait) = desk.limits.count(asker.peer, None) {
        return Ok(desk.wait("/", Refused::default(), wait).await);
    }
    let Some(link) = desk.store.link(&token).await? else {
        return Ok(desk.nowhere().await);
    };
    let email = match &link.leads {
        LinkFor::First(person) => return desk.enter_first(&link, person.id, &asker).await,
        LinkFor::Invite {
            slug,
            known: Some(person),
            ..
        } => {
            let to = format!("/w/{slug}/retention");
            return desk.join(&link, *person, &token, &to).await;
        }
        LinkFor::Invite { email, .. } => email.clone(),
        LinkFor::Reset(person) => person.email.clone().unwrap_or_default(),
    };
    let checked =
        check_password(&form.password, &email).and_then(|()| check_person_name(&form.name));
    let name = match granted(checked)? {
        Ok(name) => name,
        Err(why) => return Ok(desk.entrance(&link, why, REFUSED).await),
    };
    let password = Password::new(form.password);
    let (entered, to) = match &link.leads {
        LinkFor::Reset(person) => {
            let store = &desk.store;
            let reset = store.reset_password(&link, person.id, password, &asker.agent);
            let reset = reset.await;
            if reset.is_ok() {
                desk.send_beside(desk.writer(&email).password_changed());
            }
            (reset, "/".to_owned())
        }
        LinkFor::Invite { slug, .. } => {
            let joined = desk.store.join_new(&link, &name, password, &asker.agent);
            (joined.await, format!("/w/{slug}/retention"))
        }
        LinkFor::First(_) => (Err(StoreError::NotFound), String::new()),
    };
    match granted(entered) {
        Ok(Ok(session)) => Ok(asker.enter(&session, &to)),
        Ok(Err(why)) => Ok(desk.entrance(&link, why, REFUSED).await),
        // Somebody was quicker.
        Err(StoreError::NotFound) => Ok(desk.nowhere().await),
        Err(error) => Err(error.into()),
    }
}

impl Desk {
    /// Mails somebody a link for setting a password, if there is somebody with this address.
    async fn mail_reset(&self, email: &str) {
        match self.store.reset_link(email, MAILED_HOURS).await {
            Ok(token) => self.send_beside(self.writer(email).reset(token.text())),
            Err(StoreError::NotFound) => {}
            Err(error) => tracing::warn!(%error, "a link could not be made"),
        }
    }

    async fn enter_first(
        &self,
        link: &Link,
        person: PersonId,
        asker: &Asker,
    ) -> Result<Response, Failure> {
        match self.store.enter_first(link, person, &asker.agent).await {
            Ok(session) => Ok(asker.enter(&session, "/")),
            Err(StoreError::NotFound) => Ok(self.nowhere().await),
            Err(error) => Err(error.into()),
        }
    }

    /// An invitation for somebody who may sign in already: he has to have done so.
    async fn join(
        &self,
        link: &Link,
        person: PersonId,
        token: &str,
        to: &str,
    ) -> Result<Response, Failure> {
        if caller().map(|caller| caller.person.id) != Some(person) {
            return Ok(to_sign_in(&format!("/welcome/{token}")));
        }
        match self.store.join_as(link, person).await {
            Ok(()) => Ok(Redirect::to(to).into_response()),
            Err(StoreError::NotFound) => Ok(self.nowhere().await),
            Err(error) => Err(error.into()),
        }
    }

    /// The page of a link that is alive.
    async fn entrance(&self, link: &Link, refused: String, status: StatusCode) -> Response {
        let me = caller().map(|caller| caller.person.id);
        let entrance = match &link.leads {
            LinkFor::First(_) => Entrance::First,
            LinkFor::Invite {
                name,
                role,
                email,
                known,
                ..
            } => Entrance::Invite {
                workspace: name.clone(),
                role: *role,
                email: email.clone(),
                known: known.is_some(),
                signed_in: known.is_some() && me == *known,
                refused,
            },
            LinkFor::Reset(person) => Entrance::Reset {
                email: person.email.clone().unwrap_or_default(),
                refused,
            },
        };
        self.pages.show("/welcome/link", status, entrance).await
    }

    /// One answer for links that are unknown, used, expired or taken back.
    async fn nowhere(&self) -> Response {
        let status = StatusCode::NOT_FOUND;
        self.pages
            .show("/welcome/link", status, Entrance::Nowhere)
            .await
    }

    /// A page that says to wait.
    pub(crate) async fn wait(&self, page: &str, refused: Refused, wait: TooMany) -> Response {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let mut response = match page {
            "/" => (status, wait_words(wait.0)).into_response(),
            page => self.pages.refuse(page, status, refused).await,
        };
        if let Ok(seconds) = HeaderValue::try_from(wait.0.to_string()) {
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }
}
