//! Whether people may come in from elsewhere.

use super::Secret;
use crate::oidc::{OidcSettingError, Provider};
use clap::Args;

/// What a provider is called that was given no name.
const NAME: &str = "single sign-on";

/// Whether people may come in by a provider of OpenID Connect, beside their passwords.
#[derive(Args, Clone, Debug)]
pub struct OidcConfig {
    /// Address of the provider: `https://login.example.com`. There it has to know of this server's
    /// `/sign-in/oidc/back` as where people return.
    #[arg(long, env = "HOLDFAST_OIDC_ISSUER", value_name = "URL")]
    pub oidc_issuer: Option<String>,

    /// What the provider knows this server by.
    #[arg(long, env = "HOLDFAST_OIDC_CLIENT_ID", value_name = "NAME")]
    pub oidc_client_id: Option<String>,

    /// What this server proves to the provider with. It is never shown.
    #[arg(
        long,
        env = "HOLDFAST_OIDC_CLIENT_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub oidc_client_secret: Option<Secret>,

    /// What the provider is called: Sign in with …
    #[arg(
        long,
        env = "HOLDFAST_OIDC_NAME",
        value_name = "NAME",
        default_value = NAME
    )]
    pub oidc_name: String,
}

impl OidcConfig {
    /// The provider, if there is one. `origin`: where people open this server.
    ///
    /// # Errors
    /// [`OidcSettingError`].
    pub fn provider(&self, origin: &str) -> Result<Option<Provider>, OidcSettingError> {
        let set = |text: &Option<String>| {
            let text = text.as_deref().map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let Some(issuer) = set(&self.oidc_issuer) else {
            return Ok(None);
        };
        let id = set(&self.oidc_client_id).ok_or(OidcSettingError::NoClient)?;
        let secret = self.oidc_client_secret.as_ref();
        let secret = secret.filter(|secret| secret.is_set());
        let name = match self.oidc_name.trim() {
            "" => NAME,
            name => name,
        };
        Provider::new(&issuer, &id, secret, name, origin).map(Some)
    }
}
