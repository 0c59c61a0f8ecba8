//! Imports and what they brought, as pages show them. The words are made here: pages only place them.
//!
//! These pages are made on the server and load no program, so nothing here is a server function.

mod answers;
mod phrases;
mod show;
mod uploads;

pub use answers::answers;
pub(crate) use phrases::count;
pub use phrases::{sentence, size};
pub use uploads::Uploads;

use crate::error::AppError;
use crate::error::ssr::answer;
use analysis::import::ImportPhase;
use analysis::period::WeekStart;
use leptos::prelude::expect_context;

/// What a workspace holds, and how it came there.
#[derive(Clone, Debug, PartialEq)]
pub struct DataView {
    /// How much there is, in words.
    pub finding: String,
    /// More about it.
    pub evidence: String,
    /// Event names with how often they are stored, most frequent first.
    pub events: Vec<(String, String)>,
    /// The latest imports, newest first.
    pub imports: Vec<ImportLine>,
    /// Whether an import goes on.
    pub busy: bool,
}

/// An import in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportLine {
    /// Its number.
    pub id: i32,
    /// The file's name.
    pub file: String,
    /// When it came, in the workspace's zone.
    pub came: String,
    /// Where it stands.
    pub state: String,
    /// Rows stored, already there, rejected; empty while that is not known.
    pub rows: [String; 3],
}

/// An import as its page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportView {
    /// The file's name.
    pub file: String,
    /// Its size, and when it came.
    pub about: String,
    /// Where the import stands.
    pub phase: ImportPhase,
    /// Percent of the file read.
    pub percent: u32,
    /// How it goes or went, in words.
    pub finding: String,
    /// More about it.
    pub evidence: String,
    /// Whether it can be started again.
    pub again: bool,
    /// The questions before it starts.
    pub preview: Option<PreviewView>,
    /// Reasons for which rows were rejected, with their numbers.
    pub reasons: Vec<(String, String)>,
    /// The first rejected rows: line, reason, the row itself.
    pub rejected: Vec<(String, String, String)>,
}

/// A file before its import: what was found, and what is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewView {
    /// `events` or `customers`.
    pub kind: String,
    /// How the file is written, in words.
    pub dialect: String,
    /// Uses that a column can have, with their names.
    pub roles: Vec<(String, String)>,
    /// The columns in the order of the file.
    pub columns: Vec<ColumnView>,
    /// The first rows.
    pub rows: Vec<Vec<String>>,
    /// The two ways to read a date, if that has to be said.
    pub dates: Vec<DateChoice>,
    /// The event that every row is, if no column tells.
    pub event: Option<String>,
    /// What has to be answered before the import can start.
    pub problems: Vec<String>,
    /// Parts of the address that were not understood.
    pub ignored: Vec<String>,
    /// The file's size.
    pub size: String,
}

/// A column and its use.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnView {
    /// Its name; empty for one that has none and is left out.
    pub name: String,
    /// Its use.
    pub role: String,
    /// Values that occur in it.
    pub samples: String,
}

/// A way to read a date.
#[derive(Clone, Debug, PartialEq)]
pub struct DateChoice {
    /// `day-first` or `month-first`.
    pub value: String,
    /// In words, with an example.
    pub label: String,
    /// Whether it was chosen.
    pub chosen: bool,
}

/// Why a file was not taken, with what else the form held. Given to the page that answers the form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refused {
    /// Why, and what to do about it.
    pub sentence: String,
    /// The name for a new workspace.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// The first day of its weeks.
    pub week_start: WeekStart,
}

/// What a workspace holds.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn data(slug: &str) -> Result<DataView, AppError> {
    let store = expect_context::<store::Store>();
    answer(show::data(&store, slug).await)
}

/// An import; before it starts with a look at its file. `said`: the answers given so far, as the page's address has
/// them.
///
/// # Errors
/// [`AppError::NotFound`], or when the data base can't answer.
pub async fn import(slug: &str, import: &str, said: &str) -> Result<ImportView, AppError> {
    let store = expect_context::<store::Store>();
    let uploads = expect_context::<Uploads>();
    answer(show::import(&store, &uploads, slug, import, said).await)
}
