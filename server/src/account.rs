//! One's own account: name, address, password, sessions. Forms that work without a program.

use crate::asker::{Asker, Desk, REFUSED, granted, me, wait_words};
use crate::failure::Failure;
use app::api::imports::Refused;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;
use store::{Caller, Password, StoreError, check_email, check_password, check_person_name};

/// Most bytes of a form.
const FORM: usize = 16 * 1024;

const PAGE: &str = "/account";

/// The routes of this module.
pub(crate) fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/account/profile", post(profile))
        .route("/account/password", post(password))
        .route("/account/sessions/{session}/end", post(end))
        .route("/account/sign-out-everywhere", post(sign_out_everywhere))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(desk)
}

#[derive(Deserialize)]
struct Profile {
    #[serde(default)]
    name: String,
    email: String,
    /// The password, or the first one of somebody who has none.
    password: String,
}

/// `POST /account/profile`: name and address. Whoever has no password yet sets it with them.
async fn profile(
    State(desk): State<Desk>,
    asker: Asker,
    form: Result<Form<Profile>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let caller = me()?;
    if let Some(wait) = desk.tried(&caller, &asker).await {
        return Ok(wait);
    }
    let checked = check_email(&form.email).and_then(|email| {
        let name = check_person_name(&form.name)?;
        if !caller.person.has_password {
            check_password(&form.password, &email)?;
        }
        Ok((email, name))
    });
    let (email, name) = match granted(checked)? {
        Ok(checked) => checked,
        Err(why) => return Ok(desk.again(why).await),
    };
    let (id, password) = (caller.person.id, Password::new(form.password));
    if caller.person.has_password && !desk.store.knows_password(id, password.clone()).await? {
        return Ok(desk.again(WRONG.to_owned()).await);
    }
    if let Err(why) = granted(desk.store.set_person(id, &name, &email).await)? {
        return Ok(desk.again(why).await);
    }
    if let Some(old) = caller.person.email.as_deref().filter(|old| *old != email) {
        desk.send_beside(desk.writer(old).address_changed());
    }
    if caller.person.has_password {
        return Ok(Redirect::to("/account?done=profile").into_response());
    }
    let session = desk.store.set_password(id, password, &asker.agent).await?;
    Ok(asker.enter(&session, "/account?done=password"))
}

#[derive(Deserialize)]
struct NewPassword {
    old: String,
    new: String,
}

const WRONG: &str = "This is not your password.";

/// `POST /account/password`: another one, for whoever knows the old one. All other sessions end.
async fn password(
    State(desk): State<Desk>,
    asker: Asker,
    form: Result<Form<NewPassword>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let caller = me()?;
    if let Some(wait) = desk.tried(&caller, &asker).await {
        return Ok(wait);
    }
    let person = &caller.person;
    let email = person.email.as_deref().unwrap_or_default();
    if let Err(why) = granted(check_password(&form.new, email))? {
        return Ok(desk.again(why).await);
    }
    if !desk
        .store
        .knows_password(person.id, Password::new(form.old))
        .await?
    {
        return Ok(desk.again(WRONG.to_owned()).await);
    }
    let new = Password::new(form.new);
    let session = desk
        .store
        .set_password(person.id, new, &asker.agent)
        .await?;
    if !email.is_empty() {
        desk.send_beside(desk.writer(email).password_changed());
    }
    Ok(asker.enter(&session, "/account?done=password"))
}

/// `POST /account/sessions/{session}/end`: one of one's own.
async fn end(State(desk): State<Desk>, Path(session): Path<String>) -> Result<Response, Failure> {
    let caller = me()?;
    let session = session.parse().map_err(|_| StoreError::NotFound)?;
    desk.store
        .end_sessions(caller.person.id, Some(session))
        .await?;
    Ok(Redirect::to(PAGE).into_response())
}

/// `POST /account/sign-out-everywhere`: all of them, this one too.
async fn sign_out_everywhere(State(desk): State<Desk>, asker: Asker) -> Result<Response, Failure> {
    desk.store.end_sessions(me()?.person.id, None).await?;
    Ok(asker.leave("/sign-in"))
}

impl Desk {
    /// Counts a try at one's own password; the answer when there were too many.
    async fn tried(&self, caller: &Caller, asker: &Asker) -> Option<Response> {
        // Apart from sign-ins, so that nobody else can keep the owner of an account from changing it.
        let account = format!("own {}", caller.person.id.0);
        let wait = self.limits.count(asker.peer, Some(&account)).err()?;
        let refused = Refused {
            sentence: wait_words(wait.0),
            ..Refused::default()
        };
        Some(self.wait(PAGE, refused, wait).await)
    }

    /// The account's page, saying why not.
    async fn again(&self, sentence: String) -> Response {
        let refused = Refused {
            sentence,
            ..Refused::default()
        };
        self.pages.refuse(PAGE, REFUSED, refused).await
    }
}
