//! The `holdfast` program.

use clap::Parser;
use mimalloc::MiMalloc;
use server::commands::Cli;
use std::process::ExitCode;

/// The system's allocator keeps what many threads have freed, several times what is in use.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match server::commands::run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("holdfast: {}", server::commands::told(&error));
            ExitCode::FAILURE
        }
    }
}
