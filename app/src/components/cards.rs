//! What the cards of several pages have in common.

use analysis::stats::Interval;
use analysis::words::{Finding, Tone};
use leptos::prelude::*;

/// A tone's class.
pub(crate) fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Bad => "bad",
        Tone::Careful => "warn",
        Tone::Plain => "plain",
    }
}

/// What can be said, with its numbers.
pub(crate) fn verdict(found: Finding) -> AnyView {
    let tone = tone_class(found.tone);
    view! {
        <section class=format!("card verdict {tone}")>
            <span class=format!("tag {tone}")>{found.tag}</span>
            <h2>{found.sentence}</h2>
            {(!found.evidence.is_empty()).then(|| view! { <p>{found.evidence}</p> })}
            {(!found.caution.is_empty()).then(|| view! { <p class="quiet">{found.caution}</p> })}
        </section>
    }
    .into_any()
}

/// A card of a chart: a key of its colours above it, something said below it, and its [`numbers`].
pub(crate) fn chart(
    title: String,
    key: AnyView,
    picture: String,
    aside: Option<String>,
    numbers: AnyView,
) -> AnyView {
    view! {
        <section class="card">
            <header><h2>{title.clone()}</h2>{key}</header>
            <figure class="chart" tabindex="0" role="group" aria-label=title inner_html=picture></figure>
            {aside.map(|aside| view! { <p class="aside">{aside}</p> })}
            {numbers}
        </section>
    }
    .into_any()
}

/// What the colours of a chart mean: classes and words.
pub(crate) fn key(class: &'static str, of: impl IntoIterator<Item = (String, String)>) -> AnyView {
    let of = of
        .into_iter()
        .map(|(class, text)| view! { <span class=class><i></i>{text}</span> });
    view! { <div class=class>{of.collect_view()}</div> }.into_any()
}

/// A chart's numbers, for those who do not see it or want them exact.
pub(crate) fn numbers(label: &'static str, heads: AnyView, rows: AnyView) -> AnyView {
    view! {
        <details class="numbers">
            <summary>"The same in numbers"</summary>
            {scrolling(label.to_owned(), heads, rows)}
        </details>
    }
    .into_any()
}

/// What stands above a column.
#[derive(Clone, Copy)]
pub(crate) enum Head {
    /// Over words.
    Text(&'static str),
    /// Over numbers.
    Number(&'static str),
    /// For those who listen: what the buttons of the column do.
    Hidden(&'static str),
}

/// A table that scrolls within itself.
pub(crate) fn table(label: impl Into<String>, heads: &[Head], rows: AnyView) -> AnyView {
    let heads = heads.iter().map(|head| match *head {
        Head::Text(text) => view! { <th scope="col">{text}</th> }.into_any(),
        Head::Number(text) => view! { <th scope="col" class="number">{text}</th> }.into_any(),
        Head::Hidden(text) => {
            view! { <th scope="col"><span class="vh">{text}</span></th> }.into_any()
        }
    });
    scrolling(label.into(), heads.collect_view().into_any(), rows)
}

fn scrolling(label: String, heads: AnyView, rows: AnyView) -> AnyView {
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=label>
            <table class="rows">
                <thead><tr>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// From nothing to the highest of these rates, and on to the next whole number of `parts`; at least one of them.
pub(crate) fn scale(intervals: impl Iterator<Item = Interval>, parts: f64) -> Interval {
    let highest = intervals
        .map(|interval| interval.high)
        .fold(1.0 / parts, f64::max);
    Interval {
        low: 0.0,
        high: ((highest * parts).ceil() / parts).min(1.0),
    }
}
