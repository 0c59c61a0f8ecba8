//! Roles of columns as they are said on the command line.

use super::{ColumnRole, FileKind};

/// `ROLE=COLUMN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedColumn {
    /// What it is for.
    pub role: ColumnRole,
    /// Its heading.
    pub column: String,
}

/// Words for roles; the first of a role is the one that is shown.
const ROLES: [(&str, ColumnRole); 9] = [
    ("customer", ColumnRole::Customer),
    ("event", ColumnRole::Event),
    ("time", ColumnRole::Time),
    ("key", ColumnRole::Key),
    ("signup", ColumnRole::SignedUp),
    ("account", ColumnRole::Account),
    ("property", ColumnRole::Property),
    ("trait", ColumnRole::Property),
    ("ignore", ColumnRole::Ignored),
];

pub(super) fn parse(text: &str) -> Result<NamedColumn, String> {
    let (word, column) = text
        .split_once('=')
        .ok_or_else(|| "write it as customer=COLUMN".to_owned())?;
    let known = ROLES.iter().find(|(known, _)| *known == word.trim());
    match known {
        Some(&(_, role)) => Ok(NamedColumn {
            role,
            column: column.trim().to_owned(),
        }),
        None => {
            let words: Vec<&str> = ROLES.iter().map(|(word, _)| *word).collect();
            Err(format!("the role is one of {}", words.join(", ")))
        }
    }
}

/// A role's word.
pub(super) fn noun(role: ColumnRole) -> &'static str {
    ROLES
        .iter()
        .find(|(_, known)| *known == role)
        .map_or("", |(word, _)| word)
}

/// Whether columns of this kind of file can have the role.
pub(super) fn belongs(role: ColumnRole, kind: FileKind) -> bool {
    match role {
        ColumnRole::Customer | ColumnRole::Property | ColumnRole::Ignored => true,
        ColumnRole::Event | ColumnRole::Time | ColumnRole::Key => kind == FileKind::Events,
        ColumnRole::SignedUp | ColumnRole::Account => kind == FileKind::Customers,
    }
}
