//! What is sent by itself: everything in a workspace, and of one report with the forms for more.

use crate::api::imports::Refused;
use crate::api::notices::{NoticeView, ReportNotices, Watched, notices, report_notices};
use crate::api::people::{Shown, may};
use crate::components::cards::{Head, table};
use crate::components::frame::{Current, Frame};
use crate::components::problems::ErrorCard;
use crate::error::AppError;
use crate::pages::common::missing;
use crate::pages::people::secret;
use analysis::schedule::LAST_DAY;
use analysis::words;
use jiff::civil::Weekday;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use store::Role;

/// Everything that is sent.
#[component]
pub fn NoticesPage() -> impl IntoView {
    view! { <Frame here="reports"><Notices/></Frame> }
}

/// What is sent of one report.
#[component]
pub fn ReportNoticesPage() -> impl IntoView {
    view! { <Frame here="reports"><One/></Frame> }
}

#[component]
fn Notices() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let refused = use_context::<Refused>();
    view! {
        <Title text="Sent by itself"/>
        <p class="trail"><a href=format!("/w/{slug}/reports")>"Saved reports"</a></p>
        <h1>"Sent by itself"</h1>
        {refused.map(refusal)}
        {Suspend::new(async move {
            match notices(&slug).await {
                Ok(all) => everything(&slug, all),
                Err(error) => missing(error),
            }
        })}
    }
    .into_any()
}

fn everything(slug: &str, all: Vec<NoticeView>) -> AnyView {
    let finding = match all.len() {
        0 => "Nothing is sent yet.".to_owned(),
        1 => "1 report or alert is sent by itself.".to_owned(),
        many => format!("{many} reports and alerts are sent by themselves."),
    };
    let here = format!("/w/{slug}/notices");
    view! {
        <div class="answer">
            <p class="finding">{finding}</p>
            <p class="quiet">
                "A saved report can be sent each week or month, and an alert when a number of it lies where it should not. Open a saved report and choose “Send it” for another."
            </p>
        </div>
        {list(slug, &here, all, true)}
    }
    .into_any()
}

fn refusal(refused: Refused) -> AnyView {
    view! { <p class="notice refusal" role="alert">{refused.sentence}</p> }.into_any()
}

/// The table of notices; `named`: of several reports.
fn list(slug: &str, here: &str, all: Vec<NoticeView>, named: bool) -> AnyView {
    if all.is_empty() {
        return ().into_any();
    }
    let editor = may(Role::Editor);
    let mut heads = vec![
        Head::Text("When"),
        Head::Text("To"),
        Head::Text("Next"),
        Head::Text("Last"),
        Head::Text("Made by"),
    ];
    if named {
        heads.insert(0, Head::Text("Report"));
    }
    if editor {
        heads.push(Head::Hidden("Change"));
    }
    let rows = all
        .into_iter()
        .map(|one| row(slug, here, one, (named, editor)));
    let rows = rows.collect_view().into_any();
    view! {
        <section class="card">
            <header><h2>"What is sent"</h2></header>
            {table("What is sent", &heads, rows)}
        </section>
    }
    .into_any()
}

fn row(slug: &str, here: &str, one: NoticeView, (named, editor): (bool, bool)) -> AnyView {
    let what = format!("{}, {}", one.name, one.when);
    let button = |way: &'static str, text: &'static str| {
        view! {
            <form method="post" action=format!("/w/{slug}/notices/{}/{way}", one.id)>
                <input type="hidden" name="back" value=here.to_owned()/>
                <button type="submit" class="btn" aria-label=format!("{text}: {what}")>{text}</button>
            </form>
        }
        .into_any()
    };
    let rest = match one.paused {
        true => button("resume", "Resume"),
        false => button("pause", "Pause"),
    };
    let acts = editor.then(|| {
        view! {
            <td>
                <div class="acts">
                    {button("send", "Send it now")}
                    {rest}
                    {button("delete", "Delete")}
                </div>
            </td>
        }
    });
    let last = match one.last {
        Some((at, outcome)) => format!("{at}: {outcome}"),
        None => "not yet".to_owned(),
    };
    let report = format!("/w/{slug}/reports/{}/notices", one.report);
    let when = match named {
        true => {
            view! { <th scope="row"><a href=report>{one.name.clone()}</a></th><td>{one.when}</td> }
                .into_any()
        }
        false => view! { <th scope="row">{one.when}</th> }.into_any(),
    };
    view! {
        <tr>
            {when}
            <td class="sample">{one.to}</td>
            <td class="moment">{one.next}</td>
            <td class="sample">{last}</td>
            <td>{one.maker}</td>
            {acts}
        </tr>
    }
    .into_any()
}

