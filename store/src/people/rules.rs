//! What can be an e-mail address, a name, a password. Each says why not, in a sentence for the person.

use crate::StoreError;

/// Fewest characters of a password.
pub const PASSWORD_LEAST: usize = 12;

/// Most characters of a password: hashing takes as long whatever the length, but bodies are bounded.
const PASSWORD_MOST: usize = 200;

/// Most bytes of an e-mail address.
const EMAIL_MOST: usize = 254;

/// Beginnings of passwords that are long enough and guessed first.
const GUESSED: [&str; 16] = [
    "123456",
    "abcdef",
    "abc123",
    "password",
    "passwort",
    "qwerty",
    "qwertz",
    "azerty",
    "iloveyou",
    "letmein",
    "welcome",
    "administrator",
    "changeme",
    "1q2w3e4r",
    "holdfast",
    "monkey",
];

/// The address as it is stored: without spaces around, in lower case.
///
/// # Errors
/// [`StoreError::Refused`] for what can't be one. Whether it exists is not known before somebody used it.
pub fn check_email(text: &str) -> Result<String, StoreError> {
    let email = text.trim().to_lowercase();
    let legal = email.len() <= EMAIL_MOST
        && email.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@')
        })
        && !email.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    match legal {
        true => Ok(email),
        false => Err(StoreError::Refused(
            "Write the e-mail address as in ada@example.com.",
        )),
    }
}

/// A person's name without spaces around.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn check_person_name(text: &str) -> Result<String, StoreError> {
    let name = text.trim();
    match name.chars().count() <= 100 && !name.contains(char::is_control) {
        true => Ok(name.to_owned()),
        false => Err(StoreError::Refused("A name has at most 100 characters.")),
    }
}

/// Whether a password is hard enough to guess: long, and not among what is guessed first. No rules on its letters.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn check_password(password: &str, email: &str) -> Result<(), StoreError> {
    let characters = password.chars().count();
    if characters < PASSWORD_LEAST {
        return Err(StoreError::Refused(
            "A password has at least 12 characters. Four words that have nothing to do with each other are a good one.",
        ));
    }
    if characters > PASSWORD_MOST {
        return Err(StoreError::Refused(
            "A password has at most 200 characters.",
        ));
    }
    let lower = password.to_lowercase();
    let mut letters: Vec<char> = lower.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    let name = email.split('@').next().unwrap_or_default();
    let own = name.len() >= 4 && lower.starts_with(name);
    if letters.len() < 5 || own || GUESSED.iter().any(|guess| lower.starts_with(guess)) {
        return Err(StoreError::Refused(
            "This password is among those that are guessed first. Four words that have nothing to do with each other are a good one.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expected) in [
            (" Ada@Example.COM ", Some("ada@example.com")),
            ("ada@localhost", Some("ada@localhost")),
            ("ada", None),
            ("@example.com", None),
            ("ada@", None),
            ("a@b@c", None),
            ("a b@example.com", None),
            ("a\n@example.com", None),
            ("", None),
        ] {
            assert_eq!(check_email(text).ok().as_deref(), expected, "{text:?}");
        }
        assert!(check_email(&format!("{}@example.com", "a".repeat(250))).is_err());
    }

    #[test]
    fn passwords() {
        for (password, good) in [
            ("kelp tide rope anchor", true),
            ("ünïcödé is fïne", true),
            ("elevenchars", false),
            ("twelve chars", true),
            ("aaaaaaaaaaaaaaaa", false),
            ("abababababababab", false),
            ("Password12345!", false),
            ("123456789012", false),
            ("lovelace1852x", false),
            ("holdfast-2026!", false),
        ] {
            let checked = check_password(password, "lovelace@example.com");
            assert_eq!(checked.is_ok(), good, "{password}");
        }
        assert!(check_password(&"long enough ".repeat(20), "").is_err());
    }
}
