//! The choices behind the question's phrases. Each is a plain form that leads to the changed address.

use super::frame::Current;
use super::popover::Choice;
use super::problems::ErrorCard;
use crate::api::workspace::{TraitView, WorkspaceView, set_activity};
use crate::pages::retention::Asked;
use analysis::period::Grain;
use analysis::query::{AsOf, CohortRange, RetentionQuery, TraitFilter, TraitTest};
use analysis::words;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// Longer lists get a field to narrow them.
const SEARCH_FROM: usize = 9;

/// A form that asks the changed question: by the router where there is a program, else by the browser.
#[component]
fn Ask(
    /// Its fields, named as the address's parameters.
    children: Children,
) -> impl IntoView {
    let navigate = use_navigate();
    let submit = move |event: web_sys::SubmitEvent| {
        let form = event
            .current_target()
            .and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
        let params = form
            .and_then(|form| web_sys::FormData::new_with_form(&form).ok())
            .and_then(|data| web_sys::UrlSearchParams::new_with_str_sequence_sequence(&data).ok());
        // Without them the browser sends the form itself.
        if let Some(params) = params {
            event.prevent_default();
            navigate(&format!("?{}", String::from(params.to_string())), quietly());
        }
    };
    view! { <form class="asks" method="get" on:submit=submit>{children()}</form> }.into_any()
}

/// Navigation within the page: it stays where it is.
fn quietly() -> NavigateOptions {
    NavigateOptions {
        scroll: false,
        ..NavigateOptions::default()
    }
}

/// The rest of the question, carried along by a form that changes the parameters named in `but`.
#[component]
fn Carried(
    /// Parameters that the form itself sets.
    but: &'static [&'static str],
) -> impl IntoView {
    let asked = expect_context::<Asked>();
    move || {
        let mut view = asked.view.get();
        view.cell = None;
        let mut params = asked.query.read().params();
        params.extend(view.params());
        params
            .into_iter()
            .filter(|(name, _)| !but.contains(name))
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect_view()
    }
}

/// Check boxes of event names, narrowed by a search field when there are many.
#[component]
fn EventBoxes(
    /// Names with how often they are stored.
    events: Vec<(String, u64)>,
    /// Those ticked.
    #[prop(into)]
    ticked: Signal<Vec<String>>,
) -> impl IntoView {
    let wanted = RwSignal::new(String::new());
    let many = events.len() >= SEARCH_FROM;
    view! {
        {many.then(|| view! {
            <input
                type="search" class="field" placeholder="Search events" aria-label="Search events"
                prop:value=wanted on:input:target=move |event| wanted.set(event.target().value())
            />
        })}
        <ul class="boxes">
            {events.into_iter().map(|(name, count)| {
                let search = name.to_lowercase();
                let own = name.clone();
                let checked = move || ticked.read().contains(&own);
                view! {
                    <li class:hidden=move || !search.contains(&wanted.read().to_lowercase())>
                        <label>
                            <input type="checkbox" name="active" value=name.clone() checked=checked.clone() prop:checked=checked/>
                            <span>{name.clone()}</span>
                            <small>{words::thousands(count)}</small>
                        </label>
                    </li>
                }
            }).collect_view()}
        </ul>
    }
    .into_any()
}

/// Which events count as active.
#[component]
pub fn ActivityChooser(
    /// Offers its events.
    workspace: Arc<WorkspaceView>,
) -> impl IntoView {
    let asked = expect_context::<Asked>();
    let current = expect_context::<Current>();
    let own = workspace.active_events.clone();
    let has_own = !own.is_empty();
    let ticked = Signal::derive({
        let own = own.clone();
        move || {
            let named = asked.query.read().active.clone();
            if named.is_empty() { own.clone() } else { named }
        }
    });
    let keep = Action::new(move |events: &Vec<String>| {
        let events = events.clone();
        let slug = current.slug.get_untracked();
        async move { set_activity(slug, events).await }
    });
    let kept = keep.value();
    // What was named is now the workspace's own: the question says so by no longer naming it.
    let navigate = use_navigate();
    Effect::new(move |_| {
        if matches!(&*kept.read(), Some(Ok(()))) {
            current.view.refetch();
            let own = untrack(|| asked.ask(|query| query.active.clear()));
            navigate(&own, quietly());
        }
    });
    view! {
        <p class="hint">"Active means any of these. Signing in is no value by itself, so it is never ticked for you."</p>
        <Ask>
            <Carried but=&["active"]/>
            <EventBoxes events=workspace.events.clone() ticked/>
            <div class="acts">
                <button type="submit" class="btn main">"Show"</button>
                {has_own.then(|| view! {
                    <a class="btn" data-noscroll="" href=move || asked.ask(|query| query.active.clear())>"Workspace’s own"</a>
                })}
            </div>
        </Ask>
        <Show when=move || !asked.query.read().active.is_empty()>
            <button type="button" class="btn quiet-btn" on:click=move |_| { keep.dispatch(asked.query.get_untracked().active); }>
                "Make these the workspace’s definition"
            </button>
            {move || kept.get().and_then(Result::err).map(|error| view! {
                <p class="hint bad" role="alert">{error.to_string()}</p>
            })}
        </Show>
    }
    .into_any()
}

