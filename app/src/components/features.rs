//! The question about a feature as a sentence; each underlined phrase opens its choices.

use super::boxes::EventBoxes;
use super::choosers::{ActivityChooser, AsOfChooser, Carried, FilterChooser, RangeChooser};
use super::popover::{Choice, Phrase};
use super::question::who_phrase;
use crate::api::workspace::WorkspaceView;
use crate::pages::common::address;
use crate::pages::retention::{About, Asked};
use analysis::period::Grain;
use analysis::quartiles::{FeatureSet, QuartileReport};
use analysis::query::{MAX_WINDOW, QuartileQuery, Zeros};
use analysis::words;
use leptos::prelude::*;
use std::sync::Arc;

/// The address of the page with a changed question.
pub fn ask(query: &QuartileQuery, change: impl FnOnce(&mut QuartileQuery)) -> String {
    let mut query = query.clone();
    change(&mut query);
    address(query.params())
}

/// The question of this page.
fn asked_about() -> QuartileQuery {
    match expect_context::<Asked>().about {
        About::Feature(query) => query,
        _ => QuartileQuery::default(),
    }
}

/// What an answer is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looked {
    /// Its events; none before there is an answer.
    pub events: Vec<String>,
    /// The saved set that they are, by its name in addresses.
    pub set: Option<String>,
    /// How it is called in a sentence; empty before there is an answer.
    pub name: String,
}

impl Looked {
    /// What the answer is about, or what was asked about if there is none.
    pub fn at(report: Option<&QuartileReport>, query: &QuartileQuery) -> Self {
        let (events, set) = match report {
            Some(report) => (&report.query.feature, report.set.as_ref()),
            None => (&query.feature, None),
        };
        Self {
            name: match report {
                _ if events.is_empty() => String::new(),
                Some(report) => words::feature(report),
                None => words::events(events),
            },
            set: set.map(|set| set.slug.clone()),
            events: events.clone(),
        }
    }
}

/// The whole question.
#[component]
pub fn FeatureQuestion(
    /// Offers the choices.
    workspace: Arc<WorkspaceView>,
    /// What the answer is about.
    feature: Looked,
    /// The saved features.
    sets: Vec<FeatureSet>,
) -> impl IntoView {
    let query = asked_about();
    let active = match query.active.as_slice() {
        [] => "no activity".to_owned(),
        [one] => format!("no {one}"),
        names => format!("none of {}", names.join(", ")),
    };
    let name = match feature.name.as_str() {
        "" => "a feature".to_owned(),
        name => name.to_owned(),
    };
    let grain = query.grain;
    let exposure = match query.exposure {
        1 => format!("first {}", grain.noun(1)),
        periods => format!("first {periods} {}", grain.noun(0)),
    };
    let outcome = match query.outcome {
        1 => format!("{} after", grain.noun(1)),
        periods => format!("{periods} {} after", grain.noun(0)),
    };
    let points = format!("{} points", query.material);
    let (for_features, for_activity) = (workspace.clone(), workspace.clone());
    view! {
        <div class="question">
            "Among customers who signed up in "
            <Phrase id="range" label="When they signed up" text=words::cohort_range(query.cohorts, grain) after=",">
                <RangeChooser/>
            </Phrase>
            " did those who used "
            <Phrase id="feature" label="Which feature" text=name>
                <FeatureChooser workspace=for_features feature sets/>
            </Phrase>
            " more in their "
            <Phrase id="exposure" label="When usage is counted" text=exposure>
                <GrainChooser/>
                <WindowChooser exposure=true/>
            </Phrase>
            " leave less in the "
            <Phrase id="outcome" label="When leaving is observed" text=outcome after="?">
                <WindowChooser exposure=false/>
            </Phrase>
            " For "
            <Phrase id="filters" label="Which customers" text=who_phrase(&query.population(), &workspace) after=",">
                <FilterChooser workspace/>
            </Phrase>
            " as of "
            <Phrase id="as-of" label="As of when" text=words::as_of(query.as_of) after=".">
                <AsOfChooser/>
            </Phrase>
            " Who left had "
            <Phrase id="activity" label="What counts as active" text=active>
                <ActivityChooser workspace=for_activity/>
            </Phrase>
            " in all that time; differences within "
            <Phrase id="material" label="What is material" text=points>
                <MaterialChooser/>
            </Phrase>
            " do not matter."
        </div>
    }
    .into_any()
}

