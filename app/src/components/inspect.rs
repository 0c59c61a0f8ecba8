//! A picked cell explains itself: its rate against all cohorts together, and the customers in it or missing from it.

use super::explore::{LookLink, Looks};
use super::problems::ErrorCard;
use crate::api::retention::{MemberView, MembersView, members};
use crate::words as labels;
use analysis::query::{AsOf, CellRef, RetentionView, Unit, url_query};
use analysis::report::{CellFacts, RetentionReport};
use analysis::words;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// The card beside the matrix.
#[component]
pub fn Inspect(
    /// The workspace.
    slug: String,
    /// The report that the cell belongs to.
    report: Arc<RetentionReport>,
    /// Which cell.
    cell: CellRef,
    /// The first of those whom it counts, when they are known already.
    first: Option<MembersView>,
) -> impl IntoView {
    let looks = expect_context::<Looks>();
    let key = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            looks.change(|view| view.cell = None);
            focus_cell(cell);
        }
    };
    let Some(facts) = report.cell(cell) else {
        return view! {
            <aside class="card inspect" aria-label="Picked cell" on:keydown=key>
                <header><h2>"No such cell"</h2><LookLink class="btn" text="Close" change=|view| view.cell = None/></header>
                <p class="say">"The matrix has no such cell: its period has not begun, or its cohort is not among those shown."</p>
            </aside>
        }
        .into_any();
    };
    let overall = report.cell(CellRef {
        cohort: None,
        period: cell.period,
    });
    let versus = labels::against_overall(&report, cell);
    let title = labels::cell_title(&report, cell);
    view! {
        <aside class="card inspect" aria-label="Picked cell" on:keydown=key>
            <header><h2>{title}</h2><LookLink class="btn" text="Close" change=|view| view.cell = None/></header>
            <div class="say">
                <p class="big">
                    {facts.rate.map_or_else(|| "–".to_owned(), words::percent)}
                    <small>{labels::of_counted(report.query.unit, facts.retained, facts.size)}</small>
                </p>
                <p class="quiet">{versus}</p>
                <Range facts overall/>
            </div>
            <People slug report cell facts first/>
        </aside>
    }
    .into_any()
}

/// Gives the focus back to the cell whose card has closed.
fn focus_cell(cell: CellRef) {
    let row = cell
        .cohort
        .map_or_else(|| "overall".to_owned(), |date| date.to_string());
    let found = document().query_selector(&format!(
        "td[data-cohort=\"{row}\"][data-period=\"{}\"]",
        cell.period
    ));
    if let Ok(Some(cell)) = found
        && let Ok(cell) = cell.dyn_into::<web_sys::HtmlElement>()
    {
        drop(cell.focus());
    }
}

/// The cell's interval on a line from 0 to 100 %, with all cohorts together as a mark.
#[component]
fn Range(facts: CellFacts, overall: Option<CellFacts>) -> impl IntoView {
    // The line runs from 8 to 272 of 280 units.
    let place = |share: f64| format!("{:.1}", 8.0 + share * 264.0);
    let interval = facts.interval.map(|interval| {
        view! { <line class="ci" x1=place(interval.low) x2=place(interval.high) y1="11" y2="11"></line> }
    });
    let point = facts
        .rate
        .map(|rate| view! { <circle class="pt" cx=place(rate) cy="11" r="5"></circle> });
    let reference = overall
        .filter(|_| facts.cohort.is_some())
        .and_then(|all| all.rate)
        .map(
            |rate| view! { <line class="ref" x1=place(rate) x2=place(rate) y1="1" y2="21"></line> },
        );
    view! {
        <svg class="range" viewBox="0 0 280 22" aria-hidden="true">
            <line class="axis" x1="8" x2="272" y1="11" y2="11"></line>
            {interval}
            {reference}
            {point}
        </svg>
    }
}

