//! Mail: letters, handed to the operator's server for mail. What goes wrong is told without the recipient's address and
//! without the server's own words, which may repeat it: so it may stand in a log and on a page.

use crate::config::Secret;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use reqwest::Url;
use std::fmt;
use std::time::Duration;
use store::Token;

/// How long the server may take to be reached, and for a letter in all.
const CONNECT: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(30);

/// A letter to one person.
#[derive(Clone)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The same with markup, for programs that show it.
    pub html: Option<String>,
    /// A PNG, which the markup shows as `cid:picture`; without markup it is not sent.
    pub picture: Option<Vec<u8>>,
    /// What this letter is known by, so that one sent twice is seen once: `report-7@example.com`, without angle brackets.
    /// A random one if there is none.
    pub message_id: Option<String>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(…)")
    }
}

/// Why mail can't be sent as it is set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailSettingError {
    /// It is no address of a server.
    #[error(
        "HOLDFAST_SMTP_URL can't be read: write smtps://user:password@host:465, \
         smtp://user:password@host:587?tls=required or smtp://localhost:25, with %40 for an @ in the user or the password"
    )]
    Url,
    /// A password would go over the network as it is.
    #[error(
        "HOLDFAST_SMTP_URL would send its password in the clear: use smtps://, or smtp:// with ?tls=required"
    )]
    Bare,
    /// Nobody to send it.
    #[error("HOLDFAST_MAIL_FROM is not set: name whom mail is from, such as holdfast@example.com")]
    NoSender,
    /// Not an address.
    #[error(
        "HOLDFAST_MAIL_FROM can't be read: write it as holdfast@example.com or Holdfast <holdfast@example.com>"
    )]
    Sender,
}

/// Why a letter was not taken, in words that end a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The recipient's address is none.
    #[error("this is no address that mail can be sent to")]
    Address,
    /// The server does not want it; asking again changes nothing.
    #[error("the mail server refused it ({0})")]
    Refused(u16),
    /// The server does not want it now.
    #[error("the mail server can’t take it now ({0})")]
    Later(u16),
    /// The server wants another user or password than those set.
    #[error("the mail server wants another user or password than those set ({0})")]
    Credentials(u16),
    /// It was not reached, or not as securely as set.
    #[error("the mail server can’t be reached")]
    Away,
    /// It took too long.
    #[error("the mail server did not answer in time")]
    Slow,
}

impl MailError {
    /// Whether the same letter would be refused again, whatever the operator does.
    pub fn is_permanent(self) -> bool {
        matches!(self, Self::Address | Self::Refused(_))
    }
}

impl From<lettre::transport::smtp::Error> for MailError {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        match error.status().map(u16::from) {
            // RFC 4954: all that is said of signing in
            Some(code @ (530 | 534 | 535 | 538)) => Self::Credentials(code),
            Some(code) if error.is_permanent() => Self::Refused(code),
            Some(code) => Self::Later(code),
            None if error.is_timeout() => Self::Slow,
            None => Self::Away,
        }
    }
}

/// What sends mail. A connection is made for each letter: there are few.
#[derive(Clone)]
pub struct Mailer {
    from: Mailbox,
    server: AsyncSmtpTransport<Tokio1Executor>,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailer(…)")
    }
}

