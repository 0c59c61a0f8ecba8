//! Finds the programs of Postgres.

use super::account::{run, said};
use super::{ClusterError, OLDEST_POSTGRES};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

/// Where Debian and its relatives keep each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder with `initdb`, `postgres` and `pg_ctl` of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    folder: PathBuf,
    major: u32,
}

impl Programs {
    /// Finds them: the folder named by the operator, else Debian's (that of `wanted`, or else the newest), else the
    /// one `pg_config` tells of.
    ///
    /// # Errors
    /// [`ClusterError::BadPrograms`] for a named folder without them, [`ClusterError::NoPrograms`] when there are none,
    /// [`ClusterError::OtherVersion`] when `wanted`, the version that wrote the data in `cluster`, is not among them.
    pub async fn find(
        named: Option<&Path>,
        wanted: Option<u32>,
        cluster: &Path,
    ) -> Result<Self, ClusterError> {
        let found = match named {
            Some(folder) => Self::named(folder).await?,
            None => Self::installed(wanted).await?,
        };
        match wanted {
            Some(data) if data != found.major => Err(ClusterError::OtherVersion {
                cluster: cluster.to_owned(),
                data,
                programs: found.major,
            }),
            _ => Ok(found),
        }
    }

    /// The folder they are in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Their major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    pub(super) fn initdb(&self) -> PathBuf {
        self.folder.join("initdb")
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.folder.join("postgres")
    }

    pub(super) fn pg_ctl(&self) -> PathBuf {
        self.folder.join("pg_ctl")
    }

    async fn named(folder: &Path) -> Result<Self, ClusterError> {
        let found = probe(folder)
            .await
            .map_err(|(program, reason)| ClusterError::BadPrograms {
                folder: folder.to_owned(),
                program,
                reason,
            })?;
        if found.major < OLDEST_POSTGRES {
            return Err(ClusterError::BadPrograms {
                folder: folder.to_owned(),
                program: "Postgres new enough",
                reason: format!(
                    "it is version {}, and {OLDEST_POSTGRES} is the oldest that will do",
                    found.major
                ),
            });
        }
        Ok(found)
    }

    async fn installed(wanted: Option<u32>) -> Result<Self, ClusterError> {
        let mut candidates: Vec<PathBuf> = debian_versions()
            .into_iter()
            .map(|major| PathBuf::from(format!("{DEBIAN}/{major}/bin")))
            .collect();
        candidates.extend(pg_config().await);
        let mut newest: Option<Self> = None;
        for folder in &candidates {
            let Ok(found) = probe(folder).await else {
                continue;
            };
            if wanted == Some(found.major) {
                return Ok(found);
            }
            // Debian's versions come newest first, and before pg_config's.
            if found.major >= OLDEST_POSTGRES && newest.is_none() {
                newest = Some(found);
            }
        }
        newest.ok_or_else(|| ClusterError::NoPrograms {
            oldest: OLDEST_POSTGRES,
            looked: format!("{DEBIAN}/*/bin and the folder `pg_config --bindir` tells of"),
        })
    }
}

/// Debian's installed major versions, newest first.
fn debian_versions() -> Vec<u32> {
    let mut versions: Vec<u32> = std::fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions
}

async fn pg_config() -> Option<PathBuf> {
    let mut command = Command::new("pg_config");
    command.arg("--bindir").stdin(Stdio::null());
    let output = run(command).await.ok()?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !folder.is_empty()).then(|| PathBuf::from(folder))
}

/// Makes sure that all three programs run and are of one version; else tells which does not, and why.
async fn probe(folder: &Path) -> Result<Programs, (&'static str, String)> {
    let mut major = None;
    for program in ["postgres", "initdb", "pg_ctl"] {
        let mut command = Command::new(folder.join(program));
        command.arg("--version").stdin(Stdio::null());
        let output = run(command)
            .await
            .map_err(|error| (program, error.to_string()))?;
        let text = said(&output);
        let version = version(&text).ok_or_else(|| (program, text.clone()))?;
        if *major.get_or_insert(version) != version {
            return Err((program, format!("{text}: not the version of its siblings")));
        }
    }
    Ok(Programs {
        folder: folder.to_owned(),
        major: major.unwrap_or_default(),
    })
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian …)`, also of development versions such as `19devel`.
fn version(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("(PostgreSQL) ")?;
    let digits = rest
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read_from_what_the_programs_print() {
        for (text, expected) in [
            (
                "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
                Some(15),
            ),
            ("pg_ctl (PostgreSQL) 18.0", Some(18)),
            ("initdb (PostgreSQL) 19devel", Some(19)),
            ("initdb (PostgreSQL) 16", Some(16)),
            ("bash: no such program", None),
            ("postgres (PostgreSQL) ", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }
}
