//! The command line in, an exit code out; nothing else.

use std::process::ExitCode;

use clap::Parser;
use skep::{
    cli::{Cli, with_compose_files},
    commands::{print_usage, run},
};

fn main() -> ExitCode {
    ExitCode::from(match Cli::try_parse_from(with_compose_files(std::env::args_os())) {
        Ok(cli) => run(cli),
        Err(error) => print_usage(&error),
    })
}
