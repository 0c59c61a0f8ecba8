//! The `holdfast` program.

use clap::Parser;
use mimalloc::MiMalloc;
use server::commands::Cli;
use std::env;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// The system's allocator keeps what many threads have freed, several times what is in use.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How long freed memory stays with the process: not at all, which takes a third less at its highest. The allocator
/// reads it before `main`, so it has to be there when the program starts.
const PURGE_DELAY: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "0");

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (name, value) = PURGE_DELAY;
    if env::var_os(name).is_none()
        && let Ok(program) = env::current_exe()
    {
        // The same process from its beginning; goes on below if that can't be.
        let _ = Command::new(program)
            .args(env::args_os().skip(1))
            .env(name, value)
            .exec();
    }
    match server::commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("holdfast: {}", server::commands::told(&error));
            ExitCode::FAILURE
        }
    }
}
