//! What a form's handler without a page of its own answers when the store fails.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use store::{Fault, StoreError};

/// The store's error as an answer in plain words.
pub(crate) struct Failure(StoreError);

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let gone = "There is nothing at this address.\n";
        let (status, words) = match self.0.logged() {
            Fault::Missing | Fault::Refused("no_such_activity") => (StatusCode::NOT_FOUND, gone),
            Fault::Refused(_) | Fault::NoActivity | Fault::NotReady => {
                let why = format!("{}\n", self.0);
                return (StatusCode::UNPROCESSABLE_ENTITY, why).into_response();
            }
            Fault::Away => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The data base can’t be reached just now. Nothing is lost; go back and try again.\n",
            ),
            Fault::Broken => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong on the server. Its log has the details.\n",
            ),
        };
        (status, words).into_response()
    }
}
