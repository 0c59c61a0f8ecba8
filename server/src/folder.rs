//! The data folder: what Holdfast keeps on this machine. Uploaded files on their way in, the private cluster
//! ([`crate::cluster`]), and the lock that keeps a second server out.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Why a data folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another server serves from it.
    #[error(
        "The data folder {folder} is in use by another Holdfast (process {process}). Stop it or choose another with \
         --data-dir."
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// Process number of the other server, or `unknown`.
        process: String,
    },
    /// Something else is there.
    #[error(
        "{0} is not a folder. Choose another data folder with --data-dir (or HOLDFAST_DATA_DIR)."
    )]
    NotAFolder(PathBuf),
    /// It can't be made, read or written.
    #[error(
        "The data folder {folder} can't be used ({path}: {source}). Allow it, or choose another with --data-dir (or \
         HOLDFAST_DATA_DIR)."
    )]
    Unusable {
        /// The folder.
        folder: PathBuf,
        /// The file or folder that failed.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A data folder that exists and can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// Opens a data folder, making it when it is missing.
    ///
    /// # Errors
    /// [`FolderError::NotAFolder`], [`FolderError::Unusable`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        std::fs::create_dir_all(path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
                FolderError::NotAFolder(path.to_owned())
            }
            _ => unusable(path, path)(error),
        })?;
        // Absolute, so that messages and links hold wherever they are read.
        let path = path.canonicalize().map_err(unusable(path, path))?;
        let folder = Self { path };
        match std::fs::DirBuilder::new()
            // Uploaded files hold personal data.
            .mode(0o700)
            .create(folder.uploads())
        {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(unusable(&folder.path, &folder.uploads())(error))
            }
            _ => Ok(folder),
        }
    }

    /// Its path, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where uploaded files wait for their import.
    pub fn uploads(&self) -> PathBuf {
        self.path.join("uploads")
    }

    /// Claims the folder for a server. The claim ends with the value, and with the process however it ends.
    ///
    /// # Errors
    /// [`FolderError::InUse`] while another server has it.
    pub fn claim(&self) -> Result<Claim, FolderError> {
        let path = self.path.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(unusable(&self.path, &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                let known = file.read_to_string(&mut process).is_ok() && !process.trim().is_empty();
                return Err(FolderError::InUse {
                    folder: self.path.clone(),
                    process: if known {
                        process.trim().to_owned()
                    } else {
                        "unknown".to_owned()
                    },
                });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(&self.path, &path)(source)),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(unusable(&self.path, &path))?;
        Ok(Claim { _file: file })
    }
}

/// A server's claim on a data folder.
#[derive(Debug)]
pub struct Claim {
    _file: File,
}

fn unusable(folder: &Path, path: &Path) -> impl FnOnce(std::io::Error) -> FolderError {
    let (folder, path) = (folder.to_owned(), path.to_owned());
    move |source| FolderError::Unusable {
        folder,
        path,
        source,
    }
}
