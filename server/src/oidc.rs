//! A provider of OpenID Connect: where a browser goes to sign in, and who it is when it comes back. Authorization code
//! with PKCE; what the provider says counts only with its signature, for us, now, and in answer to our question.

use crate::commands::told;
use crate::config::Secret;
use crate::{guard, outward};
use futures::future::BoxFuture;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreJwsSigningAlgorithm,
    CoreProviderMetadata,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse,
};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use store::{Identity, check_email, check_person_name};

/// The path to which the provider sends browsers back.
const BACK: &str = "/sign-in/oidc/back";

/// How long what the provider says of itself, and its keys, are believed without asking again.
const KNOWN: Duration = Duration::from_secs(60 * 60);

/// Most bytes of an answer of the provider.
const MOST: usize = 1024 * 1024;

/// Signatures that can be checked with a public key; with those made by the client's secret, we would be the provider.
const SIGNATURES: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Why nobody can come in by the provider as it is set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcSettingError {
    /// The issuer is no address, or one that anybody on the way could answer for.
    #[error("HOLDFAST_OIDC_ISSUER can't be used: write it as https://login.example.com")]
    Issuer,
    /// The provider would not know who asks.
    #[error("HOLDFAST_OIDC_CLIENT_ID is not set: name what the provider knows this server by")]
    NoClient,
    /// No certificate could be checked.
    #[error(
        "the provider can't be asked: this machine has no certificates of authorities (on Debian, install ca-certificates)"
    )]
    NoRoots,
}

/// Why the provider does not lead in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OidcError {
    #[error("the provider can't be reached, or its answer can't be read")]
    Away,
    #[error("the provider does not take the code")]
    Code,
    #[error("what the provider says can't be believed")]
    Unbelieved,
    #[error("the provider says of no address that it was verified")]
    Unverified,
}

/// A provider.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    issuer: IssuerUrl,
    id: ClientId,
    secret: Option<ClientSecret>,
    name: String,
    back: RedirectUrl,
    web: reqwest::Client,
    known: Mutex<Option<(Instant, CoreProviderMetadata)>>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider(…)")
    }
}

/// What can be asked of a provider that is known.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Provider {
    /// One that is asked nothing yet: it may be away.
    ///
    /// # Errors
    /// [`OidcSettingError`].
    pub fn new(
        issuer: &str,
        id: &str,
        secret: Option<&Secret>,
        name: &str,
        origin: &str,
    ) -> Result<Self, OidcSettingError> {
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|_| OidcSettingError::Issuer)?;
        let safe = match (issuer.url().scheme(), issuer.url().host_str()) {
            ("https", Some(_)) => true,
            ("http", Some(host)) => guard::is_this_machine(host),
            _ => false,
        };
        if !safe {
            return Err(OidcSettingError::Issuer);
        }
        let back = RedirectUrl::new(format!("{origin}{BACK}"));
        Ok(Self(Arc::new(Inner {
            issuer,
            id: ClientId::new(id.to_owned()),
            secret: secret.map(|secret| ClientSecret::new(secret.secret().to_owned())),
            name: name.to_owned(),
            back: back.map_err(|_| OidcSettingError::Issuer)?,
            web: outward::client()
                .build()
                .map_err(|_| OidcSettingError::NoRoots)?,
            known: Mutex::new(None),
        })))
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    /// Where a browser goes that holds this reference.
    ///
    /// # Errors
    /// [`OidcError::Away`].
    pub(crate) async fn address(&self, reference: &str) -> Result<String, OidcError> {
        let asked = Asked::by(reference);
        let verifier = PkceCodeVerifier::new(asked.verifier);
        let client = self.client().await?;
        let (address, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(asked.state),
                || Nonce::new(asked.nonce),
            )
            .add_scope(Scope::new("email".to_owned()))
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(address.into())
    }

    /// Who a browser is that comes back with a code and holds this reference.
    ///
    /// # Errors
    /// [`OidcError`].
    pub(crate) async fn who(&self, code: String, reference: &str) -> Result<Identity, OidcError> {
        let who = self.believed(code, reference).await;
        if who == Err(OidcError::Unbelieved) {
            // Its keys may have changed.
            *self.known() = None;
        }
        who
    }

    async fn believed(&self, code: String, reference: &str) -> Result<Identity, OidcError> {
        let asked = Asked::by(reference);
        let client = self.client().await?;
        let web = self.web();
        let exchange = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| OidcError::Away)?
            .set_pkce_verifier(PkceCodeVerifier::new(asked.verifier));
        let answer = exchange
            .request_async(&web)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(_) => OidcError::Code,
                _ => OidcError::Away,
            })?;
        let token = answer.id_token().ok_or(OidcError::Unbelieved)?;
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNATURES);
        let claims = token
            .claims(&verifier, &Nonce::new(asked.nonce))
            .map_err(|_| OidcError::Unbelieved)?;
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > 255 {
            return Err(OidcError::Unbelieved);
        }
        let email = claims
            .email()
            .filter(|_| claims.email_verified() == Some(true));
        let email = email.and_then(|email| check_email(email.as_str()).ok());
        let name = claims.name().and_then(|name| name.get(None));
        let name = name.and_then(|name| check_person_name(name.as_str()).ok());
        Ok(Identity {
            issuer: self.0.issuer.as_str().to_owned(),
            subject: subject.to_owned(),
            email: email.ok_or(OidcError::Unverified)?,
            name: name.unwrap_or_default(),
        })
    }

    /// What the provider says of itself.
    ///
    /// # Errors
    /// [`OidcError::Away`].
    pub(crate) async fn metadata(&self) -> Result<CoreProviderMetadata, OidcError> {
        let known = self.known().clone();
        if let Some((_, metadata)) = known.filter(|(since, _)| since.elapsed() < KNOWN) {
            return Ok(metadata);
        }
        let issuer = self.0.issuer.clone();
        let found = CoreProviderMetadata::discover_async(issuer, &self.web()).await;
        let found = found.map_err(|error| {
            let error = told(&anyhow::Error::new(error));
            tracing::warn!(error, "the provider does not say what it is");
            OidcError::Away
        })?;
        *self.known() = Some((Instant::now(), found.clone()));
        Ok(found)
    }

    fn known(&self) -> MutexGuard<'_, Option<(Instant, CoreProviderMetadata)>> {
        self.0.known.lock().expect("nobody panics while holding it")
    }

    /// What can be asked, once the provider has said where.
    async fn client(&self) -> Result<Client, OidcError> {
        let inner = &self.0;
        let metadata = self.metadata().await?;
        let methods = metadata.token_endpoint_auth_methods_supported().cloned();
        // What is said to be taken where nothing is said.
        let methods = methods.unwrap_or_else(|| vec![CoreClientAuthMethod::ClientSecretBasic]);
        let way = match methods.contains(&CoreClientAuthMethod::ClientSecretBasic) {
            true => AuthType::BasicAuth,
            false => AuthType::RequestBody,
        };
        let client =
            CoreClient::from_provider_metadata(metadata, inner.id.clone(), inner.secret.clone());
        Ok(client
            .set_auth_type(way)
            .set_redirect_uri(inner.back.clone()))
    }

    /// What asks the provider.
    fn web(&self) -> impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, WebError>> {
        let web = self.0.web.clone();
        move |request| Box::pin(ask(web.clone(), request))
    }
}

