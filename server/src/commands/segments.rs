//! `holdfast segments`: saved segments for scripts. What is saved is JSON on standard input, what is printed the same as
//! the interface's for other programs (docs/API.md).

use super::query::{given, workspace, write_json};
use crate::api::segments::{CountedSegment, SegmentToSave};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use std::io;
use store::{Store, StoreError, Workspace};

/// What is done with saved segments.
#[derive(Debug, Subcommand)]
pub enum SegmentsCommand {
    /// Prints all of them with how many belong to each.
    List(InWorkspace),
    /// Prints one, or the ids of its customers.
    Show {
        /// Its name in addresses.
        segment: String,
        /// Prints a row for each of its customers instead of JSON.
        #[arg(long)]
        csv: bool,
        /// Whose segment.
        #[command(flatten)]
        of: InWorkspace,
    },
    /// Saves the one on standard input, and prints it.
    Save(InWorkspace),
    /// Deletes one that no other is made of.
    Delete {
        /// Its name in addresses.
        segment: String,
        /// Whose segment.
        #[command(flatten)]
        of: InWorkspace,
    },
}

/// Whose segments.
#[derive(Debug, Args)]
pub struct InWorkspace {
    /// The workspace's name in addresses.
    #[arg(long, value_name = "NAME")]
    pub workspace: String,
}

/// Carries the command out.
///
/// # Errors
/// An unknown workspace or segment, a segment that can't be saved or deleted, an output that takes nothing.
pub(super) async fn run(store: &Store, command: SegmentsCommand) -> anyhow::Result<()> {
    let output = || io::stdout().lock();
    match command {
        SegmentsCommand::List(of) => {
            let workspace = workspace(store, &of.workspace).await?;
            let all = CountedSegment::all(store, &workspace).await?;
            write_json(&all, output())
        }
        SegmentsCommand::Show { segment, csv, of } => {
            let workspace = workspace(store, &of.workspace).await?;
            let found = CountedSegment::one(store, &workspace, &segment).await;
            let (found, members) = known(found, &segment, &workspace)?;
            if !csv {
                return write_json(&found, output());
            }
            let all = (0, u32::MAX);
            let customers = store.customers_in(workspace.id, &members, all).await?;
            let mut rows = csv::Writer::from_writer(output());
            rows.write_record(["customer"])?;
            for customer in customers {
                rows.write_record([customer])?;
            }
            Ok(rows.flush()?)
        }
        SegmentsCommand::Save(of) => {
            let workspace = workspace(store, &of.workspace).await?;
            let given: Option<SegmentToSave> =
                given(io::stdin()).context("what stands on standard input is no segment")?;
            let Some(segment) = given else {
                bail!("write the segment to standard input, as docs/API.md shows it");
            };
            let saved = match segment.save(store, &workspace).await {
                Err(StoreError::Conflict(_)) => {
                    bail!("there is a segment of this name, or the name can't be one in addresses")
                }
                saved => saved?,
            };
            write_json(&saved, output())
        }
        SegmentsCommand::Delete { segment, of } => {
            let workspace = workspace(store, &of.workspace).await?;
            let deleted = store.delete_segment(workspace.id, &segment).await;
            known(deleted, &segment, &workspace)
        }
    }
}

fn known<T>(
    found: Result<T, StoreError>,
    segment: &str,
    workspace: &Workspace,
) -> anyhow::Result<T> {
    match found {
        Err(StoreError::NotFound) => bail!("there is no segment “{segment}” in {}", workspace.slug),
        found => Ok(found?),
    }
}
