//! What letters about accounts say: in plain words, with the same in plain markup.

use crate::mail::Letter;
use store::Role;

/// What letters of accounts are made with.
pub(crate) struct Writer<'a> {
    /// Where the server is, as links begin.
    pub(crate) origin: &'a str,
    /// For whom.
    pub(crate) to: &'a str,
}

impl Writer<'_> {
    /// A way in for somebody who forgot his password.
    pub(crate) fn reset(&self, token: &str) -> Letter {
        let origin = self.origin;
        self.letter(
            "A new password for Holdfast",
            &[
                &format!(
                    "Somebody, perhaps you, asked for a new password for this address at {origin}."
                ),
                "Set it here within an hour. The link leads in once:",
                &format!("{origin}/welcome/{token}"),
                "If it was not you, ignore this letter: nothing changes.",
            ],
        )
    }

    /// A way into a workspace.
    pub(crate) fn invitation(&self, token: &str, by: &str, workspace: &str, role: Role) -> Letter {
        self.letter(
            &format!("You are invited to {workspace}"),
            &[
                &format!("You are invited to the workspace “{workspace}” on Holdfast by {by}. Your role there: {role}."),
                "Open this link within seven days. It leads in once, so send it to nobody else:",
                &format!("{}/welcome/{token}", self.origin),
                "If you don’t know what this is about, ignore this letter.",
            ],
        )
    }

    /// News that the password is another one.
    pub(crate) fn password_changed(&self) -> Letter {
        let origin = self.origin;
        self.letter(
            "Your password for Holdfast was changed",
            &[
                &format!("The password of your account at {origin} was changed, and all other browsers are signed out."),
                "If it was not you, set another one at once:",
                &format!("{origin}/sign-in/forgotten"),
            ],
        )
    }

    /// News, to the old address, that there is another one.
    pub(crate) fn address_changed(&self) -> Letter {
        self.letter(
            "Your address for Holdfast was changed",
            &[
                &format!(
                    "Your account at {} has another e-mail address now. This one leads in no more.",
                    self.origin
                ),
                "If it was not you, tell whoever runs this server at once.",
            ],
        )
    }

    /// A letter of paragraphs. One that is an address here is a link.
    fn letter(&self, subject: &str, paragraphs: &[&str]) -> Letter {
        let here = format!("{}/", self.origin);
        let html = paragraphs.iter().map(|paragraph| {
            let text = escaped(paragraph);
            match paragraph.starts_with(&here) {
                true => format!("<p><a href=\"{text}\">{text}</a></p>\n"),
                false => format!("<p>{text}</p>\n"),
            }
        });
        Letter {
            to: self.to.to_owned(),
            subject: subject.to_owned(),
            text: paragraphs.join("\n\n") + "\n",
            html: Some(html.collect()),
            picture: None,
            message_id: None,
        }
    }
}

/// Text as markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
