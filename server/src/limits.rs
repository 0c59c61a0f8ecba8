//! How often somebody may try: passwords, links, and changes of passwords, by address and by account.

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, HeaderName};
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

type Buckets<Key> = RateLimiter<Key, HashMapStateStore<Key>, DefaultClock>;

/// Tries of an address at once, and the pause after which there is another one.
const ADDRESS: (u32, Duration) = (30, Duration::from_secs(4));
/// The same for an account.
const ACCOUNT: (u32, Duration) = (10, Duration::from_secs(30));

/// Letters to somebody at once that anybody can ask for, and the pause after which there is another one.
const LETTERS: (u32, Duration) = (3, Duration::from_secs(600));

/// Those who have not tried for a while are forgotten after so many tries.
const TIDY: u32 = 1_024;

/// Who tried how often. Kept in memory: a new start forgives.
#[derive(Clone)]
pub(crate) struct Limits(Arc<Inner>);

struct Inner {
    addresses: Buckets<IpAddr>,
    accounts: Buckets<String>,
    letters: Buckets<String>,
    tries: AtomicU32,
}

/// Whole seconds until the next try, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) u64);

impl Limits {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            addresses: buckets(ADDRESS),
            accounts: buckets(ACCOUNT),
            letters: buckets(LETTERS),
            tries: AtomicU32::new(0),
        }))
    }

    /// Counts a try from an address, and at an account.
    ///
    /// # Errors
    /// [`TooMany`]. Whether there is such an account makes no difference.
    pub(crate) fn count(&self, peer: IpAddr, account: Option<&str>) -> Result<(), TooMany> {
        let Inner {
            addresses,
            accounts,
            letters,
            tries,
        } = &*self.0;
        if tries.fetch_add(1, Ordering::Relaxed) % TIDY == TIDY - 1 {
            addresses.retain_recent();
            accounts.retain_recent();
            letters.retain_recent();
        }
        count(addresses, &whole(peer))?;
        match account {
            Some(account) => count(accounts, &key(account)),
            None => Ok(()),
        }
    }

    /// Counts a letter to somebody that an address asks for.
    ///
    /// # Errors
    /// [`TooMany`]. Whether there is such an account makes no difference.
    pub(crate) fn count_letter(&self, peer: IpAddr, account: &str) -> Result<(), TooMany> {
        self.count(peer, None)?;
        count(&self.0.letters, &key(account))
    }
}

/// An account as limits know it. E-mail addresses are no longer than this; what is, is none.
fn key(account: &str) -> String {
    account.trim().to_lowercase().chars().take(254).collect()
}

fn buckets<Key: Hash + Eq + Clone>((burst, pause): (u32, Duration)) -> Buckets<Key> {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::with_period(pause).expect("the pause is not zero");
    RateLimiter::hashmap(quota.allow_burst(burst))
}

fn count<Key: Hash + Eq + Clone>(buckets: &Buckets<Key>, key: &Key) -> Result<(), TooMany> {
    buckets.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        TooMany(wait.as_secs() + 1)
    })
}

/// An address as limits know it: of IPv6 the half that one subscriber has for himself.
fn whole(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
            address.to_bits() & !u128::from(u64::MAX),
        )),
        four => four,
    }
}

/// Who asks: the connection's other end, or, when that is a proxy on this machine, whom it names last. What stands
/// before that in its header was written by the asker himself.
pub(crate) fn peer(headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let connection = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| {
            info.0.ip().to_canonical()
        });
    if !connection.is_loopback() {
        return connection;
    }
    let forwarded = headers
        .get_all(HeaderName::from_static("x-forwarded-for"))
        .iter()
        .next_back()
        .and_then(|line| line.to_str().ok());
    let named = forwarded
        .and_then(|line| line.rsplit(',').next())
        .and_then(|last| last.trim().parse().ok());
    named.unwrap_or(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn one_account_or_one_address_gets_so_many_tries() {
        let limits = Limits::new();
        let from = |last: u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        for place in 0..ACCOUNT.0 {
            let place = u8::try_from(place).unwrap();
            assert_eq!(limits.count(from(place), Some("ada@example.com")), Ok(()));
        }
        let TooMany(wait) = limits
            .count(from(99), Some(" Ada@Example.com"))
            .unwrap_err();
        assert!((1..=31).contains(&wait), "{wait}");
        assert_eq!(limits.count(from(99), Some("bob@example.com")), Ok(()));

        // Letters are counted apart, so that asking for them keeps nobody from signing in.
        for _ in 0..LETTERS.0 {
            assert_eq!(limits.count_letter(from(98), "cy@example.com"), Ok(()));
        }
        let TooMany(wait) = limits.count_letter(from(97), "Cy@example.com").unwrap_err();
        assert!((500..=601).contains(&wait), "{wait}");
        assert_eq!(limits.count(from(97), Some("cy@example.com")), Ok(()));

        let one = from(200);
        for place in 0..ADDRESS.0 {
            let account = format!("{place}@example.com");
            assert_eq!(limits.count(one, Some(&account)), Ok(()));
        }
        assert!(limits.count(one, None).is_err());
        assert_eq!(limits.count(from(201), None), Ok(()));
    }

    #[test]
    fn the_asker_can_not_choose_who_he_is() {
        let ask = |connection: Option<&str>, forwarded: &'static str| {
            let mut extensions = Extensions::new();
            if let Some(connection) = connection {
                let address: SocketAddr = connection.parse().unwrap();
                extensions.insert(ConnectInfo(address));
            }
            let mut headers = HeaderMap::new();
            if !forwarded.is_empty() {
                headers.insert("x-forwarded-for", HeaderValue::from_static(forwarded));
            }
            peer(&headers, &extensions).to_string()
        };
        assert_eq!(ask(Some("192.0.2.1:5"), ""), "192.0.2.1");
        assert_eq!(ask(Some("192.0.2.1:5"), "198.51.100.7"), "192.0.2.1");
        assert_eq!(ask(Some("127.0.0.1:5"), "198.51.100.7"), "198.51.100.7");
        assert_eq!(
            ask(Some("127.0.0.1:5"), "1.1.1.1, 198.51.100.7"),
            "198.51.100.7"
        );
        assert_eq!(ask(Some("127.0.0.1:5"), "nonsense"), "127.0.0.1");
        assert_eq!(ask(None, ""), "127.0.0.1");
        let half: IpAddr = "2001:db8:1:2:3:4:5:6".parse().unwrap();
        assert_eq!(whole(half).to_string(), "2001:db8:1:2::");
    }
}
