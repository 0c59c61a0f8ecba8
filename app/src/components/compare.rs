//! The question about segments: that of retention, and by what, against whom, and when somebody is gone.

use super::choosers::Carried;
use super::popover::{Choice, Phrase};
use super::question::QuestionLine;
use crate::api::workspace::WorkspaceView;
use crate::pages::common::address;
use crate::pages::retention::{About, Asked};
use analysis::comparison::ComparisonReport;
use analysis::period::Grain;
use analysis::query::{ComparisonQuery, DateRange, MAX_THRESHOLD, RetentionView, Split};
use analysis::words;
use jiff::civil::Date;
use leptos::prelude::*;
use std::sync::Arc;

/// The address of the page with a changed question.
pub fn ask(query: &ComparisonQuery, change: impl FnOnce(&mut ComparisonQuery)) -> String {
    let mut query = query.clone();
    change(&mut query);
    address(query.params())
}

/// What the choosers that all pages share need.
pub fn asked(query: &ComparisonQuery) -> Asked {
    Asked {
        query: query.retention.clone(),
        view: RetentionView::default(),
        about: About::Comparison(Box::new(query.clone())),
    }
}

/// The question of this page.
fn asked_about() -> ComparisonQuery {
    match expect_context::<Asked>().about {
        About::Comparison(query) => *query,
        _ => ComparisonQuery::default(),
    }
}

/// What the choices need to know of the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    /// What makes segments, as it was answered.
    pub split: Option<Split>,
    /// Segments that others can be compared with: their keys in addresses and their names.
    pub bases: Vec<(String, String)>,
    /// The place of the one that they are compared with.
    pub baseline: Option<usize>,
    /// As many cohorts as were asked for, right before them.
    pub before: Option<DateRange>,
    /// Saved segments, by their names in addresses and on pages.
    pub saved: Vec<(String, String)>,
}

impl Offer {
    /// What an answer offers.
    pub fn of(report: Option<&ComparisonReport>, saved: Vec<(String, String)>) -> Self {
        let Some(report) = report else {
            return Self {
                saved,
                ..Self::default()
            };
        };
        let bases = report.segments.iter();
        let bases = bases.map(|one| (one.key.param().to_owned(), one.name.clone()));
        Self {
            split: report.query.split.clone(),
            bases: bases.collect(),
            baseline: Some(report.baseline),
            before: report.any().and_then(|any| {
                let first = any.cohorts.first()?.start;
                Some(before(
                    report.query.retention.grain,
                    first,
                    any.cohorts.len(),
                ))
            }),
            saved,
        }
    }
}

/// So many periods before a date.
fn before(grain: Grain, first: Date, count: usize) -> DateRange {
    let to = grain.previous(first);
    let from = (1..count).fold(to, |date, _| grain.previous(date));
    DateRange { from, to }
}

/// The whole question.
#[component]
pub fn ComparisonQuestion(
    /// Offers the choices.
    workspace: Arc<WorkspaceView>,
    /// What the answer offers.
    offer: Offer,
) -> impl IntoView {
    let query = asked_about();
    let by = match &offer.split {
        None => words::split(&query),
        split => words::split(&ComparisonQuery {
            split: split.clone(),
            ..ComparisonQuery::default()
        }),
    };
    let named = offer.baseline.and_then(|place| offer.bases.get(place));
    let against = match (&query.baseline, named) {
        (_, Some((_, name))) => name.clone(),
        (Some(wanted), None) => wanted.clone(),
        (None, None) => "the largest".to_owned(),
    };
    let earlier = match query.against {
        None => "no other cohorts".to_owned(),
        Some(DateRange { from, to }) => format!(
            "{} from {} to {}",
            query.retention.grain.noun(0),
            words::date(from),
            words::date(to)
        ),
    };
    let gone = words::days(query.inactivity());
    let (for_split, for_base) = (offer.clone(), offer.clone());
    let split_workspace = workspace.clone();
    view! {
        <QuestionLine workspace>
            " By "
            <Phrase id="split" label="What makes segments" text=by after=",">
                <SplitChooser workspace=split_workspace offer=for_split/>
            </Phrase>
            " each against "
            <Phrase id="baseline" label="Against which segment" text=against after=";">
                <BaselineChooser offer=for_base/>
            </Phrase>
            " gone after "
            <Phrase id="inactivity" label="When somebody is gone" text=gone>
                <InactivityChooser/>
            </Phrase>
            " without activity; the total against "
            <Phrase id="against" label="Against which other cohorts" text=earlier after=".">
                <AgainstChooser offer/>
            </Phrase>
        </QuestionLine>
    }
    .into_any()
}

