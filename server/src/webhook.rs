//! Webhooks: messages to other programs, signed by the Standard Webhooks specification, and kept from leading into
//! networks that only this machine can reach.
//!
//! The address is checked when it is kept, for a sentence in time. What counts is the check when a message is sent: names
//! are looked up here, and a connection is made to no other address than those that were let through. Nothing of an answer
//! is read or shown but its status.

mod networks;

pub use networks::{Networks, NetworksError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use sha2::Sha256;
use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use store::SigningSecret;

/// Most bytes of an address.
const LONGEST: usize = 2_000;
/// How long sending may take in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a name may be looked up while somebody waits at a form.
const LOOK_UP: Duration = Duration::from_secs(5);

/// Why messages can't be sent to an address. `Display` is a plain sentence, the same whether a name leads nowhere or into
/// a network that is not to be reached: which names there are inside is nobody's to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address, or has more in it than one.
    #[error(
        "Write the address as in https://hooks.example.com/holdfast, without a user or a password in it."
    )]
    Form,
    /// Not over https.
    #[error(
        "Messages are sent over https only. An operator can allow http into networks of your own (HOLDFAST_WEBHOOK_ALLOW)."
    )]
    Bare,
    /// Not on the Internet, or nowhere.
    #[error(
        "Nothing is sent to this address: it leads nowhere, or into a network that is not the Internet’s. An operator can \
         allow networks of your own (HOLDFAST_WEBHOOK_ALLOW)."
    )]
    Elsewhere,
}

/// Why a message was not taken, in words that end a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Its receiver does not want it.
    #[error("the receiver answered {0}")]
    Answered(u16),
    /// It may not be sent there.
    #[error("its address leads into a network that nothing is sent to")]
    Address,
    /// Nobody answered.
    #[error("the receiver can’t be reached")]
    Away,
    /// Nobody answered in time.
    #[error("the receiver did not answer in time")]
    Slow,
}

impl SendError {
    /// Whether the same message would be refused again.
    pub fn is_permanent(self) -> bool {
        match self {
            // not in time, too many, and what the receiver blames on itself
            Self::Answered(408 | 425 | 429 | 500..) | Self::Away | Self::Slow => false,
            Self::Answered(_) | Self::Address => true,
        }
    }
}

/// What is sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// What it is known by: the same at each try.
    pub id: String,
    /// JSON.
    pub body: String,
}

/// What sends messages.
#[derive(Clone)]
pub struct Webhooks {
    networks: Networks,
    names: Arc<dyn Resolve>,
    patience: Duration,
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Webhooks").field(&self.networks).finish()
    }
}

impl Webhooks {
    /// To the Internet and these networks, with names as the machine knows them.
    pub fn new(networks: Networks) -> Self {
        Self::with_names(networks, Arc::new(Machine))
    }

    /// The same with other names.
    pub fn with_names(networks: Networks, names: Arc<dyn Resolve>) -> Self {
        Self {
            networks,
            names,
            patience: PATIENCE,
        }
    }

    /// The same, giving up after another time.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// An address that messages can be sent to, as it is kept.
    ///
    /// # Errors
    /// [`AddressError`].
    pub async fn check(&self, text: &str) -> Result<String, AddressError> {
        let url = self.read(text)?;
        if let Some(name) = name(&url)
            && !self.leads_out(&name, is_bare(&url)).await
        {
            return Err(AddressError::Elsewhere);
        }
        Ok(url.into())
    }

    /// What can be said of an address without looking up its name.
    fn read(&self, text: &str) -> Result<Url, AddressError> {
        let text = text.trim();
        // What reads addresses passes over some of these in silence.
        let odd = |letter: char| letter.is_whitespace() || letter.is_control() || letter == '\\';
        if text.len() > LONGEST || text.contains(odd) {
            return Err(AddressError::Form);
        }
        let url = Url::parse(text).map_err(|_| AddressError::Form)?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
            && url.host_str().is_some_and(|host| !host.is_empty());
        match url.scheme() {
            "https" if plain => {}
            "http" if plain && self.networks.lets_bare() => {}
            "http" => return Err(AddressError::Bare),
            _ => return Err(AddressError::Form),
        }
        match literal(&url) {
            Some(address) if !self.networks.lets(address, is_bare(&url)) => {
                Err(AddressError::Elsewhere)
            }
            _ => Ok(url),
        }
    }

    async fn leads_out(&self, name: &str, bare: bool) -> bool {
        let Ok(name) = name.parse() else {
            return false;
        };
        let found = tokio::time::timeout(LOOK_UP, self.filter(bare).resolve(name));
        matches!(found.await, Ok(Ok(_)))
    }

    fn filter(&self, bare: bool) -> Filter {
        Filter {
            webhooks: self.clone(),
            bare,
        }
    }

    /// Sends a message, signed at this instant.
    ///
    /// # Errors
    /// [`SendError`], for every status but 200 to 299.
    pub async fn send(
        &self,
        (address, secret): (&str, &SigningSecret),
        message: Message,
        now: Timestamp,
    ) -> Result<(), SendError> {
        // Literal addresses are asked of no resolver.
        let url = self.read(address).map_err(|_| SendError::Address)?;
        let client = crate::outward::client()
            .dns_resolver(self.filter(is_bare(&url)))
            .timeout(self.patience)
            .build()
            .map_err(|error| {
                tracing::error!(%error, "webhooks can't be sent: no client can be made");
                SendError::Away
            })?;
        let Message { id, body } = message;
        let time = now.as_second().to_string();
        let answer = client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-signature", sign(secret, (&id, &time, &body)))
            .header("webhook-id", id)
            .header("webhook-timestamp", time)
            .body(body)
            .send()
            .await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(SendError::Answered(answer.status().as_u16())),
            Err(error) if was_held_back(&error) => Err(SendError::Address),
            Err(error) if error.is_timeout() => Err(SendError::Slow),
            Err(_) => Err(SendError::Away),
        }
    }
}

/// The signature of a message: `v1,` and the HMAC-SHA256 of its id, time and body.
fn sign(secret: &SigningSecret, (id, time, body): (&str, &str, &str)) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("a key of any length will do");
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    let signature = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    format!("v1,{signature}")
}

fn is_bare(url: &Url) -> bool {
    url.scheme() != "https"
}

/// The address that stands in the place of a name, in whatever way it was written.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_matches(['[', ']']).parse().ok()
}

fn name(url: &Url) -> Option<String> {
    match literal(url) {
        Some(_) => None,
        None => url.host_str().map(str::to_owned),
    }
}

/// A name whose addresses are all held back.
#[derive(Debug, thiserror::Error)]
#[error("no address of this name may be reached")]
struct HeldBack;

fn was_held_back(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<HeldBack>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Names as the machine knows them.
struct Machine;

impl Resolve for Machine {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

/// Lets through of a name's addresses those that may be reached.
struct Filter {
    webhooks: Webhooks,
    bare: bool,
}

impl Resolve for Filter {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.webhooks.names.resolve(name);
        let (networks, bare) = (self.webhooks.networks.clone(), self.bare);
        Box::pin(async move {
            let found = found.await?;
            let let_through: Vec<SocketAddr> = found
                .filter(|address| networks.lets(address.ip(), bare))
                .collect();
            if let_through.is_empty() {
                return Err(HeldBack.into());
            }
            let let_through: Addrs = Box::new(let_through.into_iter());
            Ok(let_through)
        })
    }
}
