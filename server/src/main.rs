//! The `holdfast` program.

use clap::Parser;
use server::commands::Cli;
use std::process::ExitCode;

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
