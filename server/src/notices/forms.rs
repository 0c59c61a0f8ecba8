//! Forms that have a report sent by itself, and change that. They work without any program in the browser.

use super::found::OPEN;
use super::{Courier, calendar};
use crate::access;
use crate::asker::{REFUSED, granted, local};
use crate::failure::Failure;
use crate::reports::{FORM, number};
use crate::router::Pages;
use analysis::alert::{self, Alert, Condition, Threshold};
use analysis::query::{RetentionQuery, pairs, split_url_query};
use analysis::saved::ReportKind;
use analysis::schedule::{Day, LAST_DAY, Occasion, Schedule};
use app::api::imports::Refused;
use app::api::people::Shown;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use jiff::Timestamp;
use jiff::civil::Weekday;
use store::{NewNotice, NewReceiver, PersonId, SavedReport, SigningSecret, StoreError, Workspace};

/// The last column of a retention report that can be watched.
const LAST_PERIOD: u32 = 1_000;

/// What the handlers work with.
#[derive(Clone)]
struct Desk {
    courier: Courier,
    pages: Pages,
}

/// The routes of this module.
pub(crate) fn routes(courier: Courier, pages: Pages) -> Router {
    Router::new()
        .route(
            "/w/{workspace}/reports/{report}/notices/schedule",
            post(schedule),
        )
        .route("/w/{workspace}/reports/{report}/notices/alert", post(alert))
        .route("/w/{workspace}/notices/{notice}/pause", post(pause))
        .route("/w/{workspace}/notices/{notice}/resume", post(resume))
        .route("/w/{workspace}/notices/{notice}/send", post(send))
        .route("/w/{workspace}/notices/{notice}/delete", post(delete))
        .layer(DefaultBodyLimit::max(FORM))
        .with_state(Desk { courier, pages })
}

/// A form's fields: some are there several times.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(body: &Bytes) -> Self {
        Self(split_url_query(&String::from_utf8_lossy(body)))
    }

    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.trim())
    }

    fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name).parse().ok()
    }

    fn people(&self) -> Vec<PersonId> {
        let people = self.0.iter().filter(|(field, _)| field == "person");
        people.map(|(_, value)| PersonId(number(value))).collect()
    }
}

