//! Everything that is public in a workspace, and what has changed of a pinned answer since.

mod changes;

use crate::api::imports::Refused;
use crate::api::people::may;
use crate::api::reports::{LinkView, LinksView, NewAddress, changes, links};
use crate::components::frame::{Current, Frame};
use crate::components::problems::ErrorCard;
use crate::error::AppError;
use crate::pages::retention::NoWorkspace;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use store::{Role, Sharing};

/// The list of links.
#[component]
pub fn LinksPage() -> impl IntoView {
    view! { <Frame here="reports"><Links/></Frame> }
}

/// A pinned answer against today's.
#[component]
pub fn ChangesPage() -> impl IntoView {
    view! { <Frame here="reports"><Changes/></Frame> }
}

#[component]
fn Links() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let (made, refused) = (use_context::<NewAddress>(), use_context::<Refused>());
    view! {
        <Title text="Links"/>
        <h1 class="vh">"Links"</h1>
        {Suspend::new(async move {
            match links(&slug).await {
                Ok(found) => all(&slug, &found, made, refused),
                Err(AppError::NotFound) => view! { <NoWorkspace/> }.into_any(),
                Err(error) => view! { <ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}

fn all(
    slug: &str,
    found: &LinksView,
    made: Option<NewAddress>,
    refused: Option<Refused>,
) -> AnyView {
    let (open, ended): (Vec<_>, Vec<_>) = found.links.iter().partition(|one| one.answers);
    let count = match (found.sharing.allowed, open.len()) {
        (false, _) => "Sharing is forbidden: no link answers.".to_owned(),
        (true, 0) => "Nothing is public here.".to_owned(),
        (true, 1) => "1 link is public.".to_owned(),
        (true, many) => format!("{many} links are public."),
    };
    view! {
        <p class="trail"><a href=format!("/w/{slug}/reports")>"Saved reports"</a></p>
        {made.map(told)}
        {refused.map(|refused| view! { <p class="notice refusal" role="alert">{refused.sentence}</p> })}
        <div class="answer">
            <p class="finding">{count}</p>
            <p class="quiet">
                "Whoever has a link’s address sees its answer without signing in. Views count everybody, programs that look for a preview too."
            </p>
        </div>
        {table(slug, "Public links", &open, true)}
        {table(slug, "Links that have ended", &ended, false)}
        {may(Role::Owner).then(|| settings(slug, &found.sharing))}
    }
    .into_any()
}

/// The address of a new link: this once, as only a hash of it is kept.
fn told(made: NewAddress) -> AnyView {
    let password = made
        .password
        .then(|| view! { <p class="quiet">"Send the password another way than the address."</p> });
    view! {
        <section class="card made" role="status">
            <header><h2>{format!("The address of “{}”", made.name)}</h2></header>
            <div class="bring">
                <label class="labelled wide">
                    <span>"Copy it now: it is shown this once and kept nowhere."</span>
                    <input type="text" class="field" value=made.address.clone() readonly autofocus/>
                </label>
                {password}
                <p><a href=made.address.clone() target="_blank" rel="noreferrer">"Look at it as its readers do"</a></p>
            </div>
        </section>
    }
    .into_any()
}

fn table(slug: &str, title: &'static str, links: &[&LinkView], open: bool) -> AnyView {
    if links.is_empty() {
        return ().into_any();
    }
    let rows = links.iter().map(|one| row(slug, one, open)).collect_view();
    view! {
        <section class="card">
            <header><h2>{title}</h2></header>
            <div class="scroll" tabindex="0" role="region" aria-label=title>
                <table class="rows links">
                    <thead>
                        <tr>
                            <th scope="col">"Link"</th>
                            <th scope="col">"Shows"</th>
                            <th scope="col">"Ends"</th>
                            <th scope="col">"Views"</th>
                            <th scope="col">"Made"</th>
                            <th scope="col">"Change"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn row(slug: &str, one: &LinkView, open: bool) -> AnyView {
    let link = &one.link;
    let question = format!("/w/{slug}/{}{}", link.kind, link.question);
    let mut shows = format!("{}, {}", link.kind.title(), one.state);
    if !link.withhold {
        shows.push_str(", small numbers too");
    }
    if link.password {
        shows.push_str(", asks for a password");
    }
    let changes = link.pinned_at.is_some().then(|| {
        let label = format!("What changed since: {}", link.name);
        view! {
            <a href=format!("/w/{slug}/links/{}/changes", link.id) aria-label=label>"What changed since"</a>
        }
    });
    view! {
        <tr>
            <th scope="row"><a href=question>{link.name.clone()}</a>{one.old.clone().map(|old| view! { <small>{old}</small> })}</th>
            <td>{shows}<br/>{changes}</td>
            <td class="moment">{one.ends.clone()}</td>
            <td class="moment">{one.views.clone()}</td>
            <td class="moment">{one.made.clone()}</td>
            <td>{(open && may(Role::Editor)).then(|| turns(slug, one))}</td>
        </tr>
    }
    .into_any()
}

/// What can be done to a link that answers.
fn turns(slug: &str, one: &LinkView) -> AnyView {
    let link = &one.link;
    let here = format!("/w/{slug}/links/{}", link.id);
    let name = &link.name;
    let old = one.old.is_some().then(|| {
        view! {
            <form method="post" action=format!("{here}/end-old")>
                <button type="submit" class="btn" aria-label=format!("End the old address of {name}")>"End the old address"</button>
            </form>
        }
    });
    view! {
        <div class="acts">
            <form method="post" action=format!("{here}/revoke")>
                <button type="submit" class="btn" aria-label=format!("Revoke {name}")>"Revoke"</button>
            </form>
            {old}
        </div>
        <details class="keep-as">
            <summary aria-label=format!("More for {name}")>"More"</summary>
            <form class="stack" method="post" action=format!("{here}/rotate")>
                <label class="labelled">
                    <span>"Old address works on for"</span>
                    <select name="days" class="field">
                        <option value="0">"no time"</option>
                        <option value="7" selected>"7 days"</option>
                        <option value="30">"30 days"</option>
                    </select>
                </label>
                <button type="submit" class="btn">"New address"</button>
            </form>
            <form class="stack" method="post" action=format!("{here}/password")>
                <label class="labelled">
                    <span>"New password; empty: none"</span>
                    <input type="password" name="password" class="field" maxlength="200" autocomplete="new-password"/>
                </label>
                <button type="submit" class="btn">"Set the password"</button>
            </form>
        </details>
    }
    .into_any()
}

/// The workspace's switch, and the sites that may frame its links.
fn settings(slug: &str, sharing: &Sharing) -> AnyView {
    let origins = sharing.origins.join("\n");
    let (allow, text, told) = match sharing.allowed {
        true => (
            "0",
            "Forbid sharing",
            "Sharing is allowed. When it is forbidden, every link answers as if it had never been made, until it is allowed again.",
        ),
        false => (
            "1",
            "Allow sharing",
            "Sharing is forbidden: every link answers as if it had never been made. Allowed again, those that have not ended answer again.",
        ),
    };
    view! {
        <section class="card">
            <header><h2>"Sharing from this workspace"</h2></header>
            <div class="bring">
                <p class="quiet">{told}</p>
                <form method="post" action=format!("/w/{slug}/sharing/allow")>
                    <input type="hidden" name="allow" value=allow/>
                    <button type="submit" class="btn">{text}</button>
                </form>
                <form class="stack" method="post" action=format!("/w/{slug}/sharing/origins")>
                    <label class="labelled">
                        <span>"Sites that may show links in a frame, one a line, like https://wiki.example.com; links with a password never are"</span>
                        <textarea name="origins" class="field" rows="3" maxlength="4000">{origins}</textarea>
                    </label>
                    <div class="acts"><button type="submit" class="btn">"Save the sites"</button></div>
                </form>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Changes() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let number = use_params_map().read_untracked().get("link");
    let number = number.and_then(|text| text.parse::<i32>().ok());
    view! {
        <Title text="What changed since"/>
        {Suspend::new(async move {
            match changes(&slug, number.unwrap_or_default()).await {
                Ok(found) => changes::page(&slug, &found),
                Err(AppError::NotFound) => view! {
                    <h1 class="vh">"What changed since"</h1>
                    <section class="card trouble" role="alert">
                        <h2>"There is no pinned link at this address."</h2>
                        <p><a href=format!("/w/{slug}/links")>"Everything that is public"</a></p>
                    </section>
                }.into_any(),
                Err(error) => view! { <h1 class="vh">"What changed since"</h1> <ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}
