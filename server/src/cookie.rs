//! The cookies that hold a reference: to a session, or to a sign-in that is under way elsewhere.
//!
//! Over https their names begin with `__Host-`: they are sent back over https only, to this host and no other. Plain http, on this machine
//! or in a network without https, has a name of its own, with the port, as cookies don't tell ports apart.

use axum::http::header::{COOKIE, HOST, HeaderValue};
use axum::http::{HeaderMap, HeaderName};

/// One of the cookies. Each holds a reference of ours and nothing else.
pub(crate) struct Cookie {
    /// What its name ends with.
    suffix: &'static str,
    /// Seconds after which a browser forgets it.
    seconds: u32,
}

/// A session's; the session ends by itself before (see `store`).
pub(crate) const SESSION: Cookie = Cookie {
    suffix: "",
    seconds: 60 * 24 * 60 * 60,
};

/// That of a browser which is away at a provider, to sign in there.
pub(crate) const AWAY: Cookie = Cookie {
    suffix: "_away",
    seconds: 10 * 60,
};

/// Longest value that can be a reference of ours.
const LONGEST: usize = 64;

/// Whether the browser's side of the connection is https, as the proxy in front says. Whoever says so without one
/// gets a stricter cookie and nothing else.
pub(crate) fn is_https(headers: &HeaderMap) -> bool {
    let proto = headers.get(HeaderName::from_static("x-forwarded-proto"));
    proto.is_some_and(|proto| proto.as_bytes().eq_ignore_ascii_case(b"https"))
}

impl Cookie {
    /// The reference that a request brings.
    pub(crate) fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let wanted = self.name(headers);
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, value)| *name == wanted && value.len() <= LONGEST)
            .map(|(_, value)| value)
    }

    /// Has the browser that sent these headers keep a reference.
    pub(crate) fn keep(&self, headers: &HeaderMap, reference: &str) -> HeaderValue {
        self.set(headers, reference, self.seconds)
    }

    /// Has the browser forget it.
    pub(crate) fn forget(&self, headers: &HeaderMap) -> HeaderValue {
        self.set(headers, "", 0)
    }

    fn set(&self, headers: &HeaderMap, value: &str, seconds: u32) -> HeaderValue {
        let name = self.name(headers);
        let secure = if is_https(headers) { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        HeaderValue::try_from(text).expect("names and references are letters, digits, - and _")
    }

    fn name(&self, headers: &HeaderMap) -> String {
        let suffix = self.suffix;
        if is_https(headers) {
            return format!("__Host-holdfast{suffix}");
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let port = host
            .and_then(|host| host.rsplit_once(':'))
            .map(|(_, port)| port);
        match port.and_then(|port| port.parse::<u16>().ok()) {
            Some(port) => format!("holdfast_{port}{suffix}"),
            None => format!("holdfast{suffix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |&(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn each_connection_has_its_own() {
        for (given, expected) in [
            (
                headers(&[
                    ("host", "localhost:3000"),
                    ("cookie", "a=b; holdfast_3000=x"),
                ]),
                Some("x"),
            ),
            (
                headers(&[("host", "[::1]:3000"), ("cookie", "holdfast_3000=x")]),
                Some("x"),
            ),
            (
                headers(&[("host", "localhost:3001"), ("cookie", "holdfast_3000=x")]),
                None,
            ),
            (
                headers(&[("host", "localhost"), ("cookie", "holdfast=x")]),
                Some("x"),
            ),
            (
                headers(&[
                    ("host", "a.example"),
                    ("x-forwarded-proto", "https"),
                    ("cookie", "__Host-holdfast=x"),
                ]),
                Some("x"),
            ),
            // One that could have been set over plain http does not count over https.
            (
                headers(&[
                    ("host", "a.example"),
                    ("x-forwarded-proto", "https"),
                    ("cookie", "holdfast=x"),
                ]),
                None,
            ),
            (headers(&[("host", "localhost")]), None),
        ] {
            assert_eq!(SESSION.read(&given), expected, "{given:?}");
        }
        let secure = SESSION.keep(
            &headers(&[("host", "a.example"), ("x-forwarded-proto", "https")]),
            "x",
        );
        assert_eq!(
            secure,
            "__Host-holdfast=x; Path=/; Max-Age=5184000; HttpOnly; SameSite=Lax; Secure"
        );
        let gone = SESSION.forget(&headers(&[("host", "localhost:3000")]));
        assert_eq!(
            gone,
            "holdfast_3000=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
        // One of them is not read as the other.
        let both = headers(&[
            ("host", "localhost"),
            ("cookie", "holdfast_away=x; holdfast=y"),
        ]);
        assert_eq!(
            (AWAY.read(&both), SESSION.read(&both)),
            (Some("x"), Some("y"))
        );
    }
}
