//! The parts of an answer about a feature.

use crate::components::cards::{self, Head, numbers, scale, table, tone_class};
use crate::components::dots::Dot;
use crate::components::features::ask;
use crate::components::matrix::MARK;
use crate::pages::common::address;
use crate::words as labels;
use analysis::quartiles::{Bar, Group, Part, QuartileReport, ScanRow, bars};
use analysis::query::{AsOf, QuartileQuery};
use analysis::stats::Interval;
use analysis::withhold::{FEWEST, WithheldGroups};
use analysis::words;
use leptos::prelude::*;

fn part_class(part: Part) -> &'static str {
    match part {
        Part::High => "high",
        Part::Moderate => "moderate",
        Part::Infrequent => "infrequent",
        Part::Never => "never",
    }
}

/// The groups, their attrition, and for members a switch between the two readings and a way to keep a group.
pub(crate) fn groups(
    report: &QuartileReport,
    member: Option<(&QuartileQuery, &str)>,
    withheld: &WithheldGroups,
) -> AnyView {
    let reading = &report.reading;
    let Some(quartiles) = &reading.quartiles else {
        return ().into_any();
    };
    let [high, moderate, infrequent] = words::group_uses(quartiles.cuts, report.query.zeros);
    let uses = [high, moderate, infrequent, "0 uses".to_owned()];
    let parts: Vec<(Part, &Group, String)> = Part::ALL
        .into_iter()
        .zip(uses)
        .filter_map(|(part, uses)| Some((part, reading.group(part)?, uses)))
        .collect();
    let intervals = parts.iter().filter_map(|(_, group, _)| group.interval());
    let scale = scale(intervals, 10.0);
    let sizes = [&quartiles.high, &quartiles.moderate, &quartiles.infrequent];
    // A share of what is not told whole would tell it.
    let users = match withheld.has_finding() {
        true => 0,
        false => sizes.map(|group| group.customers).iter().sum(),
    };
    let rows = parts
        .into_iter()
        .map(|(part, group, uses)| match withheld.has(part) {
            true => withheld_row(part, uses),
            false => group_row(part, group, uses, users, scale),
        })
        .collect_view();
    let readings = member.map(|(query, _)| {
        let landmark = |on: bool, text: String| {
            let href = ask(query, |query| query.landmark = on);
            let current = (query.landmark == on).then_some("true");
            view! { <a href=href aria-current=current>{text}</a> }
        };
        let unit = report.query.grain.noun(1);
        view! {
            <div class="seg" role="group" aria-label="Who is counted">
                {landmark(true, format!("Still there in {unit} {}", report.query.exposure))}
                {landmark(false, "All who signed up".to_owned())}
            </div>
        }
    });
    let lopsided = match withheld.has_finding() {
        true => String::new(),
        false => words::lopsided(quartiles),
    };
    let other = (report.other.customers > 0 || member.is_some())
        .then(|| view! { <p class="aside">{labels::other_reading(report)}</p> });
    view! {
        <section class="card">
            <header>
                <h2>{labels::groups_title(report)}</h2>
                {readings}
            </header>
            <div class="scroll" tabindex="0" role="region" aria-label="Groups by usage">
                <table class="rows dots">
                    <thead>
                        <tr>
                            <th scope="col">"Group"</th>
                            <th scope="col" class="number">"Customers"</th>
                            <th scope="col" class="number">"Left"</th>
                            <th scope="col">{format!("0\u{a0}%, with interval, {}", words::percent(scale.high))}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {(!lopsided.is_empty()).then(|| view! { <p class="aside">{lopsided}</p> })}
            {other}
            {member.map(|(query, slug)| keep_as(report, query, slug))}
        </section>
    }
    .into_any()
}

/// Saves the customers of a group as a segment.
fn keep_as(report: &QuartileReport, query: &QuartileQuery, slug: &str) -> AnyView {
    // The report's own feature and instant: the segment must hold whom the group counts.
    let asked = QuartileQuery {
        feature: report.query.feature.clone(),
        set: None,
        as_of: AsOf::Instant(report.as_of),
        ..query.clone()
    };
    let question = address(asked.params());
    let feature = words::feature(report);
    let forms = Part::ALL.into_iter().filter_map(|part| {
        report.reading.group(part)?;
        let text = labels::part_name(part);
        Some(view! {
            <form method="post" action=format!("/w/{slug}/segments/save-group")>
                <input type="hidden" name="question" value=question.clone()/>
                <input type="hidden" name="name" value=format!("{text}: {feature}")/>
                <button type="submit" class="btn" name="group" value=part.as_str()>{text}</button>
            </form>
        })
    });
    view! {
        <details class="keep-as">
            <summary>"Save a group as a segment"</summary>
            <div class="acts">{forms.collect_view()}</div>
        </details>
    }
    .into_any()
}

