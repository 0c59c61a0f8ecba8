//! What was agreed about a file: the whole of what is needed to read it, as a value that can be stored.

use crate::columns::is_utc;
use crate::time::{TimeReader, format};
use crate::{DateOrder, IntakeError, TimeFormat};
use analysis::import::{ColumnRole, FileKind, ImportPreview};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What a person says about a file beyond what it says itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Events or customers; none: told by the columns.
    pub kind: Option<FileKind>,
    /// IANA zone of times without offset: the workspace's.
    pub zone: String,
    /// Which part of a date is the day.
    pub dates: Option<DateOrder>,
    /// The event that every row is, for files without a column of event names.
    pub event: Option<String>,
    /// Roles that were chosen; they win over those found by name.
    pub columns: Vec<ColumnChoice>,
}

impl Options {
    /// Nothing said but the zone.
    pub fn new(zone: &str) -> Self {
        Self {
            kind: None,
            zone: zone.to_owned(),
            dates: None,
            event: None,
            columns: Vec::new(),
        }
    }
}

/// The role chosen for a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnChoice {
    /// The column's name in the preview.
    pub column: String,
    /// What it is used for.
    pub role: ColumnRole,
}

/// How a file is read. Made from a preview without problems, stored with the import, the same for every attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    pub(crate) kind: FileKind,
    pub(crate) delimiter: char,
    /// Names and roles in file order.
    pub(crate) columns: Vec<(String, ColumnRole)>,
    pub(crate) time: TimeFormat,
    /// Zone of times without offset.
    pub(crate) zone: String,
    /// The event that every row is.
    pub(crate) event: Option<String>,
}

impl Mapping {
    /// Fixes a preview that has no open question. `options` are those the preview was made with.
    ///
    /// # Errors
    /// [`IntakeError::Unanswered`] with the preview's problems; [`IntakeError::Zone`].
    pub fn new(preview: &ImportPreview, options: &Options) -> Result<Self, IntakeError> {
        if !preview.problems.is_empty() {
            return Err(IntakeError::Unanswered(preview.problems.clone()));
        }
        let dated = preview
            .columns
            .iter()
            .find(|column| matches!(column.role, ColumnRole::Time | ColumnRole::SignedUp));
        let zone = if dated.is_some_and(|column| is_utc(&column.name)) {
            "UTC"
        } else {
            options.zone.as_str()
        };
        let mapping = Self {
            kind: preview.kind,
            delimiter: preview.delimiter,
            columns: preview
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.role))
                .collect(),
            // a file without rows, or without times, has no format to find
            time: format(&preview.time).unwrap_or(TimeFormat::Iso),
            zone: zone.to_owned(),
            event: options.event.clone(),
        };
        mapping.time_reader()?;
        Ok(mapping)
    }

    /// Events or customers.
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// IANA zone in which times without offset are read.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    pub(crate) fn time_reader(&self) -> Result<TimeReader, IntakeError> {
        let zone = TimeZone::get(&self.zone).map_err(|_| IntakeError::Zone(self.zone.clone()))?;
        Ok(TimeReader::new(self.time, zone))
    }

    /// Column of the first field with this role.
    pub(crate) fn column(&self, role: ColumnRole) -> Option<usize> {
        self.columns.iter().position(|(_, own)| *own == role)
    }
}
