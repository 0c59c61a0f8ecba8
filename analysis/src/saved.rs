//! Reports that are kept: a question under a name, and an answer that was frozen.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::churn::ChurnReport;
use crate::comparison::ComparisonReport;
use crate::names::named;
use crate::quartiles::QuartileReport;
use crate::query::{
    AsOf, ChurnQuery, ComparisonQuery, QuartileQuery, RetentionQuery, RetentionView, append_params,
    split_url_query,
};
use crate::report::RetentionReport;

/// The longest question that is kept, in bytes of an address.
pub const MAX_QUESTION: usize = 20_000;
/// The longest name of a report, a folder or a link, in characters.
pub const MAX_NAME: usize = 200;
/// The longest description, in characters.
pub const MAX_DESCRIPTION: usize = 1_000;

/// The page that answers a question; its name in addresses as well.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// The matrix of cohorts.
    Retention,
    /// Whether a feature keeps customers.
    Features,
    /// Segments side by side.
    Segments,
    /// Who leaves.
    Churn,
}

named!(ReportKind: Retention = "retention", Features = "features", Segments = "segments", Churn = "churn");

impl ReportKind {
    /// What a report of this kind is called: "Retention".
    pub fn title(self) -> &'static str {
        match self {
            ReportKind::Retention => "Retention",
            ReportKind::Features => "Features",
            ReportKind::Segments => "Segments",
            ReportKind::Churn => "Churn",
        }
    }

    /// A question of this kind as its page's address has it, "" or "?grain=month": what is understood of it, in the fixed
    /// order. The picked cell of a matrix is let go, it names one answer and not the question.
    pub fn canonical(self, question: &str) -> String {
        let pairs = split_url_query(question);
        let pairs = || {
            pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
        };
        let mut address = String::new();
        match self {
            ReportKind::Retention => {
                append_params(&mut address, RetentionQuery::parse(pairs()).0.params());
                let view = RetentionView {
                    cell: None,
                    ..RetentionView::parse(pairs()).0
                };
                append_params(&mut address, view.params());
            }
            ReportKind::Features => {
                append_params(&mut address, QuartileQuery::parse(pairs()).0.params());
            }
            ReportKind::Segments => {
                append_params(&mut address, ComparisonQuery::parse(pairs()).0.params());
            }
            ReportKind::Churn => {
                append_params(&mut address, ChurnQuery::parse(pairs()).0.params());
            }
        }
        address
    }
}

/// A question of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// The matrix.
    Retention(RetentionQuery),
    /// Whether a feature keeps customers.
    Features(QuartileQuery),
    /// Segments side by side.
    Segments(ComparisonQuery),
    /// Who leaves.
    Churn(ChurnQuery),
}

impl Question {
    /// Reads a question as its page's address has it; what can't be understood takes its default.
    pub fn parse(kind: ReportKind, question: &str) -> Self {
        let pairs = split_url_query(question);
        let pairs = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        match kind {
            ReportKind::Retention => Self::Retention(RetentionQuery::parse(pairs).0),
            ReportKind::Features => Self::Features(QuartileQuery::parse(pairs).0),
            ReportKind::Segments => Self::Segments(ComparisonQuery::parse(pairs).0),
            ReportKind::Churn => Self::Churn(ChurnQuery::parse(pairs).0),
        }
    }

    /// Whom it is about and what makes them active, as a question about their retention.
    pub fn population(&self) -> RetentionQuery {
        match self {
            Self::Retention(query) => query.clone(),
            Self::Features(query) => query.population(),
            Self::Segments(query) => query.retention.clone(),
            Self::Churn(query) => query.population(),
        }
    }

    /// The same question about the same thing as of the same instant as an answer that was given: what the question left
    /// to the data is what it was then.
    pub fn again(&mut self, given: &Answer) {
        let Some(standing) = given.standing() else {
            return;
        };
        let as_of = AsOf::Instant(standing.as_of);
        match (self, given) {
            (Self::Retention(query), _) => query.as_of = as_of,
            (Self::Churn(query), _) => query.as_of = as_of,
            (Self::Features(query), given) => {
                query.as_of = as_of;
                if let Answer::Features(given) = given
                    && query.feature.is_empty()
                    && query.set.is_none()
                {
                    query.feature.clone_from(&given.query.feature);
                }
            }
            (Self::Segments(query), given) => {
                query.retention.as_of = as_of;
                if let Answer::Segments(given) = given {
                    query.split.clone_from(&given.query.split);
                }
            }
        }
    }
}

/// An answer that can be kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The matrix.
    Retention(Box<RetentionReport>),
    /// Whether a feature keeps customers.
    Features(Box<QuartileReport>),
    /// Segments side by side.
    Segments(Box<ComparisonReport>),
    /// Who leaves. Without the customers who are listed on its page.
    Churn(Box<ChurnReport>),
}

/// What an answer stands on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing<'a> {
    /// IANA name of the zone in which its periods were cut.
    pub zone: &'a str,
    /// The exclusive limit of what was visible.
    pub as_of: Timestamp,
    /// What a clock in the zone showed then.
    pub as_of_local: DateTime,
}

impl Answer {
    /// What it stands on; `None` for segments of which there are none.
    pub fn standing(&self) -> Option<Standing<'_>> {
        let (zone, as_of, as_of_local) = match self {
            Answer::Retention(report) => (&report.zone, report.as_of, report.as_of_local),
            Answer::Features(report) => (&report.zone, report.as_of, report.as_of_local),
            Answer::Segments(report) => {
                let any = report.any()?;
                (&any.zone, any.as_of, any.as_of_local)
            }
            Answer::Churn(report) => (&report.zone, report.as_of, report.as_of_local),
        };
        Some(Standing {
            zone,
            as_of,
            as_of_local,
        })
    }
}

/// Why a name can't be kept. `Display` is a plain sentence.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NameError {
    /// There is none.
    #[error("A name is needed.")]
    Missing,
    /// It is longer than [`MAX_NAME`].
    #[error("A name or folder has at most {MAX_NAME} characters.")]
    TooLong,
    /// The description is longer than [`MAX_DESCRIPTION`].
    #[error("A description has at most {MAX_DESCRIPTION} characters.")]
    DescriptionTooLong,
    /// It holds a character that Postgres can't keep.
    #[error("A name can’t hold the character with the number 0.")]
    Null,
    /// The question is longer than [`MAX_QUESTION`].
    #[error("This question is too long to be kept.")]
    Question,
}

/// What a report is called and where it lies.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Reports with the same folder lie together; may be empty.
    pub folder: String,
}

impl Label {
    /// Without spaces around, or why it can't be kept.
    ///
    /// # Errors
    /// The first limit that it breaks.
    pub fn checked(&self) -> Result<Self, NameError> {
        let label = Label {
            name: self.name.trim().to_owned(),
            description: self.description.trim().to_owned(),
            folder: self.folder.trim().to_owned(),
        };
        let longer = |text: &str, most: usize| text.chars().nth(most).is_some();
        if label.name.is_empty() {
            return Err(NameError::Missing);
        }
        if longer(&label.name, MAX_NAME) || longer(&label.folder, MAX_NAME) {
            return Err(NameError::TooLong);
        }
        if longer(&label.description, MAX_DESCRIPTION) {
            return Err(NameError::DescriptionTooLong);
        }
        let texts = [&label.name, &label.description, &label.folder];
        if texts.iter().any(|text| text.contains('\0')) {
            return Err(NameError::Null);
        }
        Ok(label)
    }
}
