//! Keys of programs.

use super::{parts, secret};
use crate::api::imports::Refused;
use crate::api::people::{KeyRow, Shown, keys};
use crate::components::cards::{Head, table};
use crate::components::frame::{Current, Frame};
use crate::components::problems::ErrorCard;
use crate::pages::entrance::refusal;
use leptos::prelude::*;
use leptos_meta::Title;
use store::KeyKind;

/// All keys, and a form for another.
#[component]
pub fn KeysPage() -> impl IntoView {
    view! { <Frame here="people"><Keys/></Frame> }
}

#[component]
fn Keys() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let refused = use_context::<Refused>();
    let made = use_context::<Shown>();
    view! {
        <Title text="Keys"/>
        <h1 class="vh">"Keys"</h1>
        {Suspend::new(async move {
            match keys(&slug).await {
                Ok(found) => page(&slug, found, refused, made),
                Err(error) => view! { <ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}

fn page(slug: &str, found: Vec<KeyRow>, refused: Option<Refused>, made: Option<Shown>) -> AnyView {
    let alive = found.iter().filter(|key| key.revoked.is_none()).count();
    let finding = match alive {
        0 => "No program has a key.".to_owned(),
        1 => "1 key is in use.".to_owned(),
        many => format!("{many} keys are in use."),
    };
    let none = found.is_empty();
    let label = refused
        .as_ref()
        .map(|refused| refused.name.clone())
        .unwrap_or_default();
    let rows = found.into_iter().map(|key| row(slug, key)).collect_view();
    view! {
        <div class="acts">{parts(slug, "keys")}</div>
        <div class="answer">
            <p class="finding">{finding}</p>
            <p class="quiet">"A read key lets a program ask for this workspace’s reports and change nothing. A write key brings in annotations, later events, and reads nothing."</p>
        </div>
        {made.map(|made| secret(
            "The new key",
            "It is shown only now: Holdfast keeps no more than a fingerprint of it.",
            made.0,
        ))}
        <div class="sides">
            <section class="card">
                <header><h2>"Make a key"</h2></header>
                <form class="bring" method="post" action=format!("/w/{slug}/keys/make")>
                    {refused.map(|refused| refusal(refused.sentence))}
                    <label class="labelled">
                        <span>"What it is for"</span>
                        <input type="text" name="label" class="field" value=label required maxlength="200" autocomplete="off"/>
                    </label>
                    <label class="labelled">
                        <span>"It may"</span>
                        <select name="kind" class="field">
                            <option value="read">"read reports"</option>
                            <option value="write">"bring in events"</option>
                        </select>
                    </label>
                    <div class="acts"><button type="submit" class="btn main">"Make a key"</button></div>
                </form>
            </section>
            {(!none).then(|| view! {
                <section class="card">
                    <header><h2>"Keys"</h2></header>
                    {table(
                        "Keys",
                        &[
                            Head::Text("For"), Head::Text("May"), Head::Text("Begins with"),
                            Head::Text("Made"), Head::Text("Last used"), Head::Hidden("Revoke"),
                        ],
                        rows.into_any(),
                    )}
                </section>
            })}
        </div>
    }
    .into_any()
}

fn row(slug: &str, key: KeyRow) -> AnyView {
    let may = match key.kind {
        KeyKind::Read => "read",
        KeyKind::Write => "bring in",
    };
    let end = match key.revoked {
        Some(at) => view! { <span class="quiet">{format!("revoked {at}")}</span> }.into_any(),
        None => {
            let label = format!("Revoke the key for {}", key.label);
            view! {
                <form method="post" action=format!("/w/{slug}/keys/{}/revoke", key.id)>
                    <button type="submit" class="btn" aria-label=label>"Revoke"</button>
                </form>
            }
            .into_any()
        }
    };
    view! {
        <tr>
            <th scope="row">{key.label}</th>
            <td>{may}</td>
            <td><code>{key.prefix}</code></td>
            <td class="moment">{key.made}</td>
            <td class="moment">{key.used}</td>
            <td class="moment">{end}</td>
        </tr>
    }
    .into_any()
}
