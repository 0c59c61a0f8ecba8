//! A number with its interval on a line, beside the number in words: a table's own little chart.

use analysis::stats::Interval;
use leptos::prelude::*;

/// Where the line begins and ends, in units of the picture.
const LINE: (f64, f64) = (4.0, 186.0);

/// A number and its interval between `low` and `high`; what lies outside is drawn at the end.
#[component]
pub fn Dot(
    /// The number.
    value: f64,
    /// Its interval.
    interval: Interval,
    /// The ends of the scale.
    scale: Interval,
    /// The same in words.
    label: String,
) -> impl IntoView {
    let place = move |value: f64| {
        let share = (value - scale.low) / (scale.high - scale.low);
        let at = LINE.0 + share.clamp(0.0, 1.0) * (LINE.1 - LINE.0);
        format!("{at:.1}")
    };
    let zero = (scale.low < 0.0).then(|| {
        let at = place(0.0);
        view! { <line class="zero" x1=at.clone() x2=at y1="1" y2="17"/> }
    });
    view! {
        <svg class="dot" viewBox="0 0 190 18" role="img" aria-label=label>
            <line class="axis" x1="4" x2="186" y1="9" y2="9"/>
            {zero}
            <line class="ci" x1=place(interval.low) x2=place(interval.high) y1="9" y2="9"/>
            <circle class="pt" cx=place(value) cy="9" r="4.5"/>
        </svg>
    }
    .into_any()
}