/// Asked once of a workspace that has no activity definition yet.
#[component]
pub fn AskActivity() -> impl IntoView {
    // To be asked is a page like any other, not an error.
    #[cfg(feature = "ssr")]
    crate::error::ssr::set_status(http::StatusCode::OK);
    let current = expect_context::<Current>();
    view! {
        <section class="card ask">
            <header><h2>"What counts as active here?"</h2></header>
            <Transition>
                {move || Suspend::new(async move {
                    match current.view.await {
                        Ok(workspace) if workspace.events.is_empty() && workspace.loading.is_some() => view! {
                            <p>"The first rows are being stored. The matrix appears by itself."</p>
                        }.into_any(),
                        Ok(workspace) if workspace.events.is_empty() => view! {
                            <p>"This workspace has no events yet. Bring some in, and their cohorts appear here:"</p>
                            <pre><code>{format!("holdfast import events.csv --workspace {}", workspace.slug)}</code></pre>
                        }.into_any(),
                        Ok(workspace) => {
                            let none = Signal::derive(Vec::new);
                            view! {
                                <p>"Tick the events that show a customer getting value, such as a report published or an order placed. Signing in is not one of them."</p>
                                <Ask>
                                    <Carried but=&["active"]/>
                                    <EventBoxes events=workspace.events ticked=none/>
                                    <div class="acts"><button type="submit" class="btn main">"Show the matrix"</button></div>
                                </Ask>
                            }.into_any()
                        }
                        Err(error) => view! { <ErrorCard error/> }.into_any(),
                    }
                })}
            </Transition>
        </section>
    }
    .into_any()
}

/// Which customers: the filters in force, and those that can be added.
#[component]
pub fn FilterChooser(
    /// Offers its traits.
    workspace: Arc<WorkspaceView>,
) -> impl IntoView {
    let asked = expect_context::<Asked>();
    view! {
        <ul class="filters">
            {move || asked.query.read().filters.iter().enumerate().map(|(place, filter)| {
                let words = words::filter(filter);
                let label = format!("Remove: {words}");
                view! {
                    <li>
                        <span>{words}</span>
                        <a class="btn" data-noscroll="" aria-label=label href=move || asked.ask(|query| { query.filters.remove(place); })>"Remove"</a>
                    </li>
                }
            }).collect_view()}
        </ul>
        {if workspace.traits.is_empty() {
            view! { <p class="hint">"No customer here has traits. Bring them in with a file of customers."</p> }.into_any()
        } else {
            workspace.traits.iter().map(|one| view! { <TraitChooser one=one.clone()/> }).collect_view().into_any()
        }}
    }
    .into_any()
}

/// Values of one trait to tick, or a span of numbers.
#[component]
fn TraitChooser(one: TraitView) -> impl IntoView {
    let asked = expect_context::<Asked>();
    let name = one.name.clone();
    let numeric = !one.values.is_empty()
        && one
            .values
            .iter()
            .all(|(value, _)| value.parse::<f64>().is_ok());
    let navigate = use_navigate();
    let low = RwSignal::new(String::new());
    let high = RwSignal::new(String::new());
    let span = {
        let name = name.clone();
        move |event: web_sys::SubmitEvent| {
            event.prevent_default();
            let (min, max) = (
                low.get_untracked().parse().ok(),
                high.get_untracked().parse().ok(),
            );
            if min.is_none() && max.is_none() {
                return;
            }
            let test = TraitTest::Between { min, max };
            let name = name.clone();
            navigate(
                &asked.ask(|query| replace_filter(query, TraitFilter { name, test })),
                quietly(),
            );
        }
    };
    let ticked = {
        let name = name.clone();
        move |value: &str| {
            asked.query.read().filters.iter().any(|filter| {
                filter.name == name && matches!(&filter.test, TraitTest::Is(values) if values.iter().any(|one| one == value))
            })
        }
    };
    view! {
        <details class="trait">
            <summary>{one.name.clone()}</summary>
            {numeric.then(|| view! {
                <form class="span scripted" on:submit=span>
                    <label>"from "<input type="number" step="any" class="field" prop:value=low on:input:target=move |event| low.set(event.target().value())/></label>
                    <label>"to "<input type="number" step="any" class="field" prop:value=high on:input:target=move |event| high.set(event.target().value())/></label>
                    <button type="submit" class="btn">"Apply"</button>
                </form>
            })}
            <ul class="boxes">
                {one.values.into_iter().map(|(value, customers)| {
                    let filter_name = name.clone();
                    let own = value.clone();
                    let ticked = ticked.clone();
                    let chosen = Signal::derive(move || ticked(&own));
                    let own = value.clone();
                    let href = move || asked.ask(|query| toggle_value(query, &filter_name, &own));
                    view! {
                        <li>
                            <a class="choice box" data-noscroll="" aria-current=move || chosen.get().then_some("true") href=href>
                                <span>{value}</span>
                                <small>{words::thousands(customers)}</small>
                            </a>
                        </li>
                    }
                }).collect_view()}
            </ul>
        </details>
    }
    .into_any()
}

