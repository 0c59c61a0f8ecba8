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

/// What a caller can do about an error, and what kind of answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The thing asked for is not there.
    Missing,
    /// The workspace has not been told what counts as active.
    NoActivity,
    /// The question or wish can't be granted; the error says why. A code for programs.
    Refused(&'static str),
    /// What is asked for is still being made; it is there by itself.
    NotReady,
    /// The data base can't be reached. Trying again may help.
    Away,
    /// A mistake of the program or a damage of the data.
    Broken,
}

impl StoreError {
    /// What kind of error it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotFound => Fault::Missing,
            Self::NoActivity => Fault::NoActivity,
            Self::Query(cause) => Fault::Refused(cause.code()),
            Self::NoSuchActivity(_) => Fault::Refused("no_such_activity"),
            Self::TooLong => Fault::Refused("too_long"),
            Self::Zone(_) | Self::Conflict(_) | Self::Refused(_) => Fault::Refused("refused"),
            Self::ActivityNotReady(_) => Fault::NotReady,
            Self::Unavailable(_) => Fault::Away,
            Self::Migrate(_) | Self::Index(_) | Self::Other(_) => Fault::Broken,
        }
    }

    /// Its kind; what the asker can't help goes to the log, since its cause is not told to him.
    pub fn logged(&self) -> Fault {
        let fault = self.fault();
        match (fault, self) {
            (Fault::Away, Self::Unavailable(cause)) => {
                tracing::warn!(error = %cause, "data base not available");
            }
            (Fault::Broken, error) => {
                tracing::error!(%error, "request failed in the data base");
            }
            _ => {}
        }
        fault
    }
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
