//! The matrix as a reader of a link sees it: the same table, without a program and without what asks for more.

use super::explore::Looks;
use super::matrix::Matrix;
use analysis::query::RetentionView;
use analysis::report::RetentionReport;
use analysis::withhold::Withheld;
use leptos::prelude::*;
use std::sync::Arc;

/// The matrix of a report from which everything was taken that its readers may not see.
#[component]
pub fn GuestMatrix(
    /// What is left of the report.
    report: RetentionReport,
    /// What was taken out.
    withheld: Withheld,
    /// How it is looked at.
    view: RetentionView,
) -> impl IntoView {
    provide_context(Looks::of_guest(view, withheld));
    // Nothing can be taken along here, so no workspace is named.
    view! { <Matrix slug=String::new() report=Arc::new(report)/> }
}