/// A group of which nothing may be told.
fn withheld_row(part: Part, uses: String) -> AnyView {
    view! {
        <tr class=part_class(part)>
            <th scope="row">{labels::part_name(part)}<small>{uses}</small></th>
            <td colspan="3">{format!("withheld: a number of it tells of fewer than {FEWEST} customers")}</td>
        </tr>
    }
    .into_any()
}

fn group_row(part: Part, group: &Group, uses: String, users: u64, scale: Interval) -> AnyView {
    let customers = words::thousands(group.customers);
    let share = analysis::stats::rate(group.customers, users).filter(|_| part != Part::Never);
    let customers = match share {
        Some(share) => format!("{customers} · {}", words::percent(share)),
        None => customers,
    };
    let (left, dot) = match (group.attrition(), group.interval()) {
        (Some(rate), Some(interval)) => {
            let label = format!("{}, {}", words::percent(rate), words::interval(interval));
            let dot = view! { <Dot value=rate interval scale label/> };
            (words::percent(rate), dot.into_any())
        }
        _ => ("–".to_owned(), ().into_any()),
    };
    view! {
        <tr class=part_class(part)>
            <th scope="row">{labels::part_name(part)}<small>{uses}</small></th>
            <td class="number">{customers}</td>
            <td class="number">{left}</td>
            <td>{dot}</td>
        </tr>
    }
    .into_any()
}

/// How often the feature was used, with the cuts.
pub(crate) fn histogram(report: &QuartileReport, chart: String) -> AnyView {
    let bars = bars(&report.reading);
    let title = labels::usage_title(report);
    let beyond = labels::beyond(&bars);
    let rows = bars.bars.iter().map(|bar| {
        view! {
            <tr>
                <th scope="row">{bar_uses(bar)}</th>
                <td class="number">{words::thousands(bar.customers)}</td>
                <td>{labels::part_name(bar.part)}</td>
            </tr>
        }
    });
    view! {
        <section class="card">
            <header><h2>{title.clone()}</h2></header>
            <figure class="chart small" tabindex="0" role="group" aria-label=title inner_html=chart></figure>
            {(!beyond.is_empty()).then(|| view! { <p class="aside">{beyond}</p> })}
            {numbers(
                "Customers by number of uses",
                view! {
                    <th scope="col">"Uses"</th>
                    <th scope="col" class="number">"Customers"</th>
                    <th scope="col">"Group"</th>
                }.into_any(),
                rows.collect_view().into_any(),
            )}
        </section>
    }
    .into_any()
}

fn bar_uses(bar: &Bar) -> String {
    let from = words::thousands(u64::from(bar.from));
    if bar.from == bar.to {
        from
    } else {
        format!("{from} to {}", words::thousands(u64::from(bar.to)))
    }
}

/// How many of each group were active in each period of the outcome window.
pub(crate) fn curves(report: &QuartileReport, chart: String) -> AnyView {
    let reading = &report.reading;
    let parts: Vec<(Part, &Group)> = Part::ALL
        .into_iter()
        .filter_map(|part| Some((part, reading.group(part)?)))
        .collect();
    let title = labels::curves_title(report);
    let heads = parts
        .iter()
        .map(|(part, _)| view! { <th scope="col" class="number">{labels::part_name(*part)}</th> });
    let unit = report.query.grain.noun(1);
    let rows = (0..report.query.outcome).map(|period| {
        let number = report.query.exposure + period + 1;
        let cells = parts.iter().map(|(_, group)| {
            let place = usize::try_from(period).unwrap_or_default();
            let text = match group.retention(place) {
                Some((rate, interval)) => {
                    format!("{} ({})", words::percent(rate), words::interval(interval))
                }
                None if group.active.is_empty() => MARK.to_owned(),
                None => "–".to_owned(),
            };
            view! { <td class="number">{text}</td> }
        });
        view! { <tr><th scope="row">{format!("{unit} {number}")}</th>{cells.collect_view()}</tr> }
    });
    let numbers = numbers(
        "Customers still active, by group",
        view! { <th scope="col">"Period"</th> {heads.collect_view()} }.into_any(),
        rows.collect_view().into_any(),
    );
    cards::chart(title, groups_key(report), chart, None, numbers)
}

/// What the curves of groups mean.
pub(crate) fn groups_key(report: &QuartileReport) -> AnyView {
    let parts = Part::ALL.into_iter();
    let parts = parts.filter(|part| report.reading.group(*part).is_some());
    let keys = parts.map(|part| {
        let name = labels::part_name(part);
        (part_class(part).to_owned(), name.to_owned())
    });
    cards::key("key groups", keys)
}

