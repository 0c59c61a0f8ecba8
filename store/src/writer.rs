//! Writes events, customers, accounts and contracts in sets, each set in one transaction and in a fixed number of
//! statements whatever its size.
//!
//! Any number of writers may write to one workspace at the same time. Whoever writes customers or events locks the rows
//! of `shard` that he touches, in order, before anything else of theirs: a shard has one writer at a time, so numbers are
//! dense, keys are met by one writer only, and nobody waits in a circle. The row of the batch is locked last of all.
//! Event names, partitions and rows of `shard` are made beforehand in statements of their own.

mod accounts;
mod append;
mod content;
mod copy;
mod customers;
mod events;
mod key;
mod keys;
mod memory;
mod names;
mod partitions;
mod people;
mod shards;

pub(crate) use append::{NumberedEvent, append_events};
pub(crate) use memory::Memory;
pub(crate) use shards::relax;

use crate::{Store, StoreError, WorkspaceId};
use jiff::civil::Date;
use serde_json::{Map, Value};
use std::ops::AddAssign;

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
    /// Rows that name a customer who was erased; they are not stored.
    pub erased: u64,
    /// Customers seen for the first time.
    pub customers_new: u64,
}

impl AddAssign for Written {
    fn add_assign(&mut self, more: Self) {
        self.stored += more.stored;
        self.duplicates += more.duplicates;
        self.erased += more.erased;
        self.customers_new += more.customers_new;
    }
}

impl Store {
    /// Opens a batch: what rows written together refer to as their source.
    ///
    /// # Errors
    /// When the workspace is not there or the data base can't answer.
    pub async fn open_batch(
        &self,
        workspace: WorkspaceId,
        source: &str,
    ) -> Result<i32, StoreError> {
        let mut transaction = self.tenant(workspace).await?;
        let batch = sqlx::query_scalar!(
            "insert into batch (workspace_id, source) values ($1, $2) returning batch_id",
            workspace.0,
            source
        )
        .fetch_one(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(batch)
    }
}

/// A length as a count.
fn count(length: usize) -> u64 {
    u64::try_from(length).expect("lengths fit 64 bits")
}
