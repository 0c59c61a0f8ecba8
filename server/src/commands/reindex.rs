//! `holdfast reindex`: makes the activity index anew from the events, or compares the two.

use anyhow::bail;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use store::{Store, Workspace};

/// What is indexed.
#[derive(Debug, Args)]
pub struct ReindexArgs {
    /// Only this workspace, by its name in addresses.
    #[arg(long, value_name = "NAME")]
    pub workspace: Option<String>,
    /// Changes nothing: compares the index with every event, and fails when they differ.
    #[arg(long)]
    pub check: bool,
}

/// Makes or checks the index of one workspace or of all. Pages go on being answered.
///
/// # Errors
/// An unknown workspace, the data base's, an index that is not what the events say.
pub(super) async fn run(store: &Store, args: ReindexArgs) -> anyhow::Result<()> {
    let mut differing = 0;
    for workspace in workspaces(store, args.workspace.as_deref()).await? {
        let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(
            "{msg}  {bar:30} {pos} of {len} parts, {eta} left",
        )?);
        bar.set_message(workspace.slug.clone());
        let progress = |done, all| {
            bar.set_length(u64::try_from(all).unwrap_or(u64::MAX));
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
        };
        if args.check {
            let doubts = store.verify_activity(workspace.id, 1, progress).await?;
            bar.finish_and_clear();
            let streams = store.verify_activities(workspace.id, 1).await?;
            for doubt in &streams {
                println!(
                    "{}: stream {} of a definition, part {}: {}",
                    workspace.slug, doubt.stream, doubt.shard, doubt.problem
                );
            }
            for doubt in &doubts {
                println!(
                    "{}: part {}: {}",
                    workspace.slug, doubt.shard, doubt.problem
                );
            }
            if doubts.is_empty() && streams.is_empty() {
                println!("{}: the index is what the events say.", workspace.slug);
            }
            differing += doubts.len() + streams.len();
        } else {
            store.reindex(workspace.id, progress).await?;
            // Definitions of activity are filled in anew from the same events.
            store.keep_activities(workspace.id, progress).await?;
            bar.finish_and_clear();
            println!("{}: indexed anew.", workspace.slug);
        }
    }
    if differing > 0 {
        bail!("the index differs from the events in {differing} parts: run `holdfast reindex`");
    }
    Ok(())
}

async fn workspaces(store: &Store, slug: Option<&str>) -> anyhow::Result<Vec<Workspace>> {
    let Some(slug) = slug else {
        return Ok(store.workspaces().await?);
    };
    Ok(vec![super::workspace_called(store, slug).await?])
}