fn replace_filter(query: &mut RetentionQuery, filter: TraitFilter) {
    query.filters.retain(|one| one.name != filter.name);
    query.filters.push(filter);
}

/// Ticks a value of a trait, or takes the tick away; a trait without ticks has no filter.
fn toggle_value(query: &mut RetentionQuery, name: &str, value: &str) {
    let mut values = match query.filters.iter().find(|one| one.name == name) {
        Some(TraitFilter {
            test: TraitTest::Is(values),
            ..
        }) => values.clone(),
        _ => Vec::new(),
    };
    if values.iter().any(|one| one == value) {
        values.retain(|one| one != value);
    } else {
        values.push(value.to_owned());
    }
    if values.is_empty() {
        query.filters.retain(|one| one.name != name);
    } else {
        replace_filter(
            query,
            TraitFilter {
                name: name.to_owned(),
                test: TraitTest::Is(values),
            },
        );
    }
}

/// Which cohorts: the newest few, or a span of dates.
#[component]
pub fn RangeChooser() -> impl IntoView {
    let asked = expect_context::<Asked>();
    let counts = move || -> &'static [u32] {
        match asked.query.read().grain {
            Grain::Day => &[14, 30, 60, 90],
            Grain::Week => &[8, 13, 26, 52, 104],
            Grain::Month => &[6, 12, 24, 36],
            Grain::Quarter => &[4, 8, 12],
            Grain::Year => &[3, 5, 10],
        }
    };
    let ends = move || match asked.query.read().cohorts {
        CohortRange::Between { from, to } => (
            from.to_string(),
            to.map(|to| to.to_string()).unwrap_or_default(),
        ),
        CohortRange::Last(_) => (String::new(), String::new()),
    };
    view! {
        {move || counts().iter().map(|&count| {
            let text = format!("the last {count} {}", asked.query.read().grain.noun(u64::from(count)));
            view! {
                <Choice
                    href=Signal::derive(move || asked.ask(|query| query.cohorts = CohortRange::Last(count)))
                    chosen=Signal::derive(move || asked.query.read().cohorts == CohortRange::Last(count))
                    text
                />
            }
        }).collect_view()}
        <Ask>
            <Carried but=&["last", "from", "to"]/>
            <div class="span">
                <label>"from "<input type="date" class="field" name="from" required value=move || ends().0 prop:value=move || ends().0/></label>
                <label>"to "<input type="date" class="field" name="to" value=move || ends().1 prop:value=move || ends().1/></label>
                <button type="submit" class="btn">"Apply"</button>
            </div>
        </Ask>
    }
    .into_any()
}

/// The instant at which the data are looked at.
#[component]
pub fn AsOfChooser() -> impl IntoView {
    let asked = expect_context::<Asked>();
    let day = move || match asked.query.read().as_of {
        AsOf::Date(date) => date.to_string(),
        AsOf::Now | AsOf::Instant(_) => String::new(),
    };
    view! {
        <Choice
            href=Signal::derive(move || asked.ask(|query| query.as_of = AsOf::Now))
            chosen=Signal::derive(move || asked.query.read().as_of == AsOf::Now)
            text="now"
        />
        <Ask>
            <Carried but=&["as_of"]/>
            <div class="span">
                <label>"the start of "<input type="date" class="field" name="as_of" required value=day prop:value=day/></label>
                <button type="submit" class="btn">"Apply"</button>
            </div>
        </Ask>
        <p class="hint">"Nothing at or after that instant is seen."</p>
    }
    .into_any()
}