/// The customers that the cell counts, or those it misses, a page at a time.
#[component]
fn People(
    slug: String,
    report: Arc<RetentionReport>,
    cell: CellRef,
    facts: CellFacts,
    /// The first of those whom the cell counts, when they are known already.
    first: Option<MembersView>,
) -> impl IntoView {
    let retained = RwSignal::new(true);
    let list = RwSignal::new(first.map(Ok));
    // Answers may overtake each other; only the last question's counts.
    let turn = RwSignal::new(0_u32);
    // The report's own instant: the list must see what the cell saw, however much later it is asked for.
    let mut query = report.query.clone();
    query.as_of = AsOf::Instant(report.as_of);
    let asked = query.clone();
    let save = format!("/w/{slug}/segments/save-cell");
    let fetch = Callback::new(move |mut known: Vec<MemberView>| {
        turn.update_untracked(|turn| *turn += 1);
        let mine = turn.get_untracked();
        let offset = u32::try_from(known.len()).unwrap_or(u32::MAX);
        let asked = members(
            slug.clone(),
            asked.clone(),
            cell,
            retained.get_untracked(),
            offset,
        );
        spawn_local(async move {
            let answer = asked.await.map(|part| {
                known.extend(part.members);
                MembersView {
                    total: part.total,
                    members: known,
                }
            });
            if turn.try_get_untracked() == Some(mine) {
                list.set(Some(answer));
            }
        });
    });
    Effect::new(move |_| {
        if list.with_untracked(Option::is_none) {
            fetch.run(Vec::new());
        }
    });
    let which = move |stay: bool, text: String| {
        view! {
            <button
                type="button"
                aria-pressed=move || if retained.get() == stay { "true" } else { "false" }
                on:click=move |_| {
                    retained.set(stay);
                    fetch.run(Vec::new());
                }
            >
                {text}
            </button>
        }
    };
    let gone = facts.size.saturating_sub(facts.retained);
    let view = RetentionView {
        cell: Some(cell),
        ..RetentionView::default()
    };
    let question = url_query(&query, &view);
    let name = labels::cell_title(&report, cell);
    let listed = format!("{} listed", words::capital(report.query.unit.noun(2)));
    // A segment holds customers.
    let customers = report.query.unit == Unit::Customers;
    view! {
        <div class="seg people-which" role="group" aria-label=listed>
            {which(true, labels::those_who_stayed(facts.retained))}
            {which(false, labels::those_who_did_not(gone))}
        </div>
        {move || match list.get() {
            None => view! { <div class="skeleton list"></div> }.into_any(),
            Some(Ok(found)) => people(found, fetch),
            Some(Err(error)) => view! { <ErrorCard error/> }.into_any(),
        }}
        {customers.then(|| view! {
            <details class="keep-as">
                <summary>"Save these customers as a segment"</summary>
                <form method="post" action=save>
                    <input type="hidden" name="question" value=question/>
                    <input type="hidden" name="retained" value=move || if retained.get() { "1" } else { "0" }/>
                    <input type="text" class="field" name="name" value=name aria-label="Name of the segment" required maxlength="200" autocomplete="off"/>
                    <button type="submit" class="btn">"Save"</button>
                </form>
            </details>
        })}
    }
    .into_any()
}

fn people(found: MembersView, fetch: Callback<Vec<MemberView>>) -> AnyView {
    let MembersView { total, members } = found;
    if total == 0 {
        return view! { <p class="say quiet">"Nobody."</p> }.into_any();
    }
    let more = total.saturating_sub(u64::try_from(members.len()).unwrap_or(u64::MAX));
    let items: Vec<_> = members
        .iter()
        .map(|member| {
            view! {
                <li>
                    <span>{member.customer.clone()}</span>
                    <span class="quiet">{labels::uses(member.uses)}</span>
                </li>
            }
        })
        .collect();
    view! {
        <ul class="people">{items}</ul>
        {(more > 0).then(|| view! {
            <div class="acts">
                <button type="button" class="btn scripted" on:click=move |_| fetch.run(members.clone())>
                    {format!("Show more ({} left)", words::thousands(more))}
                </button>
            </div>
        })}
    }
    .into_any()
}
