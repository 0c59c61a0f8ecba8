//! People: who they are, what they may do where, how they came in, and what they did.
//!
//! `person`, `session`, `membership` and `one_time_link` are read before it is known which workspace a request is for:
//! they decide it. Keys and the audit log are a workspace's own.

mod audit;
mod identity;
mod keys;
mod links;
mod members;
mod rules;
mod session;

pub use audit::{AuditEntry, Did};
pub use identity::Identity;
pub(crate) use keys::look_up as look_up_key;
pub use keys::{ApiKey, KeyKind, KeyUse, NewKey};
pub use links::{Invitation, Link, LinkFor};
pub use members::{Membership, PersonLine};
pub(crate) use members::{one_at_a_time, owned_by_administrators};
pub use rules::{PASSWORD_LEAST, check_email, check_password, check_person_name};
pub use session::{Caller, OwnSession};

use serde::{Deserialize, Serialize};
use std::fmt;

/// A person's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PersonId(pub i32);

/// Somebody who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The number.
    pub id: PersonId,
    /// Lower case; the first owner has none until he gives one.
    pub email: Option<String>,
    /// What others call this person; may be empty.
    pub name: String,
    /// Whether there is a password; without one there is no way in but links.
    pub has_password: bool,
    /// Whether this person may make workspaces, and owns those made on the command line.
    pub admin: bool,
}

impl Person {
    /// How pages call this person.
    pub fn called(&self) -> String {
        match (&self.email, self.name.as_str()) {
            (_, name) if !name.is_empty() => name.to_owned(),
            (Some(email), _) => email.clone(),
            (None, _) => "the first owner".to_owned(),
        }
    }
}

/// What somebody may do in a workspace; each may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads all there is.
    Viewer,
    /// Brings in data, saves and changes what is saved.
    Editor,
    /// Decides on people, keys and settings.
    Owner,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Owner];

    /// As it is stored, and as forms send it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }

    /// The role of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// A role as the data base has it; its check admits no other, and what can't be read may do the least.
    fn stored(text: &str) -> Self {
        Self::parse(text).unwrap_or(Self::Viewer)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
