//! A data folder for one test, and what the tests do to the processes in it.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder that is gone at the end of the test, with any Postgres still running in it.
pub struct Scratch(TempDir);

impl Scratch {
    /// One that every account may enter.
    pub fn new() -> Self {
        Self::with_mode(0o755)
    }

    /// One whose data folder has these permissions.
    pub fn with_mode(mode: u32) -> Self {
        let folder = tempfile::Builder::new().prefix("hf").tempdir().unwrap();
        let scratch = Self(folder);
        let permissions = std::fs::Permissions::from_mode;
        std::fs::set_permissions(scratch.0.path(), permissions(0o755)).unwrap();
        for folder in [scratch.data(), scratch.shelter()] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::set_permissions(scratch.data(), permissions(mode)).unwrap();
        std::fs::set_permissions(scratch.shelter(), permissions(0o755)).unwrap();
        scratch
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap().join("data")
    }

    /// Where clusters out of reach go.
    pub fn shelter(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap().join("shelter")
    }

    /// Postgres's own data folder.
    pub fn cluster(&self) -> PathBuf {
        self.data().join("postgres/cluster")
    }

    /// The process of the running Postgres.
    pub fn postmaster(&self) -> u32 {
        let text = std::fs::read_to_string(self.cluster().join("postmaster.pid")).unwrap();
        text.lines().next().unwrap().trim().parse().unwrap()
    }

    /// Whether Postgres holds the folder.
    pub fn is_running(&self) -> bool {
        self.cluster().join("postmaster.pid").exists()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let folder = self.0.path().display().to_string();
        for file in run("find", &[&folder, "-name", "postmaster.pid"]).lines() {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let process = text.lines().next().unwrap_or_default();
            if run("ps", &["-o", "comm=", "-p", process]).trim() == "postgres" {
                run("kill", &["-QUIT", process]);
            }
        }
    }
}

/// What a program prints.
pub fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Ends a process without giving it a chance.
pub fn kill(process: u32) {
    let status = Command::new("kill")
        .args(["-KILL", &process.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Waits for something to become true, and fails when it does not.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !condition().await {
        assert!(since.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
