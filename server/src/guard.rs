//! What every request and response goes through: who may ask, what a browser may do with the answer.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Refuses what another site makes a browser send, and sets the headers that every response carries.
///
/// Two ways of using a signed-in browser against its owner end here: a foreign page that posts to this server (told by
/// Fetch Metadata, else by `Origin`), and a foreign name that resolves to it (told by `Host`).
pub(crate) async fn guard(State(names): State<Names>, request: Request, next: Next) -> Response {
    if !names.hold(request.headers(), request.uri()) {
        return refuse(
            "This address does not lead to Holdfast. Use localhost or 127.0.0.1, or have the server told of this name \
             with --host (or HOLDFAST_HOST).\n",
        );
    }
    let changes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    // A link's password opens its own page and nothing else; and that page sends no referrer, at which browsers keep the
    // origin back as well.
    let unlocks = request.uri().path().starts_with("/s/");
    if changes && !unlocks && !same_origin(request.headers()) {
        return refuse("Requests that change something must come from Holdfast's own pages.\n");
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        // A route may ask for more.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    // What is behind a secret address says so itself.
    headers
        .entry(REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("same-origin"));
    // Reports are business secrets: only what says otherwise (the built files) may be kept.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn refuse(why: &'static str) -> Response {
    (StatusCode::FORBIDDEN, why).into_response()
}

/// The host part of `host[:port]` or `[v6]:port`.
fn host_name(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

/// The names that lead here, beside those of this machine.
#[derive(Clone, Debug)]
pub(crate) struct Names(Arc<[String]>);

impl Names {
    pub(crate) fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| name.to_lowercase()).collect())
    }

    fn hold(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let authority = match headers.get(HOST).map(HeaderValue::to_str) {
            Some(Ok(host)) => host,
            Some(Err(_)) => return false,
            // HTTP/2 has the authority in the request line
            None => uri.authority().map_or("", |authority| authority.as_str()),
        };
        let host = host_name(authority).to_ascii_lowercase();
        is_this_machine(authority) || self.0.contains(&host)
    }
}

/// Whether a `Host` names the machine that the browser runs on.
pub(crate) fn is_this_machine(authority: &str) -> bool {
    let host = host_name(authority);
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(&HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    match text(&ORIGIN) {
        Some(origin) => {
            let authority = origin.split_once("://").map(|(_, rest)| rest);
            authority.is_some() && authority == text(&HOST)
        }
        // no browser: browsers send one of the two with every request that changes something
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn hosts() {
        let names = Names::new(&["Holdfast.Example.com".to_owned(), "10.0.0.7".to_owned()]);
        let check = |host, expected| {
            let asked = names.hold(&headers(&[("host", host)]), &Uri::from_static("/"));
            assert_eq!(asked, expected, "{host}");
        };
        check("holdfast.example.com", true);
        check("HOLDFAST.example.com:8080", true);
        check("10.0.0.7:3000", true);
        check("x.holdfast.example.com", false);
        check("localhost:3000", true);
        check("127.0.0.1", true);
        check("127.8.8.8:80", true);
        check("[::1]:3000", true);
        check("holdfast.localhost", true);
        check("evil.example", false);
        check("localhost.evil.example:3000", false);
        check("127.0.0.1.nip.io", false);
        check("10.0.0.1", false);
        check("", false);
    }

    #[test]
    fn origins() {
        let check = |pairs: &[(&'static str, &'static str)], expected| {
            assert_eq!(same_origin(&headers(pairs)), expected, "{pairs:?}");
        };
        check(&[("sec-fetch-site", "same-origin")], true);
        check(&[("sec-fetch-site", "none")], true);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(
            &[
                ("sec-fetch-site", "same-site"),
                ("origin", "http://localhost"),
            ],
            false,
        );
        check(
            &[
                ("origin", "http://localhost:3000"),
                ("host", "localhost:3000"),
            ],
            true,
        );
        check(
            &[
                ("origin", "http://localhost:3001"),
                ("host", "localhost:3000"),
            ],
            false,
        );
        check(&[("origin", "null"), ("host", "localhost:3000")], false);
        check(&[], true);
    }
}
