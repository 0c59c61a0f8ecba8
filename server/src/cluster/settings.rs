//! The settings of the private cluster, written at every start.

use super::ClusterError;
use super::place::Place;
use std::fs::{OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The role of the application, and its database: neither superuser nor able to make roles.
pub(super) const ROLE: &str = "holdfast";

/// The role that `initdb` makes; only the account that runs Postgres may use it.
pub(super) const ADMIN: &str = "holdfast_admin";

/// What Postgres keeps of its files in memory of its own: an eighth of the machine's, in MB, within bounds. Pages of an
/// index that does not fit are fetched and written again and again. Of fifty million events, an import beside other work
/// took 208 s with 256 MB and 173 s with 1 GB; alone on the machine it made no difference.
fn shared_buffers(memory: Option<u64>) -> u64 {
    memory.map_or(256, |bytes| (bytes / (8 << 20)).clamp(128, 1024))
}

/// The memory of this machine, or of the container that this is; `None` where the system does not say.
fn memory() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = told
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let limit = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let limit = limit.and_then(|limit| limit.trim().parse().ok());
    Some((kilobytes << 10).min(limit.unwrap_or(u64::MAX)))
}

/// What an operator may overrule in `local.conf`, then what nobody may.
fn postgresql_conf(socket: &str, memory: Option<u64>) -> String {
    let shared_buffers = shared_buffers(memory);
    format!(
        "\
# Written by Holdfast at every start. Your own settings belong in local.conf beside this file.

# Memory: a page's question sorts and hashes some hundred thousand customers.
shared_buffers = {shared_buffers}MB
work_mem = 64MB
maintenance_work_mem = 256MB
max_connections = 60

# An import writes gigabytes in one go: fewer and calmer checkpoints.
max_wal_size = 4GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9

# Storage is assumed to have no moving arm. Compiling a query takes longer than most of ours run.
random_page_cost = 1.1
jit = off

timezone = 'UTC'
log_timezone = 'UTC'

# A week of logs, one file a weekday. Terse, and without statements: no row's content, so nobody's data, gets there.
logging_collector = on
log_directory = '../log'
log_filename = 'postgres-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_error_verbosity = terse
log_min_error_statement = panic
log_line_prefix = '%m [%p] '

include = 'local.conf'

# What is acknowledged stays, through any crash.
fsync = on
full_page_writes = on
synchronous_commit = on

# A socket in a folder of our own, and nothing on any network.
listen_addresses = ''
port = 5432
unix_socket_directories = '{socket}'
"
    )
}

/// What `postgres` is told on its command line, in its shell's words: where the settings are, from the folder it is
/// started in. Relative, so that no character of the path can be mistaken for syntax.
pub(super) const OPTIONS: &str =
    "-c config_file=postgresql.conf -c hba_file=pg_hba.conf -c ident_file=pg_ident.conf";

/// Where the operator's own settings go.
const LOCAL_CONF: &str = "\
# Your own settings for Holdfast's Postgres. Holdfast never changes this file; it is read at Postgres's next start.
";

/// The operating system vouches for who connects; there are no passwords.
const PG_HBA_CONF: &str = "\
# Written by Holdfast at every start.
local  all  all  peer  map=holdfast
";

/// Who may be which role: the account that runs Postgres is either, those that may run Holdfast on it (we now, and
/// root) are the application.
fn pg_ident_conf(holdfast: &str, postgres: &str) -> String {
    let mut text = format!(
        "\
# Written by Holdfast at every start.
holdfast  \"{postgres}\"  {ADMIN}
"
    );
    let mut accounts = vec![postgres, holdfast, "root"];
    accounts.sort_unstable();
    accounts.dedup();
    for account in accounts {
        text.push_str(&format!("holdfast  \"{account}\"  {ROLE}\n"));
    }
    text
}

/// Writes all settings.
pub(super) fn write(place: &Place) -> Result<(), ClusterError> {
    let inside = place.socket.starts_with(&place.root);
    let socket = if inside {
        // Relative, so that no character of the path can be mistaken for syntax.
        "../socket".to_owned()
    } else {
        place.socket.display().to_string()
    };
    for (name, text) in [
        ("postgresql.conf", postgresql_conf(&socket, memory())),
        ("pg_hba.conf", PG_HBA_CONF.to_owned()),
        (
            "pg_ident.conf",
            pg_ident_conf(&place.current.name, &place.account.name),
        ),
    ] {
        let path = place.root.join(name);
        replace(&path, &text).map_err(ClusterError::file(path))?;
    }
    let path = place.root.join("local.conf");
    match create(&path, LOCAL_CONF) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(ClusterError::file(path)(error))
        }
        _ => Ok(()),
    }
}

/// Replaces a file as a whole.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("conf.new");
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    create(&new, text)?;
    std::fs::rename(new, path)
}

/// Makes a file that was not there; readable for all, since Postgres may run as another user.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eighth_of_the_memory_is_shared() {
        let told = |bytes| {
            let text = postgresql_conf("../socket", bytes);
            let line = text.lines().find(|line| line.starts_with("shared_buffers"));
            line.unwrap().to_owned()
        };
        assert_eq!(told(Some(512 << 20)), "shared_buffers = 128MB");
        assert_eq!(told(Some(4 << 30)), "shared_buffers = 512MB");
        assert_eq!(told(Some(64 << 30)), "shared_buffers = 1024MB");
        assert_eq!(told(None), "shared_buffers = 256MB");
    }
}
