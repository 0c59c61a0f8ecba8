//! A matrix behind a link.

use super::answer as told;
use crate::components::guest::GuestMatrix;
use crate::words as labels;
use analysis::query::RetentionView;
use analysis::report::RetentionReport;
use analysis::withhold::Withheld;
use analysis::words::{self, Finding};
use leptos::prelude::*;

pub(super) fn answer(
    found: Finding,
    report: RetentionReport,
    withheld: Withheld,
    view: RetentionView,
) -> AnyView {
    // Without its cohorts: their curves are drawn only to be picked, and nobody can pick one here.
    let pooled = RetentionReport {
        cohorts: Vec::new(),
        ..report.clone()
    };
    let chart = charts::retention(&pooled);
    let chart_title = labels::chart_title(&report);
    let drawn = (!chart.is_empty()).then(|| {
        view! {
            <section class="card">
                <header>
                    <h2>{chart_title.clone()}</h2>
                    <div class="key"><span><i></i>"all cohorts, pooled"</span></div>
                </header>
                <figure class="chart" tabindex="0" role="group" aria-label=chart_title inner_html=chart></figure>
            </section>
        }
    });
    let stale = words::stale_notice(&report);
    view! {
        {told(found, Vec::new())}
        {stale.map(|stale| view! { <p class="notice">{stale}</p> })}
        {drawn}
        <GuestMatrix report withheld view/>
    }
    .into_any()
}
