//! The making of a definition. The address is the definition as far as it is made: forms and links lead to the next one,
//! and each says how many customers and events match. Only saving changes anything.

use crate::api::activities::{DraftView, draft};
use crate::components::frame::{Current, Frame};
use crate::pages::common::{missing, misunderstood, params};
use analysis::query::{
    ActivityEvent, ActivityRule, Draft, MAX_MIN_COUNT, MAX_STEPS, TESTS, append_params, pairs,
};
use analysis::words;
use leptos::prelude::*;
use leptos_meta::Title;

/// The page.
#[component]
pub fn EditPage() -> impl IntoView {
    view! { <Frame here="activity"><Edit/></Frame> }
}

#[component]
fn Edit() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let params = params();
    let refused = params.iter().any(|(name, _)| name == "refused");
    let (asked, problems) = Draft::parse(pairs(&params));
    view! {
        <Title text="Define activity"/>
        <div class="title">
            <p class="trail"><a href=format!("/w/{slug}/activity")>"Activity"</a></p>
        </div>
        <h1 class="vh">"Define activity"</h1>
        {misunderstood(&problems)}
        {Suspend::new(async move {
            match draft(&slug, asked).await {
                Ok(found) => page(found, &slug, refused),
                Err(error) => missing(error),
            }
        })}
    }
    .into_any()
}

fn page(found: DraftView, slug: &str, refused: bool) -> AnyView {
    let DraftView {
        draft,
        events,
        preview,
    } = found;
    let definition = &draft.definition;
    let begun = !definition.rule.events().is_empty();
    let finding = match begun {
        true => format!("Active is whoever did {}.", words::definition(definition)),
        false => "What shows that a customer got value?".to_owned(),
    };
    let why_not = definition.validate().err().map(|error| error.to_string());
    let counts = match preview {
        Ok([ever, lately]) => view! { <p>{ever}</p><p class="quiet">{lately}</p> }.into_any(),
        Err(why) if begun => view! { <p class="quiet">{why}</p> }.into_any(),
        Err(_) => {
            let start = "Choose an event. Signing in is no value by itself.";
            view! { <p class="quiet">{start}</p> }.into_any()
        }
    };
    let refusal = why_not.filter(|_| refused).map(|why| {
        view! { <p class="notice refusal" role="alert">{format!("Not saved. {why}")}</p> }
    });
    view! {
        {refusal}
        <div class="answer">
            <p class="finding">{finding}</p>
            {counts}
        </div>
        {form(&draft, &events, slug)}
    }
    .into_any()
}

