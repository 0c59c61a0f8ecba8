//! The headers of shared pages.

use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, VARY,
};
use axum::response::Response;
use store::Opened;

/// Those of an answer.
pub(super) fn of_page(response: &mut Response, link: &Opened) {
    let locked = link.password_hash.is_some();
    // Password and frame don't go together: who frames the page would see what is typed into it.
    let frames = match (locked, link.origins.is_empty()) {
        (false, false) => link.origins.join(" "),
        _ => "'none'".to_owned(),
    };
    let kept = if locked {
        "no-store"
    } else {
        "private, no-cache"
    };
    all(response, &frames, kept);
}

/// Those of everything else.
pub(super) fn of_nothing(response: &mut Response) {
    all(response, "'none'", "no-store");
}

/// A page's type.
pub(super) fn is_html(response: &mut Response) {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
}

fn all(response: &mut Response, frames: &str, kept: &'static str) {
    is_html(response);
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors {frames}"
    );
    let headers = response.headers_mut();
    // Sites were checked when they were set; should one slip through, there is no frame at all.
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(
        "default-src 'none'; frame-ancestors 'none'",
    ));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding, cookie"));
    headers.insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex, nofollow, noarchive"),
    );
}
