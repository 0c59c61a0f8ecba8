//! What of a page can be taken along as a file: its tables, its pictures, its documents.

use crate::names::named;

/// A page whose answer can be taken along; its name is the page's in addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ExportPage {
    /// The retention matrix.
    Retention,
    /// Features and their users.
    Features,
    /// Segments side by side.
    Segments,
    /// Leaving.
    Churn,
}

named!(ExportPage: Retention = "retention", Features = "features", Segments = "segments", Churn = "churn");

/// How a file is written; its name is the ending of the address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ExportForm {
    /// One table, with the method above it.
    Csv,
    /// All tables, with a sheet about the method.
    Xlsx,
    /// A document of the interface for other programs.
    Json,
    /// One picture as vectors.
    Svg,
    /// One picture as pixels.
    Png,
    /// One page.
    Pdf,
}

named!(ExportForm: Csv = "csv", Xlsx = "xlsx", Json = "json", Svg = "svg", Png = "png", Pdf = "pdf");

/// The parameter of an address that names a part.
pub const PART: &str = "part";

/// A part of a page, by its name in addresses, and what it is.
pub type Part = (&'static str, &'static str);

impl ExportPage {
    /// The parts that a form takes one of, the one taken otherwise first; none for a form that takes the page as a whole.
    pub fn parts(self, form: ExportForm) -> &'static [Part] {
        match form {
            ExportForm::Xlsx | ExportForm::Pdf => &[],
            ExportForm::Csv => match self {
                Self::Retention => &[("matrix", "Matrix")],
                Self::Features => &[
                    ("groups", "Groups by usage"),
                    ("scan", "All features"),
                    ("curves", "Still active, by group"),
                    ("usage", "Number of uses"),
                ],
                Self::Segments => &[
                    ("segments", "Segments"),
                    ("curves", "Still active, by segment"),
                    ("differences", "Differences"),
                    ("lifetimes", "Survival"),
                    ("pairs", "Pairs of segments"),
                    ("mix", "Mix against rate"),
                ],
                Self::Churn => &[
                    ("periods", "Churn by period"),
                    ("lifecycle", "Coming and going"),
                    ("days", "Active days"),
                    ("returns", "How soon they come back"),
                    ("fading", "How they faded"),
                ],
            },
            ExportForm::Svg | ExportForm::Png => match self {
                Self::Retention => &[("matrix", "Matrix"), ("curves", "Curves")],
                Self::Features => &[
                    ("curves", "Still active, by group"),
                    ("usage", "Number of uses"),
                ],
                Self::Segments => &[
                    ("curves", "Still active, by segment"),
                    ("lifetimes", "Survival"),
                ],
                Self::Churn => &[
                    ("periods", "Churn by period"),
                    ("lifecycle", "Coming and going"),
                    ("days", "Active days"),
                    ("returns", "How soon they come back"),
                    ("fading", "How they faded"),
                ],
            },
            ExportForm::Json => match self {
                Self::Retention => &[("matrix", "Matrix")],
                Self::Features => &[("groups", "The feature"), ("scan", "All features")],
                Self::Segments => &[("segments", "Retention"), ("lifetimes", "Survival")],
                Self::Churn => &[
                    ("periods", "Churn"),
                    ("lifecycle", "Coming and going"),
                    ("days", "Active days"),
                ],
            },
        }
    }

    /// The part with a name, or the first; `None` for a name that is none of the form's parts.
    pub fn part(self, form: ExportForm, name: Option<&str>) -> Option<&'static str> {
        let parts = self.parts(form);
        match name {
            None | Some("") => Some(parts.first().map_or("", |(first, _)| first)),
            Some(name) => parts.iter().map(|(one, _)| *one).find(|one| *one == name),
        }
    }
}
