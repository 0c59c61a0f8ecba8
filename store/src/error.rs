//! What callers of the store can act on.

use analysis::query::QueryError;

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The thing asked for is not there.
    #[error("not found")]
    NotFound,
    /// The question itself is at fault.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A rule of the data base was broken; the name of its constraint.
    #[error("conflict with {0}")]
    Conflict(String),
    /// The workspace's zone is not known to this build.
    #[error("unknown time zone {0}")]
    Zone(String),
    /// The workspace has no activity definition, and the question names no event.
    #[error("no event was chosen as activity")]
    NoActivity,
    /// No definition of activity is saved under this name.
    #[error("There is no saved definition of activity called “{0}”.")]
    NoSuchActivity(String),
    /// A definition of activity whose past is still being looked through.
    #[error(
        "The definition “{0}” is still being filled in from the events stored so far; it answers in a moment."
    )]
    ActivityNotReady(String),
    /// The question was given up, so that others are answered.
    #[error(
        "This question was given up after two minutes. Ask for fewer cohorts, or without conditions on properties or behaviour."
    )]
    TooLong,
    /// A wish of a person that can't be granted; the sentence says why.
    #[error("{0}")]
    Refused(&'static str),
    /// The data base can't be reached just now.
    #[error("the data base is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The migrations could not be applied.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The activity index is damaged; it can be made anew.
    #[error(transparent)]
    Index(#[from] index::Broken),
    /// Anything else the data base said.
    #[error("data base: {0}")]
    Other(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                Self::Unavailable(error)
            }
            sqlx::Error::Database(cause) => match (cause.constraint(), cause.code().as_deref()) {
                (Some(name), _) => Self::Conflict(name.to_owned()),
                // 57P01..57P03: Postgres is shutting down, crashed or starting up
                (None, Some(code)) if code.starts_with("57P") => Self::Unavailable(error),
                (None, Some("57014")) => Self::TooLong,
                _ => Self::Other(error),
            },
            _ => Self::Other(error),
        }
    }
}
