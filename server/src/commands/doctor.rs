//! `holdfast doctor`: looks at everything Holdfast stands on, changes nothing, and says what to do about what is wrong.

mod facts;

use super::database::{external, private};
use super::told;
use crate::cluster::{Cluster, OLDEST_POSTGRES, Programs};
use crate::config::{DatabaseConfig, MailConfig, OidcConfig};
use crate::folder::DataFolder;
use facts::{Facts, Migrations};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::process::ExitCode;
use store::Store;

/// What was found, line by line.
#[derive(Debug, Default)]
struct Findings {
    wrong: u32,
}

impl Findings {
    fn right(&mut self, line: &str) {
        println!("✓ {line}");
    }

    fn wrong(&mut self, line: &str) {
        self.wrong += 1;
        println!("✗ {line}");
    }

    /// One line for a state that is as it should be or not.
    fn check(&mut self, fine: bool, right: &str, wrong: &str) {
        if fine {
            self.right(right);
        } else {
            self.wrong(wrong);
        }
    }

    fn end(self) -> ExitCode {
        match self.wrong {
            0 => {
                println!("All is well.");
                ExitCode::SUCCESS
            }
            1 => {
                println!("One thing is wrong.");
                ExitCode::FAILURE
            }
            several => {
                println!("{several} things are wrong.");
                ExitCode::FAILURE
            }
        }
    }
}

/// Prints what it finds; fails when something is wrong.
pub(super) async fn run(
    config: &DatabaseConfig,
    mail: &MailConfig,
    oidc: &OidcConfig,
) -> anyhow::Result<ExitCode> {
    let mut findings = Findings::default();
    match external(config) {
        Err(error) => findings.wrong(&told(&error)),
        Ok(Some(options)) => {
            findings.right("DATABASE_URL is set: the private Postgres is not used");
            look_inside(&mut findings, &options, false).await;
        }
        Ok(None) => look_at_private(&mut findings, config).await,
    }
    look_at_mail(&mut findings, mail).await;
    look_elsewhere(&mut findings, oidc).await;
    Ok(findings.end())
}

async fn look_at_mail(findings: &mut Findings, config: &MailConfig) {
    let mailer = match config.mailer() {
        Ok(mailer) => mailer,
        Err(error) => return findings.wrong(&error.to_string()),
    };
    let Some(mailer) = mailer else {
        return findings.right("No mail is sent: HOLDFAST_SMTP_URL is not set");
    };
    match mailer.greets().await {
        Ok(()) => findings.right("The mail server greets"),
        Err(error) => findings.wrong(&format!(
            "Mail can’t be sent, {error}: correct HOLDFAST_SMTP_URL"
        )),
    }
}

async fn look_elsewhere(findings: &mut Findings, config: &OidcConfig) {
    // Where people come back to is of no interest here.
    let provider = match config.provider("http://localhost") {
        Ok(provider) => provider,
        Err(error) => return findings.wrong(&error.to_string()),
    };
    if let Some(provider) = provider {
        findings.check(
            provider.metadata().await.is_ok(),
            "The provider of OpenID Connect answers",
            "The provider of OpenID Connect does not answer: correct HOLDFAST_OIDC_ISSUER",
        );
    }
}

async fn look_at_private(findings: &mut Findings, config: &DatabaseConfig) {
    let path = config.data_dir();
    let cluster = path.join("postgres").join("cluster");
    match Programs::find(config.pg_bindir.as_deref(), None, &cluster).await {
        Ok(programs) => findings.right(&format!(
            "Postgres {} is installed in {}",
            programs.major(),
            programs.folder().display()
        )),
        Err(error) => findings.wrong(&error.to_string()),
    }
    if !path.exists() {
        return findings.wrong(&format!(
            "There is no data folder {} yet: `holdfast serve` makes it, or name another with --data-dir",
            path.display()
        ));
    }
    let folder = match DataFolder::open(&path) {
        Ok(folder) => folder,
        Err(error) => return findings.wrong(&error.to_string()),
    };
    findings.right(&format!(
        "The data folder {} can be used",
        folder.path().display()
    ));
    if !Cluster::exists(folder.path()) {
        return findings.wrong(
            "No private Postgres was made in it yet: `holdfast serve` or `holdfast migrate` makes it",
        );
    }
    let cluster = match Cluster::open(&private(config, &folder)).await {
        Ok(cluster) => cluster,
        Err(error) => return findings.wrong(&error.to_string()),
    };
    findings.right(&format!(
        "The private Postgres in {} {}, as {}",
        cluster.folder().display(),
        if cluster.started() {
            "starts"
        } else {
            "is running"
        },
        cluster.account()
    ));
    look_inside(findings, &cluster.options(), true).await;
    if let Err(error) = cluster.close().await {
        findings.wrong(&error.to_string());
    }
}

