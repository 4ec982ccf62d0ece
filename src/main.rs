//! The command line in, an exit code out; nothing else.

use std::process::ExitCode;

use clap::{Parser, error::ErrorKind};
use skep::cli::Cli;

/// A bad command line (sysexits.h EX_USAGE).
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            skep::start::print_usage(&error);
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
                _ => ExitCode::from(USAGE),
            };
        }
    };
    ExitCode::from(skep::start::start(cli))
}
