//! Makes a new cluster: complete, or not at all.

use super::ClusterError;
use super::account::{run, said};
use super::place::Place;
use super::programs::Programs;
use super::settings::{ADMIN, ROLE};
use std::fs::File;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

/// Byte order is the fastest and never changes with an upgrade of the system; `C.UTF-8` knows upper and lower case of
/// all letters besides, but not every system has it.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// Makes the cluster of a place. It is made under another name and renamed when complete, so that one that was
/// interrupted is never taken for a whole one.
pub(super) async fn make(place: &Place, programs: &Programs) -> Result<(), ClusterError> {
    let cluster = place.cluster();
    let new = place.root.join("cluster.new");
    tracing::info!(
        "making a Postgres {} data folder in {}",
        programs.major(),
        cluster.display()
    );
    let failed = |output: String| ClusterError::Init {
        cluster: cluster.clone(),
        output,
    };
    let mut locales = LOCALES.into_iter().peekable();
    while let Some(locale) = locales.next() {
        empty_folder(&new)?;
        place.account.take(&new)?;
        let mut initdb = place.account.command(programs.initdb(), &place.root);
        initdb
            .args([
                "--pgdata=cluster.new",
                "--data-checksums",
                "--no-instructions",
            ])
            .args(["--encoding=UTF8", &format!("--locale={locale}")])
            .args(["--auth-local=peer", "--auth-host=reject"])
            .arg(format!("--username={ADMIN}"));
        let output = run(initdb).await?;
        if output.status.success() {
            break;
        }
        let text = said(&output);
        if locales.peek().is_none() || !text.contains("locale") {
            return Err(failed(text));
        }
    }
    make_role(place, programs)
        .await
        .map_err(|error| match error {
            ClusterError::Init { output, .. } => failed(output),
            other => other,
        })?;
    std::fs::rename(&new, &cluster).map_err(ClusterError::file(&cluster))?;
    File::open(&place.root)
        .and_then(|folder| folder.sync_all())
        .map_err(ClusterError::file(&place.root))
}

/// Makes the application's role and its database, before the cluster was ever open to anybody.
async fn make_role(place: &Place, programs: &Programs) -> Result<(), ClusterError> {
    let statements = format!(
        "create role {ROLE} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls;\n\
         create database {ROLE} owner {ROLE};\n"
    );
    let mut single = place.account.command(programs.postgres(), &place.root);
    single
        .args(["--single", "-D", "cluster.new", "postgres"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let program = |source| ClusterError::Program {
        program: programs.postgres().display().to_string(),
        source,
    };
    let mut child = single.spawn().map_err(program)?;
    if let Some(mut input) = child.stdin.take() {
        input
            .write_all(statements.as_bytes())
            .await
            .map_err(program)?;
    }
    let output = child.wait_with_output().await.map_err(program)?;
    let text = said(&output);
    // A failing statement does not end the single-user mode, nor does it show in its exit code.
    if output.status.success() && !text.contains("ERROR:") && !text.contains("FATAL:") {
        Ok(())
    } else {
        Err(ClusterError::Init {
            cluster: place.cluster(),
            output: text,
        })
    }
}

fn empty_folder(path: &Path) -> Result<(), ClusterError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(ClusterError::file(path)(error));
        }
        _ => {}
    }
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(path)
        .map_err(ClusterError::file(path))
}
