//! Accounts of the operating system: who we are, and whom Postgres runs as. Asked of `id`, so that neither unsafe
//! code nor one more crate is needed.

use super::ClusterError;
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::process::Command;

/// An account of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    gid: u32,
    /// Whether programs have to change to it; only root can.
    switch: bool,
}

impl Account {
    /// The account of this process.
    pub(super) async fn current() -> Result<Self, ClusterError> {
        let uid = number(&["-u"]).await?.unwrap_or_default();
        let gid = number(&["-g"]).await?.unwrap_or_default();
        let name = ask(&["-un"])
            .await?
            .ok_or(ClusterError::NamelessAccount(uid))?;
        Ok(Self {
            name,
            uid,
            gid,
            switch: false,
        })
    }

    /// The account with this name or number, as seen by `self`.
    pub(super) async fn other(&self, who: &str) -> Result<Option<Self>, ClusterError> {
        let (Some(uid), Some(gid), Some(name)) = (
            number(&["-u", who]).await?,
            number(&["-g", who]).await?,
            ask(&["-un", who]).await?,
        ) else {
            return Ok(None);
        };
        Ok(Some(Self {
            name,
            uid,
            gid,
            switch: uid != self.uid,
        }))
    }

    /// The account that owns a file or folder.
    pub(super) async fn owner(&self, path: &Path) -> Result<Self, ClusterError> {
        let uid = std::fs::metadata(path)
            .map_err(ClusterError::file(path))?
            .uid();
        self.other(&uid.to_string())
            .await?
            .ok_or(ClusterError::NamelessAccount(uid))
    }

    pub(super) fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// Gives a folder to this account; nothing to do when it is our own.
    pub(super) fn take(&self, path: &Path) -> Result<(), ClusterError> {
        if self.switch {
            std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
                .map_err(ClusterError::file(path))?;
        }
        Ok(())
    }

    /// A program to be run by this account, with nothing of our environment but the path of programs: no `PG…`
    /// variable leads it elsewhere, and it speaks English, which [`super::control`] reads.
    pub(super) fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(
                ["PATH", "LD_LIBRARY_PATH"]
                    .into_iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .env("LC_ALL", "C")
            .current_dir(folder)
            .stdin(Stdio::null());
        if self.switch {
            // The standard library drops root's supplementary groups along with the user id.
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    /// The outermost folder on the way to `path` that this account can't enter.
    pub(super) async fn blocked_from(&self, path: &Path) -> Result<Option<PathBuf>, ClusterError> {
        let mut way: Vec<&Path> = path.ancestors().collect();
        way.reverse();
        for folder in way {
            let mut test = self.command("test", Path::new("/"));
            test.arg("-x").arg(folder);
            if !run(test).await?.status.success() {
                return Ok(Some(folder.to_owned()));
            }
        }
        Ok(None)
    }
}

/// Runs a program to its end.
pub(super) async fn run(mut command: Command) -> Result<Output, ClusterError> {
    command
        .output()
        .await
        .map_err(|source| ClusterError::Program {
            program: command
                .as_std()
                .get_program()
                .to_string_lossy()
                .into_owned(),
            source,
        })
}

/// What a program said, on both its outputs.
pub(super) fn said(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    if !text.is_empty() && !errors.trim().is_empty() {
        text.push('\n');
    }
    text.push_str(errors.trim());
    text
}

async fn ask(arguments: &[&str]) -> Result<Option<String>, ClusterError> {
    let mut id = Command::new("id");
    id.args(arguments).stdin(Stdio::null());
    let output = run(id).await?;
    let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok((output.status.success() && !answer.is_empty()).then_some(answer))
}

async fn number(arguments: &[&str]) -> Result<Option<u32>, ClusterError> {
    Ok(ask(arguments).await?.and_then(|answer| answer.parse().ok()))
}
