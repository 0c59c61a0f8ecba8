//! What can be added to the group that was picked: a trait, something done, a group.

use super::tree::ask;
use crate::api::workspace::{TraitView, WorkspaceView};
use analysis::query::{MAX_DAYS, MAX_MIN_COUNT};
use analysis::segment::{Condition, Draft};
use analysis::words;
use leptos::prelude::*;

/// The card of all that can be added.
pub(super) fn additions(workspace: &WorkspaceView, draft: &Draft) -> AnyView {
    let group = |text: &'static str, part: Condition| {
        // More is then added to the new group.
        let href = ask(draft, |draft| {
            let at = draft.condition.at(&draft.group).map(Condition::positive);
            let places = match at {
                Some(Condition::All(parts) | Condition::Any(parts)) => parts.len(),
                _ => 1,
            };
            let group = draft.group.clone();
            draft.condition = std::mem::take(&mut draft.condition).with(&group, part);
            draft.group.push(places);
        });
        view! { <a class="btn" href=href>{text}</a> }
    };
    let traits: Vec<AnyView> = workspace
        .traits
        .iter()
        .map(|one| by_trait(one, draft))
        .collect();
    let whereto = if draft.group.is_empty() {
        "Add a condition"
    } else {
        "Add a condition to the picked group"
    };
    view! {
        <section class="card add">
            <header><h2>{whereto}</h2></header>
            <div class="choosing">
                <h3>"A trait"</h3>
                {traits.is_empty().then(|| view! {
                    <p class="hint">"No customer here has traits. Bring them in with a file of customers."</p>
                })}
                {traits}
                <h3>"Something done"</h3>
                {by_event(workspace, draft)}
                {by_segment(workspace, draft)}
                <h3>"A group"</h3>
                <div class="acts">
                    {group("Any of several", Condition::Any(Vec::new()))}
                    {group("All of several", Condition::All(Vec::new()))}
                </div>
            </div>
        </section>
    }
    .into_any()
}

/// The draft, carried along by a form that adds to it.
fn carried(draft: &Draft) -> AnyView {
    draft
        .params()
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
        .into_any()
}

/// Values of a trait to tick, others to type, a span of numbers.
fn by_trait(one: &TraitView, draft: &Draft) -> AnyView {
    let name = one.name.clone();
    let numeric = !one.values.is_empty()
        && one
            .values
            .iter()
            .all(|(value, _)| value.parse::<f64>().is_ok());
    let values = one.values.iter().map(|(value, customers)| {
        view! {
            <li>
                <label>
                    <input type="checkbox" name="value" value=value.clone()/>
                    <span>{value.clone()}</span>
                    <small>{words::thousands(*customers)}</small>
                </label>
            </li>
        }
    });
    let test = |value: &'static str, text: &'static str| {
        view! { <button type="submit" class="btn" name="test" value=value>{text}</button> }
    };
    let span = numeric.then(|| {
        view! {
            <form method="get" class="span">
                {carried(draft)}
                <input type="hidden" name="trait" value=name.clone()/>
                <label>"from "<input type="number" step="any" class="field" name="min"/></label>
                <label>"to "<input type="number" step="any" class="field" name="max"/></label>
                {test("between", "Add")}
            </form>
        }
    });
    view! {
        <details class="trait">
            <summary>{name.clone()}</summary>
            {span}
            <form method="get" class="asks">
                {carried(draft)}
                <input type="hidden" name="trait" value=name.clone()/>
                <ul class="boxes">{values.collect_view()}</ul>
                <label class="other">"another value "<input type="text" class="field" name="value" maxlength="200" autocomplete="off"/></label>
                <div class="acts">
                    {test("is", "is any of these")}
                    {test("not", "is none of these")}
                    {test("set", "is set")}
                    {test("unset", "is not set")}
                </div>
            </form>
        </details>
    }
    .into_any()
}

/// An event, how often, and when.
fn by_event(workspace: &WorkspaceView, draft: &Draft) -> AnyView {
    if workspace.events.is_empty() {
        return view! { <p class="hint">"This workspace has no events yet."</p> }.into_any();
    }
    let events = workspace
        .events
        .iter()
        .map(|(name, _)| view! { <option value=name.clone()>{name.clone()}</option> });
    view! {
        <form method="get" class="did">
            {carried(draft)}
            <label>
                "who "
                <select class="field" name="did">
                    <option value="did">"did"</option>
                    <option value="not">"did not do"</option>
                </select>
            </label>
            <label>"the event "<select class="field" name="event">{events.collect_view()}</select></label>
            <label>"at least "<input type="number" class="field" name="times" min="1" max=MAX_MIN_COUNT value="1"/>" times"</label>
            <label>"from day "<input type="number" class="field" name="from" min="0" max=MAX_DAYS/></label>
            <label>"to day "<input type="number" class="field" name="to" min="1" max=MAX_DAYS/>" after the signup"</label>
            <p class="hint">"Without days: at any time."</p>
            <div class="acts"><button type="submit" class="btn">"Add"</button></div>
        </form>
    }
    .into_any()
}

/// Another saved segment to belong to; nothing where there is none.
fn by_segment(workspace: &WorkspaceView, draft: &Draft) -> AnyView {
    let others = workspace.segments.iter();
    let others = others.filter(|one| draft.segment.as_ref() != Some(&one.slug));
    let options: Vec<AnyView> = others
        .map(|one| view! { <option value=one.slug.clone()>{one.name.clone()}</option> }.into_any())
        .collect();
    if options.is_empty() {
        return ().into_any();
    }
    view! {
        <h3>"A saved segment"</h3>
        <form method="get" class="span">
            {carried(draft)}
            <label>"who are in "<select class="field" name="in">{options}</select></label>
            <div class="acts"><button type="submit" class="btn" aria-label="Add the segment">"Add"</button></div>
        </form>
    }
    .into_any()
}
