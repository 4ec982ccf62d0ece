//! The real binary in a pseudo-terminal against a real Swarm of five nodes and three engine versions.
//!
//! Needs root on Debian or Ubuntu, and installs what it lacks. Runs when SKEP_SWARM is set, and then
//! fails rather than skips; `cargo test` alone says that it was skipped. Several suites may run on one
//! machine at the same time. Words on the command line choose scenarios whose names hold one of them.
//!
//! | variable | |
//! |---|---|
//! | `SKEP_SWARM` | `1` runs the suite, `full` also the proofs that take long (the healthy Swarm for ten minutes) |
//! | `SKEP_ENGINES` | the engines of nodes 1, 2, …, from the first again when there are fewer: a Debian suite (`bookworm` 20.10, `trixie` 26.1, `sid` 28.5), or a folder with another dockerd, docker-proxy and runc (29 needs runc 1.2), run by sid's containerd |

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may panic, and speaks on stdout"
)]

mod calm;
mod causes;
mod containers;
mod harm;
mod hostile;
mod lab;
mod logs;
mod node_reach;
mod nodes;
mod objects;
mod plans;
mod production;
mod proxy;
mod quorum;
mod reach;
mod scenarios;
mod shell;
mod stacks;
mod triage;
mod tui;
mod writes;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
    time::Instant,
};

/// A state directory of the suite's own.
pub fn state_home() -> PathBuf {
    std::env::temp_dir().join(format!("skep-state-{}", std::process::id()))
}

/// Whether what takes long is wanted too.
pub fn is_full() -> bool {
    std::env::var("SKEP_SWARM").is_ok_and(|how| how == "full")
}

fn main() -> ExitCode {
    if std::env::var_os("SKEP_SWARM").is_none() {
        println!(
            "skipped: the real Swarm suite needs root and installs a Docker engine; run it with SKEP_SWARM=1"
        );
        println!("0 passed, 0 failed, {} skipped", scenarios::ALL.len());
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let lab = lab::Lab::up();
    let (mut passed, mut failed) = (0, Vec::new());
    let long = if is_full() { scenarios::LONG } else { &[] };
    for (name, scenario) in scenarios::ALL.iter().chain(long) {
        if !wanted.is_empty() && !wanted.iter().any(|w| name.contains(w.as_str())) {
            continue;
        }
        if passed == 0 && failed.is_empty() && *name != scenarios::ALL[0].0 {
            // Those left out would have made it.
            lab.web();
        }
        let begun = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| scenario(&lab))) {
            Ok(()) => {
                passed += 1;
                println!("ok      {name} ({:.1} s)", begun.elapsed().as_secs_f64());
            }
            Err(_) => {
                println!("FAILED  {name} ({:.1} s)", begun.elapsed().as_secs_f64());
                failed.push(*name);
                lab.mend();
            }
        }
    }
    drop(lab);
    let _ = std::fs::remove_dir_all(state_home());
    println!("{passed} passed, {} failed", failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
