//! `holdfast erase`: erases customers who asked for it.

use anyhow::{Context, bail};
use clap::Args;
use store::{Store, StoreError};

/// Who is erased.
#[derive(Debug, Args)]
pub struct EraseArgs {
    /// The workspace, by its name in addresses.
    #[arg(long, value_name = "NAME")]
    pub workspace: String,
    /// The customers, by their ids as events name them.
    #[arg(required = true, value_name = "CUSTOMER")]
    pub customers: Vec<String>,
}

/// Erases them one by one, and says who is not stored.
///
/// # Errors
/// An unknown workspace; somebody who is not stored, after the others were erased; the data base's.
pub(super) async fn run(store: &Store, args: EraseArgs) -> anyhow::Result<()> {
    let workspace = super::workspace_called(store, &args.workspace).await?;
    let mut unknown = Vec::new();
    for customer in &args.customers {
        match store.erase_customer(workspace.id, customer).await {
            Ok(()) => println!("{customer}: erased."),
            Err(StoreError::NotFound) => unknown.push(customer.as_str()),
            Err(error) => {
                return Err(error).with_context(|| format!("{customer} is not erased"));
            }
        }
    }
    if !unknown.is_empty() {
        bail!("not stored in {}: {}", workspace.slug, unknown.join(", "));
    }
    Ok(())
}
