//! Segments behind a link.

use crate::components::cards::verdict;
use crate::pages::compare::{cards, lifetimes, matrices};
use analysis::comparison::ComparisonReport;
use analysis::withhold::WithheldSegments;
use analysis::words::Finding;
use leptos::prelude::*;

pub(super) fn answer(
    found: Finding,
    report: &ComparisonReport,
    withheld: &WithheldSegments,
) -> AnyView {
    view! {
        {verdict(found)}
        {cards::summary(report, None, withheld)}
        {cards::curves(report, charts::segments(report))}
        {lifetimes::lifetimes(report, charts::lifetimes(report))}
        {matrices::matrices(report, None, withheld)}
        {cards::differences(report)}
        {lifetimes::pairs(report)}
        {cards::mix(report, withheld)}
    }
    .into_any()
}
