//! Reports as files: CSV, Excel, SVG, PNG, PDF, and a preview for chat tools.
//!
//! Everything here is a pure function: a report and the way it is looked at come in, bytes go out. All forms are written
//! from one [`Export`], so they can't hold different numbers. JSON is `analysis::document`'s.

mod churn;
mod csv;
mod features;
mod page;
mod pdf;
mod raster;
mod retention;
mod segments;
mod sheet;
mod svg;
mod text;
mod theme;
mod xlsx;

pub use csv::{csv, quote};
pub use pdf::pdf;
pub use raster::{PREVIEW, png, preview_png};
pub use sheet::{Cell, Column, Kind, Row, Sheet, Value};
pub use svg::svg;
pub use text::escape;
pub use xlsx::xlsx;

use analysis::words;
use jiff::civil::{Date, DateTime};

/// Whose report it is, and where it was taken from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The workspace's name; may be empty.
    pub workspace: &'a str,
    /// The page's address, with its question; may be empty.
    pub address: &'a str,
}

/// A chart for files: drawn as on its page.
#[derive(Clone, PartialEq, Debug)]
pub struct Picture {
    /// Its name in addresses.
    pub part: &'static str,
    /// Its title.
    pub title: String,
    /// The picture of `charts`; empty where there is nothing to draw.
    pub svg: String,
    /// What its colours mean: class and words.
    pub key: Vec<(String, String)>,
}

/// A report, ready to be written in any form.
#[derive(Clone, PartialEq, Debug)]
pub struct Export {
    /// What it is: "Retention by signup week".
    pub title: String,
    /// The workspace's name.
    pub workspace: String,
    /// The answer, in words.
    pub sentence: String,
    /// What carries it, in words.
    pub evidence: String,
    /// Every choice behind the numbers, in one line.
    pub method: String,
    /// What else has to be said of the numbers.
    pub notes: Vec<String>,
    /// The instant up to which everything was visible, in words.
    pub as_of: String,
    /// Its day.
    pub as_of_date: Date,
    /// The page's address.
    pub address: String,
    /// The tables, the one that is meant when none is named first.
    pub sheets: Vec<Sheet>,
    /// The pictures, likewise.
    pub pictures: Vec<Picture>,
    /// The place of the picture that stands for the whole in a preview and on a page, beside its table.
    pub lead: usize,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The workbook can't be written.
    #[error("the workbook can't be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The picture can't be read back, which has no reason but a mistake.
    #[error("the picture can't be drawn: {0}")]
    Picture(String),
    /// The page can't be written.
    #[error("the page can't be written: {0}")]
    Page(String),
}

impl Export {
    /// What all kinds of reports begin with.
    fn new(origin: Origin<'_>, title: String, method: String, as_of: DateTime) -> Self {
        Self {
            title,
            workspace: origin.workspace.to_owned(),
            sentence: String::new(),
            evidence: String::new(),
            method,
            notes: Vec::new(),
            as_of: words::date_time(as_of),
            as_of_date: as_of.date(),
            address: origin.address.to_owned(),
            sheets: Vec::new(),
            pictures: Vec::new(),
            lead: 0,
        }
    }

    /// A table by its name.
    pub fn sheet(&self, part: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.part == part)
    }

    /// A picture by its name.
    pub fn picture(&self, part: &str) -> Option<&Picture> {
        self.pictures.iter().find(|picture| picture.part == part)
    }
}
