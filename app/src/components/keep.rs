//! Makes the events of a question the workspace's own definition of activity.

#![expect(
    missing_docs,
    reason = "what the macro makes for the browser is documented by its component"
)]

use super::explore::go;
use crate::api::workspace::set_activity;
use leptos::prelude::*;

/// A button, and what went wrong if it did.
#[island]
pub fn KeepActivity(
    /// The workspace.
    slug: String,
    /// The events.
    events: Vec<String>,
    /// The address of the question without them: it means the same once they are the workspace's own.
    own: String,
) -> impl IntoView {
    let keep = Action::new(move |(): &()| {
        let asked = set_activity(slug.clone(), events.clone());
        let own = own.clone();
        async move { asked.await.map(|()| go(&own)) }
    });
    let kept = keep.value();
    view! {
        <button type="button" class="btn quiet-btn scripted" on:click=move |_| { keep.dispatch(()); }>
            "Make these the workspace’s definition"
        </button>
        {move || kept.get().and_then(Result::err).map(|error| view! {
            <p class="hint bad" role="alert">{error.to_string()}</p>
        })}
    }
    .into_any()
}
