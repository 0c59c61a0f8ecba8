//! The condition so far, part by part, each with the ways to change it.

use crate::pages::common::address;
use analysis::segment::{Condition, Draft};
use analysis::words;
use leptos::prelude::*;

/// The address of the builder with a changed draft.
pub(super) fn ask(draft: &Draft, change: impl FnOnce(&mut Draft)) -> String {
    let mut draft = draft.clone();
    change(&mut draft);
    if draft.condition.at(&draft.group).is_none() {
        draft.group.clear();
    }
    address(draft.params())
}

/// The whole condition.
pub(super) fn tree(draft: &Draft) -> AnyView {
    view! { <ul class="tree">{part(draft, &draft.condition, &[])}</ul> }.into_any()
}

/// A part and what it holds.
fn part(draft: &Draft, condition: &Condition, path: &[usize]) -> AnyView {
    let negated = matches!(condition, Condition::Not(_));
    let not = negated.then(|| view! { <strong>"not "</strong> });
    let turn = ask(draft, |draft| {
        draft.condition = std::mem::take(&mut draft.condition).negated(path);
    });
    let without = ask(draft, |draft| {
        draft.condition = std::mem::take(&mut draft.condition).without(path);
        draft.group.clear();
    });
    let (one, said) = match condition.positive() {
        Condition::All(parts) => (Some((parts, true)), "all of these".to_owned()),
        Condition::Any(parts) => (Some((parts, false)), "any of these".to_owned()),
        Condition::Trait(filter) => (None, format!("whose {}", words::filter(filter))),
        Condition::Behaviour(did) => (None, format!("who {}", words::behaviour(did))),
        Condition::Segment(slug) => (
            None,
            format!("who are {}", words::in_segments(std::slice::from_ref(slug))),
        ),
        Condition::Not(_) => (None, String::new()),
    };
    let empty = matches!(one, Some((parts, _)) if parts.is_empty());
    let turns = (!path.is_empty() || !empty).then(|| {
        let text = if negated { "Don’t negate" } else { "Negate" };
        view! {
            <a class="btn" href=turn aria-label=format!("{text}: {said}")>{text}</a>
            <a class="btn" href=without aria-label=format!("Remove: {said}")>"Remove"</a>
        }
    });
    let Some((parts, all)) = one else {
        return view! {
            <li class="part"><span>{not}{said}</span><span class="acts">{turns}</span></li>
        }
        .into_any();
    };
    let here = draft.group == path;
    let add = ask(draft, |draft| draft.group = path.to_vec());
    let switched = ask(draft, |draft| {
        draft.condition = std::mem::take(&mut draft.condition).switched(path);
    });
    let kind = |this: bool, text: &'static str| {
        let href = if this == all {
            ask(draft, |_| {})
        } else {
            switched.clone()
        };
        view! { <a href=href aria-current={(this == all).then_some("true")}>{text}</a> }
    };
    let inner: Vec<AnyView> = parts
        .iter()
        .enumerate()
        .map(|(place, one)| part(draft, one, &[path, &[place]].concat()))
        .collect();
    view! {
        <li class="group" class:here=here>
            <div class="part">
                <span>
                    {not}
                    <span class="seg" role="group" aria-label="How many of these must hold">
                        {kind(true, "all of")}
                        {kind(false, "any of")}
                    </span>
                </span>
                <span class="acts">
                    <a class="btn" href=add aria-current=here.then_some("true")>{if here { "Adding here" } else { "Add here" }}</a>
                    {turns}
                </span>
            </div>
            {if empty {
                let text = if path.is_empty() { "No condition yet: everyone." } else { "No condition yet: this group is passed over." };
                view! { <p class="hint">{text}</p> }.into_any()
            } else {
                view! { <ul class="tree">{inner}</ul> }.into_any()
            }}
        </li>
    }
    .into_any()
}
