//! Reports that are kept: a question under a name, and an answer that was frozen.

use serde::{Deserialize, Serialize};

use crate::names::named;
use crate::query::{
    ChurnQuery, ComparisonQuery, QuartileQuery, RetentionQuery, RetentionView, append_params,
    split_url_query,
};

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

    /// Whether links can show its answers.
    pub fn is_shared(self) -> bool {
        self == ReportKind::Retention
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
