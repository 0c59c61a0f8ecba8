//! Enums that have one stable name per variant: in URLs, in JSON and on the command line.

use serde::{Deserialize, Serialize};

/// A word that is not among the names of a setting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("“{given}” is not one of: {expected}")]
pub struct UnknownName {
    /// What was given.
    pub given: String,
    /// The names that would have been understood, in words.
    pub expected: String,
}

/// Gives an enum `ALL`, `as_str`, `expected`, `Display` and `FromStr` from one list of names.
macro_rules! named {
    ($type:ident: $($variant:ident = $name:literal),+ $(,)?) => {
        impl $type {
            /// Every variant, in the order in which choices are listed.
            pub const ALL: [$type; [$($name),+].len()] = [$($type::$variant),+];

            /// The stable name used in URLs, JSON and on the command line.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($type::$variant => $name),+
                }
            }

            /// All names in words: "day, week or month".
            pub fn expected() -> String {
                let names: Vec<&str> = Self::ALL.iter().map(|variant| variant.as_str()).collect();
                $crate::words::list(&names, "or")
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::period::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($name => Ok($type::$variant),)+
                    _ => Err($crate::period::UnknownName {
                        given: text.to_owned(),
                        expected: Self::expected(),
                    }),
                }
            }
        }
    };
}

pub(crate) use named;
