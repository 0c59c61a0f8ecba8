//! Passwords of links.
//!
//! Who typed the right one gets a cookie that opens this link, on this address alone, for a day. It is an end and a keyed
//! hash of it; the key follows from the stored hash of the password, so a changed password closes what the old one opened.

use super::Desk;
use crate::{cookie, limits};
use axum::Form;
use axum::extract::rejection::{FormRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::header::{COOKIE, HeaderMap, LOCATION, ORIGIN, RETRY_AFTER, SET_COOKIE};
use axum::http::{Extensions, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use store::{Opened, Password};

/// The cookie's name.
const NAME: &str = "holdfast_link";
/// Seconds for which it opens.
const OPEN: i64 = 24 * 60 * 60;
/// Seconds in which attempts are counted.
const WINDOW: i64 = 15 * 60;
/// Attempts of one address at one link in that time.
const OF_ADDRESS: u32 = 10;
/// Attempts of all addresses at one link in that time.
const OF_LINK: u32 = 100;
/// Links and addresses that are remembered.
const REMEMBERED: usize = 10_000;

/// What a link's cookie is made with.
pub(super) struct Lock {
    key: [u8; 32],
    about: String,
}

impl Lock {
    /// That of a link with a password.
    pub(super) fn of(link: &Opened) -> Option<Self> {
        let hash = link.password_hash.as_ref()?;
        Some(Self {
            key: blake3::derive_key("holdfast 2026 a link's password", hash.as_bytes()),
            about: format!("{}.{}.{}", link.workspace.0, link.id, link.password_version),
        })
    }

    fn seal(&self, end: i64) -> blake3::Hash {
        blake3::keyed_hash(&self.key, format!("{end}.{}", self.about).as_bytes())
    }

    fn cookie(&self, now: Timestamp) -> String {
        let end = now.as_second() + OPEN;
        format!("{end}.{}", self.seal(end).to_hex())
    }

    /// Whether a request's cookies open it.
    pub(super) fn is_opened_by(&self, headers: &HeaderMap, now: Timestamp) -> bool {
        let cookies = headers
            .get_all(COOKIE)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        cookies
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
            .any(|value| self.is_opened(value, now))
    }

    fn is_opened(&self, value: &str, now: Timestamp) -> bool {
        let Some((end, seal)) = value.split_once('.') else {
            return false;
        };
        let (Ok(end), Ok(seal)) = (end.parse::<i64>(), blake3::Hash::from_hex(seal)) else {
            return false;
        };
        // blake3 compares in constant time
        end > now.as_second() && self.seal(end) == seal
    }
}

/// Attempts at passwords, by link and address, and by link.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<Tried, (u32, i64)>>);

type Tried = (i32, i32, Option<IpAddr>);

impl Attempts {
    /// Whether one more may be made; it is counted.
    fn may(&self, link: &Opened, from: IpAddr, now: Timestamp) -> bool {
        let now = now.as_second();
        let mut tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.len() >= REMEMBERED {
            tried.retain(|_, (_, since)| *since + WINDOW > now);
        }
        let mut count = |from: Option<IpAddr>, most: u32| {
            // Full of attempts that still count: nobody new until some are over.
            let key = (link.workspace.0, link.id, from);
            if tried.len() >= REMEMBERED && !tried.contains_key(&key) {
                return false;
            }
            let (count, since) = tried.entry(key).or_insert((0, now));
            if *since + WINDOW <= now {
                (*count, *since) = (0, now);
            }
            *count = count.saturating_add(1);
            *count <= most
        };
        // An address that has had its share takes none of the others'.
        count(Some(from), OF_ADDRESS) && count(None, OF_LINK)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    password: String,
}

/// `POST /s/{token}`: a password.
pub(super) async fn unlock(
    State(desk): State<Desk>,
    token: Result<Path<String>, PathRejection>,
    extensions: Extensions,
    headers: HeaderMap,
    form: Result<Form<Typed>, FormRejection>,
) -> Response {
    let Ok(Path(token)) = token else {
        return desk.nothing();
    };
    let now = Timestamp::now();
    let link = match desk.store.open_link(&token, now).await {
        Ok(Some(link)) => link,
        Ok(None) => return desk.nothing(),
        Err(error) => return desk.trouble(&error),
    };
    let Some(lock) = Lock::of(&link) else {
        return to_page(&token, None);
    };
    let from = limits::peer(&headers, &extensions);
    if !desk.attempts.may(&link, from, now) {
        let sentence = "There were too many attempts. Try again in a quarter of an hour.";
        let mut response = desk.locked(StatusCode::TOO_MANY_REQUESTS, Some(sentence));
        let wait = HeaderValue::from(WINDOW);
        response.headers_mut().insert(RETRY_AFTER, wait);
        return response;
    }
    let typed = match form {
        Ok(Form(typed)) => Password::new(typed.password),
        Err(_) => Password::new(""),
    };
    if !typed.matches(link.password_hash.clone()).await {
        let sentence = "That is not the password of this link.";
        return desk.locked(StatusCode::FORBIDDEN, Some(sentence));
    }
    let origin = headers
        .get(ORIGIN)
        .is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let safe = origin || cookie::is_https(&headers);
    let cookie = format!(
        "{NAME}={}; Path=/s/{token}; Max-Age={OPEN}; HttpOnly; SameSite=Lax{}",
        lock.cookie(now),
        if safe { "; Secure" } else { "" }
    );
    to_page(&token, HeaderValue::from_str(&cookie).ok())
}

fn to_page(token: &str, cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    super::head::of_nothing(&mut response);
    let headers = response.headers_mut();
    // A token that was found is one of ours, and they are plain text.
    if let Ok(page) = HeaderValue::from_str(&format!("/s/{token}")) {
        headers.insert(LOCATION, page);
    }
    if let Some(cookie) = cookie {
        headers.insert(SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use analysis::saved::ReportKind;
    use store::WorkspaceId;

    fn link(id: i32, version: i32) -> Opened {
        Opened {
            workspace: WorkspaceId(1),
            slug: "here".to_owned(),
            origins: Vec::new(),
            id,
            name: "x".to_owned(),
            kind: ReportKind::Retention,
            question: String::new(),
            pinned: false,
            withhold: true,
            password_hash: Some("$argon2id$a hash".to_owned()),
            password_version: version,
            expires_at: None,
            data: String::new(),
        }
    }

    #[test]
    fn a_cookie_opens_its_own_link_and_password_only() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let lock = |id, version| Lock::of(&link(id, version)).unwrap();
        let cookie = lock(7, 1).cookie(now);
        assert!(lock(7, 1).is_opened(&cookie, now));
        assert!(!lock(8, 1).is_opened(&cookie, now), "another link");
        assert!(!lock(7, 2).is_opened(&cookie, now), "another password");
        let later = Timestamp::from_second(1_700_000_000 + OPEN).unwrap();
        assert!(!lock(7, 1).is_opened(&cookie, later), "a day later");
        let (_, seal) = cookie.split_once('.').unwrap();
        let longer = format!("{}.{seal}", 1_900_000_000);
        assert!(!lock(7, 1).is_opened(&longer, now), "made to live longer");
        for broken in ["", ".", "1.", "x.y", &cookie[1..]] {
            assert!(!lock(7, 1).is_opened(broken, now), "{broken}");
        }
    }

    #[test]
    fn attempts_are_counted_by_address_and_by_link() {
        let attempts = Attempts::default();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let of = |last: u8| IpAddr::from([10, 0, 0, last]);
        for _ in 0..OF_ADDRESS {
            assert!(attempts.may(&link(1, 1), of(1), now));
        }
        assert!(!attempts.may(&link(1, 1), of(1), now));
        assert!(attempts.may(&link(1, 1), of(2), now), "another address");
        assert!(attempts.may(&link(2, 1), of(1), now), "another link");
        let allowed = (3..=60)
            .flat_map(|last| std::iter::repeat_n(last, 5))
            .filter(|last| attempts.may(&link(1, 1), of(*last), now))
            .count();
        assert_eq!(
            u32::try_from(allowed),
            Ok(OF_LINK - OF_ADDRESS - 1),
            "of all addresses"
        );
        let later = Timestamp::from_second(1_700_000_000 + WINDOW).unwrap();
        assert!(attempts.may(&link(1, 1), of(1), later));
    }
}
