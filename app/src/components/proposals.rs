//! Events that are proposed as activity, each one click away.

use crate::api::activities::proposals;
use leptos::prelude::*;

/// The proposals with a button each, which makes the event the workspace's own definition.
#[component]
pub fn Proposed(
    /// The workspace.
    slug: String,
    /// The page that follows, by the last part of its address.
    page: &'static str,
) -> impl IntoView {
    Suspend::new(async move {
        // Without proposals there are still the events to tick.
        let Ok(found) = proposals(&slug).await else {
            return ().into_any();
        };
        let one = |(event, why): (String, String)| {
            view! {
                <li>
                    <div><strong>{event.clone()}</strong><p class="quiet">{why}</p></div>
                    <form method="post" action=format!("/w/{slug}/activity/save")>
                        <input type="hidden" name="name" value=event.clone()/>
                        <input type="hidden" name="event1" value=event.clone()/>
                        <input type="hidden" name="default" value="1"/>
                        <input type="hidden" name="then" value=page/>
                        <button type="submit" class="btn" aria-label=format!("Use {event}")>"Use this"</button>
                    </form>
                </li>
            }
        };
        let left_out = found.left_out;
        view! {
            {(!found.events.is_empty()).then(|| view! {
                <ul class="proposals">{found.events.into_iter().map(one).collect_view()}</ul>
            })}
            {(!left_out.is_empty()).then(|| view! {
                <p class="quiet">{format!("Never proposed: {left_out}.")}</p>
            })}
            <p><a href=format!("/w/{slug}/activity/edit")>"Define it more closely"</a>": several events, conditions on what they carry, or steps in order."</p>
        }
        .into_any()
    })
}
