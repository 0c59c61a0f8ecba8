//! One's own account: name, address, password, and where one is signed in.

use super::entrance::{new_password, refusal};
use crate::api::imports::Refused;
use crate::api::people::{AccountView, SessionLine, WaysIn, account};
use crate::components::cards::{Head, table};
use crate::components::problems::ErrorCard;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use store::Person;

/// The page.
#[component]
pub fn AccountPage() -> impl IntoView {
    let refused = use_context::<Refused>().map(|refused| refusal(refused.sentence));
    let done = use_query_map().read_untracked().get("done");
    let done = done.and_then(|done| match done.as_str() {
        "profile" => Some("Your name and address are kept."),
        "password" => Some("Your password is set. You are signed out everywhere else."),
        _ => None,
    });
    let elsewhere = use_context::<WaysIn>().and_then(|ways| ways.elsewhere);
    view! {
        <Title text="Your account"/>
        {Suspend::new(async move {
            match account().await {
                Ok(found) => page(found, elsewhere, refused, done),
                Err(error) => view! { <main class="lone"><ErrorCard error/></main> }.into_any(),
            }
        })}
    }
    .into_any()
}

fn page(
    found: AccountView,
    elsewhere: Option<String>,
    refused: Option<AnyView>,
    done: Option<&'static str>,
) -> AnyView {
    let AccountView {
        person,
        sessions,
        workspaces,
    } = found;
    let none = workspaces.is_empty();
    view! {
        <main class="lone account">
            <p class="trail"><a href="/">"Workspaces"</a></p>
            <h1>{person.called()}</h1>
            {refused}
            {done.map(|done| view! { <p class="notice done" role="status">{done}</p> })}
            {profile(&person)}
            {person.has_password.then(password)}
            {elsewhere.map(|name| from_elsewhere(&name))}
            {signed_in(sessions)}
            {(!none).then(|| view! {
                <section class="card">
                    <header><h2>"Your workspaces"</h2></header>
                    <ul class="people">
                        {workspaces.into_iter().map(|(name, slug, role)| view! {
                            <li><a href=format!("/w/{slug}/retention")>{name}</a><span>{role.to_string()}</span></li>
                        }).collect_view()}
                    </ul>
                </section>
            })}
            <form method="post" action="/sign-out"><button type="submit" class="btn">"Sign out"</button></form>
        </main>
    }
    .into_any()
}

fn profile(person: &Person) -> AnyView {
    let email = person.email.clone().unwrap_or_default();
    let (title, last) = if person.has_password {
        let field = view! {
            <label class="labelled">
                <span>"Your password, to be sure that it is you"</span>
                <input type="password" name="password" class="field" required maxlength="200" autocomplete="current-password"/>
            </label>
        };
        ("Name and address", field.into_any())
    } else {
        (
            "Set an e-mail address and a password",
            new_password("password", "A password"),
        )
    };
    view! {
        <section class="card">
            <header><h2>{title}</h2></header>
            {email.is_empty().then(|| view! {
                <p class="aside first">"Until then this browser is the only way in. When its session ends, a link that the server prints at its next start is."</p>
            })}
            <form class="bring" method="post" action="/account/profile">
                <label class="labelled">
                    <span>"Name, as others see it"</span>
                    <input type="text" name="name" class="field" value=person.name.clone() maxlength="100" autocomplete="name"/>
                </label>
                <label class="labelled">
                    <span>"E-mail address"</span>
                    <input type="email" name="email" class="field" value=email required maxlength="254" autocomplete="username" autocapitalize="none" spellcheck="false"/>
                </label>
                {last}
                <div class="acts"><button type="submit" class="btn">"Keep"</button></div>
            </form>
        </section>
    }
    .into_any()
}

fn password() -> AnyView {
    view! {
        <section class="card">
            <header><h2>"Another password"</h2></header>
            <form class="bring" method="post" action="/account/password">
                <label class="labelled">
                    <span>"The password you have"</span>
                    <input type="password" name="old" class="field" required maxlength="200" autocomplete="current-password"/>
                </label>
                {new_password("new", "The new one")}
                <div class="acts"><button type="submit" class="btn">"Change the password"</button></div>
            </form>
        </section>
    }
    .into_any()
}

/// Ties the account of the provider to this one: whoever has a password is known from there only after that.
fn from_elsewhere(name: &str) -> AnyView {
    view! {
        <section class="card">
            <header><h2>{format!("Sign in with {name}")}</h2></header>
            <p class="aside first">"Choose it here once, with the same e-mail address there: after that it leads in, until you set another password."</p>
            <p class="aside"><a class="btn" href="/sign-in/oidc?next=%2Faccount">{format!("Sign in with {name} from now on")}</a></p>
        </section>
    }
    .into_any()
}

fn signed_in(sessions: Vec<SessionLine>) -> AnyView {
    let rows = sessions.into_iter().map(|one| {
        let end = match one.here {
            true => view! { "this browser" }.into_any(),
            false => {
                let label = format!("End the session of {}, since {}", one.agent, one.since);
                view! {
                    <form method="post" action=format!("/account/sessions/{}/end", one.id)>
                        <button type="submit" class="btn" aria-label=label>"End"</button>
                    </form>
                }
                .into_any()
            }
        };
        view! {
            <tr>
                <th scope="row">{one.agent}</th>
                <td class="moment">{one.since}</td>
                <td class="moment">{one.seen}</td>
                <td>{end}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    view! {
        <section class="card">
            <header>
                <h2>"Where you are signed in"</h2>
                <form method="post" action="/account/sign-out-everywhere">
                    <button type="submit" class="btn">"Sign out everywhere"</button>
                </form>
            </header>
            {table(
                "Where you are signed in",
                &[
                    Head::Text("Browser"), Head::Text("Since (UTC)"), Head::Text("Last used"),
                    Head::Hidden("End it"),
                ],
                rows.into_any(),
            )}
        </section>
    }
    .into_any()
}
