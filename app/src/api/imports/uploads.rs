//! Where uploaded files wait for their import.

use std::path::{Path, PathBuf};
use store::ImportId;

/// The folder of uploaded files. They are named by the number of their import: what the sender called them never
/// becomes a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploads(PathBuf);

impl Uploads {
    /// The folder at this path.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Its path.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Where the file of an import is, or would be.
    pub fn file(&self, id: ImportId) -> PathBuf {
        self.0.join(id.0.to_string())
    }

    /// Whether the file of an import is here.
    pub fn holds(&self, id: ImportId) -> bool {
        self.file(id).is_file()
    }
}
