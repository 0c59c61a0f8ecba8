//! The choices behind the question's phrases. Each is a link or a plain form that leads to the changed address.

mod more;
mod start;

pub use more::{MoreChooser, more_phrase};
pub use start::StartChooser;

use super::boxes::EventBoxes;
use super::frame::Current;
use super::keep::KeepActivity;
use super::popover::Choice;
use super::problems::ErrorCard;
use super::proposals::Proposed;
use super::span::TraitSpan;
use crate::api::workspace::{TraitView, WorkspaceView};
use crate::pages::retention::{About, Asked};
use analysis::period::Grain;
use analysis::query::{
    AsOf, CohortRange, RetentionQuery, RetentionView, TraitFilter, TraitTest, VIEW_PARAMS,
    append_params,
};
use analysis::words;
use leptos::prelude::*;
use std::sync::Arc;

/// The rest of the question, carried along by a form that changes the parameters named in `but`.
#[component]
pub(super) fn Carried(
    /// Parameters that the form itself sets.
    but: &'static [&'static str],
) -> impl IntoView {
    let asked = expect_context::<Asked>();
    let question = asked.params();
    let question = question
        .into_iter()
        .filter(|(name, _)| !but.contains(name))
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> });
    let looks = RetentionView {
        cell: None,
        ..asked.view
    }
    .params();
    // Also the ways of looking that are not asked for now: the island fills them in when it changes its own.
    let looks = VIEW_PARAMS.map(|name| {
        let given = looks.iter().find(|(given, _)| *given == name);
        let value = given.map(|(_, value)| value.clone()).unwrap_or_default();
        view! { <input type="hidden" data-look="" name=name value=value disabled=given.is_none()/> }
    });
    view! { {question.collect_view()} {looks.collect_view()} }
}

