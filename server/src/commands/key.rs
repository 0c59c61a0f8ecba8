//! `holdfast key`: keys of programs.

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use store::{KeyKind, NewKey, Store, StoreError};

/// What can be done about keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Makes a key and prints it, once.
    Make(MakeArgs),
    /// Lists the keys of a workspace.
    List(WorkspaceArgs),
    /// Makes a key open nothing any more.
    Revoke(RevokeArgs),
}

/// Whose keys.
#[derive(Debug, Args)]
pub struct WorkspaceArgs {
    /// The workspace, by its name in addresses.
    #[arg(long, value_name = "NAME")]
    pub workspace: String,
}

/// A key to be made.
#[derive(Debug, Args)]
pub struct MakeArgs {
    /// Whose.
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
    /// What it is for.
    #[arg(long, value_name = "WORDS")]
    pub label: String,
    /// What it opens.
    #[arg(long, value_enum, default_value_t = Kind::Read)]
    pub kind: Kind,
}

/// A key to be revoked.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Whose.
    #[command(flatten)]
    pub workspace: WorkspaceArgs,
    /// The key's number, as the list has it.
    pub number: i32,
}

/// What a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Reading reports.
    Read,
    /// Bringing in events.
    Write,
}

/// Runs one of these.
///
/// # Errors
/// An unknown workspace or key, a label that can't be one, the data base's.
pub(super) async fn run(store: &Store, command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Make(args) => {
            let workspace = super::workspace_called(store, &args.workspace.workspace).await?;
            let new = NewKey {
                kind: match args.kind {
                    Kind::Read => KeyKind::Read,
                    Kind::Write => KeyKind::Write,
                },
                label: args.label,
                by: None,
            };
            let key = store.make_key(workspace.id, &new).await?;
            println!("{}", key.text());
        }
        KeyCommand::List(args) => {
            let workspace = super::workspace_called(store, &args.workspace).await?;
            for key in store.keys(workspace.id).await? {
                let state = match (key.revoked, key.used) {
                    (Some(at), _) => format!("revoked {at:.0}"),
                    (None, Some(at)) => format!("last used {at:.0}"),
                    (None, None) => "never used".to_owned(),
                };
                println!("{}  {}…  {}: {state}", key.id, key.prefix, key.label);
            }
        }
        KeyCommand::Revoke(args) => {
            let workspace = super::workspace_called(store, &args.workspace.workspace).await?;
            match store.revoke_key(workspace.id, args.number, None).await {
                Err(StoreError::NotFound) => bail!("no key {} is in use", args.number),
                revoked => revoked?,
            }
            println!("revoked");
        }
    }
    Ok(())
}
