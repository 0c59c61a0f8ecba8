//! A picked cell explains itself: its rate against all cohorts together, and the customers in it or missing from it.

use super::frame::Current;
use super::problems::ErrorCard;
use crate::api::retention::{MEMBERS_PAGE, MemberView, members};
use crate::pages::retention::Asked;
use crate::words as labels;
use analysis::query::{AsOf, CellRef};
use analysis::report::{CellFacts, RetentionReport};
use analysis::words;
use leptos::prelude::*;
use std::sync::Arc;

/// The card beside the matrix.
#[component]
pub fn Inspect(
    /// The report that the cell belongs to.
    report: Arc<RetentionReport>,
    /// Which cell.
    cell: CellRef,
) -> impl IntoView {
    let asked = expect_context::<Asked>();
    let close = move || asked.look(|view| view.cell = None);
    let Some(facts) = report.cell(cell) else {
        return view! {
            <aside class="card inspect" aria-label="Picked cell">
                <header><h2>"No such cell"</h2><a class="btn" data-noscroll="" href=close>"Close"</a></header>
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
        <aside class="card inspect" aria-label="Picked cell">
            <header><h2>{title}</h2><a class="btn" data-noscroll="" href=close>"Close"</a></header>
            <div class="say">
                <p class="big">
                    {facts.rate.map_or_else(|| "–".to_owned(), words::percent)}
                    <small>{labels::of_customers(facts.retained, facts.size)}</small>
                </p>
                <p class="quiet">{versus}</p>
                <Range facts overall/>
            </div>
            <People report cell facts/>
        </aside>
    }
    .into_any()
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
fn People(report: Arc<RetentionReport>, cell: CellRef, facts: CellFacts) -> impl IntoView {
    let current = expect_context::<Current>();
    let retained = RwSignal::new(true);
    let pages = RwSignal::new(1_u32);
    // The report's own instant: the list must see what the cell saw, however much later it is asked for.
    let mut query = report.query.clone();
    query.as_of = AsOf::Instant(report.as_of);
    let list = Resource::new(
        move || (current.slug.get(), retained.get(), pages.get()),
        move |(slug, retained, pages)| {
            let query = query.clone();
            async move {
                let mut total = 0;
                let mut all: Vec<MemberView> = Vec::new();
                for page in 0..pages {
                    let part = members(
                        slug.clone(),
                        query.clone(),
                        cell,
                        retained,
                        page.saturating_mul(MEMBERS_PAGE),
                    )
                    .await?;
                    total = total.max(part.total);
                    all.extend(part.members);
                }
                Ok::<_, crate::error::AppError>((total, all))
            }
        },
    );
    let stayed = facts.retained;
    let gone = facts.size.saturating_sub(facts.retained);
    let which = move |stay: bool, text: String| {
        view! {
            <button
                type="button"
                aria-pressed=move || if retained.get() == stay { "true" } else { "false" }
                on:click=move |_| { pages.set(1); retained.set(stay); }
            >
                {text}
            </button>
        }
    };
    view! {
        <div class="seg people-which" role="group" aria-label="Customers listed">
            {which(true, labels::those_who_stayed(stayed))}
            {which(false, labels::those_who_did_not(gone))}
        </div>
        <Transition fallback=|| view! { <div class="skeleton list"></div> }>
            {move || Suspend::new(async move {
                match list.await {
                    Ok((0, _)) => view! { <p class="say quiet">"Nobody."</p> }.into_any(),
                    Ok((total, members)) => {
                        let more = total.saturating_sub(u64::try_from(members.len()).unwrap_or(u64::MAX));
                        view! {
                            <ul class="people">
                                {members.into_iter().map(|member| view! {
                                    <li>
                                        <span>{member.customer}</span>
                                        <span class="quiet">{labels::uses(member.uses)}</span>
                                    </li>
                                }).collect_view()}
                            </ul>
                            {(more > 0).then(|| view! {
                                <div class="acts">
                                    <button type="button" class="btn" on:click=move |_| pages.update(|pages| *pages += 1)>
                                        {format!("Show more ({} left)", words::thousands(more))}
                                    </button>
                                </div>
                            })}
                        }.into_any()
                    }
                    Err(error) => view! { <ErrorCard error/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}