/// The spans that *brackets* look at.
#[component]
pub fn BracketsField() -> impl IntoView {
    let asked = expect_context::<Asked>();
    let spans: Vec<String> = asked
        .query
        .brackets
        .iter()
        .map(ToString::to_string)
        .collect();
    view! {
        <form class="asks settings" method="get">
            <Carried but=&["brackets"]/>
            <label>"Spans " <input class="field" name="brackets" value=spans.join(",") pattern="[0-9,\\-]+" required/></label>
            <p class="hint">"Such as 1-3,4-6,7-; the last may stay open."</p>
            <div class="acts"><button type="submit" class="btn">"Apply"</button></div>
        </form>
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
    let named = asked.query.active.clone();
    let chosen = asked.query.activity.as_deref();
    let ticked = if named.is_empty() && !asked.query.any_event {
        let defined = workspace.activity(chosen);
        defined.map(|one| one.events.clone()).unwrap_or_default()
    } else {
        named.clone()
    };
    let by = |activity: Option<String>, any_event: bool| {
        asked.ask(|query| {
            query.active.clear();
            query.active_where.clear();
            query.activity = activity;
            query.any_event = any_event;
        })
    };
    let own = by(None, false);
    let any = by(None, true);
    let by_name = named.is_empty() && !asked.query.any_event;
    let saved = workspace.activities.iter().map(|one| {
        let is_own = workspace.own_activity.as_ref() == Some(&one.slug);
        let href = by((!is_own).then(|| one.slug.clone()), false);
        let now = by_name && workspace.activity(chosen) == Some(one);
        view! { <Choice href chosen=now text=one.name.clone() remark=one.words.clone()/> }
    });
    let saved = saved.collect_view();
    let mut more = format!("/w/{}/activity/edit", workspace.slug);
    let events = (1..).zip(&ticked);
    let events = events.map(|(place, event): (usize, _)| (format!("event{place}"), event.clone()));
    let mut parameters = String::new();
    append_params(&mut parameters, events.collect::<Vec<_>>());
    more.push_str(&parameters);
    view! {
        {saved}
        <p class="hint">"Or any of these. Signing in is no value by itself, so it is never ticked for you."</p>
        <form class="asks" method="get">
            <Carried but=&["active", "any", "activity"]/>
            <EventBoxes name="active".to_owned() events=workspace.events.clone() ticked/>
            <div class="acts">
                <button type="submit" class="btn main">"Show"</button>
                <a class="btn" href=more>"More closely"</a>
                <a class="btn" href=any>"Any event"</a>
            </div>
        </form>
        {(!named.is_empty()).then(|| view! { <KeepActivity slug=workspace.slug.clone() events=named own/> })}
    }
    .into_any()
}

/// Asked once of a workspace that has no activity definition yet.
#[component]
pub fn AskActivity() -> impl IntoView {
    // To be asked is a page like any other, not an error.
    crate::error::ssr::set_status(http::StatusCode::OK);
    let current = expect_context::<Current>();
    let show = match expect_context::<Asked>().about {
        About::Retention => "Show the matrix",
        About::Feature(_) | About::Comparison(_) | About::Churn(_) => "Show the answer",
    };
    view! {
        <section class="card ask">
            <header><h2>"What counts as active here?"</h2></header>
            {Suspend::new(async move {
                match current.view.await {
                    Ok(workspace) if workspace.events.is_empty() && workspace.loading.is_some() => view! {
                        <p>"The first rows are being stored. The answer appears by itself."</p>
                    }.into_any(),
                    Ok(workspace) if workspace.events.is_empty() => view! {
                        <p>
                            "This workspace has no events yet. "
                            <a href=format!("/w/{}/data", workspace.slug)>"Bring in a file"</a>
                            ", here or on the command line, and its cohorts appear here:"
                        </p>
                        <pre><code>{format!("holdfast import events.csv --workspace {}", workspace.slug)}</code></pre>
                    }.into_any(),
                    Ok(workspace) => view! {
                        <Proposed slug=workspace.slug.clone() page="retention"/>
                        <p>"Or tick the events that show a customer getting value, such as a report published or an order placed. Signing in is not one of them."</p>
                        <form class="asks" method="get">
                            <Carried but=&["active", "activity"]/>
                            <EventBoxes name="active".to_owned() events=workspace.events ticked=Vec::new()/>
                            <div class="acts"><button type="submit" class="btn main">{show}</button></div>
                        </form>
                    }.into_any(),
                    Err(error) => view! { <ErrorCard error/> }.into_any(),
                }
            })}
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
    let filters = asked.query.filters.iter().enumerate().map(|(place, filter)| {
        let words = words::filter(filter);
        let label = format!("Remove: {words}");
        let without = asked.ask(|query| {
            query.filters.remove(place);
        });
        view! { <li><span>{words}</span><a class="btn" aria-label=label href=without>"Remove"</a></li> }
    });
    let by_account = matches!(asked.about, About::Retention | About::Comparison(_));
    let of_accounts = asked.query.account_filters.iter().enumerate();
    let of_accounts = of_accounts.map(|(place, filter)| {
        let words = format!("account: {}", words::filter(filter));
        let label = format!("Remove: {words}");
        let without = asked.ask(|query| {
            query.account_filters.remove(place);
        });
        view! { <li><span>{words}</span><a class="btn" aria-label=label href=without>"Remove"</a></li> }
    });
    view! {
        <ul class="filters">{filters.collect_view()}{of_accounts.collect_view()}</ul>
        <SegmentChooser workspace=workspace.clone()/>
        {if workspace.traits.is_empty() {
            view! { <p class="hint">"No customer here has traits. Bring them in with a file of customers."</p> }.into_any()
        } else {
            workspace.traits.iter().map(|one| view! { <TraitChooser one=one.clone() of=Of::Customers/> }).collect_view().into_any()
        }}
        {(by_account && !workspace.account_traits.is_empty()).then(|| view! {
            <h3>"Of which accounts"</h3>
            {workspace.account_traits.iter().map(|one| view! { <TraitChooser one=one.clone() of=Of::Accounts/> }).collect_view()}
        })}
    }
    .into_any()
}

/// Saved segments to tick; customers must belong to all that are ticked.
#[component]
fn SegmentChooser(workspace: Arc<WorkspaceView>) -> impl IntoView {
    let asked = expect_context::<Asked>();
    let ticked = |slug: &str| asked.query.segments.iter().any(|one| one == slug);
    let choices = workspace.segments.iter().map(|one| {
        let on = ticked(&one.slug);
        let href = asked.ask(|query| {
            if on {
                query.segments.retain(|slug| *slug != one.slug);
            } else {
                query.segments.push(one.slug.clone());
                query.normalise();
            }
        });
        view! {
            <li>
                <a class="choice box" aria-current=on.then_some("true") href=href><span>{one.name.clone()}</span></a>
            </li>
        }
    });
    let any = !asked.query.segments.is_empty();
    view! {
        <details class="trait" open=any>
            <summary>"Saved segments"</summary>
            <ul class="boxes">{choices.collect_view()}</ul>
            <p class="hint">
                <a href=format!("/w/{}/segments/edit", workspace.slug)>"Build a segment"</a>
                " · "
                <a href=format!("/w/{}/segments/saved", workspace.slug)>"All saved segments"</a>
            </p>
        </details>
    }
    .into_any()
}

/// Whose traits.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    Customers,
    Accounts,
}

impl Of {
    fn filters(self, query: &RetentionQuery) -> &Vec<TraitFilter> {
        match self {
            Self::Customers => &query.filters,
            Self::Accounts => &query.account_filters,
        }
    }

    fn filters_mut(self, query: &mut RetentionQuery) -> &mut Vec<TraitFilter> {
        match self {
            Self::Customers => &mut query.filters,
            Self::Accounts => &mut query.account_filters,
        }
    }

    fn param(self) -> &'static str {
        match self {
            Self::Customers => "where",
            Self::Accounts => "account_where",
        }
    }
}

