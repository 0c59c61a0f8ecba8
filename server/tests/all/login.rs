//! A provider of OpenID Connect, for tests: it signs in everybody who comes as whomever the test says.

use axum::extract::{Form, Query, State};
use axum::http::header::{AUTHORIZATION, CONNECTION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use openidconnect::core::{
    CoreEdDsaPrivateSigningKey, CoreHmacKey, CoreIdToken, CoreIdTokenClaims, CoreJsonWebKeySet,
    CoreJwsSigningAlgorithm,
};
use openidconnect::{PkceCodeChallenge, PkceCodeVerifier, PrivateSigningKey};
use reqwest::Url;
use serde_json::{Map, Value, json};
use server::oidc::Provider;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use store::Token;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Where people open the server that asks.
pub const ORIGIN: &str = "http://localhost:3000";
const CLIENT: &str = "holdfast";
pub const SECRET: &str = "the-client-secret";

/// It.
pub struct Login {
    address: SocketAddr,
    desk: Arc<Desk>,
    serving: JoinHandle<()>,
}

struct Desk {
    issuer: String,
    key: Mutex<CoreEdDsaPrivateSigningKey>,
    /// Claims that differ from what is usual.
    says: Mutex<Map<String, Value>>,
    /// Whether it signs with the client's secret instead of its key.
    by_secret: Mutex<bool>,
    /// Codes that were not used yet, with the question that each answers.
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
}

impl Login {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let desk = Arc::new(Desk {
            issuer: format!("http://{address}"),
            key: Mutex::new(new_key()),
            says: Mutex::default(),
            by_secret: Mutex::default(),
            codes: Mutex::default(),
        });
        let serving = serve(listener, desk.clone());
        Self {
            address,
            desk,
            serving,
        }
    }

    /// Its address, as a setting.
    pub fn issuer(&self) -> &str {
        &self.desk.issuer
    }

    /// What asks it.
    pub fn provider(&self) -> Provider {
        let secret = SECRET.parse().unwrap();
        Provider::new(&self.desk.issuer, CLIENT, Some(&secret), "Harbour", ORIGIN).unwrap()
    }

    /// From now on it says this of whoever comes.
    pub fn says(&self, claims: Value) {
        let Value::Object(claims) = claims else {
            panic!("no claims: {claims}");
        };
        *self.desk.says.lock().unwrap() = claims;
    }

    /// Signs with the client's secret, as only the client could believe.
    pub fn signs_by_secret(&self, by_secret: bool) {
        *self.desk.by_secret.lock().unwrap() = by_secret;
    }

    /// Signs with another key from now on.
    pub fn changes_its_key(&self) {
        *self.desk.key.lock().unwrap() = new_key();
    }

    /// Whether it is there.
    pub async fn is_there(&mut self, there: bool) {
        if there {
            let listener = TcpListener::bind(self.address).await.unwrap();
            self.serving = serve(listener, self.desk.clone());
        } else {
            self.serving.abort();
            // The listener is closed once the task is gone.
            drop((&mut self.serving).await);
        }
    }

    /// Sends a browser to the address that it was given, and tells to which path here it is sent back.
    pub async fn visit(&self, address: &str) -> String {
        let browser = server::outward::client().build().unwrap();
        let answer = browser.get(address).send().await.unwrap();
        let back = answer.headers().get("location").unwrap().to_str().unwrap();
        back.strip_prefix(ORIGIN).unwrap().to_owned()
    }
}

/// A key of random bytes, in the form in which such keys are kept (RFC 8410).
fn new_key() -> CoreEdDsaPrivateSigningKey {
    const BEGINNING: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    let mut bytes = BEGINNING.to_vec();
    bytes.extend_from_slice(&store::token_hash(Token::new().text()));
    let text = BASE64_STANDARD.encode(bytes);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, None).unwrap()
}

fn serve(listener: TcpListener, desk: Arc<Desk>) -> JoinHandle<()> {
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(configuration))
        .route("/keys", get(keys))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        // so that it is gone at once when it is
        .layer(map_response(async |mut response: Response| {
            let headers = response.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
            response
        }))
        .with_state(desk);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() })
}

async fn configuration(State(desk): State<Arc<Desk>>) -> Json<Value> {
    let at = |path: &str| format!("{}{path}", desk.issuer);
    Json(json!({
        "issuer": desk.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    }))
}

async fn keys(State(desk): State<Arc<Desk>>) -> Json<CoreJsonWebKeySet> {
    let key = desk.key.lock().unwrap().as_verification_key();
    Json(CoreJsonWebKeySet::new(vec![key]))
}

async fn authorize(
    State(desk): State<Arc<Desk>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Redirect {
    for (name, expected) in [
        ("client_id", CLIENT),
        ("response_type", "code"),
        ("code_challenge_method", "S256"),
        ("scope", "openid email profile"),
        ("redirect_uri", "http://localhost:3000/sign-in/oidc/back"),
    ] {
        assert_eq!(asked[name], expected, "{name}");
    }
    let code = Token::new().text().to_owned();
    let mut back = Url::parse(&asked["redirect_uri"]).unwrap();
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &asked["state"]);
    desk.codes.lock().unwrap().insert(code, asked);
    Redirect::to(back.as_str())
}

async fn token(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let refused =
        |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    // holdfast:the-client-secret
    if headers.get(AUTHORIZATION).map(|value| value.as_bytes())
        != Some(b"Basic aG9sZGZhc3Q6dGhlLWNsaWVudC1zZWNyZXQ=".as_slice())
    {
        return refused("invalid_client");
    }
    let Some(asked) = desk.codes.lock().unwrap().remove(&form["code"]) else {
        return refused("invalid_grant");
    };
    let verifier = PkceCodeVerifier::new(form["code_verifier"].clone());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    if challenge.as_str() != asked["code_challenge"] {
        return refused("invalid_grant");
    }
    let now = jiff::Timestamp::now().as_second();
    let mut claims = json!({
        "iss": desk.issuer,
        "aud": [CLIENT],
        "sub": "bob-at-harbour",
        "email": "bob@example.com",
        "email_verified": true,
        "nonce": asked["nonce"],
        "iat": now,
        "exp": now + 300,
    });
    for (name, value) in desk.says.lock().unwrap().clone() {
        claims[name] = value;
    }
    let claims: CoreIdTokenClaims = serde_json::from_value(claims).unwrap();
    let signed = match *desk.by_secret.lock().unwrap() {
        true => {
            let alg = CoreJwsSigningAlgorithm::HmacSha256;
            CoreIdToken::new(claims, &CoreHmacKey::new(SECRET), alg, None, None)
        }
        false => {
            let (key, alg) = (desk.key.lock().unwrap(), CoreJwsSigningAlgorithm::EdDsa);
            CoreIdToken::new(claims, &*key, alg, None, None)
        }
    };
    Json(json!({
        "access_token": "the-access-token",
        "token_type": "Bearer",
        "id_token": signed.unwrap().to_string(),
    }))
    .into_response()
}
