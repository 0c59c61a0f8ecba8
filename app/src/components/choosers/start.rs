//! What puts a customer into a cohort.

use super::Carried;
use crate::api::workspace::WorkspaceView;
use crate::components::boxes::EventBoxes;
use crate::components::popover::Choice;
use crate::pages::retention::Asked;
use analysis::query::StartRule;
use leptos::prelude::*;
use std::sync::Arc;

/// Signup, or an event done first, or each time it is done.
#[component]
pub fn StartChooser(
    /// Offers its events.
    workspace: Arc<WorkspaceView>,
) -> impl IntoView {
    let asked = expect_context::<Asked>();
    let signup = asked.ask(|query| {
        query.start = StartRule::Signup;
        query.start_events.clear();
    });
    let rule = |rule: StartRule, text: &'static str| {
        view! { <button type="submit" class="btn" name="start" value=rule.as_str()>{text}</button> }
    };
    view! {
        <Choice href=signup chosen={asked.query.start == StartRule::Signup} text="signed up"/>
        <form class="asks" method="get">
            <Carried but=&["start", "start_event"]/>
            <p class="hint">"Or began with one of these; none ticked is any event:"</p>
            <EventBoxes name="start_event".to_owned() events=workspace.events.clone() ticked=asked.query.start_events.clone()/>
            <div class="acts">
                {rule(StartRule::FirstEvent, "The first time")}
                {rule(StartRule::EachEvent, "Every time")}
            </div>
        </form>
    }
    .into_any()
}
