//! The ways in: signing in, and links that lead in once. No program, no chrome.

use crate::api::imports::Refused;
use crate::api::people::{AskedByMail, Entrance, WaysIn};
use analysis::query::append_params;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use store::PASSWORD_LEAST;

/// E-mail address and password.
#[component]
pub fn SignInPage() -> impl IntoView {
    let refused = use_context::<Refused>();
    let next = use_query_map()
        .read_untracked()
        .get("next")
        .unwrap_or_default();
    let email = refused
        .as_ref()
        .map(|refused| refused.name.clone())
        .unwrap_or_default();
    let why = refused.map(|refused| refusal(refused.sentence));
    let WaysIn { by_mail, elsewhere } = ways_in();
    let elsewhere = elsewhere.map(|name| {
        let mut query = String::new();
        append_params(&mut query, vec![("next", next.clone())]);
        let text = format!("Sign in with {name}");
        view! { <p><a class="btn" href=format!("/sign-in/oidc{query}")>{text}</a></p> }
    });
    view! {
        <Title text="Sign in"/>
        <main class="lone entrance">
            <h1>"Sign in"</h1>
            <form class="card bring" method="post" action="/sign-in">
                {why}
                <input type="hidden" name="next" value=next/>
                {address(email)}
                <label class="labelled">
                    <span>"Password"</span>
                    <input type="password" name="password" class="field" required maxlength="200" autocomplete="current-password"/>
                </label>
                <div class="acts"><button type="submit" class="btn main">"Sign in"</button></div>
            </form>
            {elsewhere}
            {match by_mail {
                true => view! { <p class="quiet"><a href="/sign-in/forgotten">"Forgot your password?"</a></p> }.into_any(),
                false => by_hand(),
            }}
        </main>
    }
    .into_any()
}

/// A link by mail for whoever forgot a password. What it answers is the same for every address.
#[component]
pub fn ForgottenPage() -> impl IntoView {
    let refused = use_context::<Refused>();
    let inside = match (ways_in().by_mail, use_context::<AskedByMail>()) {
        (false, _) => by_hand(),
        (true, Some(AskedByMail)) => view! {
            <p role="status">"If somebody with this address can sign in here, a link is on its way. It leads in for one hour."</p>
        }
        .into_any(),
        (true, None) => {
            let email = refused.as_ref().map(|refused| refused.name.clone());
            view! {
                <form class="card bring" method="post" action="/sign-in/forgotten">
                    {refused.map(|refused| refusal(refused.sentence))}
                    {address(email.unwrap_or_default())}
                    <div class="acts"><button type="submit" class="btn main">"Send a link"</button></div>
                </form>
            }
            .into_any()
        }
    };
    view! {
        <Title text="Forgot your password?"/>
        <main class="lone entrance">
            <p class="trail"><a href="/sign-in">"Sign in"</a></p>
            <h1>"Forgot your password?"</h1>
            {inside}
        </main>
    }
    .into_any()
}

fn ways_in() -> WaysIn {
    use_context().unwrap_or_default()
}

/// What to do where no mail is sent.
fn by_hand() -> AnyView {
    view! {
        <p class="quiet">
            "Whoever forgot a password asks the operator of this server for a link: "<code>"holdfast user link --email …"</code>
        </p>
    }
    .into_any()
}

/// The field for one's address.
fn address(email: String) -> AnyView {
    view! {
        <label class="labelled">
            <span>"E-mail address"</span>
            <input type="email" name="email" class="field" value=email required maxlength="254" autocomplete="username" autocapitalize="none" spellcheck="false"/>
        </label>
    }
    .into_any()
}

/// What a link that leads in once is for.
#[component]
pub fn WelcomePage() -> impl IntoView {
    match use_context::<Entrance>().unwrap_or(Entrance::Nowhere) {
        Entrance::Nowhere => nowhere(),
        Entrance::First => lone(
            "Welcome to Holdfast".to_owned(),
            view! {
                <p>"This link leads in once, as the owner of this server. You can give your e-mail address and a password inside."</p>
                <form method="post"><button type="submit" class="btn main">"Enter"</button></form>
            }
            .into_any(),
        ),
        Entrance::Invite {
            workspace,
            role,
            email,
            known,
            signed_in,
            refused,
        } => lone(
            format!("You are invited to {workspace}"),
            invitation(&email, &role.to_string(), (known, signed_in), refused),
        ),
        Entrance::Reset { email, refused } => lone(
            "A new password".to_owned(),
            view! {
                <p>"For "{email.clone()}". You are signed out everywhere else when you set it."</p>
                <form class="card bring" method="post">
                    {(!refused.is_empty()).then(|| refusal(refused))}
                    {account_of(&email)}
                    {new_password("password", "New password")}
                    <div class="acts"><button type="submit" class="btn main">"Set it and sign in"</button></div>
                </form>
            }
            .into_any(),
        ),
    }
}

fn invitation(
    email: &str,
    role: &str,
    (known, signed_in): (bool, bool),
    refused: String,
) -> AnyView {
    let whom = view! { <p>"As "{a(role)}", with the address "<b class="address">{email.to_owned()}</b>"."</p> };
    if known {
        let button = if signed_in { "Join" } else { "Sign in to join" };
        return view! {
            {whom}
            <form method="post"><button type="submit" class="btn main">{button}</button></form>
        }
        .into_any();
    }
    view! {
        {whom}
        <form class="card bring" method="post">
            {(!refused.is_empty()).then(|| refusal(refused))}
            <label class="labelled">
                <span>"Your name, as others here see it"</span>
                <input type="text" name="name" class="field" maxlength="100" autocomplete="name"/>
            </label>
            {account_of(email)}
            {new_password("password", "A password")}
            <div class="acts"><button type="submit" class="btn main">"Join"</button></div>
        </form>
    }
    .into_any()
}

fn nowhere() -> AnyView {
    lone(
        "This link leads nowhere any more.".to_owned(),
        view! {
            <p>"Each link leads in once, and not for ever. Ask for another: an owner of the workspace can invite you again, and the operator of this server makes new links with "<code>"holdfast user link --email …"</code>"."</p>
            <p><a href="/">"Go to the workspaces"</a></p>
        }
        .into_any(),
    )
}

fn lone(title: String, inside: AnyView) -> AnyView {
    view! {
        <Title text=title.clone()/>
        <main class="lone entrance">
            <h1>{title}</h1>
            {inside}
        </main>
    }
    .into_any()
}

/// "an owner", "a viewer".
pub(super) fn a(role: &str) -> String {
    let article = if role.starts_with(['e', 'o']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {role}")
}

pub(super) fn refusal(sentence: String) -> AnyView {
    view! { <p class="notice refusal" role="alert">{sentence}</p> }.into_any()
}

/// Tells a manager of passwords whose password this is.
fn account_of(email: &str) -> AnyView {
    view! { <input type="email" name="username" class="hidden" value=email.to_owned() autocomplete="username" readonly tabindex="-1" aria-hidden="true"/> }
        .into_any()
}

/// A field for a password to be set.
pub(super) fn new_password(name: &'static str, label: &'static str) -> AnyView {
    let hint = format!(
        "At least {PASSWORD_LEAST} characters. Four words that have nothing to do with each other are a good one."
    );
    let id = format!("{name}-hint");
    view! {
        <label class="labelled">
            <span>{label}</span>
            <input type="password" name=name class="field" required minlength=PASSWORD_LEAST maxlength="200" autocomplete="new-password" aria-describedby=id.clone()/>
        </label>
        <p class="quiet" id=id>{hint}</p>
    }
    .into_any()
}
