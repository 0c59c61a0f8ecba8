//! Secrets: random tokens, of which only a hash is stored, and passwords, of which only argon2id's.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use std::fmt;
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Bytes of what nobody can guess.
const SECRET_BYTES: usize = 32;

/// OWASP's second choice: 46 MiB, once over, one lane. Half the time of the usual 19 MiB twice over at equal strength.
const MEMORY_KIB: u32 = 47_104;

/// Passwords hashed at a time: each takes all of [`MEMORY_KIB`] and a processor.
static TURNS: Semaphore = Semaphore::const_new(2);

/// What is compared with where there is no hash, so that an unknown account takes as long as a known one.
static NOBODYS: LazyLock<String> = LazyLock::new(|| hash(Token::new().text()));

/// 256 random bits. Without randomness nothing here is safe, so that it panics when the system has none.
pub(crate) fn random() -> [u8; SECRET_BYTES] {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// A random text that opens something: 256 bits, url-safe. It is shown once, and stored as [`token_hash`] only.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    ///
    /// # Panics
    /// When the system has no randomness, at which nothing here is safe.
    #[expect(
        clippy::new_without_default,
        reason = "a default that differs each time would surprise"
    )]
    pub fn new() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(random()))
    }

    /// With a beginning that tells what it is for.
    #[must_use]
    pub fn beginning(self, with: &str) -> Self {
        Self(format!("{with}{}", self.0))
    }

    /// The secret itself.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What messages to a webhook are signed with: 256 bits. It has to be stored as it is, since signing needs it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret([u8; SECRET_BYTES]);

impl SigningSecret {
    /// A new one.
    ///
    /// # Panics
    /// As [`Token::new`].
    #[expect(
        clippy::new_without_default,
        reason = "a default that differs each time would surprise"
    )]
    pub fn new() -> Self {
        Self(random())
    }

    /// From a row.
    pub(crate) fn stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The key itself.
    pub fn bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// As receivers are told it, by the Standard Webhooks specification: "whsec_…".
    pub fn text(&self) -> String {
        format!("whsec_{}", BASE64_STANDARD.encode(self.0))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

/// What is stored of a token. A fast hash is enough for what can't be guessed.
pub fn token_hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// A password as it was typed: not shown by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes what was typed.
    pub fn new(typed: impl Into<String>) -> Self {
        Self(typed.into())
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Its argon2id hash as a PHC string, made on a thread where nobody waits for it.
    pub async fn hash(self) -> String {
        on_a_thread(move || hash(&self.0)).await
    }

    /// Whether it is the password of this hash; never, and after the same time, if there is none.
    pub async fn matches(self, stored: Option<String>) -> bool {
        on_a_thread(move || {
            let against = stored.as_deref().unwrap_or(&NOBODYS);
            let same = PasswordHash::new(against)
                .is_ok_and(|hash| argon2().verify_password(self.0.as_bytes(), &hash).is_ok());
            same && stored.is_some()
        })
        .await
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, 1, 1, None).expect("the parameters are legal");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> String {
    let hash: PasswordHash = argon2()
        .hash_password(password.as_bytes())
        .expect("a password of bounded length can be hashed");
    hash.to_string()
}

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _turn = TURNS
        .acquire()
        .await
        .expect("the semaphore is never closed");
    tokio::task::spawn_blocking(work)
        .await
        .expect("hashing does not panic")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let hash = Password::new("correct horse battery").hash().await;
        assert!(
            hash.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"),
            "{hash}"
        );
        let matches = async |typed: &str, hash: Option<&str>| {
            Password::new(typed).matches(hash.map(str::to_owned)).await
        };
        assert!(matches("correct horse battery", Some(&hash)).await);
        assert!(!matches("correct horse batterz", Some(&hash)).await);
        assert!(!matches("", Some(&hash)).await);
        assert!(!matches("correct horse battery", None).await);
        assert!(!matches("correct horse battery", Some("no hash at all")).await);
        // Another salt each time.
        assert_ne!(hash, Password::new("correct horse battery").hash().await);
    }

    #[test]
    fn tokens_differ_and_are_not_shown() {
        let (one, other) = (Token::new(), Token::new());
        assert_ne!(one, other);
        assert_eq!(one.text().len(), 43);
        assert!(
            one.text()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert_eq!(format!("{one:?}"), "Token(…)");
        let (one_secret, other_secret) = (SigningSecret::new(), SigningSecret::new());
        assert_ne!(one_secret, other_secret);
        assert_eq!(one_secret.text().len(), "whsec_".len() + 44);
        assert_eq!(format!("{one_secret:?}"), "SigningSecret(…)");
        assert_eq!(format!("{:?}", Password::new("hunter2")), "Password(…)");
        assert_ne!(token_hash(one.text()), token_hash(other.text()));
    }
}
