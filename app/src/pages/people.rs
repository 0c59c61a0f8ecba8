//! Who is in a workspace, with its keys and its log: the owners' pages.

mod audit;
mod keys;

pub use audit::AuditPage;
pub use keys::KeysPage;

use super::entrance::{a, refusal};
use crate::api::imports::Refused;
use crate::api::people::{Invited, PeopleView, PersonRow, WaysIn, people};
use crate::components::cards::{Head, table};
use crate::components::frame::{Current, Frame};
use crate::components::problems::ErrorCard;
use leptos::prelude::*;
use leptos_meta::Title;
use store::Role;

/// Who is in it, and a way to invite.
#[component]
pub fn PeoplePage() -> impl IntoView {
    view! { <Frame here="people"><People/></Frame> }
}

#[component]
fn People() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let refused = use_context::<Refused>();
    let made = use_context::<Invited>();
    let by_mail = use_context::<WaysIn>().unwrap_or_default().by_mail;
    view! {
        <Title text="People"/>
        <h1 class="vh">"People"</h1>
        {Suspend::new(async move {
            match people(&slug).await {
                Ok(found) => page(&slug, found, refused, (made, by_mail)),
                Err(error) => view! { <ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}

/// The three pages of owners.
fn parts(slug: &str, here: &str) -> AnyView {
    let part = |page: &'static str, text: &'static str| {
        view! { <a href=format!("/w/{slug}/{page}") aria-current=(page == here).then_some("page")>{text}</a> }
    };
    view! {
        <nav class="seg" aria-label="Of this workspace">
            {part("people", "People")}
            {part("keys", "Keys")}
            {part("audit", "Log")}
        </nav>
    }
    .into_any()
}

fn page(
    slug: &str,
    found: PeopleView,
    refused: Option<Refused>,
    (made, by_mail): (Option<Invited>, bool),
) -> AnyView {
    let PeopleView {
        people,
        invitations,
    } = found;
    let finding = match people.len() {
        1 => "You alone can see this workspace.".to_owned(),
        many => format!("{many} people can see this workspace."),
    };
    let email = refused
        .as_ref()
        .map(|refused| refused.name.clone())
        .unwrap_or_default();
    let rows = people.into_iter().map(|one| row(slug, one)).collect_view();
    let waiting = (!invitations.is_empty()).then(|| invited(slug, invitations));
    view! {
        <div class="acts">{parts(slug, "people")}</div>
        <div class="answer">
            <p class="finding">{finding}</p>
            <p class="quiet">"Viewers read all there is. Editors bring in data, and save and change segments and definitions. Owners decide on people and keys."</p>
        </div>
        {made.map(|made| view! {
            {(!made.mailed.is_empty()).then(|| view! { <p class="notice" role="status">{made.mailed}</p> })}
            {secret(
                "The link for the person you invited",
                "It leads in once, within seven days, and is shown only now. Send it to nobody else.",
                made.link,
            )}
        })}
        <div class="sides">
            <section class="card">
                <header><h2>"Invite somebody"</h2></header>
                <form class="bring" method="post" action=format!("/w/{slug}/people/invite")>
                    {refused.map(|refused| refusal(refused.sentence))}
                    <label class="labelled">
                        <span>"E-mail address"</span>
                        <input type="email" name="email" class="field" value=email required maxlength="254" autocomplete="off" autocapitalize="none" spellcheck="false"/>
                    </label>
                    <label class="labelled">
                        <span>"Role"</span>
                        {roles(Role::Viewer)}
                    </label>
                    <div class="acts"><button type="submit" class="btn main">{if by_mail { "Send a link" } else { "Make a link" }}</button></div>
                </form>
            </section>
            <section class="card">
                <header><h2>"In this workspace"</h2></header>
                {table(
                    "In this workspace",
                    &[
                        Head::Text("Person"), Head::Text("Last here"), Head::Text("Role"),
                        Head::Hidden("Remove"),
                    ],
                    rows.into_any(),
                )}
            </section>
        </div>
        {waiting}
    }
    .into_any()
}

fn row(slug: &str, one: PersonRow) -> AnyView {
    let whose = one.name.clone();
    let email = (one.email != one.name && !one.email.is_empty())
        .then(|| view! { <small>{one.email.clone()}</small> });
    let at = format!("/w/{slug}/people/{}", one.id);
    let (leave, label) = match one.me {
        true => ("Leave", "Leave this workspace".to_owned()),
        false => ("Remove", format!("Remove {whose}")),
    };
    view! {
        <tr>
            <th scope="row">{one.name}{one.me.then_some(" (you)")}{email}</th>
            <td class="moment">{one.seen}</td>
            <td>
                <form class="inline" method="post" action=format!("{at}/role")>
                    <label><span class="vh">{format!("Role of {whose}")}</span>{roles(one.role)}</label>
                    <button type="submit" class="btn" aria-label=format!("Change the role of {whose}")>"Change"</button>
                </form>
            </td>
            <td>
                <form method="post" action=format!("{at}/remove")>
                    <button type="submit" class="btn" aria-label=label>{leave}</button>
                </form>
            </td>
        </tr>
    }
    .into_any()
}

fn roles(chosen: Role) -> AnyView {
    view! {
        <select name="role" class="field">
            {Role::ALL.map(|role| view! { <option value=role.as_str() selected=role == chosen>{role.as_str()}</option> })}
        </select>
    }
    .into_any()
}

fn invited(slug: &str, invitations: Vec<(i32, String, Role, String)>) -> AnyView {
    let rows = invitations.into_iter().map(|(id, email, role, until)| {
        let label = format!("Take the invitation of {email} back");
        view! {
            <tr>
                <th scope="row">{email}</th>
                <td>{format!("as {}", a(role.as_str()))}</td>
                <td class="moment">{until}</td>
                <td>
                    <form method="post" action=format!("/w/{slug}/people/invitations/{id}/withdraw")>
                        <button type="submit" class="btn" aria-label=label>"Take back"</button>
                    </form>
                </td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <header><h2>"Invited, not here yet"</h2></header>
            {table(
                "Invited, not here yet",
                &[
                    Head::Text("Address"), Head::Text("Role"), Head::Text("Link leads in until"),
                    Head::Hidden("Take back"),
                ],
                rows.into_any(),
            )}
        </section>
    }
    .into_any()
}

/// A secret that is shown once, to be copied.
pub(super) fn secret(title: &'static str, about: &'static str, secret: String) -> AnyView {
    view! {
        <section class="card secret" role="status">
            <header><h2>{title}</h2></header>
            <div class="bring">
                <input type="text" class="field" value=secret readonly aria-label=title autocomplete="off" spellcheck="false"/>
                <p class="quiet">{about}</p>
            </div>
        </section>
    }
    .into_any()
}