fn form(draft: &Draft, events: &[String], slug: &str) -> AnyView {
    let definition = &draft.definition;
    let workflow = matches!(definition.rule, ActivityRule::Workflow { .. });
    let parts = definition.rule.events();
    let (count, unit) = draft.limit();
    let kind = |value: &'static str, text: &'static str, on: bool| {
        view! { <label><input type="radio" name="kind" value=value checked=on/>{text}</label> }
    };
    let units = ["minute", "hour", "day", "second"]
        .map(|one| view! { <option value=one selected=one == unit>{format!("{one}s")}</option> });
    let room = !workflow || parts.len() < MAX_STEPS;
    let next = parts.len() + 1;
    let fields = (1..)
        .zip(parts)
        .map(|(place, one)| part(draft, place, one, events, workflow));
    view! {
        <section class="card">
            <header><h2>{if draft.slug.is_some() { "Change the definition" } else { "A new definition" }}</h2></header>
            <form class="bring define" method="get" action=format!("/w/{slug}/activity/edit")>
                {draft.slug.clone().map(|slug| view! { <input type="hidden" name="slug" value=slug/> })}
                <label class="labelled">
                    <span>"Its name"</span>
                    <input class="field" name="name" maxlength="200" value=definition.name.clone() placeholder="Created value"/>
                </label>
                <fieldset class="asked">
                    <legend>"Active is whoever did"</legend>
                    {kind("events", "any of these events", !workflow)}
                    {kind("workflow", "all of these steps, in this order", workflow)}
                </fieldset>
                {workflow.then(|| view! {
                    <div class="pair">
                        <label>"within "<input type="number" class="field" name="within" min="1" value=count/></label>
                        <select class="field" name="unit" aria-label="Unit of the time limit">{units}</select>
                        <span class="quiet">"from the first step to the last"</span>
                    </div>
                })}
                {fields.collect_view()}
                {room.then(|| view! {
                    <label class="labelled">
                        <span>{if workflow { format!("Step {next}") } else if next == 1 { "Event".to_owned() } else { "Another event".to_owned() }}</span>
                        {chooser(next, None, events)}
                    </label>
                })}
                <label>
                    "at least "
                    <input type="number" class="field" name="min" min="1" max=MAX_MIN_COUNT value=definition.at_least/>
                    " times in a period"
                </label>
                <label><input type="checkbox" name="default" value="1" checked=draft.default/>" the workspace’s own: it holds where a question names nothing else"</label>
                <div class="acts">
                    <button type="submit" class="btn main">"Show how many match"</button>
                    <button type="submit" class="btn" formmethod="post" formaction=format!("/w/{slug}/activity/save")>"Save"</button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// An event or step with its conditions, and room for one more.
fn part(
    draft: &Draft,
    place: usize,
    one: &ActivityEvent,
    events: &[String],
    workflow: bool,
) -> AnyView {
    let title = match workflow {
        true => format!("Step {place}: {}", one.event),
        false => one.event.clone(),
    };
    let without = |change: &dyn Fn(&mut Vec<ActivityEvent>)| {
        let mut draft = draft.clone();
        change(draft.events_mut());
        let mut address = String::new();
        append_params(&mut address, draft.params());
        match address.is_empty() {
            true => "?".to_owned(),
            false => address,
        }
    };
    let carried = one.conditions.iter().map(|condition| {
        view! { <input type="hidden" name=format!("where{place}") value=condition.to_string()/> }
    });
    let conditions = one.conditions.iter().enumerate().map(|(number, condition)| {
        let words = words::filter(condition);
        let label = format!("Remove: {words}");
        let href = without(&|events| {
            events[place - 1].conditions.remove(number);
        });
        view! { <li><span>{words}</span><a class="btn" href=href aria-label=label>"Remove"</a></li> }
    });
    let tests = TESTS.map(|(value, text)| view! { <option value=value>{text}</option> });
    let label = |what: &str| format!("{what} of {title}");
    let remove = without(&|events| {
        events.remove(place - 1);
    });
    let earlier = (workflow && place > 1).then(|| {
        let href = without(&|events| events.swap(place - 2, place - 1));
        view! { <a class="btn" href=href aria-label=format!("Earlier: {title}")>"Earlier"</a> }
    });
    view! {
        <fieldset class="asked">
            <legend>{title.clone()}</legend>
            {carried.collect_view()}
            <div class="pair">
                {chooser(place, Some(&one.event), events)}
                {earlier}
                <a class="btn" href=remove aria-label=format!("Remove: {title}")>"Remove"</a>
            </div>
            <ul class="filters">{conditions.collect_view()}</ul>
            <div class="pair">
                "only if "
                <input class="field" name=format!("property{place}") placeholder="a property" aria-label=label("Property")/>
                <select class="field" name=format!("test{place}") aria-label=label("Test of the property")>{tests}</select>
                <input class="field" name=format!("value{place}") placeholder="a value" aria-label=label("Value of the property")/>
            </div>
        </fieldset>
    }
    .into_any()
}

/// The choice of an event; the chosen one may not be stored any more, or not yet.
fn chooser(place: usize, chosen: Option<&str>, events: &[String]) -> AnyView {
    let unknown = chosen.filter(|chosen| events.iter().all(|event| event != chosen));
    let unknown = unknown.map(|event| view! { <option selected=true>{event.to_owned()}</option> });
    let options = events.iter().map(|event| {
        let on = Some(event.as_str()) == chosen;
        view! { <option value=event.clone() selected=on>{event.clone()}</option> }
    });
    let label = chosen.map(|chosen| format!("Event {place}: {chosen}"));
    view! {
        <select class="field" name=format!("event{place}") aria-label=label>
            <option value="">"choose an event"</option>
            {unknown}
            {options.collect_view()}
        </select>
    }
    .into_any()
}
