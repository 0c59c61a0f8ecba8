//! Webhooks: where they go and where not, and that a receiver can tell whose they are.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use server::webhook::{AddressError, Message, Networks, SendError, Webhooks};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::SigningSecret;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const BODY: &str = r#"{"text":"26 % stay."}"#;

/// A message as its receiver sees it.
pub struct Received {
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Whether it was signed with a secret as that was told: the specification written out once more.
    pub fn is_signed(&self, secret: &str) -> bool {
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap());
        let mut key = key.unwrap();
        key.resize(64, 0);
        let pad = |with: u8| -> Vec<u8> { key.iter().map(|byte| byte ^ with).collect() };
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let signed = format!("{id}.{time}.{}", self.body);
        let inner = Sha256::digest([&pad(0x36)[..], signed.as_bytes()].concat());
        let outer = Sha256::digest([&pad(0x5c)[..], &inner[..]].concat());
        self.header("webhook-signature") == format!("v1,{}", BASE64_STANDARD.encode(outer))
    }
}

/// How a receiver answers.
#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16),
    To(String),
    /// Without end.
    Huge,
    /// Never.
    Slow,
}

#[derive(Clone)]
struct Desk {
    answer: Arc<Mutex<Answer>>,
    taken: UnboundedSender<Received>,
}

/// A program that takes messages on this machine.
pub struct Program {
    pub address: SocketAddr,
    answer: Arc<Mutex<Answer>>,
    messages: UnboundedReceiver<Received>,
}

impl Program {
    pub async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (taken, messages) = unbounded_channel();
        let answer = Arc::new(Mutex::new(Answer::Status(204)));
        let desk = Desk {
            answer: answer.clone(),
            taken,
        };
        let router = Router::new().fallback(take).with_state(desk);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            answer,
            messages,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers so from now on.
    pub fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// The next message, which has come.
    pub fn message(&mut self) -> Received {
        self.messages.try_recv().expect("a message came")
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

async fn take(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    desk.taken.send(Received { headers, body }).unwrap();
    let answer = desk.answer.lock().unwrap().clone();
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::To(place) => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, place)]).into_response(),
        Answer::Huge => {
            let chunk = || Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 65_536]));
            Body::from_stream(futures::stream::repeat_with(chunk)).into_response()
        }
        Answer::Slow => std::future::pending().await,
    }
}

/// What sends into this machine's own network as well.
pub fn into_this_machine() -> Webhooks {
    Webhooks::new("127.0.0.1/32".parse().unwrap())
}

/// Names that lead to these addresses, one after the other with each look; the last one stays.
struct Names {
    addresses: Vec<Vec<IpAddr>>,
    looks: AtomicUsize,
}

fn names(addresses: &[&[&str]]) -> Arc<Names> {
    let parse = |all: &&[&str]| all.iter().map(|one| one.parse().unwrap()).collect();
    Arc::new(Names {
        addresses: addresses.iter().map(parse).collect(),
        looks: AtomicUsize::new(0),
    })
}

impl Resolve for Names {
    fn resolve(&self, _: Name) -> Resolving {
        let look = self.looks.fetch_add(1, Ordering::Relaxed);
        let found = self.addresses[look.min(self.addresses.len() - 1)].clone();
        let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
        let found: Addrs = Box::new(found);
        Box::pin(async move { Ok(found) })
    }
}

fn message() -> Message {
    Message {
        id: "msg_1".to_owned(),
        body: BODY.to_owned(),
    }
}

async fn send(webhooks: &Webhooks, address: &str) -> Result<(), SendError> {
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    webhooks
        .send((address, &SigningSecret::new()), message(), now)
        .await
}

#[tokio::test]
async fn a_receiver_can_tell_whose_it_is() {
    let mut program = Program::listen().await;
    let secret = SigningSecret::new();
    let now = Timestamp::from_second(1_700_000_000).unwrap();
    let sent = into_this_machine()
        .send((&program.url(), &secret), message(), now)
        .await;
    assert_eq!(sent, Ok(()));
    let got = program.message();
    assert_eq!(got.body, BODY);
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(got.header("webhook-id"), "msg_1");
    assert_eq!(got.header("webhook-timestamp"), "1700000000");
    assert!(got.is_signed(&secret.text()));
    assert!(!got.is_signed(&SigningSecret::new().text()));
    let forged = Received {
        body: BODY.replace("26", "62"),
        ..got
    };
    assert!(!forged.is_signed(&secret.text()));
}