/// Which event, or which events together.
#[component]
fn FeatureChooser(
    workspace: Arc<WorkspaceView>,
    feature: Looked,
    sets: Vec<FeatureSet>,
) -> impl IntoView {
    let query = asked_about();
    let Looked { events, set, .. } = feature;
    let delete = set.as_ref().map(|slug| {
        let href = format!("/w/{}/features/delete?slug={slug}", workspace.slug);
        view! { <p class="hint"><a href=href>"Delete this saved feature"</a></p> }
    });
    let saved = sets.into_iter().map(|one| {
        let href = ask(&query, |query| query.choose_set(&one.slug));
        let chosen = set.as_ref() == Some(&one.slug);
        view! { <Choice href chosen text=one.name remark=words::events(&one.events)/> }
    });
    let saved = saved.collect_view();
    let unsaved = set.is_none();
    let one = workspace.events.iter().map(|(name, _)| {
        let href = ask(&query, |query| query.choose(vec![name.clone()]));
        view! { <Choice href chosen={unsaved && events == [name.clone()]} text=name.clone()/> }
    });
    let one = one.collect_view();
    let several = events.len() > 1;
    let keep = (several && unsaved).then(|| {
        let events = events.iter().map(|event| {
            view! { <input type="hidden" name="feature" value=event.clone()/> }
        });
        view! {
            <form class="asks" method="post" action=format!("/w/{}/features/save", workspace.slug)>
                {events.collect_view()}
                <label>"Save these as "<input type="text" class="field" name="name" required maxlength="200" autocomplete="off"/></label>
                <div class="acts"><button type="submit" class="btn">"Save the feature"</button></div>
            </form>
        }
    });
    view! {
        {saved}
        {delete}
        {one}
        <details class="trait" open=several>
            <summary>"Several events together"</summary>
            <form class="asks" method="get">
                <Carried but=&["feature", "set"]/>
                <EventBoxes name="feature".to_owned() events=workspace.events.clone() ticked=events/>
                <div class="acts"><button type="submit" class="btn main">"Show"</button></div>
            </form>
            {keep}
        </details>
    }
    .into_any()
}

/// The length of periods.
#[component]
fn GrainChooser() -> impl IntoView {
    let query = asked_about();
    let lengths = Grain::ALL.map(|grain| {
        let href = ask(&query, |query| {
            let usual = QuartileQuery::customary(grain);
            *query = QuartileQuery {
                grain,
                cohorts: usual.cohorts,
                exposure: usual.exposure,
                outcome: usual.outcome,
                ..query.clone()
            };
        });
        let current = (grain == query.grain).then_some("true");
        view! { <a href=href aria-current=current>{grain.noun(0)}</a> }
    });
    view! {
        <div class="seg lengths" role="group" aria-label="Counted in">{lengths}</div>
    }
    .into_any()
}

/// How many periods a window has.
#[component]
fn WindowChooser(exposure: bool) -> impl IntoView {
    let query = asked_about();
    let usual: &[u32] = match query.grain {
        Grain::Day => &[3, 7, 14, 28, 60],
        Grain::Week => &[1, 2, 4, 8, 12, 26],
        Grain::Month => &[1, 2, 3, 6, 12],
        Grain::Quarter => &[1, 2, 4],
        Grain::Year => &[1, 2],
    };
    let now = if exposure {
        query.exposure
    } else {
        query.outcome
    };
    let set = move |query: &mut QuartileQuery, periods: u32| {
        if exposure {
            query.exposure = periods;
        } else {
            query.outcome = periods;
        }
    };
    let grain = query.grain;
    let choices = usual.iter().map(|&periods| {
        let href = ask(&query, |query| set(query, periods));
        let text = match (exposure, periods) {
            (true, 1) => format!("first {}", grain.noun(1)),
            (true, _) => format!("first {periods} {}", grain.noun(0)),
            (false, 1) => format!("{} after", grain.noun(1)),
            (false, _) => format!("{periods} {} after", grain.noun(0)),
        };
        view! { <Choice href chosen={periods == now} text/> }
    });
    let (name, but): (_, &'static [&'static str]) = if exposure {
        ("exposure", &["exposure"])
    } else {
        ("outcome", &["outcome"])
    };
    view! {
        {choices.collect_view()}
        <form class="asks" method="get">
            <Carried but/>
            <div class="span">
                <label>
                    <input type="number" class="field" name=name min="1" max=MAX_WINDOW required value=now/>
                    " " {grain.noun(0)}
                </label>
                <button type="submit" class="btn">"Apply"</button>
            </div>
        </form>
        <p class="hint">"Counted from each customer’s own signup. The two windows never overlap."</p>
    }
    .into_any()
}

/// Which difference matters, and where customers go who never used the feature.
#[component]
fn MaterialChooser() -> impl IntoView {
    let query = asked_about();
    let choices = [2, 3, 5, 10].map(|points| {
        let href = ask(&query, |query| query.material = points);
        view! { <Choice href chosen={points == query.material} text=format!("{points} points")/> }
    });
    let zeros = [
        (Zeros::Apart, "Never used is a group of its own"),
        (
            Zeros::Inside,
            "Never used counts as zero inside the quarters",
        ),
    ]
    .map(|(zeros, text)| {
        let href = ask(&query, |query| query.zeros = zeros);
        view! { <Choice href chosen={zeros == query.zeros} text/> }
    });
    view! {
        {choices}
        <p class="hint">"A smaller difference, either way, is called immaterial."</p>
        {zeros}
    }
    .into_any()
}

/// What the choosers that all pages share need.
pub fn asked(query: &QuartileQuery) -> Asked {
    Asked {
        query: query.population(),
        view: analysis::query::RetentionView::default(),
        about: About::Feature(query.clone()),
    }
}
