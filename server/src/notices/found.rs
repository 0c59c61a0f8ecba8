//! What there is to tell: the report's question asked anew.

use super::Trouble;
use analysis::alert::{self, Alert, Reading};
use analysis::churn::ChurnReport;
use analysis::comparison::ComparisonReport;
use analysis::quartiles::{QuartileReport, Wanted};
use analysis::query::{
    ChurnQuery, ComparisonQuery, ParamProblem, QuartileQuery, RetentionQuery, RetentionView, pairs,
    split_url_query,
};
use analysis::report::RetentionReport;
use analysis::saved::ReportKind;
use analysis::words::{self, Noticed};
use exports::{Export, Origin, preview_png};
use jiff::Timestamp;
use store::{Notice, Store, Workspace};

/// The answer to a notice's question.
pub(super) enum Answered {
    Retention(Box<RetentionReport>, RetentionView),
    Features(Box<QuartileReport>),
    Segments(Box<ComparisonReport>),
    Churn(Box<ChurnReport>),
}

/// What an alert found.
pub(super) struct Alarm {
    pub(super) reading: Reading,
    pub(super) noticed: Noticed,
}

/// An answer in the words and the picture that are sent.
pub(super) struct Found {
    pub(super) finding: String,
    pub(super) evidence: String,
    pub(super) method: String,
    pub(super) as_of: Timestamp,
    /// The same as a clock in the workspace shows it.
    pub(super) as_of_words: String,
    /// PNG.
    pub(super) picture: Option<Vec<u8>>,
    pub(super) alarm: Option<Alarm>,
}

impl Answered {
    /// Asks a notice's question.
    pub(super) async fn to(
        store: &Store,
        workspace: &Workspace,
        notice: &Notice,
        now: Timestamp,
    ) -> Result<Self, Trouble> {
        let parts = split_url_query(&notice.question);
        let parts = &parts[..];
        Ok(match notice.kind {
            ReportKind::Retention => {
                let query = understood(RetentionQuery::parse(pairs(parts)))?;
                let view = RetentionView::parse(pairs(parts)).0;
                let report = store.retention(workspace, &query, now).await?;
                Self::Retention(Box::new(report), view)
            }
            ReportKind::Features => {
                let query = understood(QuartileQuery::parse(pairs(parts)))?;
                let report = store
                    .quartiles(workspace, &query, Wanted::Both, now)
                    .await?;
                Self::Features(Box::new(report))
            }
            ReportKind::Segments => {
                let query = understood(ComparisonQuery::parse(pairs(parts)))?;
                Self::Segments(Box::new(store.compare(workspace, &query, now).await?))
            }
            ReportKind::Churn => {
                let query = understood(ChurnQuery::parse(pairs(parts)))?;
                let answer = store.churn(workspace, &query, now, 0).await?;
                Self::Churn(Box::new(answer.report))
            }
        })
    }

    /// What an alert sees in it.
    pub(super) fn alarm(&self, alert: Alert) -> Result<Alarm, Trouble> {
        match self {
            Self::Retention(report, _) => {
                if !alert::becomes_final(&report.query, alert.period) {
                    return Err(Trouble::Never(OPEN.to_owned()));
                }
                let waits = || words::retention_waits(&report.query, alert.period);
                let reading = alert::read_retention(alert, report);
                let reading = reading.ok_or_else(|| Trouble::Waits(waits()))?;
                let noticed = words::retention_noticed(report, alert, &reading);
                Ok(Alarm { reading, noticed })
            }
            Self::Churn(report) => {
                let waits = || words::churn_waits(report.query.grain);
                let reading = alert::read_churn(alert.condition, report);
                let reading = reading.ok_or_else(|| Trouble::Waits(waits()))?;
                let noticed = words::churn_noticed(report, alert.condition, &reading);
                Ok(Alarm { reading, noticed })
            }
            Self::Features(_) | Self::Segments(_) => Err(Trouble::Never(
                "There are no alerts on reports of this kind.".to_owned(),
            )),
        }
    }

    fn as_of(&self) -> Timestamp {
        match self {
            Self::Retention(report, _) => report.as_of,
            Self::Features(report) => report.as_of,
            Self::Segments(report) => report.any().map_or(Timestamp::MIN, |any| any.as_of),
            Self::Churn(report) => report.as_of,
        }
    }

    /// In words, with its picture, drawn where nobody waits for it.
    pub(super) async fn told(self, name: String, alarm: Option<Alarm>) -> Found {
        let drawn = tokio::task::spawn_blocking(move || self.drawn(name, alarm));
        drawn.await.expect("drawing does not panic")
    }

    fn drawn(self, name: String, alarm: Option<Alarm>) -> Found {
        let nowhere = Origin {
            workspace: "",
            address: "",
        };
        let mut export = match &self {
            Self::Retention(report, view) => Export::retention(nowhere, report, *view),
            Self::Features(report) => Export::features(nowhere, report),
            Self::Segments(report) => Export::segments(nowhere, report),
            Self::Churn(report) => Export::churn(nowhere, report),
        };
        export.title = name;
        if let Some(Alarm { noticed, .. }) = &alarm {
            export.sentence = noticed.sentence.clone();
            export.evidence = noticed.evidence.clone();
        }
        // Without it, the words are all there.
        let picture = preview_png(&export);
        if let Err(error) = &picture {
            tracing::error!(%error, "a report's picture can't be drawn");
        }
        Found {
            finding: export.sentence,
            evidence: export.evidence,
            method: export.method,
            as_of: self.as_of(),
            as_of_words: export.as_of,
            picture: picture.ok(),
            alarm,
        }
    }
}

/// Why a report of *on or after* without an end has no alerts.
pub(super) const OPEN: &str = "Later returns can raise every number of this report for ever, so none of them is final. Count \
                               “on” a period, or returns up to a last one.";

/// A question that is sent by itself is asked as it was saved, or not at all: what is passed over may have narrowed it.
fn understood<T>((query, problems): (T, Vec<ParamProblem>)) -> Result<T, Trouble> {
    match problems.is_empty() {
        true => Ok(query),
        false => Err(Trouble::Never(
            "A part of the report’s question means nothing any more. Open the report to see which."
                .to_owned(),
        )),
    }
}
