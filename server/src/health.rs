//! Whether the process lives, and whether it can answer.

use axum::extract::State;
use axum::http::StatusCode;
use store::Store;

/// `GET /healthz`: the process lives.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the data base answers. It is asked anew each time, so readiness comes back by itself.
pub(crate) async fn ready(State(store): State<Store>) -> (StatusCode, &'static str) {
    match store.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(error = %error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "not ready: the data base does not answer\n",
            )
        }
    }
}
