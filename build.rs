//! Tells the binary which commit it is of, and when it was built.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=.git/HEAD");
    println!("cargo:rerun-if-changed=.git/logs/HEAD");
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    // Without git, or from a package, the version alone.
    let commit = said("git", &["rev-parse", "--short=12", "HEAD"]);
    let changed = said("git", &["status", "--porcelain", "--untracked-files=no"]);
    let commit = commit.map(|commit| match changed.as_deref() {
        None | Some("") => commit,
        Some(_) => format!("{commit} and changes"),
    });
    // Reproducible where that is asked for: https://reproducible-builds.org/specs/source-date-epoch
    let epoch = std::env::var("SOURCE_DATE_EPOCH").map(|at| format!("--date=@{at}"));
    let date = said("date", &["--utc", epoch.as_deref().unwrap_or("--date=now"), "+%Y-%m-%d"]);
    let more: Vec<String> = commit.into_iter().chain(date).collect();
    let more = if more.is_empty() { String::new() } else { format!(" ({})", more.join(", ")) };
    println!("cargo:rustc-env=SKEP_VERSION={version}{more}");
}

fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
