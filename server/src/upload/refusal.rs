//! Why a file or its form is not taken, in words for the sender.

use app::api::imports::{sentence, size};
use axum::http::StatusCode;
use std::io::{self, ErrorKind};
use store::{IntakeError, StoreError};

/// Why nothing was kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// The form came without a file.
    #[error("Choose a file first.")]
    NoFile,
    /// The file can't be read as delimited text.
    #[error("{}", sentence(&.0.to_string()))]
    File(#[from] IntakeError),
    /// More bytes than are taken.
    #[error(
        "The file is larger than {}, the most that is taken here. On the server’s machine there is no limit: holdfast \
         import FILE --workspace NAME.",
        size(*.0)
    )]
    TooLarge(u64),
    /// The sender stopped before the end.
    #[error("The file did not arrive as a whole, so nothing of it was kept. Send it again.")]
    CutOff,
    /// Not what the form sends.
    #[error("The form was not understood. Open this page anew and try again.")]
    Form,
    /// The disk is full.
    #[error(
        "The server’s disk has no room for this file, so nothing of it was kept. Make room and send it again."
    )]
    DiskFull,
    /// The disk failed otherwise.
    #[error("The server could not keep the file. Its log has the details.")]
    Disk(#[source] io::Error),
    /// No name, or one that is no good.
    #[error("Give the workspace a name of at most 200 characters.")]
    Name,
    /// A zone that is not known.
    #[error(
        "“{0}” is no time zone that is known here. Zones are written as in Europe/Berlin, America/New_York or UTC."
    )]
    Zone(String),
    /// The data base can't be reached.
    #[error("The data base can’t be reached just now, so nothing was kept. Try again in a moment.")]
    Unavailable,
    /// The data base failed otherwise.
    #[error("Something went wrong on the server. Its log has the details.")]
    Store(#[source] StoreError),
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NoFile | Self::File(_) | Self::Name | Self::Zone(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::CutOff | Self::Form => StatusCode::BAD_REQUEST,
            Self::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Disk(_) | Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Notes what is the server's fault.
    pub(super) fn log(&self) {
        match self {
            Self::Disk(error) => tracing::error!(%error, "an uploaded file can't be kept"),
            Self::DiskFull => tracing::error!("an uploaded file can't be kept: the disk is full"),
            Self::Store(error) => tracing::error!(%error, "an upload failed in the data base"),
            _ => {}
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::DiskFull
            }
            _ => Self::Disk(error),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable,
            error => Self::Store(error),
        }
    }
}