#[component]
fn One() -> impl IntoView {
    let slug = expect_context::<Current>().slug.get_value();
    let number = use_params_map().read_untracked().get("report");
    let number = number.and_then(|text| text.parse::<i32>().ok());
    let number = number.unwrap_or_default();
    let refused = use_context::<Refused>();
    let made = use_context::<Shown>();
    view! {
        <Title text="Send it"/>
        {Suspend::new(async move {
            match report_notices(&slug, number).await {
                Ok(found) => one(&slug, number, found, (refused, made)),
                Err(AppError::NotFound) => view! {
                    <h1 class="vh">"Send it"</h1>
                    <section class="card trouble" role="alert">
                        <h2>"There is no report at this address."</h2>
                        <p>"It may have been deleted. "<a href=format!("/w/{slug}/reports")>"All saved reports"</a></p>
                    </section>
                }.into_any(),
                Err(error) => view! { <h1 class="vh">"Send it"</h1> <ErrorCard error/> }.into_any(),
            }
        })}
    }
    .into_any()
}

fn one(
    slug: &str,
    report: i32,
    mut found: ReportNotices,
    (refused, made): (Option<Refused>, Option<Shown>),
) -> AnyView {
    let page = format!("/w/{slug}/reports/{report}");
    let here = format!("{page}/notices");
    let all = std::mem::take(&mut found.notices);
    let finding = match all.len() {
        0 => "Nothing of it is sent by itself.",
        _ => "It is sent by itself.",
    };
    let forms = may(Role::Editor).then(|| {
        view! {
            {schedule(&here, &found)}
            {alert(&here, &found)}
        }
    });
    view! {
        <p class="trail"><a href=page>{found.name.clone()}</a></p>
        <h1>{format!("Send “{}”", found.name)}</h1>
        {made.map(|made| secret(
            "The webhook’s secret",
            "It is shown only now. Its receiver checks by it that messages come from here.",
            made.0,
        ))}
        {refused.map(refusal)}
        <div class="answer">
            <p class="finding">{finding}</p>
            <p class="quiet">
                "Messages hold the answer in words with its method; mail shows the chart as well. "
                <a href=format!("/w/{slug}/notices")>"Everything that is sent from this workspace"</a>
            </p>
        </div>
        {list(slug, &here, all, false)}
        {forms}
    }
    .into_any()
}

fn schedule(here: &str, found: &ReportNotices) -> AnyView {
    let weekdays = (1..=7).filter_map(|day| Weekday::from_monday_one_offset(day).ok());
    let weekdays = weekdays.map(|day| {
        let number = day.to_monday_one_offset();
        view! { <option value=number>{words::weekday_name(day)}</option> }
    });
    let hours = (0..24).map(|hour: u8| {
        view! { <option value=hour selected=hour == 8>{format!("{hour:02}:00")}</option> }
    });
    view! {
        <section class="card">
            <header><h2>"Each week or month"</h2></header>
            <form class="bring define" method="post" action=format!("{here}/schedule")>
                <fieldset class="asked">
                    <legend>"When"</legend>
                    <label><input type="radio" name="every" value="week" checked/>"Each week, on the weekday below"</label>
                    <label><input type="radio" name="every" value="month"/>"Each month, on the day below"</label>
                </fieldset>
                <div class="pair">
                    <label class="labelled">
                        <span>"Weekday"</span>
                        <select name="weekday" class="field">{weekdays.collect_view()}</select>
                    </label>
                    <label class="labelled">
                        <span>{format!("Day of the month, 1 to {LAST_DAY}")}</span>
                        <input type="number" name="day" class="field" min="1" max=LAST_DAY value="1"/>
                    </label>
                    <label class="labelled">
                        <span>"Hour, in the workspace’s zone"</span>
                        <select name="hour" class="field">{hours.collect_view()}</select>
                    </label>
                </div>
                {receivers(found)}
                <div class="acts"><button type="submit" class="btn main" disabled=!sendable(found)>"Send it on that day"</button></div>
            </form>
        </section>
    }
    .into_any()
}

