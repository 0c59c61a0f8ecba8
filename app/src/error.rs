//! What can go wrong, as the reader is told of it. Causes are logged where they are converted and never leave the
//! server.

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

/// The one error that pages and server functions speak of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", content = "message", rename_all = "snake_case")]
pub enum AppError {
    /// There is no such workspace, import or cell.
    #[error("There is nothing at this address.")]
    NotFound,
    /// Nobody has said yet what counts as active here.
    #[error("This workspace has not been told which events count as active.")]
    NoActivity,
    /// The saved definition of activity is still being filled in; the sentence says which.
    #[error("{0}")]
    Filling(String),
    /// The question can't be answered as it stands; the sentence says why.
    #[error("{0}")]
    BadRequest(String),
    /// The session has ended, or there never was one.
    #[error("You are not signed in any more. Open this page anew to sign in.")]
    SignedOut,
    /// The role in the workspace is too little for this.
    #[error("Your role in this workspace does not allow this. One of its owners can change that.")]
    Forbidden,
    /// The data base is away. It is tried again with every request.
    #[error("The data base can’t be reached just now. Nothing is lost; try again in a moment.")]
    Unavailable,
    /// The answer did not arrive in the browser.
    #[error("The server could not be reached. Check the connection and try again.")]
    Transport,
    /// Something else broke; the server's log says what.
    #[error("Something went wrong on the server. Its log has the details.")]
    Internal,
}

impl AppError {
    /// Whether trying again may help.
    pub fn passing(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Transport | Self::Filling(_))
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // On the server it is the request that can't be read, in the browser the answer.
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Deserialization(_) => ssr::not_understood(),
            #[cfg(not(feature = "ssr"))]
            ServerFnErrorErr::Deserialization(_) => Self::Transport,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::BadRequest("The request was not understood.".to_owned())
            }
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Serialization(_) => Self::Transport,
            _ => Self::Internal,
        }
    }
}

#[cfg(feature = "ssr")]
pub(crate) mod ssr {
    use super::AppError;
    use http::StatusCode;
    use http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFRESH};
    use leptos::nonce::use_nonce;
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;
    use store::StoreError;

    impl AppError {
        /// The status of a response that is this error.
        pub fn status(&self) -> StatusCode {
            match self {
                Self::SignedOut => StatusCode::UNAUTHORIZED,
                Self::Forbidden => StatusCode::FORBIDDEN,
                Self::NotFound => StatusCode::NOT_FOUND,
                Self::NoActivity | Self::BadRequest(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Self::Unavailable | Self::Transport | Self::Filling(_) => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            }
        }
    }

    impl From<StoreError> for AppError {
        fn from(error: StoreError) -> Self {
            match error {
                StoreError::NotFound => Self::NotFound,
                StoreError::NoActivity => Self::NoActivity,
                StoreError::Query(cause) => Self::BadRequest(cause.to_string()),
                StoreError::ActivityNotReady(_) => Self::Filling(error.to_string()),
                StoreError::Zone(_)
                | StoreError::Conflict(_)
                | StoreError::NoSuchActivity(_)
                | StoreError::Refused(_)
                | StoreError::TooLong => Self::BadRequest(error.to_string()),
                StoreError::Unavailable(cause) => {
                    tracing::warn!(error = %cause, "data base not available");
                    Self::Unavailable
                }
                StoreError::Migrate(_) | StoreError::Index(_) | StoreError::Other(_) => {
                    tracing::error!(error = %error, "request failed in the data base");
                    Self::Internal
                }
            }
        }
    }

    /// Gives the response of a page or server function the status that belongs to its error.
    ///
    /// Leptos 0.8 answers every failed server function with 500; what is set here wins.
    pub(crate) fn answer<T>(result: Result<T, StoreError>) -> Result<T, AppError> {
        result.map_err(|error| {
            let error = AppError::from(error);
            set_status(error.status());
            error
        })
    }

    /// A question or wish that can't be granted as it stands.
    pub(crate) fn refuse(why: String) -> AppError {
        let error = AppError::BadRequest(why);
        set_status(error.status());
        error
    }

    /// Has the browser ask for the page again in two seconds, for pages without a program.
    pub(crate) fn look_again() {
        if let Some(response) = use_context::<ResponseOptions>() {
            response.insert_header(REFRESH, HeaderValue::from_static("2"));
        }
    }

    /// A body that is not what the function takes.
    pub(super) fn not_understood() -> AppError {
        set_status(StatusCode::BAD_REQUEST);
        AppError::BadRequest("The request was not understood.".to_owned())
    }

    pub(crate) fn set_status(status: StatusCode) {
        if let Some(response) = use_context::<ResponseOptions>() {
            response.set_status(status);
        }
    }

    /// The content policy of a page. A header, since a `meta` can't forbid framing; made here, since the nonce of the
    /// hydration script is.
    pub(crate) fn content_policy() {
        let (Some(response), Some(nonce)) = (use_context::<ResponseOptions>(), use_nonce()) else {
            return;
        };
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
             img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        if let Ok(value) = HeaderValue::from_str(&policy) {
            response.insert_header(CONTENT_SECURITY_POLICY, value);
        }
    }
}