/// Of so many parts of a workspace's index one is compared with its events; `holdfast reindex --check` compares all.
const SAMPLE: usize = 16;

/// Looks at a Postgres that should be there.
async fn look_inside(findings: &mut Findings, options: &PgConnectOptions, private: bool) {
    let mut connection = match options.connect().await {
        Ok(connection) => connection,
        Err(error) => {
            return findings.wrong(&format!(
                "The data base can't be reached: {error}. Start it, or correct DATABASE_URL"
            ));
        }
    };
    if let Err(error) = look_at(findings, &mut connection, options, private).await {
        findings.wrong(&format!("The data base did not answer: {}", told(&error)));
    }
    // All has been read; how the connection ends does not matter.
    drop(connection.close().await);
}

async fn look_at(
    findings: &mut Findings,
    connection: &mut PgConnection,
    options: &PgConnectOptions,
    private: bool,
) -> anyhow::Result<()> {
    let facts = Facts::read(connection).await?;
    check_settings(findings, &facts, private);
    match facts::migrations(connection, &store::MIGRATOR).await? {
        Migrations::Current(newest) => findings.right(&format!(
            "Its structure is up to date (migration {newest})"
        )),
        Migrations::Missing(missing) => {
            findings.wrong(&format!(
                "{missing} migrations are not applied: run `holdfast migrate` (serve, import and demo do it as well)"
            ));
            return Ok(());
        }
        Migrations::Newer(version) => {
            findings.wrong(&format!(
                "A newer Holdfast applied migration {version}: run that version or a later one"
            ));
            return Ok(());
        }
        Migrations::Changed(version) => findings.wrong(&format!(
            "Migration {version} was applied in another form: these data belong to another build of Holdfast"
        )),
    }
    let store = Store::connect_lazily(options.clone());
    let counted = count(findings, connection, &store).await;
    store.close().await;
    counted
}

fn check_settings(findings: &mut Findings, facts: &Facts, private: bool) {
    let major = facts.version / 10_000;
    findings.check(
        u32::try_from(major).is_ok_and(|major| major >= OLDEST_POSTGRES),
        &format!("It is Postgres {major}"),
        &format!("It is Postgres {major}; {OLDEST_POSTGRES} is the oldest that will do"),
    );
    findings.check(
        facts.fsync && facts.full_page_writes && facts.synchronous_commit,
        "What is acknowledged stays, through any crash",
        "A crash can lose what was acknowledged: set fsync, full_page_writes and synchronous_commit to on",
    );
    findings.check(
        facts.checksums,
        "Checksums guard its pages",
        "Its pages have no checksums: stop it and run pg_checksums --enable",
    );
    findings.check(
        !facts.superuser && !facts.creates_roles && !facts.bypasses_row_security,
        &format!("Holdfast's role there ({}) is no superuser", facts.role),
        &format!(
            "Holdfast's role there ({}) can do too much: alter role … nosuperuser nocreaterole nobypassrls",
            facts.role
        ),
    );
    if private {
        findings.check(
            facts.listen_addresses.is_empty(),
            "It listens on no network",
            "It listens on a network: remove listen_addresses from its settings",
        );
    }
}

async fn count(
    findings: &mut Findings,
    connection: &mut PgConnection,
    store: &Store,
) -> anyhow::Result<()> {
    let partitions = facts::partitions(connection).await?;
    findings.right(&match (partitions.first, partitions.last) {
        (Some(first), Some(last)) => format!(
            "Events lie in {} monthly partitions, {first} to {last}",
            partitions.number
        ),
        _ => "There are no events yet".to_owned(),
    });
    let workspaces = store.workspaces().await?;
    if workspaces.is_empty() {
        findings.right("There is no workspace yet: `holdfast import` or `holdfast demo` makes one");
    }
    for workspace in workspaces {
        let counts = facts::counts(connection, workspace.id.0).await?;
        findings.right(&format!(
            "Workspace {}: {} customers, {} events, {} rows in quarantine",
            workspace.slug, counts.customers, counts.events, counts.quarantined
        ));
        let doubts = store
            .verify_activity(workspace.id, SAMPLE, |_, _| {})
            .await?;
        findings.check(
            doubts.is_empty(),
            &format!("Its index is what the events say, in one part of {SAMPLE}"),
            &format!(
                "Its index is not what the events say: run `holdfast reindex --workspace {}`",
                workspace.slug
            ),
        );
        if workspace.activities.iter().any(|one| one.derived) {
            let doubts = store.verify_activities(workspace.id, SAMPLE).await?;
            findings.check(
                doubts.is_empty(),
                &format!(
                    "Its definitions of activity are filled in as the events say, in one part of {SAMPLE}"
                ),
                &format!(
                    "Its definitions of activity are not filled in as the events say: run `holdfast reindex --workspace {}`",
                    workspace.slug
                ),
            );
        }
    }
    Ok(())
}
