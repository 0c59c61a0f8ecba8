//! Starts and stops Postgres, and asks whether it runs.

use super::ClusterError;
use super::account::{run, said};
use super::lock::Lock;
use super::place::Place;
use super::programs::Programs;
use super::settings::{self, ROLE};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use std::time::{Duration, Instant};

/// How long what a killed Postgres left behind may keep a new one from starting.
const OBSTACLES: Duration = Duration::from_secs(30);

/// How long one question whether Postgres runs may take.
const ANSWER: Duration = Duration::from_secs(5);

/// How often a Postgres that recovers from a crash is asked, and how often that is logged.
const COMING_PAUSE: Duration = Duration::from_millis(100);
const COMING_REPORT: Duration = Duration::from_secs(10);

/// Seconds `pg_ctl` waits: for a start, after which recovery goes on in the background; for a stop, which writes all
/// that is in memory.
const START_SECONDS: &str = "10";
const STOP_SECONDS: &str = "60";

/// What Postgres says while parts of one that was killed are still there, or one is just ending.
const REMNANTS: [&str; 3] = [
    "pre-existing shared memory block",
    "already exists",
    "could not lock",
];

/// Whether Postgres runs.
#[derive(Debug)]
pub(super) enum Answer {
    /// It does.
    Ready,
    /// It is starting, recovering or stopping.
    Coming,
    /// Nobody is there.
    Absent,
    /// It runs, and turned us away.
    Refused(sqlx::Error),
}

/// One cluster with its programs.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) place: Place,
    pub(super) programs: Programs,
}

impl Control {
    /// How to connect, as the application's role.
    pub(super) fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.place.socket)
            .port(5432)
            .username(ROLE)
            .database(ROLE)
            .ssl_mode(PgSslMode::Disable)
            .application_name(ROLE)
    }

    /// Connects once.
    pub(super) async fn connect(&self) -> Result<PgConnection, Answer> {
        let options = self.options();
        match tokio::time::timeout(ANSWER, options.connect()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(sqlx::Error::Io(_))) => Err(Answer::Absent),
            Ok(Err(error)) => Err(
                match error
                    .as_database_error()
                    .and_then(|cause| cause.code())
                    .as_deref()
                {
                    // starting, recovering, stopping, stopped for a crash of one of its processes
                    Some("57P01" | "57P02" | "57P03") => Answer::Coming,
                    // no connection is free: it runs
                    Some("53300") => Answer::Ready,
                    _ => Answer::Refused(error),
                },
            ),
            Err(_) => Err(Answer::Coming),
        }
    }

    /// Asks whether it runs.
    pub(super) async fn ask(&self) -> Answer {
        match self.connect().await {
            Ok(connection) => {
                // It has answered; how the connection ends does not matter.
                drop(connection.close().await);
                Answer::Ready
            }
            Err(answer) => answer,
        }
    }

    /// Makes sure that Postgres runs; `true` if it had to be started.
    pub(super) async fn ensure_running(&self) -> Result<bool, ClusterError> {
        let since = Instant::now();
        let mut reported = since;
        let mut pause = Duration::from_millis(100);
        let mut started = false;
        loop {
            match self.ask().await {
                Answer::Ready => return Ok(started),
                Answer::Refused(source) => {
                    return Err(ClusterError::Refused {
                        cluster: self.place.cluster(),
                        source,
                    });
                }
                Answer::Coming => {
                    if reported.elapsed() > COMING_REPORT {
                        reported = Instant::now();
                        tracing::info!(
                            elapsed_s = since.elapsed().as_secs(),
                            "waiting for Postgres, which recovers from a crash or is busy"
                        );
                    }
                    tokio::time::sleep(COMING_PAUSE).await;
                }
                Answer::Absent => match self.start().await? {
                    Ok(()) => started = true,
                    Err(output)
                        if since.elapsed() < OBSTACLES
                            && REMNANTS.iter().any(|text| output.contains(text)) =>
                    {
                        tracing::info!("Postgres can't start yet, an earlier one is still ending");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(Duration::from_secs(2));
                    }
                    Err(output) => {
                        return Err(ClusterError::Start {
                            cluster: self.place.cluster(),
                            output,
                        });
                    }
                },
            }
        }
    }

    /// Starts Postgres unless another process has just done so; the inner error is what it said.
    async fn start(&self) -> Result<Result<(), String>, ClusterError> {
        let _alone = Lock::exclusive(&self.place.root.join("start.lock")).await?;
        if !matches!(self.ask().await, Answer::Absent) {
            return Ok(Ok(()));
        }
        tracing::info!(
            "starting Postgres {} in {}",
            self.programs.major(),
            self.place.cluster().display()
        );
        self.place.make_folders()?;
        settings::write(&self.place)?;
        // All paths are relative: `pg_ctl` hands them to a shell.
        let mut clear = self.place.account.command("rm", &self.place.root);
        clear.args(["-f", "log/start.log"]);
        run(clear).await?;
        let mut pg_ctl = self
            .place
            .account
            .command(self.programs.pg_ctl(), &self.place.root);
        pg_ctl
            .args(["start", "--wait", "--timeout", START_SECONDS, "--silent"])
            .args(["--pgdata", "cluster", "--log", "log/start.log"])
            .args(["--options", settings::OPTIONS]);
        let output = run(pg_ctl).await?;
        if output.status.success() || !matches!(self.ask().await, Answer::Absent) {
            return Ok(Ok(()));
        }
        // Early words go to start.log, later ones to the log of the day.
        let mut tail = self.place.account.command("sh", &self.place.root);
        tail.args([
            "-c",
            "cd log && for file in start.log $(ls -t postgres-*.log 2>/dev/null | head -n 1); do tail -n 15 $file; done",
        ]);
        let log = said(&run(tail).await?);
        Ok(Err(format!("{}\n{log}", said(&output))))
    }

    /// Stops Postgres in order, if it runs.
    pub(super) async fn stop(&self) -> Result<(), ClusterError> {
        let _alone = Lock::exclusive(&self.place.root.join("start.lock")).await?;
        let mut pg_ctl = self
            .place
            .account
            .command(self.programs.pg_ctl(), &self.place.root);
        pg_ctl
            .args(["stop", "--wait", "--timeout", STOP_SECONDS, "--silent"])
            .args(["--mode", "fast", "--pgdata", "cluster"]);
        let output = run(pg_ctl).await?;
        let text = said(&output);
        if output.status.success()
            || text.contains("does not exist")
            || text.contains("No such process")
        {
            tracing::info!("stopped Postgres");
            Ok(())
        } else {
            Err(ClusterError::Stop {
                cluster: self.place.cluster(),
                output: text,
            })
        }
    }
}
