//! Who is in a workspace, and its keys: the owners' forms, which work without a program.

use crate::asker::{Asker, Desk, REFUSED, granted, me};
use crate::failure::Failure;
use app::api::imports::Refused;
use app::api::people::{Invited as Made, Shown};
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{DefaultBodyLimit, Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde::Deserialize;
use store::{KeyKind, NewKey, PersonId, Role, StoreError, Token, WorkspaceId, check_email};

/// Most bytes of a form.
const FORM: usize = 16 * 1024;

/// The routes of this module.
pub(crate) fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/w/{workspace}/people/invite", post(invite))
        .route("/w/{workspace}/people/{person}/role", post(role))
        .route("/w/{workspace}/people/{person}/remove", post(remove))
        .route(
            "/w/{workspace}/people/invitations/{invitation}/withdraw",
            post(withdraw),
        )
        .route("/w/{workspace}/keys/make", post(make_key))
        .route("/w/{workspace}/keys/{key}/revoke", post(revoke_key))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(desk)
}

#[derive(Deserialize)]
struct Invited {
    email: String,
    role: String,
}

/// `POST …/people/invite`: a link that leads in, shown once.
async fn invite(
    State(desk): State<Desk>,
    Path(slug): Path<String>,
    asker: Asker,
    form: Result<Form<Invited>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let (workspace, by) = here()?;
    let role = Role::parse(&form.role).ok_or(StoreError::NotFound)?;
    let invited = match check_email(&form.email) {
        Ok(email) => desk.store.invite(workspace, &email, role, by).await,
        Err(error) => Err(error),
    };
    match granted(invited)? {
        Ok(token) => {
            let made = Made {
                link: asker.address(&format!("/welcome/{}", token.text())),
                mailed: desk
                    .mail_invitation(&slug, &form.email, role, &token)
                    .await?,
            };
            let page = format!("/w/{slug}/people");
            Ok(desk.pages.show(&page, StatusCode::OK, made).await)
        }
        Err(why) => Ok(desk.people_again(&slug, why, form.email).await),
    }
}

#[derive(Deserialize)]
struct Given {
    role: String,
}

/// `POST …/people/{person}/role`.
async fn role(
    State(desk): State<Desk>,
    Path((slug, person)): Path<(String, String)>,
    form: Result<Form<Given>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let (workspace, by) = here()?;
    let role = Role::parse(&form.role).ok_or(StoreError::NotFound)?;
    let person = PersonId(number(&person)?);
    let changed = desk.store.change_role(workspace, person, role, by).await;
    desk.people(&slug, changed).await
}

/// `POST …/people/{person}/remove`.
async fn remove(
    State(desk): State<Desk>,
    Path((slug, person)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (workspace, by) = here()?;
    let person = PersonId(number(&person)?);
    let removed = desk.store.remove_person(workspace, person, by).await;
    if person == by && removed.is_ok() {
        return Ok(Redirect::to("/").into_response());
    }
    desk.people(&slug, removed).await
}

/// `POST …/people/invitations/{invitation}/withdraw`.
async fn withdraw(
    State(desk): State<Desk>,
    Path((slug, invitation)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (workspace, by) = here()?;
    let withdrawn = desk
        .store
        .withdraw_invitation(workspace, number(&invitation)?, by)
        .await;
    desk.people(&slug, withdrawn).await
}

#[derive(Deserialize)]
struct KeyToMake {
    label: String,
    kind: String,
}

/// `POST …/keys/make`: a key, shown once.
async fn make_key(
    State(desk): State<Desk>,
    Path(slug): Path<String>,
    form: Result<Form<KeyToMake>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = match form {
        Ok(form) => form,
        Err(rejection) => return Ok(rejection.into_response()),
    };
    let (workspace, by) = here()?;
    let new = NewKey {
        kind: KeyKind::parse(&form.kind).ok_or(StoreError::NotFound)?,
        label: form.label,
        by: Some(by),
    };
    let page = format!("/w/{slug}/keys");
    match granted(desk.store.make_key(workspace, &new).await)? {
        Ok(key) => Ok(desk.shown(&page, key.text().to_owned()).await),
        Err(sentence) => {
            let refused = Refused {
                sentence,
                name: new.label,
                ..Refused::default()
            };
            Ok(desk.pages.refuse(&page, REFUSED, refused).await)
        }
    }
}

/// `POST …/keys/{key}/revoke`.
async fn revoke_key(
    State(desk): State<Desk>,
    Path((slug, key)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let (workspace, by) = here()?;
    desk.store
        .revoke_key(workspace, number(&key)?, Some(by))
        .await?;
    Ok(Redirect::to(&format!("/w/{slug}/keys")).into_response())
}

/// The workspace of the address and the person who asks, as the check before found them.
fn here() -> Result<(WorkspaceId, PersonId), StoreError> {
    let caller = me()?;
    let (workspace, _) = caller.role.ok_or(StoreError::NotFound)?;
    Ok((workspace, caller.person.id))
}

fn number(text: &str) -> Result<i32, StoreError> {
    text.parse().map_err(|_| StoreError::NotFound)
}

impl Desk {
    /// Mails an invitation, and says whether it went; nothing where no mail is sent.
    async fn mail_invitation(
        &self,
        slug: &str,
        email: &str,
        role: Role,
        token: &Token,
    ) -> Result<String, Failure> {
        let Some(mailer) = &self.mailer else {
            return Ok(String::new());
        };
        let workspace = self.store.workspace(slug).await?;
        let (email, by) = (email.trim(), me()?.person.called());
        let writer = self.writer(email);
        let letter = writer.invitation(token.text(), &by, &workspace.name, role);
        Ok(match mailer.send(&letter).await {
            Ok(()) => format!("It was sent to {email}."),
            Err(error) => {
                tracing::warn!(%error, "an invitation could not be sent");
                format!("The mail could not be sent: {error}. Hand the link on yourself.")
            }
        })
    }

    /// The list of people after a change, or why it was refused.
    async fn people(
        &self,
        slug: &str,
        changed: Result<(), StoreError>,
    ) -> Result<Response, Failure> {
        match granted(changed)? {
            Ok(()) => Ok(Redirect::to(&format!("/w/{slug}/people")).into_response()),
            Err(why) => Ok(self.people_again(slug, why, String::new()).await),
        }
    }

    async fn people_again(&self, slug: &str, sentence: String, email: String) -> Response {
        let refused = Refused {
            sentence,
            name: email,
            ..Refused::default()
        };
        let page = format!("/w/{slug}/people");
        self.pages.refuse(&page, REFUSED, refused).await
    }

    /// A page with a secret on it that is told this once.
    async fn shown(&self, page: &str, secret: String) -> Response {
        self.pages.show(page, StatusCode::OK, Shown(secret)).await
    }
}
