//! A new workspace, from its first file.

use super::upload::{file_field, refusal, refused};
use analysis::period::WeekStart;
use leptos::prelude::*;
use leptos_meta::Title;

/// Zones offered while one is typed; every other IANA zone is taken as well.
const ZONES: [&str; 36] = [
    "UTC",
    "Africa/Cairo",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "America/Argentina/Buenos_Aires",
    "America/Bogota",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Toronto",
    "Asia/Dubai",
    "Asia/Hong_Kong",
    "Asia/Jakarta",
    "Asia/Jerusalem",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Manila",
    "Asia/Seoul",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Amsterdam",
    "Europe/Berlin",
    "Europe/Istanbul",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Paris",
    "Europe/Stockholm",
    "Europe/Warsaw",
    "Europe/Zurich",
    "Pacific/Auckland",
];

/// Name, zone, week and file of a new workspace.
#[component]
pub fn NewPage() -> impl IntoView {
    let before = refused();
    let refusal = refusal(before.as_ref());
    let before = before.unwrap_or_default();
    let zone = if before.zone.is_empty() {
        "UTC".to_owned()
    } else {
        before.zone
    };
    let week = |start: WeekStart, name: &'static str| {
        let value = start.as_str();
        view! { <option value=value selected=before.week_start == start>{name}</option> }
    };
    view! {
        <Title text="A new workspace"/>
        <main class="lone">
            <h1>"A new workspace"</h1>
            <p>"A workspace holds the events of one product."</p>
            <form class="card bring" method="post" enctype="multipart/form-data" action="/new">
                {refusal}
                <label class="labelled">
                    <span>"Name of the product"</span>
                    <input type="text" name="name" class="field" value=before.name required maxlength="200" autocomplete="off"/>
                </label>
                <div class="pair">
                    <label class="labelled">
                        <span>"Time zone in which days and weeks begin"</span>
                        <input type="text" name="zone" class="field" value=zone required list="zones" autocomplete="off" spellcheck="false"/>
                    </label>
                    <datalist id="zones">{ZONES.map(|zone| view! { <option value=zone></option> })}</datalist>
                    <label class="labelled">
                        <span>"First day of the week"</span>
                        <select name="week_start" class="field">
                            {week(WeekStart::Monday, "Monday")}
                            {week(WeekStart::Sunday, "Sunday")}
                        </select>
                    </label>
                </div>
                {file_field()}
            </form>
            <p class="quiet"><a href="/">"Back to the workspaces"</a></p>
        </main>
    }
    .into_any()
}
