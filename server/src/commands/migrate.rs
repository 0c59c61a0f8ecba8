//! `holdfast migrate`: brings the data base's structure up to date. `serve`, `import` and `demo` do so by themselves;
//! this is for those who want it done at a time of their own.

use anyhow::Context;
use sqlx::migrate::MigrateError;
use store::{Store, StoreError};

/// Says what was done; the migrations themselves were applied when the store was opened.
pub(super) async fn run(store: &Store) -> anyhow::Result<()> {
    store.ping().await?;
    let newest = store::MIGRATOR
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or_default();
    println!("The data base is up to date (migration {newest}).");
    Ok(())
}

/// Applies the migrations that are missing.
pub(super) async fn apply(store: &Store) -> anyhow::Result<()> {
    match store.migrate().await {
        Err(StoreError::Migrate(MigrateError::VersionMissing(version))) => {
            anyhow::bail!(
                "the data were used by a newer Holdfast (it applied migration {version}): run that version or a later one"
            )
        }
        outcome => outcome.context("the data base's structure can't be brought up to date"),
    }
}
