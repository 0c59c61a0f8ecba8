//! The command line: `holdfast serve | import | demo | query | segments | user | key | reindex | migrate | doctor`. Commands
//! other than `serve` work beside a running server: they join the cluster it runs on, or start it for as long as they take.

pub mod database;
pub mod demo;
pub mod doctor;
pub mod import;
pub mod key;
pub mod migrate;
pub mod query;
pub mod reindex;
pub mod segments;
pub mod serve;
pub mod user;

use crate::config::{DatabaseConfig, LogConfig, MailConfig, OidcConfig, ServeConfig};
use crate::telemetry;
use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use database::Database;
use std::process::ExitCode;
use store::{Store, StoreError, Workspace};
use tokio::signal::unix::{SignalKind, signal};

/// Who stays, who leaves, and what keeps them.
#[derive(Debug, Parser)]
#[command(name = "holdfast", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Where the data are.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// What is logged.
    #[command(flatten)]
    pub log: LogConfig,
}

/// What `holdfast` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the pages.
    Serve(ServeConfig),
    /// Imports events, and customers with their traits, from CSV files.
    Import(import::ImportArgs),
    /// Loads the demo workspace.
    Demo(demo::DemoArgs),
    /// Answers a question on standard input with a report.
    #[command(subcommand)]
    Query(query::QueryCommand),
    /// Lists, shows, saves and deletes saved segments.
    #[command(subcommand)]
    Segments(segments::SegmentsCommand),
    /// Lists and adds people, and makes links for those who lost a password.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Makes, lists and revokes keys of programs.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Makes the index anew that answers are read from, or compares it with the events.
    Reindex(reindex::ReindexArgs),
    /// Brings the data base's structure up to date.
    Migrate,
    /// Looks at everything Holdfast stands on, and says what to do about what is wrong.
    Doctor {
        /// Whether mail is sent.
        #[command(flatten)]
        mail: MailConfig,
        /// Whether people may come in from elsewhere.
        #[command(flatten)]
        oidc: OidcConfig,
    },
}

/// Runs a command to its end.
///
/// # Errors
/// Whatever kept it from its end, in words for the operator.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    telemetry::start(&cli.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime can't be started")?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(config) => {
                serve::run(config, cli.database).await?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Import(args) => {
                with_store(&cli.database, async |store| import::run(&store, args).await).await
            }
            Command::Demo(args) => {
                with_store(&cli.database, async |store| demo::run(&store, args).await).await
            }
            Command::Query(command) => {
                with_store(&cli.database, async |store| {
                    query::run(&store, command).await
                })
                .await
            }
            Command::Segments(command) => {
                with_store(&cli.database, async |store| {
                    segments::run(&store, command).await
                })
                .await
            }
            Command::User(command) => {
                with_store(&cli.database, async |store| {
                    user::run(&store, command).await
                })
                .await
            }
            Command::Key(command) => {
                with_store(&cli.database, async |store| key::run(&store, command).await).await
            }
            Command::Reindex(args) => {
                with_store(&cli.database, async |store| {
                    reindex::run(&store, args).await
                })
                .await
            }
            Command::Migrate => {
                with_store(&cli.database, async |store| migrate::run(&store).await).await
            }
            Command::Doctor { mail, oidc } => doctor::run(&cli.database, &mail, &oidc).await,
        }
    })
}

/// An error with its causes, as in "the file can't be read: permission denied"; causes that an error has told of in its
/// own words are not repeated.
pub fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

/// A workspace by its name in addresses.
async fn workspace_called(store: &Store, slug: &str) -> anyhow::Result<Workspace> {
    match store.workspace(slug).await {
        Err(StoreError::NotFound) => bail!("there is no workspace “{slug}”"),
        found => Ok(found?),
    }
}

/// Runs a command on the store: joins or starts its Postgres, brings its structure up to date, and leaves in order,
/// also when it is interrupted.
async fn with_store(
    config: &DatabaseConfig,
    command: impl AsyncFnOnce(Store) -> anyhow::Result<()>,
) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    let database = Database::open(config).await?;
    let store = Store::connect_lazily(database.options());
    let work = async {
        migrate::apply(&store).await?;
        command(store.clone()).await
    };
    let outcome = tokio::select! {
        outcome = work => Some(outcome),
        () = stop => None,
    };
    store.close().await;
    let closed = database.close().await;
    match outcome {
        Some(outcome) => {
            outcome?;
            closed?;
            Ok(ExitCode::SUCCESS)
        }
        None => {
            closed?;
            eprintln!("holdfast: interrupted");
            Ok(ExitCode::from(130))
        }
    }
}

/// Completes when the operator, the terminal or the system asks this process to end. A second request, for those who
/// can't wait, ends it at once: Postgres, which then goes on, loses nothing.
///
/// # Errors
/// Signals can't be listened to.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let (asked, mut wait) = tokio::sync::watch::channel(false);
    for kind in [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ] {
        let mut signals = signal(kind).context("signals can't be listened to")?;
        let asked = asked.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if asked.send_replace(true) {
                    std::process::exit(130);
                }
            }
        });
    }
    Ok(async move {
        if wait.wait_for(|asked| *asked).await.is_err() {
            // Nobody is left who could ask.
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("no such file")
            .context("reading: no such file")
            .context("the site can't be served");
        assert_eq!(
            told(&error),
            "the site can't be served: reading: no such file"
        );
        assert_eq!(told(&anyhow::anyhow!("alone")), "alone");
    }
}