/// A trait, or saved segments.
#[component]
fn SplitChooser(workspace: Arc<WorkspaceView>, offer: Offer) -> impl IntoView {
    let query = asked_about();
    let traits = workspace.traits.iter().map(|one| {
        let split = Some(Split::Trait(one.name.clone()));
        let chosen = offer.split == split;
        let href = ask(&query, |query| {
            query.split = split;
            query.baseline = None;
        });
        view! { <Choice href chosen text=one.name.clone()/> }
    });
    let ticked = match &offer.split {
        Some(Split::Saved(slugs)) => slugs.clone(),
        _ => Vec::new(),
    };
    let boxes = offer.saved.iter().map(|(slug, name)| {
        let checked = ticked.contains(slug);
        view! {
            <li><label>
                <input type="checkbox" name="by" value=slug.clone() checked=checked/>
                <span>{name.clone()}</span>
            </label></li>
        }
    });
    let boxes = boxes.collect_view();
    let none = workspace.traits.is_empty();
    view! {
        {none.then(|| view! { <p class="hint">"No customer here has traits. Bring them in with a file of customers."</p> })}
        {traits.collect_view()}
        {(!offer.saved.is_empty()).then(|| view! {
            <h3>"Saved segments, up to eight"</h3>
            <form class="asks" method="get">
                <Carried but=&["split", "by", "baseline"]/>
                <ul class="boxes">{boxes}</ul>
                <div class="acts"><button type="submit" class="btn main">"Show"</button></div>
            </form>
        })}
        <p class="hint">
            <a href=format!("/w/{}/segments/edit", workspace.slug)>"Build a segment"</a>
            " · "
            <a href=format!("/w/{}/segments/saved", workspace.slug)>"Saved segments"</a>
        </p>
    }
    .into_any()
}

/// The segment that others are compared with.
#[component]
fn BaselineChooser(offer: Offer) -> impl IntoView {
    let query = asked_about();
    let bases = offer.bases.iter().enumerate().map(|(place, (key, name))| {
        let href = ask(&query, |query| query.baseline = Some(key.clone()));
        view! { <Choice href chosen={offer.baseline == Some(place)} text=name.clone()/> }
    });
    let largest = ask(&query, |query| query.baseline = None);
    view! {
        {bases.collect_view()}
        <Choice href=largest chosen={query.baseline.is_none()} text="the largest" remark="Whichever has the most customers."/>
    }
    .into_any()
}

/// After how many days without activity somebody is gone.
#[component]
fn InactivityChooser() -> impl IntoView {
    let query = asked_about();
    let now = query.inactivity();
    let choices = [7, 14, 28, 56, 90].map(|days| {
        let href = ask(&query, |query| query.inactivity = Some(days));
        view! { <Choice href chosen={days == now} text=words::days(days)/> }
    });
    view! {
        {choices}
        <form class="asks" method="get">
            <Carried but=&["inactivity"]/>
            <div class="span">
                <label><input type="number" class="field" name="inactivity" min="1" max=MAX_THRESHOLD required value=now/>" days"</label>
                <button type="submit" class="btn">"Apply"</button>
            </div>
        </form>
        <p class="hint">"Such a customer left at the last activity; all others are still being watched."</p>
    }
    .into_any()
}

/// Other cohorts whose total is compared.
#[component]
fn AgainstChooser(offer: Offer) -> impl IntoView {
    let query = asked_about();
    let none = ask(&query, |query| query.against = None);
    let before = offer.before.map(|range| {
        let href = ask(&query, |query| query.against = Some(range));
        let remark = format!("{} to {}", words::date(range.from), words::date(range.to));
        view! { <Choice href chosen={query.against == Some(range)} text="as many right before" remark/> }
    });
    let (from, to) = match query.against {
        Some(DateRange { from, to }) => (from.to_string(), to.to_string()),
        None => (String::new(), String::new()),
    };
    view! {
        <Choice href=none chosen={query.against.is_none()} text="no other cohorts"/>
        {before}
        <form class="asks" method="get">
            <Carried but=&["against_from", "against_to"]/>
            <div class="span">
                <label>"from "<input type="date" class="field" name="against_from" required value=from/></label>
                <label>"to "<input type="date" class="field" name="against_to" required value=to/></label>
                <button type="submit" class="btn">"Apply"</button>
            </div>
        </form>
        <p class="hint">"Says how much of a change of the total comes from who signed up, and how much from how they stayed."</p>
    }
    .into_any()
}
