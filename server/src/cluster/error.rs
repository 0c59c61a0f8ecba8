//! What can keep a private cluster from running, each with what to do about it.

use std::path::PathBuf;

/// Why the private cluster can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No Postgres of at least [`super::OLDEST_POSTGRES`] is installed.
    #[error(
        "no Postgres {oldest} or newer was found (looked in {looked}). Install it (Debian: apt-get install postgresql), \
         name its folder of programs with HOLDFAST_PG_BINDIR, or give DATABASE_URL"
    )]
    NoPrograms {
        /// The oldest version that will do.
        oldest: u32,
        /// Where it was looked for.
        looked: String,
    },
    /// The folder named by the operator does not hold the programs.
    #[error("{folder} (HOLDFAST_PG_BINDIR) does not hold {program}: {reason}")]
    BadPrograms {
        /// The folder named.
        folder: PathBuf,
        /// The program that is missing or does not run.
        program: &'static str,
        /// What was wrong.
        reason: String,
    },
    /// The data were written by another major version than the programs at hand.
    #[error(
        "the data in {cluster} were written by Postgres {data}, and only version {programs} was found. Install \
         Postgres {data} beside it (Debian: apt-get install postgresql-{data}), or upgrade the data with pg_upgrade"
    )]
    OtherVersion {
        /// The folder of the data.
        cluster: PathBuf,
        /// Major version that wrote them.
        data: u32,
        /// Major version at hand.
        programs: u32,
    },
    /// Postgres refuses to run as root, and there is no account to run it as.
    #[error(
        "Postgres never runs as root, and this machine has no account `postgres` to run it as. Make one (useradd \
         --system postgres), run Holdfast as an ordinary user, or give DATABASE_URL"
    )]
    NoAccount,
    /// A user without a name, as in some containers.
    #[error("user {0} has no name on this machine, and Postgres needs one: add it to /etc/passwd")]
    NamelessAccount(u32),
    /// The folder belongs to somebody else.
    #[error(
        "{folder} belongs to {owner}, and this is {current}. Run as {owner}, or choose another folder with --data-dir"
    )]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// Who owns it.
        owner: String,
        /// Who we are.
        current: String,
    },
    /// The account that runs Postgres can't reach its folder any more.
    #[error(
        "Postgres runs as {account}, who can't enter {blocked}. Allow it (chmod o+x {blocked}), or choose another \
         folder with --data-dir"
    )]
    OutOfReach {
        /// The account.
        account: String,
        /// The folder that keeps it out.
        blocked: PathBuf,
    },
    /// The link to the cluster leads nowhere.
    #[error(
        "{link} leads to {target}, which is not there. Bring it back; only if the data may be lost, delete {link} to \
         begin anew"
    )]
    LostCluster {
        /// The link in the data folder.
        link: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// A folder that others could have prepared.
    #[error("{folder} exists but is not a private folder of {account}: remove it, and start again")]
    UnsafeSocketFolder {
        /// The folder.
        folder: PathBuf,
        /// Who must own it.
        account: String,
    },
    /// A folder or file can't be made, read or written.
    #[error("{path}: {source}")]
    File {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A program can't be started.
    #[error("{program} can't be run: {source}")]
    Program {
        /// The program.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// `initdb` or the making of roles failed.
    #[error("Postgres could not make its data folder {cluster}:\n{output}")]
    Init {
        /// The folder.
        cluster: PathBuf,
        /// What the program said.
        output: String,
    },
    /// Postgres does not start.
    #[error("Postgres does not start in {cluster}:\n{output}")]
    Start {
        /// The folder.
        cluster: PathBuf,
        /// The end of its log.
        output: String,
    },
    /// Postgres does not stop.
    #[error("Postgres in {cluster} does not stop:\n{output}")]
    Stop {
        /// The folder.
        cluster: PathBuf,
        /// What the program said.
        output: String,
    },
    /// Postgres runs but turns us away.
    #[error("Postgres in {cluster} turned the connection away: {source}")]
    Refused {
        /// The folder.
        cluster: PathBuf,
        /// What it said.
        source: sqlx::Error,
    },
    /// Another Holdfast has been starting or stopping the cluster for too long.
    #[error(
        "another Holdfast has been starting or stopping Postgres for over {} s (it holds {lock})",
        patience.as_secs()
    )]
    Busy {
        /// How long was waited.
        patience: std::time::Duration,
        /// The lock it holds.
        lock: PathBuf,
    },
}

impl ClusterError {
    /// For `map_err`: an I/O error with the path it is about.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
