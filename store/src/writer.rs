//! Writes events, customers, accounts and contracts in sets: staged by `COPY`, then merged by one statement each.

use crate::{Store, StoreError, WorkspaceId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

/// An event on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// The customer's external id, 1 to 200 characters.
    pub customer: String,
    /// The event's name, 1 to 200 characters.
    pub name: String,
    /// When it happened.
    pub at: Timestamp,
    /// Its properties; `None` when it has none.
    pub properties: Option<Map<String, Value>>,
    /// The idempotency key, hashed: the same key of the same customer is stored once, for ever.
    pub key: [u8; 16],
}

/// A customer's traits on their way in; traits given later win, one by one.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerRow {
    /// External id, 1 to 200 characters.
    pub customer: String,
    /// The signup trait, when given.
    pub signup_at: Option<Timestamp>,
    /// The account's external id.
    pub account: Option<String>,
    /// All other traits.
    pub traits: Map<String, Value>,
}

/// An account on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountRow {
    /// External id, 1 to 200 characters.
    pub account: String,
    /// Its traits.
    pub traits: Map<String, Value>,
}

/// A contract on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct ContractRow {
    /// The account's external id; it must have been written before.
    pub account: String,
    /// The contract's own id within the account.
    pub contract: String,
    /// First day in force.
    pub starts_on: Date,
    /// First day no longer in force.
    pub ends_on: Option<Date>,
    /// The day on which it was cancelled.
    pub cancelled_on: Option<Date>,
    /// Minor units of the workspace's currency per month.
    pub monthly_minor: i64,
    /// Plan name.
    pub plan: Option<String>,
}

/// What became of a set of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows stored now.
    pub stored: u64,
    /// Rows that were there already (or twice in the set).
    pub duplicates: u64,
    /// Customers seen for the first time.
    pub customers_new: u64,
}

impl Store {
    /// Opens a batch: what rows written together refer to as their source.
    pub async fn open_batch(&self, workspace: WorkspaceId, source: &str) -> Result<i32, StoreError> { todo!() }
    /// Stores events in one transaction (best in sets of about 50,000).
    pub async fn write_events(&self, workspace: WorkspaceId, batch: i32, rows: &[EventRow]) -> Result<Written, StoreError> { todo!() }
    /// Stores or updates customers in one transaction.
    pub async fn write_customers(&self, workspace: WorkspaceId, rows: &[CustomerRow]) -> Result<Written, StoreError> { todo!() }
    pub async fn write_accounts(&self, workspace: WorkspaceId, rows: &[AccountRow]) -> Result<Written, StoreError> { todo!() }
    pub async fn write_contracts(&self, workspace: WorkspaceId, rows: &[ContractRow]) -> Result<Written, StoreError> { todo!() }
}
