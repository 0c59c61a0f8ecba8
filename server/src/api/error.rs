//! What goes wrong, as other programs are told of it: `{"code": …, "message": …}`. Codes are stable, messages are for
//! people.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use store::{Fault, StoreError};

/// The body of an answer that is none.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Problem {
    /// Stable, for programs.
    code: &'static str,
    /// A sentence, for people.
    message: String,
}

/// A problem and its status.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    problem: Problem,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            problem: Problem { code, message },
        }
    }

    pub(crate) fn nothing_there() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing at this address. /api/v1/openapi.json tells what there is.",
        )
    }

    pub(super) fn no_such_period() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no_period",
            "The period asked for is not in this report, or has not ended.",
        )
    }

    pub(super) fn bad_question(message: String) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_question", message)
    }

    /// Something after the `?` of an address that is not understood.
    pub(super) fn bad_address(rejection: &QueryRejection) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_address",
            rejection.body_text(),
        )
    }

    /// A mistake in the program.
    pub(super) fn broken(cause: impl std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "an answer can't be written");
        Self::internal()
    }

    fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on the server. Its log has the details.",
        )
    }

    pub(super) fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "This address does not answer to that method. /api/v1/openapi.json tells how it is asked.",
        )
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let code = match &rejection {
            JsonRejection::JsonDataError(_) => "bad_question",
            JsonRejection::JsonSyntaxError(_) => "bad_json",
            JsonRejection::MissingJsonContentType(_) => "not_json",
            _ => "bad_body",
        };
        Self::new(rejection.status(), code, rejection.body_text())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error.logged() {
            Fault::Missing => Self::new(
                StatusCode::NOT_FOUND,
                "no_workspace",
                "There is no workspace of this name.",
            ),
            Fault::NoActivity => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "no_activity",
                "This workspace has not been told which events count as active: name them in `active`, or save a definition.",
            ),
            Fault::Refused(code) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
            }
            Fault::NotReady => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "activity_not_ready",
                error.to_string(),
            ),
            Fault::Away => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The data base can't be reached just now. Try again in a moment.",
            ),
            Fault::Broken => Self::internal(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.problem)).into_response()
    }
}