fn alert(here: &str, found: &ReportNotices) -> AnyView {
    let (period, what, before) = match found.watched {
        Watched::Retention(noun) => {
            let period = view! {
                <label class="labelled">
                    <span>{format!("{} after the cohort’s own (of brackets, their number)", words::capital(noun))}</span>
                    <input type="number" name="period" class="field" min="1" max="1000" value="1" required/>
                </label>
            };
            (Some(period), "retention", "cohorts")
        }
        Watched::Churn(_) => (None, "churn", "periods"),
        Watched::Nothing => {
            return view! {
                <section class="card">
                    <header><h2>"When a number lies where it should not"</h2></header>
                    <p class="aside">"There are alerts on reports of retention and of churn."</p>
                </section>
            }
            .into_any();
        }
    };
    let finished = match found.watched {
        Watched::Churn(noun) => format!("It looks at the last {noun} that has ended."),
        _ => "It looks at the newest cohort that has finished the period.".to_owned(),
    };
    view! {
        <section class="card">
            <header><h2>"When a number lies where it should not"</h2></header>
            <form class="bring define" method="post" action=format!("{here}/alert")>
                {period}
                <fieldset class="asked">
                    <legend>{format!("When {what}")}</legend>
                    <label><input type="radio" name="condition" value="below" checked/>"falls below the threshold"</label>
                    <label><input type="radio" name="condition" value="above"/>"rises above the threshold"</label>
                    <label><input type="radio" name="condition" value="differs"/>{format!("differs from all {before} before")}</label>
                </fieldset>
                <label class="labelled">
                    <span>"Threshold in percent"</span>
                    <input type="number" name="threshold" class="field" min="0.1" max="99.9" step="0.1" value="30"/>
                </label>
                {receivers(found)}
                <div class="acts"><button type="submit" class="btn main" disabled=!sendable(found)>"Watch it"</button></div>
                <p class="quiet">
                    {finished}" It says something only when chance does not explain the number, and once about each."
                </p>
            </form>
        </section>
    }
    .into_any()
}

fn sendable(found: &ReportNotices) -> bool {
    found.mail || found.sharing
}

/// To whom: members by mail, or a program.
fn receivers(found: &ReportNotices) -> AnyView {
    let members = found.members.iter().map(|(person, name, reached)| {
        let enabled = found.mail && *reached;
        let said = match reached {
            true => name.clone(),
            false => format!("{name}, who has given no address"),
        };
        view! {
            <label class="ticked">
                <input type="checkbox" name="person" value=*person disabled=!enabled/>
                {said}
            </label>
        }
    });
    view! {
        <fieldset class="asked">
            <legend>"To"</legend>
            <label><input type="radio" name="to" value="mail" checked=found.mail disabled=!found.mail/>"members, by mail:"</label>
            {members.collect_view()}
            {(!found.mail).then(|| view! {
                <p class="quiet">"Mail is not sent here yet: an operator has to set HOLDFAST_SMTP_URL and HOLDFAST_MAIL_FROM."</p>
            })}
            <label><input type="radio" name="to" value="webhook" checked=!found.mail && found.sharing disabled=!found.sharing/>"a program, as a webhook to the address below"</label>
            {(!found.sharing).then(|| view! {
                <p class="quiet">"Sharing is forbidden in this workspace, so nothing is sent to other programs."</p>
            })}
        </fieldset>
        <label class="labelled">
            <span>"Address of the program, https"</span>
            <input type="url" name="address" class="field" maxlength="2000" autocomplete="off" placeholder="https://hooks.example.com/holdfast" disabled=!found.sharing/>
        </label>
    }
    .into_any()
}
