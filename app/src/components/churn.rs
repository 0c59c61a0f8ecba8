//! The question about leaving as a sentence; each underlined phrase opens its choices.

use super::choosers::{ActivityChooser, AsOfChooser, Carried, FilterChooser, RangeChooser};
use super::popover::{Choice, Phrase};
use super::question::who_phrase;
use crate::api::workspace::WorkspaceView;
use crate::pages::common::address;
use crate::pages::retention::{About, Asked};
use analysis::period::Grain;
use analysis::query::{ChurnQuery, MAX_STICKY_DAYS, MAX_THRESHOLD};
use analysis::words;
use leptos::prelude::*;
use std::sync::Arc;

/// The address of the page with a changed question.
pub fn ask(query: &ChurnQuery, change: impl FnOnce(&mut ChurnQuery)) -> String {
    let mut query = query.clone();
    change(&mut query);
    address(query.params())
}

/// The question of this page.
fn asked_about() -> ChurnQuery {
    match expect_context::<Asked>().about {
        About::Churn(query) => query,
        _ => ChurnQuery::default(),
    }
}

/// The whole question.
#[component]
pub fn ChurnQuestion(
    /// Offers the choices.
    workspace: Arc<WorkspaceView>,
    /// The inactivity threshold that the answer used, in days; `None` before there is one.
    threshold: Option<u32>,
) -> impl IntoView {
    let query = asked_about();
    let grain = query.grain;
    let active = match (&query.activity, query.active.as_slice()) {
        (Some(slug), _) => slug.clone(),
        _ if query.any_event => "any event".to_owned(),
        (None, []) if threshold.is_none() => "nothing in particular".to_owned(),
        (None, []) => "what counts as active".to_owned(),
        (None, [one]) => one.clone(),
        (None, [one, two]) => format!("{one} or {two}"),
        (None, [one, rest @ ..]) => format!("{one} or {} others", rest.len()),
    };
    let days = match query.threshold.or(threshold) {
        Some(days) => words::days_text(days),
        None => "the usual time".to_owned(),
    };
    let (for_activity, grains) = (workspace.clone(), grain_choices(&query));
    view! {
        <div class="question">
            "Of the customers active at the start of each "
            <Phrase id="grain" label="Size of a period" text=grain.noun(1).to_owned() after=",">
                {grains}
            </Phrase>
            " how many had left by its end? Who has not done "
            <Phrase id="activity" label="What counts as active" text=active>
                <ActivityChooser workspace=for_activity/>
            </Phrase>
            " for "
            <Phrase id="threshold" label="How long until a customer counts as gone" text=days>
                <ThresholdChooser/>
            </Phrase>
            " is gone. For "
            <Phrase id="filters" label="Which customers" text=who_phrase(&query.population(), &workspace) after=",">
                <FilterChooser workspace/>
            </Phrase>
            " "
            <Phrase id="range" label="Which periods" text=words::cohort_range(query.periods, grain) after=",">
                <RangeChooser/>
            </Phrase>
            " as of "
            <Phrase id="as-of" label="As of when" text=words::as_of(query.as_of) after=".">
                <AsOfChooser/>
            </Phrase>
            " Active days are counted among "
            <Phrase id="days" label="Stickiness: among how many days" text=words::days_text(query.sticky_days) after=";">
                <DaysChooser/>
            </Phrase>
            " who falls below "
            <Phrase id="pace" label="Quietly leaving: below which share" text=pace(query.pace)>
                <PaceChooser/>
            </Phrase>
            " of his own pace is quietly leaving."
        </div>
    }
    .into_any()
}

/// The length of periods.
fn grain_choices(query: &ChurnQuery) -> AnyView {
    let grains = [Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];
    grains
        .map(|grain| {
            let href = ask(query, |query| {
                query.grain = grain;
                query.periods = ChurnQuery::customary(grain).periods;
                query.period = None;
            });
            view! { <Choice href chosen={grain == query.grain} text=grain.noun(1)/> }
        })
        .into_any()
}

fn pace(share: u32) -> String {
    match share {
        50 => "half".to_owned(),
        share => format!("{share}\u{a0}%"),
    }
}

/// How long a customer may be silent.
#[component]
fn ThresholdChooser() -> impl IntoView {
    let query = asked_about();
    let proposed = ask(&query, |query| query.threshold = None);
    let usual = [7, 14, 28, 60, 90].map(|days| {
        let href = ask(&query, |query| query.threshold = Some(days));
        view! { <Choice href chosen={query.threshold == Some(days)} text=words::days_text(days)/> }
    });
    let now = query.threshold.map(|days| days.to_string());
    view! {
        <Choice
            href=proposed
            chosen={query.threshold.is_none()}
            text="what the data propose"
            remark="The time within which nine of ten returns happen."
        />
        {usual}
        <form class="asks" method="get">
            <Carried but=&["threshold"]/>
            <div class="span">
                <label>
                    <input type="number" class="field" name="threshold" min="1" max=MAX_THRESHOLD required value=now/>
                    " days"
                </label>
                <button type="submit" class="btn">"Apply"</button>
            </div>
        </form>
    }
    .into_any()
}

/// Among how many days active ones are counted.
#[component]
fn DaysChooser() -> impl IntoView {
    let query = asked_about();
    let usual = [7, 14, 28, 90].map(|days| {
        let href = ask(&query, |query| query.sticky_days = days);
        view! { <Choice href chosen={query.sticky_days == days} text=words::days_text(days)/> }
    });
    view! {
        {usual}
        <form class="asks" method="get">
            <Carried but=&["days"]/>
            <div class="span">
                <label>
                    <input type="number" class="field" name="days" min="2" max=MAX_STICKY_DAYS required value=query.sticky_days/>
                    " days"
                </label>
                <button type="submit" class="btn">"Apply"</button>
            </div>
        </form>
        <p class="hint">"The days up to the end of each period."</p>
    }
    .into_any()
}

/// Below which share of his own pace a customer is quietly leaving.
#[component]
fn PaceChooser() -> impl IntoView {
    let query = asked_about();
    let usual = [75, 50, 33, 25].map(|share| {
        let href = ask(&query, |query| query.pace = share);
        view! { <Choice href chosen={query.pace == share} text=pace(share)/> }
    });
    view! {
        {usual}
        <p class="hint">"The last 28 days are compared with up to 84 days before them."</p>
    }
    .into_any()
}

/// What the choosers that all pages share need.
pub fn asked(query: &ChurnQuery) -> Asked {
    Asked {
        query: query.population(),
        view: analysis::query::RetentionView::default(),
        about: About::Churn(query.clone()),
    }
}
