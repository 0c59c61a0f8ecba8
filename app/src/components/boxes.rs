//! Check boxes of event names.

#![expect(
    missing_docs,
    reason = "what the macro makes for the browser is documented by its component"
)]

use analysis::words;
use leptos::prelude::*;

/// Longer lists get a field to narrow them.
const SEARCH_FROM: usize = 9;

/// Check boxes of one name, narrowed by a search field when there are many.
#[island]
pub fn EventBoxes(
    /// The parameter that they set.
    name: String,
    /// Names with how often they are stored.
    events: Vec<(String, u64)>,
    /// Those ticked.
    ticked: Vec<String>,
) -> impl IntoView {
    let wanted = RwSignal::new(String::new());
    let many = events.len() >= SEARCH_FROM;
    view! {
        {many.then(|| view! {
            <input
                type="search" class="field scripted" placeholder="Search events" aria-label="Search events"
                on:input:target=move |event| wanted.set(event.target().value().to_lowercase())
            />
        })}
        <ul class="boxes">
            {events.into_iter().map(|(event, count)| {
                let search = event.to_lowercase();
                view! {
                    <li class:hidden=move || !search.contains(&*wanted.read())>
                        <label>
                            <input type="checkbox" name=name.clone() value=event.clone() checked=ticked.contains(&event)/>
                            <span>{event}</span>
                            <small>{words::thousands(count)}</small>
                        </label>
                    </li>
                }
            }).collect_view()}
        </ul>
    }
    .into_any()
}
