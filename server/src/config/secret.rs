//! Settings that nobody may see.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A setting that is, or may hold, a password: taken as it is, and shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The whole of it.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Whether it says anything: a variable that is set but empty counts as not set.
    pub(super) fn is_set(&self) -> bool {
        !self.0.is_empty()
    }
}

// A parser that failed would have its message repeat the value, so everything is accepted here.
impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.trim().to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
