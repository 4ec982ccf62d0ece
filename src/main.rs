//! The command line in, an exit code out; nothing else.

use std::process::ExitCode;

use clap::Parser;
use skep::{
    cli::Cli,
    start::{print_usage, start},
};

fn main() -> ExitCode {
    ExitCode::from(match Cli::try_parse() {
        Ok(cli) => start(cli),
        Err(error) => print_usage(&error),
    })
}