/// Every feature, by what remains after accounting for overall activity. A name looks at it, where there is a question to
/// ask.
pub(crate) fn scan(report: &QuartileReport, query: Option<&QuartileQuery>) -> AnyView {
    if report.scan.is_empty() {
        return ().into_any();
    }
    let farthest = report
        .scan
        .iter()
        .filter_map(|row| row.adjusted)
        .map(|effect| effect.interval.high.max(-effect.interval.low))
        .fold(0.05, f64::max);
    let end = ((farthest * 20.0).ceil() / 20.0).min(1.0);
    let scale = Interval {
        low: -end,
        high: end,
    };
    let ends = format!(
        "{} · 0 · {}",
        words::signed_points(-end),
        words::signed_points(end)
    );
    let rows = report
        .scan
        .iter()
        .map(|row| scan_row(row, report, query, scale))
        .collect_view();
    let not_scanned = labels::not_scanned(report);
    view! {
        <section class="card">
            <header>
                <h2>"All features, by what remains after accounting for overall activity"</h2>
                <div class="key quiet">"points of attrition, heavy minus light"</div>
            </header>
            <div class="scroll" tabindex="0" role="region" aria-label="All features">
                <table class="rows dots">
                    <thead>
                        <tr>
                            <th scope="col">"Feature"</th>
                            <th scope="col">"Verdict"</th>
                            <th scope="col" class="number">"Points"</th>
                            <th scope="col">{ends}</th>
                            <th scope="col" class="number">"Unadjusted"</th>
                            <th scope="col" class="number">"Corrected p"</th>
                            <th scope="col" class="number">"Users"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            {(!not_scanned.is_empty()).then(|| view! { <p class="aside">{not_scanned}</p> })}
        </section>
    }
    .into_any()
}

fn scan_row(
    row: &ScanRow,
    report: &QuartileReport,
    query: Option<&QuartileQuery>,
    scale: Interval,
) -> AnyView {
    let (tag, tone) = words::scan_tag(row);
    let tone = tone_class(tone);
    let chosen = report.shows(row);
    let name = row.feature.clone();
    let name = match query {
        Some(query) => {
            let href = ask(query, |query| match &row.set {
                Some(set) => query.choose_set(&set.slug),
                None => query.choose(vec![row.feature.clone()]),
            });
            view! { <a href=href aria-current=chosen.then_some("true")>{name}</a> }.into_any()
        }
        None => name.into_any(),
    };
    let events = row
        .set
        .as_ref()
        .map(|set| view! { <small>{words::events(&set.events)}</small> });
    let points = |effect: Option<analysis::quartiles::Effect>| match effect {
        Some(effect) => words::signed_points(effect.difference),
        None => "–".to_owned(),
    };
    let dot = row.adjusted.map(|effect| {
        let label = words::effect(&effect);
        view! { <Dot value=effect.difference interval=effect.interval scale label/> }
    });
    let p = row.holm.map_or("–".to_owned(), |p| {
        words::p_value(p).replace("p = ", "").replace("p ", "")
    });
    view! {
        <tr class=tone>
            <th scope="row">{name}{events}</th>
            <td><span class=format!("tag {tone}")>{tag}</span></td>
            <td class="number">{points(row.adjusted)}</td>
            <td>{dot}</td>
            <td class="number">{points(row.raw)}</td>
            <td class="number">{p}</td>
            <td class="number">{words::thousands(row.users)}</td>
        </tr>
    }
    .into_any()
}

/// What a feature still to be launched needs before it can be told whether it keeps customers.
pub(crate) fn launch(report: &QuartileReport) -> AnyView {
    let sentence = words::launch(report);
    let Some(plans) = report.launch.as_ref().map(|launch| &launch.plans) else {
        return ().into_any();
    };
    let rows = plans.iter().map(|plan| {
        let points = words::signed_points(plan.difference).replace('+', "");
        let material = points == report.query.material.to_string();
        view! {
            <tr aria-current=material.then_some("true")>
                <th scope="row">{points} " points"</th>
                <td class="number">{words::thousands(plan.per_side)}</td>
                <td class="number">{words::thousands(plan.per_side.saturating_mul(4))}</td>
                <td class="number">{words::plan_time(report, plan)}</td>
            </tr>
        }
    });
    view! {
        <section class="card launch">
            <header><h2>"Before a new feature launch: when could this be told?"</h2></header>
            {(!sentence.is_empty()).then(|| view! { <p>{sentence}</p> })}
            {table(
                "Before a launch",
                &[
                    Head::Text("To tell a difference of"), Head::Number("Users in each quarter"),
                    Head::Number("Users in all"), Head::Number("Time"),
                ],
                rows.collect_view().into_any(),
            )}
            <p class="aside">{words::arrivals(report)}</p>
        </section>
    }
    .into_any()
}