/// Loopback and clouds' secrets, in the spellings that have passed for something else.
#[tokio::test]
async fn addresses_that_nothing_is_sent_to() {
    let plain = Webhooks::with_names(Networks::default(), names(&[&["93.184.215.14"]]));
    for address in [
        "https://hooks.example.com",
        "https://hooks.example.com:8443/a?b=c",
        "https://1.1.1.1/x",
        " https://[2606:4700:4700::1111]/x ",
    ] {
        assert!(plain.check(address).await.is_ok(), "{address}");
    }
    let elsewhere = [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://①②⑦.0.0.1/",
        "https://127。0。0。1/",
        "https://%31%32%37.0.0.1/",
        "https://0/",
        "https://0.0.0.0:80/",
        "https://10.0.0.7/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
    ];
    let forms = [
        "",
        "hooks.example.com",
        "https://",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "gopher://127.0.0.1:25/",
        "https://user@hooks.example.com/",
        "https://:password@hooks.example.com/",
        "https://hooks.example.com@127.0.0.1/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.exam\tple.com/",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX-Evil: 1",
        "https://hooks.example.com:99999/",
        "https://[fe80::1%25eth0]/",
    ];
    let bare = [
        "http://hooks.example.com/",
        "http://127.0.0.1/",
        "HTTP://1.1.1.1/",
    ];
    let long = format!("https://hooks.example.com/{}", "x".repeat(2_000));
    for (addresses, expected) in [
        (&elsewhere[..], AddressError::Elsewhere),
        (&forms[..], AddressError::Form),
        (&[long.as_str()][..], AddressError::Form),
        (&bare[..], AddressError::Bare),
    ] {
        for address in addresses {
            assert_eq!(plain.check(address).await, Err(expected), "{address}");
            // An address that was kept before is looked at again.
            assert_eq!(
                send(&plain, address).await,
                Err(SendError::Address),
                "{address}"
            );
        }
    }
    // The operator's own network, and no other.
    let own: Webhooks = Webhooks::new("127.0.0.1/32".parse().unwrap());
    assert!(own.check("http://127.0.0.1:9/x").await.is_ok());
    assert!(own.check("https://[::ffff:127.0.0.1]/x").await.is_ok());
    for address in ["http://127.0.0.2/", "https://10.0.0.1/", "http://1.1.1.1/"] {
        let found = own.check(address).await;
        assert_eq!(found, Err(AddressError::Elsewhere), "{address}");
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_followed() {
    let program = Program::listen().await;
    let port = program.address.port();
    let address = format!("https://hooks.example.com:{port}/");
    for inside in [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
    ] {
        let plain = Webhooks::with_names(Networks::default(), names(&[&[inside]]));
        assert_eq!(
            plain.check(&address).await,
            Err(AddressError::Elsewhere),
            "{inside}"
        );
        assert_eq!(
            send(&plain, &address).await,
            Err(SendError::Address),
            "{inside}"
        );
    }
    let nowhere = Webhooks::with_names(Networks::default(), names(&[&[]]));
    assert_eq!(
        nowhere.check(&address).await,
        Err(AddressError::Elsewhere),
        "the same answer"
    );
    assert!(program.is_empty());
}

/// Public when it is looked at, inside when it is connected to.
#[tokio::test]
async fn a_name_that_changes_between_is_not_followed() {
    let program = Program::listen().await;
    let address = format!("https://hooks.example.com:{}/", program.address.port());
    let changing = names(&[&["93.184.215.14"], &["127.0.0.1"]]);
    let plain = Webhooks::with_names(Networks::default(), changing.clone());
    assert_eq!(plain.check(&address).await, Ok(address.clone()));
    assert_eq!(send(&plain, &address).await, Err(SendError::Address));
    assert_eq!(
        changing.looks.load(Ordering::Relaxed),
        2,
        "looked at once a connection"
    );
    assert!(program.is_empty());
}

/// Of a name's addresses those are connected to that were let through, and no others.
#[tokio::test]
async fn a_connection_goes_to_an_address_that_was_checked() {
    let mut program = Program::listen().await;
    let address = format!("http://hooks.example.com:{}/", program.address.port());
    let several = names(&[&["127.0.0.2", "10.0.0.1", "93.184.215.14", "127.0.0.1"]]);
    let own = Webhooks::with_names("127.0.0.1/32".parse().unwrap(), several);
    assert_eq!(send(&own, &address).await, Ok(()));
    assert_eq!(program.message().body, BODY);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let mut first = Program::listen().await;
    let second = Program::listen().await;
    first.answer(Answer::To(second.url()));
    let sent = send(&into_this_machine(), &first.url()).await;
    assert_eq!(sent, Err(SendError::Answered(307)));
    assert!(SendError::Answered(307).is_permanent());
    assert_eq!(first.message().body, BODY);
    assert!(second.is_empty());
}

#[tokio::test]
async fn what_answers_are_worth() {
    let program = Program::listen().await;
    let webhooks = into_this_machine();
    for (status, permanent) in [
        (400, true),
        (401, true),
        (404, true),
        (410, true),
        (408, false),
        (429, false),
        (500, false),
        (503, false),
    ] {
        program.answer(Answer::Status(status));
        let error = send(&webhooks, &program.url()).await.unwrap_err();
        assert_eq!(
            (error, error.is_permanent()),
            (SendError::Answered(status), permanent)
        );
    }
    // Its body is not looked at, however much there is of it.
    program.answer(Answer::Huge);
    assert_eq!(send(&webhooks, &program.url()).await, Ok(()));
    program.answer(Answer::Slow);
    let hurried = webhooks.clone().patient(Duration::from_millis(100));
    assert_eq!(send(&hurried, &program.url()).await, Err(SendError::Slow));
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = nobody.local_addr().unwrap();
    drop(nobody);
    let sent = send(&webhooks, &format!("http://{free}/")).await;
    assert_eq!(sent, Err(SendError::Away));
}