/// `POST …/notices/schedule`: the report each week or month.
async fn schedule(
    State(desk): State<Desk>,
    Path((workspace, report)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Failure> {
    let fields = Fields::read(&body);
    let day = match fields.get("every") {
        "month" => fields
            .number("day")
            .filter(|day| (1..=LAST_DAY).contains(day))
            .map(Day::Month),
        _ => fields
            .number("weekday")
            .and_then(|day| Weekday::from_monday_one_offset(day).ok())
            .map(Day::Week),
    };
    let hour = fields.number("hour").filter(|hour| *hour < 24);
    let occasion = match (day, hour) {
        (Some(day), Some(hour)) => Ok(Occasion::Schedule(Schedule { day, hour })),
        _ => Err(format!(
            "Choose a weekday or a day from 1 to {LAST_DAY}, and an hour from 0 to 23."
        )),
    };
    desk.make((workspace, report), &fields, |_| occasion).await
}

/// `POST …/notices/alert`: a message when a number lies where it should not.
async fn alert(
    State(desk): State<Desk>,
    Path((workspace, report)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Failure> {
    let fields = Fields::read(&body);
    desk.make((workspace, report), &fields, |report| {
        watched(report, &fields)
    })
    .await
}

/// What an alert watches, or why it can't.
fn watched(report: &SavedReport, fields: &Fields) -> Result<Occasion, String> {
    let threshold = || fields.get("threshold").parse::<Threshold>();
    let condition = match fields.get("condition") {
        "below" => threshold().map(Condition::Below),
        "above" => threshold().map(Condition::Above),
        _ => Ok(Condition::Differs),
    };
    let condition = condition.map_err(|error| error.to_string())?;
    let period = match report.kind {
        ReportKind::Churn => 0,
        ReportKind::Retention => {
            let period = fields.number("period");
            let period = period.filter(|period| (1..=LAST_PERIOD).contains(period));
            let period = period
                .ok_or_else(|| format!("Choose the period to watch, from 1 to {LAST_PERIOD}."))?;
            let parts = split_url_query(&report.question);
            let query = RetentionQuery::parse(pairs(&parts)).0;
            if !alert::becomes_final(&query, period) {
                return Err(OPEN.to_owned());
            }
            period
        }
        ReportKind::Features | ReportKind::Segments => {
            return Err("There are alerts on retention and churn only.".to_owned());
        }
    };
    Ok(Occasion::Alert(Alert { period, condition }))
}

/// `POST …/pause`.
async fn pause(
    State(desk): State<Desk>,
    Path((workspace, notice)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Failure> {
    desk.rest((workspace, notice), true, &body).await
}

/// `POST …/resume`: from the next occasion on.
async fn resume(
    State(desk): State<Desk>,
    Path((workspace, notice)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Failure> {
    desk.rest((workspace, notice), false, &body).await
}

/// `POST …/send`: now, as if it were due.
async fn send(
    State(desk): State<Desk>,
    Path((workspace, notice)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Failure> {
    let workspace = desk.courier.store.workspace(&workspace).await?;
    let back = back(&workspace, &body);
    let all = all(&workspace);
    // Whoever goes away meanwhile does not leave it half done.
    let courier = desk.courier;
    let sent = tokio::spawn(async move {
        let now = Timestamp::now();
        courier.deliver_now(&workspace, number(&notice), now).await
    });
    match granted(sent.await.expect("sending does not panic"))? {
        Ok(()) => Ok(back),
        Err(sentence) => Ok(refuse(&desk.pages, &all, sentence).await),
    }
}

/// `POST …/delete`.
async fn delete(
    State(desk): State<Desk>,
    Path((workspace, notice)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Failure> {
    let store = &desk.courier.store;
    let workspace = store.workspace(&workspace).await?;
    store.delete_notice(workspace.id, number(&notice)).await?;
    Ok(back(&workspace, &body))
}

impl Desk {
    async fn make(
        &self,
        (workspace, report): (String, String),
        fields: &Fields,
        occasion: impl FnOnce(&SavedReport) -> Result<Occasion, String>,
    ) -> Result<Response, Failure> {
        let store = &self.courier.store;
        let workspace = store.workspace(&workspace).await?;
        let report = store.report(workspace.id, number(&report)).await?;
        let page = format!("/w/{}/reports/{}/notices", workspace.slug, report.id);
        let new = match occasion(&report) {
            Ok(occasion) => {
                self.wanted(&workspace, (report.id, occasion), fields)
                    .await?
            }
            Err(sentence) => Err(sentence),
        };
        let new = match new {
            Ok(new) => new,
            Err(sentence) => return Ok(refuse(&self.pages, &page, sentence).await),
        };
        match granted(store.make_notice(workspace.id, &new).await)? {
            Err(sentence) => Ok(refuse(&self.pages, &page, sentence).await),
            Ok(_) => match &new.to {
                NewReceiver::Members(_) => Ok(Redirect::to(&page).into_response()),
                NewReceiver::Webhook(_, secret) => {
                    let shown = Shown(secret.text());
                    Ok(self.pages.show(&page, StatusCode::OK, shown).await)
                }
            },
        }
    }

    /// What is to be kept, or why it can't be.
    async fn wanted(
        &self,
        workspace: &Workspace,
        (report, occasion): (i32, Occasion),
        fields: &Fields,
    ) -> Result<Result<NewNotice, String>, StoreError> {
        let to = match fields.get("to") {
            "webhook" => {
                if !self.courier.store.sharing(workspace.id).await?.allowed {
                    return Ok(Err(
                        "Sharing is forbidden in this workspace, so nothing is sent to other programs."
                            .to_owned(),
                    ));
                }
                match self.courier.webhooks.check(fields.get("address")).await {
                    Ok(address) => NewReceiver::Webhook(address, SigningSecret::new()),
                    Err(error) => return Ok(Err(error.to_string())),
                }
            }
            _ if self.courier.mailer.is_none() => {
                return Ok(Err(
                    "An operator has to set HOLDFAST_SMTP_URL before mail can be sent.".to_owned(),
                ));
            }
            _ => NewReceiver::Members(fields.people()),
        };
        let now = Timestamp::now();
        let due_at = match occasion {
            Occasion::Schedule(schedule) => schedule.next(&calendar(workspace)?, now),
            Occasion::Alert(_) => now,
        };
        Ok(Ok(NewNotice {
            report,
            occasion,
            to,
            due_at,
            person: access::caller().map(|caller| caller.person.id),
        }))
    }

    async fn rest(
        &self,
        (workspace, notice): (String, String),
        paused: bool,
        body: &Bytes,
    ) -> Result<Response, Failure> {
        let store = &self.courier.store;
        let workspace = store.workspace(&workspace).await?;
        let notice = store.notice(workspace.id, number(&notice)).await?;
        let now = Timestamp::now();
        let due_at = match notice.occasion {
            Occasion::Schedule(schedule) => schedule.next(&calendar(&workspace)?, now),
            Occasion::Alert(_) => now,
        };
        store
            .pause_notice(workspace.id, notice.id, (paused, due_at))
            .await?;
        Ok(back(&workspace, body))
    }
}

async fn refuse(pages: &Pages, page: &str, sentence: String) -> Response {
    let refused = Refused {
        sentence,
        ..Refused::default()
    };
    pages.refuse(page, REFUSED, refused).await
}

fn all(workspace: &Workspace) -> String {
    format!("/w/{}/notices", workspace.slug)
}

/// To the page that the form stood on.
fn back(workspace: &Workspace, body: &Bytes) -> Response {
    let fields = Fields::read(body);
    let page = match fields.get("back") {
        "" => all(workspace),
        page => local(page).to_owned(),
    };
    Redirect::to(&page).into_response()
}