/// What is sent along with a browser. All of it follows from the reference that the browser holds, so nothing of it has
/// to be kept.
struct Asked {
    state: String,
    nonce: String,
    verifier: String,
}

impl Asked {
    fn by(reference: &str) -> Self {
        let derived = |what: &str| {
            let key = blake3::derive_key(what, reference.as_bytes());
            blake3::Hash::from(key).to_hex().to_string()
        };
        Self {
            state: derived("holdfast sign-in elsewhere, state"),
            nonce: derived("holdfast sign-in elsewhere, nonce"),
            verifier: derived("holdfast sign-in elsewhere, verifier"),
        }
    }
}

/// Whether a browser that comes back was sent with the reference that it holds.
pub(crate) fn was_sent(reference: &str, state: &str) -> bool {
    let asked = blake3::hash(Asked::by(reference).state.as_bytes());
    // compared by hashes, in constant time
    asked == blake3::hash(state.as_bytes())
}

/// Why the provider was not heard.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// It could not be asked.
    #[error("the request could not be made or answered")]
    Request(#[from] reqwest::Error),
    /// It can't be told.
    #[error("the answer can't be read")]
    Answer(#[from] http::Error),
    /// It says too much.
    #[error("the answer is too long")]
    TooLong,
}

async fn ask(web: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let mut answer = web.execute(request.try_into()?).await?;
    let mut told = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        told = told.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > MOST {
            return Err(WebError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(told.body(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_asked_over_https_or_on_this_machine() {
        for (issuer, good) in [
            ("https://login.example.com", true),
            ("https://login.example.com/realms/one", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost", true),
            ("http://login.example.com", false),
            ("ftp://localhost", false),
            ("login.example.com", false),
        ] {
            let made = Provider::new(issuer, "holdfast", None, "", "https://holdfast.example");
            let expected = if good {
                Ok(())
            } else {
                Err(OidcSettingError::Issuer)
            };
            assert_eq!(made.map(drop), expected, "{issuer}");
        }
    }

    #[test]
    fn only_the_browser_that_was_sent_comes_back() {
        let asked = Asked::by("one");
        assert!(was_sent("one", &asked.state));
        assert!(!was_sent("other", &asked.state));
        for other in [&asked.nonce, &asked.verifier, "one", ""] {
            assert!(!was_sent("one", other));
        }
    }
}
