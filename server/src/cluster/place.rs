//! Where the private cluster lies, and which account it runs as.
//!
//! ```text
//! <data>/postgres            or a link to a folder of the shelter, when <data> is out of that account's reach
//!   cluster/                 Postgres's own data folder (the account's)
//!   cluster.new/             one being made; it gets its name when it is complete
//!   socket/  log/            (the account's)
//!   postgresql.conf  pg_hba.conf  pg_ident.conf     written at every start (ours)
//!   local.conf               the operator's own settings
//!   in-use.lock  start.lock  see `super::lock`
//! ```

use super::ClusterError;
use super::account::Account;
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// A socket's path must fit `sun_path`: 104 bytes on some systems, 108 on Linux, its end mark included.
const LONGEST_SOCKET_PATH: usize = 100;

/// What Postgres adds to the socket's folder.
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The folders of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The folder that holds everything else.
    pub(super) root: PathBuf,
    /// Who runs Postgres.
    pub(super) account: Account,
    /// Who runs Holdfast.
    pub(super) current: Account,
    /// The socket's folder.
    pub(super) socket: PathBuf,
}

impl Place {
    /// Finds the place that belongs to a data folder, and makes its outermost folder when there is none.
    pub(super) async fn find(data: &Path, shelter: &Path) -> Result<Self, ClusterError> {
        let current = Account::current().await?;
        let data = data.canonicalize().map_err(ClusterError::file(data))?;
        let link = data.join("postgres");
        if let Err(error) = std::fs::symlink_metadata(&link) {
            if error.kind() != ErrorKind::NotFound {
                return Err(ClusterError::file(link)(error));
            }
            make(&data, &link, shelter, &current).await?;
        }
        let root = link
            .canonicalize()
            .map_err(|error| match std::fs::read_link(&link) {
                Ok(target) => ClusterError::LostCluster {
                    link: link.clone(),
                    target,
                },
                Err(_) => ClusterError::file(&link)(error),
            })?;
        let account = account(&root, &current).await?;
        if let Some(blocked) = account.blocked_from(&root).await? {
            return Err(ClusterError::OutOfReach {
                account: account.name,
                blocked,
            });
        }
        let inside = root.join("socket");
        let socket = if inside.as_os_str().len() + 1 + SOCKET_NAME.len() < LONGEST_SOCKET_PATH {
            inside
        } else {
            PathBuf::from(format!("/tmp/holdfast-{}", name_of(&root)))
        };
        Ok(Self {
            root,
            account,
            current,
            socket,
        })
    }

    /// Postgres's own data folder.
    pub(super) fn cluster(&self) -> PathBuf {
        self.root.join("cluster")
    }

    /// The major version that wrote the data; `None` before there are any.
    pub(super) fn version(&self) -> Result<Option<u32>, ClusterError> {
        let path = self.cluster().join("PG_VERSION");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text.trim().parse().ok()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ClusterError::file(path)(error)),
        }
    }

    /// Makes the folders Postgres needs to start, where they are missing.
    pub(super) fn make_folders(&self) -> Result<(), ClusterError> {
        for folder in [self.root.join("log"), self.socket.clone()] {
            if make_folder(&folder, 0o700)? {
                self.account.take(&folder)?;
            }
        }
        // The socket's folder may lie in /tmp, where others could have put one of that name to listen in.
        let found =
            std::fs::symlink_metadata(&self.socket).map_err(ClusterError::file(&self.socket))?;
        if !found.is_dir() || found.uid() != self.account.uid || found.mode() & 0o077 != 0 {
            return Err(ClusterError::UnsafeSocketFolder {
                folder: self.socket.clone(),
                account: self.account.name.clone(),
            });
        }
        Ok(())
    }
}

/// Who runs Postgres in an existing folder: its owner. Only root can act for another.
async fn account(root: &Path, current: &Account) -> Result<Account, ClusterError> {
    let cluster = root.join("cluster");
    let owned = if cluster.exists() { &cluster } else { root };
    let owner = current.owner(owned).await?;
    if !current.is_root() && owner.uid != current.uid {
        return Err(ClusterError::Foreign {
            folder: root.to_owned(),
            owner: owner.name,
            current: current.name.clone(),
        });
    }
    if owner.is_root() {
        return postgres(current).await;
    }
    Ok(owner)
}

/// The account that runs Postgres for root.
async fn postgres(current: &Account) -> Result<Account, ClusterError> {
    current
        .other("postgres")
        .await?
        .ok_or(ClusterError::NoAccount)
}

/// Makes the outermost folder: beside the rest of the data, or in the shelter with a link to it.
async fn make(
    data: &Path,
    link: &Path,
    shelter: &Path,
    current: &Account,
) -> Result<(), ClusterError> {
    if !current.is_root() {
        make_folder(link, 0o700)?;
        return Ok(());
    }
    let account = postgres(current).await?;
    let Some(blocked) = account.blocked_from(data).await? else {
        // Its owner is root; Postgres's account only has to get through.
        make_folder(link, 0o755)?;
        return Ok(());
    };
    std::fs::create_dir_all(shelter).map_err(ClusterError::file(shelter))?;
    let target = free_folder(shelter, &name_of(data))?;
    tracing::info!(
        "Postgres runs as {}, who can't enter {}: its data go to {}, with a link to them at {}",
        account.name,
        blocked.display(),
        target.display(),
        link.display()
    );
    // Two that start at once: the first link counts.
    match symlink(&target, link) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(ClusterError::file(link)(error))
        }
        _ => Ok(()),
    }
}

/// A new folder of the shelter. A data folder that was deleted begins anew: what an earlier one of the same path left
/// in the shelter is neither used nor removed.
fn free_folder(shelter: &Path, name: &str) -> Result<PathBuf, ClusterError> {
    let mut target = shelter.join(name);
    let mut number = 1;
    while !make_folder(&target, 0o755)? {
        tracing::warn!(
            "{} was left by a data folder that is gone; remove it if its data are not needed",
            target.display()
        );
        number += 1;
        target = shelter.join(format!("{name}-{number}"));
    }
    Ok(target)
}

/// Makes a folder with exactly this mode, and tells whether it was missing.
fn make_folder(path: &Path, mode: u32) -> Result<bool, ClusterError> {
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
                .map_err(ClusterError::file(path))?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(ClusterError::file(path)(error)),
    }
}

/// A short name for a path, the same in every version: FNV-1a in 64 bits.
fn name_of(path: &Path) -> String {
    let hash = path
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::{free_folder, name_of};
    use std::path::Path;

    #[test]
    fn what_an_earlier_data_folder_left_is_not_touched() {
        let shelter = tempfile::tempdir().unwrap();
        for expected in ["abc", "abc-2", "abc-3"] {
            let folder = free_folder(shelter.path(), "abc").unwrap();
            assert_eq!(folder, shelter.path().join(expected));
            assert!(folder.is_dir());
        }
    }

    #[test]
    fn names_are_fnv_1a() {
        // published test vectors of the hash
        for (path, expected) in [
            ("", "cbf29ce484222325"),
            ("a", "af63dc4c8601ec8c"),
            ("foobar", "85944171f73967e8"),
        ] {
            assert_eq!(name_of(Path::new(path)), expected, "{path}");
        }
    }
}
