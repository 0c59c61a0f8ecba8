//! `holdfast import`: files into a workspace, after showing how they will be read.

mod columns;
mod report;

use analysis::import::{ColumnRole, FileKind, ImportPreview};
use analysis::period::WeekStart;
use anyhow::{Context, bail};
use clap::Args;
use columns::NamedColumn;
use indicatif::{ProgressBar, ProgressStyle};
use intake::{ColumnChoice, DateOrder, Mapping, Options, preview};
use std::fs::File;
use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};
use store::{NewWorkspace, Store, StoreError, Workspace};

/// What to import, and what the files don't say themselves.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The events: a CSV file, plain or gzip.
    #[arg(value_name = "EVENTS.csv[.gz]")]
    pub events: PathBuf,
    /// The customers and their traits, likewise.
    #[arg(long, value_name = "USERS.csv[.gz]")]
    pub users: Option<PathBuf>,
    /// The workspace, in small letters, digits and hyphens; it is made when it is missing.
    #[arg(long, value_name = "NAME")]
    pub workspace: String,
    /// Time zone of a new workspace, and so of times without offset [default: UTC].
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// First day of a new workspace's weeks: monday or sunday [default: monday].
    #[arg(long, value_name = "DAY", value_parser = week_start)]
    pub week_start: Option<WeekStart>,
    /// How dates such as 03/04/2026 are meant: day-first or month-first.
    #[arg(long, value_name = "ORDER", value_parser = dates)]
    pub dates: Option<DateOrder>,
    /// The event that every row is, for files without a column of event names.
    #[arg(long, value_name = "NAME")]
    pub event: Option<String>,
    /// What a column is for, when its name doesn't tell: customer, event, time, key, signup, account, property or
    /// ignore. May be given several times.
    #[arg(long = "column", value_name = "ROLE=COLUMN", value_parser = columns::parse)]
    pub columns: Vec<NamedColumn>,
    /// Imports without asking.
    #[arg(long, short)]
    pub yes: bool,
}

fn week_start(text: &str) -> Result<WeekStart, String> {
    text.parse().map_err(|_| "monday or sunday".to_owned())
}

fn dates(text: &str) -> Result<DateOrder, String> {
    text.parse().map_err(str::to_owned)
}

/// A file that can be imported, and how.
struct Ready<'a> {
    path: &'a Path,
    bytes: u64,
    preview: ImportPreview,
    mapping: Mapping,
}

/// Imports the files. Rows that can't be stored are set aside and told of; they are no failure.
///
/// # Errors
/// A file that can't be read, a question that has to be answered first, and all that keeps the data base from storing.
pub(super) async fn run(store: &Store, args: ImportArgs) -> anyhow::Result<()> {
    let existing = find(store, &args).await?;
    let zone = match (&existing, &args.zone) {
        (Some(workspace), _) => &workspace.zone,
        (None, Some(zone)) => zone,
        (None, None) => "UTC",
    };
    let users = args
        .users
        .as_deref()
        .map(|path| (path, FileKind::Customers));
    let files: Vec<(&Path, FileKind)> = users
        .into_iter()
        .chain([(args.events.as_path(), FileKind::Events)])
        .collect();
    let ready = look_at(&files, zone, &args)?;
    for file in &ready {
        eprintln!(
            "{}",
            report::columns(file.path, &file.preview, &file.mapping)
        );
    }
    if !args.yes && stdin().is_terminal() && !confirmed(&args.workspace).await? {
        bail!("nothing was imported");
    }
    let workspace = match existing {
        Some(workspace) => workspace,
        None => make(store, &args, zone).await?,
    };
    store.fail_interrupted_imports().await?;
    for file in &ready {
        import(store, &workspace, file).await?;
    }
    if workspace.own_activity.is_none() {
        println!("Which events count as activity is asked for on the workspace's page.");
    }
    Ok(())
}

/// The workspace, when it is there; it must be what the arguments say of it.
async fn find(store: &Store, args: &ImportArgs) -> anyhow::Result<Option<Workspace>> {
    let workspace = match store.workspace(&args.workspace).await {
        Err(StoreError::NotFound) => return Ok(None),
        found => found?,
    };
    if let Some(zone) = &args.zone
        && *zone != workspace.zone
    {
        bail!(
            "the workspace {:?} has the time zone {}: leave --zone out",
            workspace.slug,
            workspace.zone
        );
    }
    if args
        .week_start
        .is_some_and(|day| day != workspace.week_start)
    {
        bail!(
            "weeks of the workspace {:?} start on {}: leave --week-start out",
            workspace.slug,
            workspace.week_start.as_str()
        );
    }
    Ok(Some(workspace))
}