impl Mailer {
    /// One that hands letters to a server. Nothing is asked of it yet.
    ///
    /// # Errors
    /// [`MailSettingError`], which repeats nothing of the address.
    pub fn new(url: &Secret, from: &str) -> Result<Self, MailSettingError> {
        let from: Mailbox = from.parse().map_err(|_| MailSettingError::Sender)?;
        let server = Url::parse(url.secret()).map_err(|_| MailSettingError::Url)?;
        let host = server.host_str().ok_or(MailSettingError::Url)?;
        let secure = server.scheme() == "smtps"
            || server
                .query_pairs()
                .any(|pair| pair == ("tls".into(), "required".into()));
        if server.password().is_some() && !secure && !crate::guard::is_this_machine(host) {
            return Err(MailSettingError::Bare);
        }
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.secret());
        let builder = builder.map_err(|_| MailSettingError::Url)?;
        let hello = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self {
            from,
            server: builder.hello_name(hello).timeout(Some(CONNECT)).build(),
        })
    }

    /// Hands a letter over.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let message = self.written(letter)?;
        in_time(self.server.send(message)).await.map(drop)
    }

    /// Whether the server greets, and takes the user and the password that are set.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn greets(&self) -> Result<(), MailError> {
        match in_time(self.server.test_connection()).await? {
            true => Ok(()),
            false => Err(MailError::Away),
        }
    }

    fn written(&self, letter: &Letter) -> Result<Message, MailError> {
        let to: Address = letter.to.parse().map_err(|_| MailError::Address)?;
        let id = match &letter.message_id {
            Some(id) => id.clone(),
            None => format!("{}@{}", Token::new().text(), self.from.email.domain()),
        };
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(&letter.subject))
            .message_id(Some(format!("<{}>", one_line(&id))))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()));
        let text = SinglePart::plain(letter.text.clone());
        let message = match (&letter.html, &letter.picture) {
            (None, _) => message.singlepart(text),
            (Some(html), None) => {
                let both = MultiPart::alternative().singlepart(text);
                message.multipart(both.singlepart(SinglePart::html(html.clone())))
            }
            (Some(html), Some(png)) => {
                let kind = ContentType::parse("image/png").expect("it is a kind of content");
                let picture = Attachment::new_inline("picture".to_owned()).body(png.clone(), kind);
                let shown = MultiPart::related()
                    .singlepart(SinglePart::html(html.clone()))
                    .singlepart(picture);
                let both = MultiPart::alternative().singlepart(text);
                message.multipart(both.multipart(shown))
            }
        };
        message.map_err(|_| MailError::Address)
    }
}

/// The outcome of something asked of the server, which has only so long.
async fn in_time<T>(
    asked: impl Future<Output = Result<T, lettre::transport::smtp::Error>>,
) -> Result<T, MailError> {
    match tokio::time::timeout(WHOLE, asked).await {
        Ok(outcome) => Ok(outcome?),
        Err(_) => Err(MailError::Slow),
    }
}

/// What stands in a header has no lines: encoded, they would do no harm and look odd.
fn one_line(text: &str) -> String {
    text.split(char::is_control).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_refused_without_being_repeated() {
        let from = "holdfast@example.com";
        for (url, from, expected) in [
            ("smtps://me:hunter2@mail.example:465", from, Ok(())),
            (
                "smtp://me:hunter2@mail.example:587?tls=required",
                from,
                Ok(()),
            ),
            (
                "smtp://localhost:25",
                "Holdfast <holdfast@example.com>",
                Ok(()),
            ),
            ("smtp://me:hunter2@localhost:2525", from, Ok(())),
            ("smtp://mail.example", from, Ok(())),
            (
                "smtp://me:hunter2@mail.example",
                from,
                Err(MailSettingError::Bare),
            ),
            (
                "smtp://me:hunter2@mail.example?tls=opportunistic",
                from,
                Err(MailSettingError::Bare),
            ),
            (
                "imap://me:hunter2@mail.example",
                from,
                Err(MailSettingError::Bare),
            ),
            ("http://mail.example", from, Err(MailSettingError::Url)),
            ("mail.example:25", from, Err(MailSettingError::Url)),
            ("hunter2", from, Err(MailSettingError::Url)),
            ("smtp://localhost", "nobody", Err(MailSettingError::Sender)),
            (
                "smtp://localhost",
                "a@b\r\nBcc: c@d",
                Err(MailSettingError::Sender),
            ),
        ] {
            let made = Mailer::new(&url.parse().unwrap(), from);
            let said = format!("{made:?}");
            assert!(!said.contains("hunter2"), "{said}");
            assert_eq!(made.map(drop), expected, "{url}");
        }
    }

    #[test]
    fn what_goes_wrong_for_good_is_told_from_the_rest() {
        for (error, permanent) in [
            (MailError::Address, true),
            (MailError::Refused(550), true),
            (MailError::Later(451), false),
            (MailError::Credentials(535), false),
            (MailError::Away, false),
            (MailError::Slow, false),
        ] {
            assert_eq!(error.is_permanent(), permanent, "{error}");
        }
    }
}
