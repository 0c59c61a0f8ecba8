//! What is sent, as mail and as JSON.

use super::found::Found;
use crate::mail::Letter;
use crate::webhook;
use analysis::alert::Condition;
use analysis::schedule::Occasion;
use analysis::words;
use exports::escape;
use serde::Serialize;
use store::{Notice, Workspace};

/// Most characters of a letter's subject.
const SUBJECT: usize = 200;

/// One occasion's message.
pub(super) struct Message<'a> {
    /// Where people open Holdfast.
    pub(super) origin: &'a str,
    pub(super) workspace: &'a Workspace,
    pub(super) notice: &'a Notice,
    pub(super) found: &'a Found,
    /// What it is known by: the same at each try.
    pub(super) id: &'a str,
}

/// The body of a webhook.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    workspace: &'a str,
    report: Report<'a>,
    finding: &'a str,
    evidence: &'a str,
    method: &'a str,
    as_of: String,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alert: Option<Alert>,
}

#[derive(Serialize)]
struct Report<'a> {
    id: i32,
    name: &'a str,
    kind: &'static str,
    url: String,
}

#[derive(Serialize)]
struct Alert {
    condition: &'static str,
    met: bool,
    value: f64,
    low: f64,
    high: f64,
    threshold: Option<f64>,
    /// First date of the cohort, or of the period of churn.
    cohort: String,
    customers: u64,
}

impl Message<'_> {
    /// The report's page, for members who are signed in.
    fn page(&self) -> String {
        let (slug, report) = (&self.workspace.slug, self.notice.report);
        format!("{}/w/{slug}/reports/{report}", self.origin)
    }

    fn subject(&self) -> String {
        let whole = format!("{}: {}", one_line(&self.notice.name), self.found.finding);
        match whole.char_indices().nth(SUBJECT) {
            Some((end, _)) => format!("{}…", &whole[..end]),
            None => whole,
        }
    }

    fn why(&self) -> String {
        let notice = self.notice;
        format!(
            "You get this because somebody chose you for it in the workspace “{}”: the report “{}” is sent {}.",
            one_line(&self.workspace.name),
            one_line(&notice.name),
            words::occasion(notice.occasion, notice.kind, &notice.question)
        )
    }

    /// For one member.
    pub(super) fn letter(&self, to: &str, person: i32) -> Letter {
        let Found {
            finding,
            evidence,
            method,
            ..
        } = self.found;
        let (page, why) = (self.page(), self.why());
        let as_of = format!(
            "Counted up to {} ({}).",
            self.found.as_of_words, self.workspace.zone
        );
        let ending = format!("Editors of the workspace can end it: {page}/notices");
        let said = match evidence.as_str() {
            "" => finding.clone(),
            evidence => format!("{finding}\n{evidence}"),
        };
        let text = format!(
            "{said}\n{as_of}\n\nThe report: {page}\n\nHow this was counted: {method}\n\n{why}\n{ending}\n"
        );
        let shown = match self.found.picture {
            Some(_) => format!(
                "<p><img src=\"cid:picture\" width=\"600\" alt=\"{}\"></p>\n",
                escape(finding)
            ),
            None => String::new(),
        };
        let html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><body>\n<p><strong>{}</strong><br>{}</p>\n<p>{}</p>\n{shown}\
             <p><a href=\"{page}\">Open the report</a></p>\n<p><small>How this was counted: {}</small></p>\n\
             <p><small>{}<br>Editors of the workspace can <a href=\"{page}/notices\">end it</a>.</small></p>\n</body></html>\n",
            escape(finding),
            escape(evidence),
            escape(&as_of),
            escape(method),
            escape(&why),
        );
        let host = self.origin.split("//").last().unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default();
        Letter {
            to: to.to_owned(),
            subject: self.subject(),
            text,
            html: Some(html),
            picture: self.found.picture.clone(),
            message_id: Some(format!("{}.{person}@{host}", self.id)),
        }
    }

    /// For a program.
    pub(super) fn webhook(&self) -> webhook::Message {
        let Found {
            finding,
            evidence,
            method,
            ..
        } = self.found;
        let alert = match (&self.found.alarm, self.notice.occasion) {
            (Some(alarm), Occasion::Alert(alert)) => {
                let (condition, threshold) = match alert.condition {
                    Condition::Below(threshold) => ("below", Some(threshold.rate())),
                    Condition::Above(threshold) => ("above", Some(threshold.rate())),
                    Condition::Differs => ("differs", None),
                };
                let reading = &alarm.reading;
                Some(Alert {
                    condition,
                    met: reading.met,
                    value: reading.rate,
                    low: reading.interval.low,
                    high: reading.interval.high,
                    threshold,
                    cohort: reading.start.to_string(),
                    customers: reading.size,
                })
            }
            _ => None,
        };
        let body = Body {
            kind: match self.notice.occasion {
                Occasion::Schedule(_) => "report.scheduled",
                Occasion::Alert(_) => "report.alert",
            },
            workspace: &self.workspace.slug,
            report: Report {
                id: self.notice.report,
                name: &self.notice.name,
                kind: self.notice.kind.as_str(),
                url: self.page(),
            },
            finding,
            evidence,
            method,
            as_of: self.found.as_of.to_string(),
            text: self.text(),
            alert,
        };
        webhook::Message {
            id: self.id.to_owned(),
            body: serde_json::to_string(&body).expect("texts and numbers can be written"),
        }
    }

    /// One line for chat tools. Some of them read what stands in angle brackets as links and as calls to everybody.
    fn text(&self) -> String {
        let finding = &self.found.finding;
        let line = format!("{}: {finding} {}", one_line(&self.notice.name), self.page());
        line.replace('<', "‹").replace('>', "›")
    }
}

/// A name in one line: it may hold whatever its writer typed.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}
