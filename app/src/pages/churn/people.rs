//! The customers behind the numbers.

use crate::api::churn::LISTED;
use analysis::churn::{ChurnReport, RECENT_DAYS};
use analysis::query::{AsOf, ChurnQuery, append_params};
use analysis::words;
use leptos::prelude::*;
use store::ChurnAnswer;

/// Where the whole lists are.
pub(super) struct Files {
    lost: String,
    quiet: String,
}

impl Files {
    /// The files name the report's own instant, threshold and period, so they hold exactly those whom it counts.
    pub(super) fn new(slug: &str, report: &ChurnReport) -> Self {
        let exact = ChurnQuery {
            threshold: Some(report.threshold),
            period: report.picked,
            as_of: AsOf::Instant(report.as_of),
            ..report.query.clone()
        };
        let mut question = String::new();
        append_params(&mut question, exact.params());
        Self {
            lost: format!("/w/{slug}/churn/lost.csv{question}"),
            quiet: format!("/w/{slug}/churn/quiet.csv{question}"),
        }
    }
}

/// Those lost in the picked period.
pub(super) fn lost(answer: &ChurnAnswer, files: &Files) -> AnyView {
    let report = &answer.report;
    let Some((period, churn)) = report.picked_period() else {
        return ().into_any();
    };
    let name = words::in_period(report.query.grain, period.start);
    let title = format!("Lost {name} · {}", words::thousands(churn.lost));
    let rows = answer.lost.iter().map(|one| {
        let back = one.back.map(words::date).unwrap_or_default();
        view! {
            <tr>
                <th scope="row">{one.customer.clone()}</th>
                <td class="moment">{words::date(one.last_active)}</td>
                <td class="number">{words::thousands(u64::from(one.active_days))}</td>
                <td class="moment">{back}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let heads = view! {
        <th scope="col">"Customer"</th>
        <th scope="col">"Last active"</th>
        <th scope="col" class="number">"Active days"</th>
        <th scope="col">"Came back"</th>
    };
    list(
        "lost",
        title,
        "Customers lost in the period",
        (churn.lost, &files.lost),
        heads.into_any(),
        rows.into_any(),
    )
}

/// Those who are quietly leaving.
pub(super) fn quiet(answer: &ChurnAnswer, files: &Files) -> AnyView {
    let count = answer.report.quiet.leaving;
    let title = format!("Quietly leaving · {}", words::thousands(count));
    let rows = answer.quiet.iter().map(|one| {
        view! {
            <tr>
                <th scope="row">{one.customer.clone()}</th>
                <td class="number">{words::decimal(one.pace)}</td>
                <td class="number">{one.recent}</td>
                <td class="moment">{words::date(one.last_active)}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let heads = view! {
        <th scope="col">"Customer"</th>
        <th scope="col" class="number">{format!("Own pace, days in {RECENT_DAYS}")}</th>
        <th scope="col" class="number">{format!("Last {RECENT_DAYS} days")}</th>
        <th scope="col">"Last active"</th>
    };
    list(
        "quiet",
        title,
        "Customers who are quietly leaving",
        (count, &files.quiet),
        heads.into_any(),
        rows.into_any(),
    )
}

/// A list of customers with its file; nothing for nobody.
fn list(
    id: &'static str,
    title: String,
    label: &'static str,
    (total, file): (u64, &str),
    heads: AnyView,
    rows: AnyView,
) -> AnyView {
    if total == 0 {
        return ().into_any();
    }
    let listed = u64::try_from(LISTED).unwrap_or(u64::MAX);
    let more = (total > listed).then(|| {
        let text = format!(
            "The first {} of {}; the file has all of them.",
            words::thousands(listed),
            words::thousands(total)
        );
        view! { <p class="aside">{text}</p> }
    });
    view! {
        <section class="card" id=id>
            <header>
                <h2>{title}</h2>
                <a class="btn" href=file.to_owned() download="">"CSV"</a>
            </header>
            <div class="scroll tall" tabindex="0" role="region" aria-label=label>
                <table class="rows">
                    <thead><tr>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {more}
        </section>
    }
    .into_any()
}
