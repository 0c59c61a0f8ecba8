//! The question as a sentence; each underlined phrase opens its choices.

use super::choosers::{
    ActivityChooser, AsOfChooser, BracketsField, FilterChooser, MoreChooser, RangeChooser,
    StartChooser, more_phrase,
};
use super::popover::{Choice, Phrase};
use crate::api::workspace::WorkspaceView;
use crate::pages::retention::{About, Asked};
use analysis::period::Grain;
use analysis::query::{CohortRange, RetentionKind, RetentionQuery, Unit};
use analysis::words;
use leptos::prelude::*;
use std::sync::Arc;

/// The whole question.
#[component]
pub fn QuestionLine(
    /// Offers the choices.
    workspace: Arc<WorkspaceView>,
    /// What a page asks beside it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let asked = expect_context::<Asked>();
    let query = &asked.query;
    let grain = query.grain;
    let active = activity_phrase(query, &workspace);
    let kind = match query.kind {
        RetentionKind::On => "in",
        RetentionKind::OnOrAfter => "in or after",
        RetentionKind::Brackets => "in spans of",
        RetentionKind::Streak => "in every one of",
        RetentionKind::Previous => "from one to the next of",
    };
    let kinds = [
        (RetentionKind::On, "in", "Active in that very period."),
        (
            RetentionKind::OnOrAfter,
            "in or after",
            "Active in that period or any later one; the rest have not come back since.",
        ),
        (
            RetentionKind::Brackets,
            "in spans of",
            "Active anywhere in a span such as 4 to 6.",
        ),
        (
            RetentionKind::Streak,
            "in every one of",
            "Active in every period up to that one, without a gap.",
        ),
        (
            RetentionKind::Previous,
            "from one to the next of",
            "Of those active in one period, the share active in the next.",
        ),
    ];
    let grains: Vec<_> = Grain::ALL
        .into_iter()
        .map(|one| {
            let href = asked.ask(|query| {
                query.grain = one;
                query.cohorts = CohortRange::default();
            });
            view! { <Choice href chosen={one == grain} text=one.noun(1)/> }
        })
        .collect();
    let units = [
        (Unit::Customers, "Each for himself."),
        (
            Unit::Accounts,
            "Each account’s customers together, as if they were one.",
        ),
    ];
    let units: Vec<_> = units
        .into_iter()
        .map(|(one, remark)| {
            let href = asked.ask(|query| {
                query.unit = one;
                if one == Unit::Accounts {
                    query.behaviours.clear();
                }
            });
            view! { <Choice href chosen={one == query.unit} text=one.noun(2) remark/> }
        })
        .collect();
    let kinds: Vec<_> = kinds
        .into_iter()
        .map(|(one, text, remark)| {
            let href = asked.ask(|query| query.kind = one);
            view! { <Choice href chosen={one == query.kind} text remark/> }
        })
        .collect();
    let brackets = query.kind == RetentionKind::Brackets;
    let (for_activity, for_start) = (workspace.clone(), workspace.clone());
    view! {
        <div class="question">
            "Of the "
            {match asked.about {
                About::Retention => view! {
                    <Phrase id="unit" label="Who is counted" text=query.unit.noun(2).to_owned()>{units}</Phrase>
                }.into_any(),
                _ => query.unit.noun(2).into_any(),
            }}
            " who "
            <Phrase id="start" label="What begins a cohort" text=words::entered(query)>
                <StartChooser workspace=for_start/>
            </Phrase>
            " each "
            <Phrase id="grain" label="Size of a period" text=grain.noun(1).to_owned() after=",">
                {grains}
            </Phrase>
            " how many "
            <Phrase id="activity" label="What counts as active" text=active>
                <ActivityChooser workspace=for_activity/>
            </Phrase>
            " "
            <Phrase id="kind" label="When they have to be active" text=kind.to_owned()>
                {kinds}
                {brackets.then(|| view! { <BracketsField/> })}
            </Phrase>
            {format!(" the {} after? For ", grain.noun(2))}
            <Phrase id="filters" label="Which customers" text=who_phrase(query, &workspace) after=",">
                <FilterChooser workspace/>
            </Phrase>
            " "
            <Phrase id="range" label="Which cohorts" text=words::cohort_range(query.cohorts, grain) after=",">
                <RangeChooser/>
            </Phrase>
            " as of "
            <Phrase id="as-of" label="As of when" text=words::as_of(query.as_of) after=".">
                <AsOfChooser/>
            </Phrase>
            {children.map(|children| children())}
            " "
            <Phrase id="more" label="More settings" text=more_phrase(query)>
                <MoreChooser/>
            </Phrase>
        </div>
    }
    .into_any()
}

/// "were active" for the workspace's own definition, else the definition or the events by name.
fn activity_phrase(query: &RetentionQuery, workspace: &WorkspaceView) -> String {
    let what = match query.active.as_slice() {
        _ if query.any_event => "did anything".to_owned(),
        _ if query.activity.is_some() => match workspace.activity(query.activity.as_deref()) {
            Some(named) => format!("did “{}”", named.name),
            None => "did something unknown".to_owned(),
        },
        [] if workspace.own_activity.is_none() => "did nothing in particular".to_owned(),
        [] => "were active".to_owned(),
        [one] => format!("did {one}"),
        [one, two] => format!("did {one} or {two}"),
        [one, rest @ ..] => format!("did {one} or {} others", rest.len()),
    };
    match query.min_count {
        0 | 1 => what,
        count => format!(
            "{what} at least {} times",
            words::thousands(u64::from(count))
        ),
    }
}

/// "everyone", or the segments and filters joined: "those of segment Payers whose plan is pro".
pub(super) fn who_phrase(query: &RetentionQuery, workspace: &WorkspaceView) -> String {
    let name = |slug: &String| {
        let known = workspace.segments.iter().find(|one| one.slug == *slug);
        known.map_or(slug, |one| &one.name).clone()
    };
    let names: Vec<String> = query.segments.iter().map(name).collect();
    let own = query.filters.iter().map(words::filter);
    let accounts = query.account_filters.iter();
    let accounts = accounts.map(|filter| format!("account’s {}", words::filter(filter)));
    let filters: Vec<String> = own.chain(accounts).collect();
    let whose = filters.join(" and ");
    let of = match names.as_slice() {
        [] => String::new(),
        [one] => format!(" of segment {one}"),
        some => format!(" of segments {}", words::list(some, "and")),
    };
    match (of.is_empty(), whose.is_empty()) {
        (true, true) => "everyone".to_owned(),
        (false, true) => format!("those{of}"),
        (_, false) => format!("those{of} whose {whose}"),
    }
}
