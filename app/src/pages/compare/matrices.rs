//! The matrix of each segment, small and side by side, on one scale.

use super::cards::colour;
use crate::components::matrix::MARK;
use crate::pages::common::address;
use crate::words as labels;
use analysis::comparison::{ComparisonReport, Segment, SegmentKey};
use analysis::period::Grain;
use analysis::query::{CellRef, Split, TraitFilter, TraitTest};
use analysis::report::{CellState, Cohort};
use analysis::withhold::{FEWEST, Withheld, WithheldSegments};
use analysis::words;
use leptos::prelude::*;
use std::ops::Range;

/// The newest cohorts that a small matrix shows.
const COHORTS: usize = 26;
/// The first periods that it shows.
const PERIODS: usize = 13;

/// All of them. A segment's name leads to its whole matrix in a workspace, if one is named.
pub(crate) fn matrices(
    report: &ComparisonReport,
    slug: Option<&str>,
    withheld: &WithheldSegments,
) -> AnyView {
    let top = report.largest_rate();
    if top <= 0.0 {
        return ().into_any();
    }
    let all: Vec<AnyView> = report
        .segments
        .iter()
        .enumerate()
        .map(|(place, segment)| small(report, (place, segment), (slug, withheld.of(place)), top))
        .collect();
    let shown = report.segments.first();
    let shown = shown.map_or(0, |segment| segment.report.cohorts.len());
    let columns = usize::try_from(report.columns()).unwrap_or(usize::MAX);
    let cut = (shown > COHORTS || columns > PERIODS + 1).then(|| {
        let way = match slug {
            Some(_) => "; a segment’s name leads to its whole matrix",
            None => "",
        };
        format!("The newest {COHORTS} cohorts and the first {PERIODS} periods{way}.")
    });
    let marked = withheld.cells() > 0;
    let steps: Vec<_> = (0..=20)
        .map(|step| view! { <li class=format!("h{step}")></li> })
        .collect();
    view! {
        <section class="card">
            <header><h2>"Matrices on one scale"</h2></header>
            <div class="minis">{all}</div>
            <div class="legend">
                <span class="scale">
                    <span>{words::percent(0.0)}</span>
                    <ol aria-hidden="true">{steps}</ol>
                    <span>{words::percent(top)}</span>
                </span>
                <span><i class="state h9 running"></i>"unfinished"</span>
                <span>"without colour: small cohort"</span>
                {marked.then(|| view! { <span>{format!("{MARK} withheld: fewer than {FEWEST} customers")}</span> })}
                {cut.map(|cut| view! { <span>{cut}</span> })}
            </div>
        </section>
    }
    .into_any()
}

fn small(
    report: &ComparisonReport,
    (place, segment): (usize, &Segment),
    (slug, withheld): (Option<&str>, Option<&Withheld>),
    top: f64,
) -> AnyView {
    let query = &report.query.retention;
    let from = segment.report.first_column();
    let columns = from..segment.report.columns().min(PERIODS + 1);
    let heads = columns.clone().map(|column| {
        let column = u32::try_from(column).unwrap_or(u32::MAX);
        view! { <th scope="col">{words::column_label(query, column)}</th> }
    });
    let heads = heads.collect_view();
    let overall = row((segment, withheld), None, columns.clone(), top);
    let cohorts = segment.report.cohorts.iter().rev().take(COHORTS);
    let cohorts =
        cohorts.map(|cohort| row((segment, withheld), Some(cohort), columns.clone(), top));
    let cohorts = cohorts.collect_view();
    let href = slug.and_then(|slug| whole(report, segment, slug));
    let customers = words::thousands(segment.report.customers);
    let name = segment.name.clone();
    let title = match href {
        Some(href) => view! { <a href=href>{name.clone()}</a> }.into_any(),
        None => name.clone().into_any(),
    };
    view! {
        <figure class=format!("mini {}", colour(report, place))>
            <figcaption><i class="swatch" aria-hidden="true"></i>{title}<em>{customers}</em></figcaption>
            <div class="scroll" tabindex="0" role="region" aria-label=format!("Matrix of {name}")>
                <table class="matrix">
                    <thead><tr><th scope="col">{labels::cohorts_head(&segment.report)}</th>{heads}</tr></thead>
                    <tbody>{overall}{cohorts}</tbody>
                </table>
            </div>
        </figure>
    }
    .into_any()
}

/// The retention page of a segment alone; none where no question says it.
fn whole(report: &ComparisonReport, segment: &Segment, slug: &str) -> Option<String> {
    let mut query = report.query.retention.clone();
    let name = match &report.query.split {
        Some(Split::Trait(name)) => name.clone(),
        _ => String::new(),
    };
    match &segment.key {
        SegmentKey::Value(value) if !value.is_empty() => query.filters.push(TraitFilter {
            name,
            test: TraitTest::Is(vec![value.clone()]),
        }),
        SegmentKey::Unset => query.filters.push(TraitFilter {
            name,
            test: TraitTest::Unset,
        }),
        SegmentKey::Saved(saved) => query.segments.push(saved.clone()),
        SegmentKey::Value(_) | SegmentKey::Other => return None,
    }
    query.normalise();
    query.validate().ok()?;
    Some(format!("/w/{slug}/retention{}", address(query.params())))
}

fn row(
    (segment, withheld): (&Segment, Option<&Withheld>),
    cohort: Option<&Cohort>,
    columns: Range<usize>,
    top: f64,
) -> AnyView {
    let report = &segment.report;
    let small = cohort.is_some_and(|one| one.size > 0 && one.size < report.query.small);
    let label = match cohort {
        Some(cohort) => {
            let grain = report.query.grain;
            words::period_label(
                grain,
                cohort.start,
                matches!(grain, Grain::Month | Grain::Quarter),
            )
        }
        None => "All".to_owned(),
    };
    let cells = columns.map(|column| {
        let at = CellRef {
            cohort: cohort.map(|cohort| cohort.start),
            period: u32::try_from(column).unwrap_or(u32::MAX),
        };
        if withheld.is_some_and(|withheld| withheld.has(at)) {
            return view! { <td class="future withheld" aria-label="withheld">{MARK}</td> }
                .into_any();
        }
        let facts = report.cell(at);
        let Some((facts, rate)) = facts.and_then(|facts| Some((facts, facts.rate?))) else {
            return view! { <td class="future"></td> }.into_any();
        };
        let state = match facts.state {
            CellState::Running => " running",
            CellState::Open => " open",
            CellState::Complete => "",
        };
        let step = if small { 0 } else { labels::heat(rate, top) };
        let text = words::percent(rate).replace("\u{a0}%", "");
        view! { <td class=format!("h{step}{state}")>{text}</td> }.into_any()
    });
    let cells = cells.collect_view();
    view! {
        <tr class:overall=cohort.is_none() class:small=small>
            <th scope="row">{label}</th>
            {cells}
        </tr>
    }
    .into_any()
}
