//! Real clients against the embedded Swarm, over its socket: the docker CLI, bollard, and skep's own
//! binary on its worst days.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test may panic, and says what it skips"
)]

mod bodies;
mod clusters;
mod docker_cli;
mod exec_engine;
mod faults;
#[path = "../swarm/harm.rs"]
mod harm;
mod hostile;
mod keyboard;
#[allow(dead_code, reason = "the soak uses more of it")]
mod live;
mod logs;
mod output;
mod proxy;
mod reading;
mod shells;
mod signals;
mod stacks;
#[path = "../swarm/tui.rs"]
#[allow(dead_code, reason = "the suite on a real Swarm uses more of it")]
mod tui;
mod wall;
mod writes;

use std::path::PathBuf;

use skep::demo::{Demo, Faults, Options};

/// Where skep keeps what it keeps, for these tests.
pub fn state_home() -> PathBuf {
    std::env::temp_dir().join(format!("skep-client-{}", std::process::id()))
}

/// An embedded Swarm on a socket of its own.
pub fn serve(scenario: &str, faults: &[&str]) -> (Demo, tempfile::TempDir) {
    serve_seed(7, scenario, faults)
}

/// The same with another seed: another Swarm.
pub fn serve_seed(seed: u64, scenario: &str, faults: &[&str]) -> (Demo, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let faults: Vec<String> = faults.iter().map(|f| (*f).to_owned()).collect();
    let options = Options {
        scenario: scenario.into(),
        size: None,
        seed,
        faults: Faults::parse(&faults).unwrap(),
    };
    let demo = Demo::start(&dir.path().join("docker.sock"), options).unwrap();
    (demo, dir)
}

pub fn host(demo: &Demo) -> String {
    format!("unix://{}", demo.socket().display())
}

/// Runs a program to its end off the async thread; exit code, stdout, stderr.
pub async fn run(program: &str, args: &[&str]) -> (i32, String, String) {
    let state: PathBuf = std::env::temp_dir().join("skep-client-tests");
    let out = tokio::process::Command::new(program)
        .args(args)
        .env("XDG_STATE_HOME", &state)
        .env("XDG_CONFIG_HOME", &state)
        .env_remove("DOCKER_HOST")
        .output()
        .await
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    (out.status.code().unwrap_or(-1), text(&out.stdout), text(&out.stderr))
}

pub async fn skep(args: &[&str]) -> (i32, String, String) {
    run(env!("CARGO_BIN_EXE_skep"), args).await
}