/// Values of one trait to tick, or a span of numbers.
#[component]
fn TraitChooser(one: TraitView, of: Of) -> impl IntoView {
    let asked = expect_context::<Asked>();
    let name = one.name;
    let numeric = !one.values.is_empty()
        && one
            .values
            .iter()
            .all(|(value, _)| value.parse::<f64>().is_ok());
    let tests: Vec<&TraitTest> = of
        .filters(&asked.query)
        .iter()
        .filter(|filter| filter.name == name)
        .map(|filter| &filter.test)
        .collect();
    let ticked = |value: &str| {
        tests.iter().any(
            |test| matches!(test, TraitTest::Is(values) if values.iter().any(|one| one == value)),
        )
    };
    let ends = tests.iter().find_map(|test| match test {
        TraitTest::Between { min, max } => {
            let text = |end: &Option<f64>| end.map(|end| end.to_string()).unwrap_or_default();
            Some((text(min), text(max)))
        }
        _ => None,
    });
    let before = numeric.then(|| {
        let mut address =
            asked.ask(|query| of.filters_mut(query).retain(|filter| filter.name != name));
        if address == "?" {
            address.clear();
        }
        // The condition's own text up to its numbers.
        let test = TraitTest::Between {
            min: None,
            max: None,
        };
        let condition = TraitFilter {
            name: name.clone(),
            test,
        }
        .to_string();
        let condition = condition.trim_end_matches(":between::").to_owned();
        append_params(&mut address, vec![(of.param(), condition)]);
        address
    });
    view! {
        <details class="trait" open=!tests.is_empty()>
            <summary>{name.clone()}</summary>
            {before.map(|before| view! { <TraitSpan before ends=ends.unwrap_or_default()/> })}
            <ul class="boxes">
                {one.values.iter().map(|(value, customers)| {
                    let href = asked.ask(|query| toggle_value(of.filters_mut(query), &name, value));
                    view! {
                        <li>
                            <a class="choice box" aria-current=ticked(value).then_some("true") href=href>
                                <span>{value.clone()}</span>
                                <small>{words::thousands(*customers)}</small>
                            </a>
                        </li>
                    }
                }).collect_view()}
            </ul>
        </details>
    }
    .into_any()
}

/// Ticks a value of a trait, or takes the tick away; a trait without ticks has no filter.
fn toggle_value(filters: &mut Vec<TraitFilter>, name: &str, value: &str) {
    let mut values = match filters.iter().find(|one| one.name == name) {
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
    filters.retain(|one| one.name != name);
    if !values.is_empty() {
        filters.push(TraitFilter {
            name: name.to_owned(),
            test: TraitTest::Is(values),
        });
    }
}

/// Which cohorts: the newest few, or a span of dates.
#[component]
pub fn RangeChooser() -> impl IntoView {
    let asked = expect_context::<Asked>();
    let grain = asked.query.grain;
    let counts: &[u32] = match grain {
        Grain::Day => &[14, 30, 60, 90],
        Grain::Week => &[8, 13, 26, 52, 104],
        Grain::Month => &[6, 12, 24, 36],
        Grain::Quarter => &[4, 8, 12],
        Grain::Year => &[3, 5, 10],
    };
    let (from, to) = match asked.query.cohorts {
        CohortRange::Between { from, to } => (
            from.to_string(),
            to.map(|to| to.to_string()).unwrap_or_default(),
        ),
        CohortRange::Last(_) => (String::new(), String::new()),
    };
    view! {
        {counts.iter().map(|&count| view! {
            <Choice
                href=asked.ask(|query| query.cohorts = CohortRange::Last(count))
                chosen={asked.query.cohorts == CohortRange::Last(count)}
                text=format!("the last {count} {}", grain.noun(u64::from(count)))
            />
        }).collect_view()}
        <form class="asks" method="get">
            <Carried but=&["last", "from", "to"]/>
            <div class="span">
                <label>"from "<input type="date" class="field" name="from" required value=from/></label>
                <label>"to "<input type="date" class="field" name="to" value=to/></label>
                <button type="submit" class="btn">"Apply"</button>
            </div>
        </form>
    }
    .into_any()
}

/// The instant at which the data are looked at.
#[component]
pub fn AsOfChooser() -> impl IntoView {
    let asked = expect_context::<Asked>();
    let day = match asked.query.as_of {
        AsOf::Date(date) => date.to_string(),
        AsOf::Now | AsOf::Instant(_) => String::new(),
    };
    view! {
        <Choice
            href=asked.ask(|query| query.as_of = AsOf::Now)
            chosen={asked.query.as_of == AsOf::Now}
            text="now"
        />
        <form class="asks" method="get">
            <Carried but=&["as_of"]/>
            <div class="span">
                <label>"the start of "<input type="date" class="field" name="as_of" required value=day/></label>
                <button type="submit" class="btn">"Apply"</button>
            </div>
        </form>
        <p class="hint">"Nothing at or after that instant is seen."</p>
    }
    .into_any()
}
