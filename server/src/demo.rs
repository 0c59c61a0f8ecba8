//! The demo workspace: a made-up B2B product with two years of signups, contracts and events, in which known truths are
//! hidden (`docs/DEMO.md`). [`Generator`] makes the rows and knows neither the data base nor the clock; [`load`] writes
//! them.

mod account;
mod calendar;
mod contract;
mod customer;
mod event;
mod features;
mod generator;
mod life;
mod load;
mod random;
mod truths;

pub use features::{CREATED_VALUE, FEATURES};
pub use generator::{AccountHistory, CustomerHistory, Generator};
pub use load::{DemoSummary, load};

use jiff::civil::Date;

/// Customers of a demo when nothing else is said.
pub const CUSTOMERS: u32 = 20_000;
/// The seed when nothing else is said.
pub const SEED: u64 = 8;
/// The workspace's slug when nothing else is said.
pub const WORKSPACE: &str = "demo";

/// Which demo. The same seed, customers and end give the same rows on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoOptions {
    /// The workspace's slug; it is made when it is missing.
    pub workspace: String,
    /// How many customers.
    pub customers: u32,
    /// Where randomness begins.
    pub seed: u64,
    /// Nothing happens on this day or later.
    pub until: Date,
}

impl DemoOptions {
    /// The usual demo, up to the day before `until`.
    pub fn until(until: Date) -> Self {
        Self {
            workspace: WORKSPACE.to_owned(),
            customers: CUSTOMERS,
            seed: SEED,
            until,
        }
    }

    /// The rows of this demo.
    pub fn generator(&self) -> Generator {
        Generator::new(self.customers, self.seed, self.until)
    }
}