async fn make(store: &Store, args: &ImportArgs, zone: &str) -> anyhow::Result<Workspace> {
    let new = NewWorkspace {
        slug: args.workspace.clone(),
        name: args.workspace.clone(),
        zone: zone.to_owned(),
        week_start: args.week_start.unwrap_or_default(),
        currency: "EUR".to_owned(),
    };
    match store.create_workspace(&new).await {
        Err(StoreError::Conflict(_)) => bail!(
            "{:?} can't be a workspace: a name has 1 to 63 small letters, digits and hyphens",
            args.workspace
        ),
        made => Ok(made?),
    }
}

/// How each file will be read. All are looked at before any is imported.
fn look_at<'a>(
    files: &[(&'a Path, FileKind)],
    zone: &str,
    args: &ImportArgs,
) -> anyhow::Result<Vec<Ready<'a>>> {
    let mut ready = Vec::new();
    let mut used = vec![false; args.columns.len()];
    for &(path, kind) in files {
        let shown = path.display();
        let metadata = path.metadata().with_context(|| format!("{shown}"))?;
        if !metadata.is_file() {
            bail!("{shown} is not a file");
        }
        let open = || File::open(path).with_context(|| format!("{shown}"));
        let mut options = Options {
            kind: Some(kind),
            dates: args.dates,
            event: args.event.clone().filter(|_| kind == FileKind::Events),
            ..Options::new(zone)
        };
        // The roles that were chosen, as far as they are meant for this file.
        let plain = preview(open()?, &options).with_context(|| format!("{shown}"))?;
        for (choice, used) in args.columns.iter().zip(&mut used) {
            let here = plain
                .columns
                .iter()
                .any(|column| column.name == choice.column);
            if here && columns::belongs(choice.role, kind) {
                *used = true;
                options.columns.push(ColumnChoice {
                    column: choice.column.clone(),
                    role: choice.role,
                });
            }
        }
        let preview = preview(open()?, &options).with_context(|| format!("{shown}"))?;
        if !preview.problems.is_empty() {
            bail!("{}", report::problems(path, &preview));
        }
        let mapping = Mapping::new(&preview, &options)?;
        ready.push(Ready {
            path,
            bytes: metadata.len(),
            preview,
            mapping,
        });
    }
    if let Some((choice, _)) = args.columns.iter().zip(used).find(|(_, used)| !used) {
        bail!(
            "no file has a column {:?} for {}",
            choice.column,
            columns::noun(choice.role)
        );
    }
    Ok(ready)
}

/// Asks on the terminal. On a thread of its own, which a request to stop need not wait for.
async fn confirmed(workspace: &str) -> anyhow::Result<bool> {
    eprint!("Import this into {workspace:?}? [Y/n] ");
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = stdin().read_line(&mut line).map(|_| line);
        // nobody waits any more when the command was stopped
        answer.send(read).ok();
    });
    let line = answered.await.context("no answer")?.context("no answer")?;
    Ok(matches!(line.trim().to_lowercase().as_str(), "" | "y" | "yes") && line.ends_with('\n'))
}

async fn import(store: &Store, workspace: &Workspace, file: &Ready<'_>) -> anyhow::Result<()> {
    let name = file
        .path
        .file_name()
        .map_or_else(|| "file".into(), |name| name.to_string_lossy());
    let id = store
        .create_import(workspace.id, &name, file.mapping.kind(), file.bytes)
        .await?;
    store.queue_import(workspace.id, id, &file.mapping).await?;
    let bar = progress_bar(file.bytes)?;
    let outcome = store
        .run_import(workspace.id, id, file.path, |progress| {
            bar.set_message(report::speed(progress));
            bar.set_position(progress.bytes_done);
        })
        .await;
    bar.finish_and_clear();
    let summary = outcome.with_context(|| {
        format!(
            "{}: the import stopped. What it stored is stored; start it again, nothing is stored twice",
            file.path.display()
        )
    })?;
    println!("{}", report::summary(&name, &summary));
    if summary.rejected > 0 {
        let counts = store.rejected_counts(workspace.id, id).await?;
        let first = store.rejected_after(workspace.id, id, 0, 1).await?;
        println!("{}", report::rejected(&counts, first.first()));
        println!(
            "All of them are listed on the page /w/{}/import/{}.",
            workspace.slug, id.0
        );
    }
    Ok(())
}

/// On a terminal only; shown from the start.
fn progress_bar(bytes: u64) -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left")?;
    let bar = ProgressBar::new(bytes).with_style(style);
    bar.tick();
    Ok(bar)
}

#[cfg(test)]
mod tests;
