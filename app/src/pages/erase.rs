//! Erasing a customer who asked for it: whom, what is stored of him, and whether to go on.

use crate::api::erasure::traces;
use crate::api::imports::Refused;
use crate::components::frame::{Current, Frame};
use crate::pages::common::{missing, params};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page.
#[component]
pub fn ErasePage() -> impl IntoView {
    view! { <Frame here="data"><Erase/></Frame> }
}

#[component]
fn Erase() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let refused = use_context::<Refused>();
    let named = |wanted: &str| {
        let value = params().into_iter().find(|(name, _)| name == wanted)?.1;
        (!value.is_empty()).then_some(value)
    };
    let (customer, done) = (named("customer"), named("erased").is_some());
    view! {
        <Title text="Erase a customer"/>
        <p class="trail"><a href=format!("/w/{slug}/data")>"Data"</a></p>
        <h1>"Erase a customer"</h1>
        {done.then(|| view! { <p class="notice" role="status">"Nothing is stored of this customer any more."</p> })}
        {refused.map(|refused| view! { <p class="notice refusal" role="alert">{refused.sentence}</p> })}
        {Suspend::new(async move {
            let Some(customer) = customer else {
                return whom(&slug, None);
            };
            match traces(&slug, &customer).await {
                Ok(Some(found)) => sure(&slug, customer, found),
                Ok(None) => whom(&slug, Some(customer)),
                Err(error) => missing(error),
            }
        })}
    }
    .into_any()
}

/// Whom. `unknown` is somebody who is not stored.
fn whom(slug: &str, unknown: Option<String>) -> AnyView {
    let nobody = unknown
        .as_ref()
        .map(|id| format!("No customer is stored as “{id}”."));
    view! {
        <div class="answer">
            <p class="quiet">
                "For customers who ask to be forgotten. All that is stored of the customer goes, and files that name him later bring nothing of him back. Numbers change as if he had never been there; what links have pinned stays, since it tells of nobody."
            </p>
        </div>
        <section class="card">
            <header><h2>"Whom"</h2></header>
            <form class="bring" method="get" action=format!("/w/{slug}/erase")>
                {nobody.map(|nobody| view! { <p class="notice refusal" role="alert">{nobody}</p> })}
                <label class="labelled">
                    <span>"The customer’s id, as events name it"</span>
                    <input type="text" name="customer" class="field" value=unknown required maxlength="200" autocomplete="off" autocapitalize="none" spellcheck="false"/>
                </label>
                <div class="acts"><button type="submit" class="btn main">"See what is stored"</button></div>
            </form>
        </section>
    }
    .into_any()
}

/// What goes, and the two ways on.
fn sure(slug: &str, customer: String, found: String) -> AnyView {
    let here = format!("/w/{slug}/erase");
    view! {
        <div class="answer">
            <p class="finding">{format!("Erase “{customer}”?")}</p>
            <p class="quiet">{found}" All of it goes, and can’t be brought back."</p>
        </div>
        <form class="acts" method="post" action=here.clone()>
            <input type="hidden" name="customer" value=customer/>
            <button type="submit" class="btn main">"Erase for good"</button>
            <a class="btn" href=here.clone()>"Keep him"</a>
        </form>
    }
    .into_any()
}
