//! An answer about leaving behind a link; never a list of customers.

use super::answer as told;
use crate::pages::churn::cards;
use analysis::churn::ChurnReport;
use analysis::withhold::WithheldPeriods;
use analysis::words::{self, Finding};
use leptos::prelude::*;

pub(super) fn answer(
    found: Finding,
    report: &ChurnReport,
    withheld: &WithheldPeriods,
    guarded: bool,
) -> AnyView {
    let stale = words::churn_stale(report);
    // What is counted by single days.
    let days = (!guarded && report.customers > 0).then(|| {
        view! {
            <div class="two even">
                {cards::returns(report, charts::returns(report))}
                {cards::stickiness(report, charts::stickiness(report))}
            </div>
        }
    });
    view! {
        {told(found, words::shown_churn(report, withheld))}
        {stale.map(|stale| view! { <p class="notice">{stale}</p> })}
        {cards::periods(report, None, withheld, charts::churn(report))}
        {days}
        {cards::lifecycle(report, withheld, charts::lifecycle(report))}
        {cards::fading(report, charts::fading(report))}
    }
    .into_any()
}
