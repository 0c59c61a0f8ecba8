//! An answer about a feature behind a link.

use crate::components::cards::verdict;
use crate::pages::features::cards;
use analysis::quartiles::QuartileReport;
use analysis::withhold::WithheldGroups;
use analysis::words::Finding;
use leptos::prelude::*;

pub(super) fn answer(
    found: Finding,
    report: &QuartileReport,
    withheld: &WithheldGroups,
    guarded: bool,
) -> AnyView {
    let split = report.reading.quartiles.is_some();
    let curves = charts::groups(report);
    let beside = match guarded {
        true => cards::groups(report, None, withheld),
        false => view! {
            <div class="two">
                {cards::groups(report, None, withheld)}
                {cards::histogram(report, charts::usage(report))}
            </div>
        }
        .into_any(),
    };
    view! {
        {verdict(found)}
        {split.then_some(beside)}
        {(!curves.is_empty()).then(|| cards::curves(report, curves))}
        {cards::scan(report, None)}
        {cards::launch(report)}
    }
    .into_any()
}
