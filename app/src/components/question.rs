//! The question as a sentence; each underlined phrase opens its choices.

use super::choosers::{ActivityChooser, AsOfChooser, FilterChooser, RangeChooser};
use super::popover::{Choice, Phrase};
use crate::api::workspace::WorkspaceView;
use crate::pages::retention::Asked;
use analysis::period::Grain;
use analysis::query::{CohortRange, RetentionKind, TraitFilter};
use analysis::words;
use leptos::prelude::*;
use std::sync::Arc;

/// The whole question.
#[component]
pub fn QuestionLine(
    /// Offers the choices.
    workspace: Arc<WorkspaceView>,
) -> impl IntoView {
    let asked = expect_context::<Asked>();
    let own = workspace.active_events.clone();
    let active = move || {
        let named = asked.query.read().active.clone();
        activity_phrase(
            if named.is_empty() { &own } else { &named },
            named.is_empty(),
        )
    };
    let kind = move || match asked.query.read().kind {
        RetentionKind::On => "in",
        RetentionKind::OnOrAfter => "in or after",
    };
    let for_activity = workspace.clone();
    view! {
        <div class="question">
            "Of the customers who signed up each "
            <Phrase id="grain" label="Size of a period" text=Signal::derive(move || asked.query.read().grain.noun(1).to_owned())>
                {Grain::ALL.into_iter().map(|grain| view! {
                    <Choice
                        href=Signal::derive(move || asked.ask(|query| {
                            query.grain = grain;
                            query.cohorts = CohortRange::default();
                        }))
                        chosen=Signal::derive(move || asked.query.read().grain == grain)
                        text=grain.noun(1)
                    />
                }).collect_view()}
            </Phrase>
            ", how many "
            <Phrase id="activity" label="What counts as active" text=Signal::derive(active)>
                <ActivityChooser workspace=for_activity/>
            </Phrase>
            " "
            <Phrase id="kind" label="When they have to be active" text=Signal::derive(move || kind().to_owned())>
                <Choice
                    href=Signal::derive(move || asked.ask(|query| query.kind = RetentionKind::On))
                    chosen=Signal::derive(move || asked.query.read().kind == RetentionKind::On)
                    text="in"
                    remark="Active in that very period."
                />
                <Choice
                    href=Signal::derive(move || asked.ask(|query| query.kind = RetentionKind::OnOrAfter))
                    chosen=Signal::derive(move || asked.query.read().kind == RetentionKind::OnOrAfter)
                    text="in or after"
                    remark="Active in that period or any later one; the rest have not come back since."
                />
            </Phrase>
            {move || format!(" the {} after? For ", asked.query.read().grain.noun(2))}
            <Phrase id="filters" label="Which customers" text=Signal::derive(move || filter_phrase(&asked.query.read().filters))>
                <FilterChooser workspace/>
            </Phrase>
            ", "
            <Phrase id="range" label="Which cohorts" text=Signal::derive(move || {
                let query = asked.query.read();
                words::cohort_range(query.cohorts, query.grain)
            })>
                <RangeChooser/>
            </Phrase>
            ", as of "
            <Phrase id="as-of" label="As of when" text=Signal::derive(move || words::as_of(asked.query.read().as_of))>
                <AsOfChooser/>
            </Phrase>
            "."
        </div>
    }
    .into_any()
}

/// "were active" for the workspace's own definition, else the events by name.
fn activity_phrase(events: &[String], own: bool) -> String {
    match events {
        _ if own => "were active".to_owned(),
        [] => "did nothing in particular".to_owned(),
        [one] => format!("did {one}"),
        [one, two] => format!("did {one} or {two}"),
        [one, rest @ ..] => format!("did {one} or {} others", rest.len()),
    }
}

/// "everyone", or the filters joined.
fn filter_phrase(filters: &[TraitFilter]) -> String {
    match filters {
        [] => "everyone".to_owned(),
        some => {
            let parts: Vec<String> = some.iter().map(words::filter).collect();
            format!("those whose {}", parts.join(" and "))
        }
    }
}
