//! Whether mail is sent, and by whom.

use super::Secret;
use crate::mail::{MailSettingError, Mailer};
use clap::Args;

/// Whether mail is sent, and by whom. Without a server that takes it, links are shown to be handed on.
#[derive(Args, Clone, Debug)]
pub struct MailConfig {
    /// Server that takes mail: `smtps://user:password@host:465`, `smtp://user:password@host:587?tls=required`,
    /// or `smtp://localhost:25` for one on this machine.
    ///
    /// It may hold a password and is never shown.
    #[arg(
        long,
        env = "HOLDFAST_SMTP_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub smtp_url: Option<Secret>,

    /// Whom mail is from: holdfast@example.com, or "Holdfast <holdfast@example.com>".
    #[arg(long, env = "HOLDFAST_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
}

impl MailConfig {
    /// What sends mail, if a server that takes it is set.
    ///
    /// # Errors
    /// [`MailSettingError`].
    pub fn mailer(&self) -> Result<Option<Mailer>, MailSettingError> {
        let Some(url) = self.smtp_url.as_ref().filter(|url| url.is_set()) else {
            return Ok(None);
        };
        let from = self.mail_from.as_deref().map(str::trim);
        let from = from.filter(|from| !from.is_empty());
        Mailer::new(url, from.ok_or(MailSettingError::NoSender)?).map(Some)
    }
}
