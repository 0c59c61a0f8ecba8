//! Who is counted.

use serde::{Deserialize, Serialize};

use crate::names::named;

/// Who is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Each customer for himself.
    #[default]
    Customers,
    /// Each account: its customers together, as if they were one.
    Accounts,
}

named!(Unit: Customers = "customers", Accounts = "accounts");

impl Unit {
    /// "customer" or "account", as it reads after this number.
    pub fn noun(self, count: u64) -> &'static str {
        match (self, count) {
            (Self::Customers, 1) => "customer",
            (Self::Customers, _) => "customers",
            (Self::Accounts, 1) => "account",
            (Self::Accounts, _) => "accounts",
        }
    }
}
