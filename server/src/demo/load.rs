//! Writes the demo into a workspace, in sets that fit in memory whatever the size.

use super::features::{INVOICE, LOGIN, PAYMENT_FAILED};
use super::{AccountHistory, CREATED_VALUE, DemoOptions, FEATURES};
use analysis::period::WeekStart;
use anyhow::Context;
use jiff::civil::Date;
use store::{
    AccountRow, ContractRow, CustomerRecord, EventRecord, NewWorkspace, Store, StoreError,
    Workspace, WorkspaceId,
};

/// Events written in one go.
const SET: usize = 50_000;

/// What a demo consists of and how much of it was new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoSummary {
    /// Organisations.
    pub accounts: u64,
    /// Their contracts.
    pub contracts: u64,
    /// Customers, with or without an organisation.
    pub customers: u64,
    /// Events.
    pub events: u64,
    /// Events that were stored now; the rest was there already.
    pub events_stored: u64,
    /// First day of the first signup week.
    pub first_week: Date,
    /// First day of the week of the bad release.
    pub release_week: Date,
    /// First day of the week of the affiliate campaign.
    pub campaign_week: Date,
}

/// Makes the workspace if it is missing and writes the demo into it. Running it again, also after it was stopped half
/// way, adds only what is missing. `progress` hears how many customers are written, and of how many.
///
/// # Errors
/// A workspace that holds another product's events, or a data base that can't be reached or refuses.
pub async fn load(
    store: &Store,
    options: &DemoOptions,
    mut progress: impl FnMut(u64, u64),
) -> anyhow::Result<DemoSummary> {
    let workspace = workspace(store, &options.workspace).await?;
    refuse_others(store, &workspace).await?;
    let source = format!(
        "demo of {} customers, seed {}, until {}",
        options.customers, options.seed, options.until
    );
    let batch = store.open_batch(workspace.id, &source).await?;
    let generator = options.generator();
    let mut summary = DemoSummary {
        first_week: generator.weeks()[0],
        release_week: generator.release_week(),
        campaign_week: generator.campaign_week(),
        ..DemoSummary::default()
    };
    let total = u64::from(options.customers);
    progress(0, total);
    store.beat(workspace.id, batch, 0, total).await?;
    let mut set = Set::default();
    for history in generator {
        set.add(history);
        if set.events.len() >= SET {
            set.write(store, workspace.id, batch, &mut summary).await?;
            progress(summary.customers, total);
            // One short of the end until everything is there.
            let done = summary.customers.min(total.saturating_sub(1));
            store.beat(workspace.id, batch, done, total).await?;
        }
    }
    set.write(store, workspace.id, batch, &mut summary).await?;
    progress(summary.customers, total);
    store.fold_activity(workspace.id, 1).await?;
    store.refresh_summaries(workspace.id).await?;
    store.beat(workspace.id, batch, total, total).await?;
    Ok(summary)
}

/// The workspace of this slug, made and given its activity definition when it is not there. An existing one keeps the
/// definition somebody chose for it.
async fn workspace(store: &Store, slug: &str) -> anyhow::Result<Workspace> {
    let workspace = match store.workspace(slug).await {
        Err(StoreError::NotFound) => {
            let new = NewWorkspace {
                slug: slug.to_owned(),
                name: "Acme Studio".to_owned(),
                zone: "Europe/Berlin".to_owned(),
                week_start: WeekStart::Monday,
                currency: "EUR".to_owned(),
            };
            let made = store.create_workspace(&new).await;
            made.with_context(|| format!("the workspace {slug:?} can't be made"))?
        }
        found => found?,
    };
    if workspace.own_activity.is_none() {
        store
            .set_active_events(workspace.id, &CREATED_VALUE)
            .await?;
    }
    Ok(workspace)
}

/// Made-up customers among real ones could never be told apart again.
async fn refuse_others(store: &Store, workspace: &Workspace) -> anyhow::Result<()> {
    let known =
        |name: &str| FEATURES.contains(&name) || [LOGIN, INVOICE, PAYMENT_FAILED].contains(&name);
    let counts = store.event_counts(workspace.id).await?;
    if let Some(other) = counts.iter().find(|count| !known(&count.name)) {
        anyhow::bail!(
            "the workspace {:?} holds events that are not the demo's ({:?}); choose another",
            workspace.slug,
            other.name
        );
    }
    Ok(())
}

/// Rows on their way.
#[derive(Default)]
struct Set {
    accounts: Vec<AccountRow>,
    contracts: Vec<ContractRow>,
    customers: Vec<CustomerRecord>,
    events: Vec<EventRecord>,
}

impl Set {
    fn add(&mut self, history: AccountHistory) {
        self.accounts.extend(history.account);
        self.contracts.extend(history.contracts);
        for customer in history.customers {
            self.customers.push(customer.customer);
            self.events.extend(customer.events);
        }
    }

    /// Writes what it holds, in the order in which rows refer to each other, and empties it.
    async fn write(
        &mut self,
        store: &Store,
        workspace: WorkspaceId,
        batch: i32,
        summary: &mut DemoSummary,
    ) -> Result<(), StoreError> {
        store.write_accounts(workspace, &self.accounts).await?;
        store.write_contracts(workspace, &self.contracts).await?;
        store.write_customers(workspace, &self.customers).await?;
        let written = store.write_events(workspace, batch, &self.events).await?;
        summary.accounts += count(&self.accounts);
        summary.contracts += count(&self.contracts);
        summary.customers += count(&self.customers);
        summary.events += count(&self.events);
        summary.events_stored += written.stored;
        self.accounts.clear();
        self.contracts.clear();
        self.customers.clear();
        self.events.clear();
        Ok(())
    }
}

fn count<T>(rows: &[T]) -> u64 {
    u64::try_from(rows.len()).expect("fits")
}
