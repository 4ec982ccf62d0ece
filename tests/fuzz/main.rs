//! Everything that reads what others write, fed with what they would not: bytes of real engines,
//! mutated. Each input is read whole and in pieces, which must say the same, and no input may panic.
//!
//! A second each with the other tests; `SKEP_FUZZ_SECONDS=600 cargo test --release --test fuzz` for
//! long. What failed once lies in `corpus/` and is tried first.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a harness of its own")]

mod mutate;
mod targets;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use mutate::Mutator;
use targets::{TARGETS, Target};

fn corpus(target: &Target) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target.name)
}

/// What failed before.
fn known(target: &Target) -> Vec<Vec<u8>> {
    let files = fs::read_dir(corpus(target)).into_iter().flatten().flatten();
    files.filter_map(|f| fs::read(f.path()).ok()).collect()
}

/// Runs one input; keeps it if it fails.
fn passes(target: &Target, input: &[u8]) -> bool {
    if catch_unwind(AssertUnwindSafe(|| (target.check)(input))).is_ok() {
        return true;
    }
    let dir = corpus(target);
    fs::create_dir_all(&dir).unwrap();
    let sum = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = dir.join(format!("{sum:016x}"));
    fs::write(&path, input).unwrap();
    println!("FAILED {}: {} ({} bytes)", target.name, path.display(), input.len());
    false
}

fn run(target: &Target, time: Duration, seed: u64) -> bool {
    let mut seeds = (target.seeds)();
    let before = known(target);
    let mut ok = before.iter().chain(&seeds).all(|input| passes(target, input));
    seeds.extend(before);
    let mut mutator = Mutator::new(seeds, target.words, seed);
    let begun = Instant::now();
    let mut runs = 0_u64;
    while ok && begun.elapsed() < time {
        for _ in 0..50 {
            runs += 1;
            ok = ok && passes(target, &mutator.next());
        }
    }
    println!("{} {}: {runs} inputs", if ok { "ok" } else { "FAILED" }, target.name);
    ok
}

fn main() -> ExitCode {
    let seconds = std::env::var("SKEP_FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let named: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    // A fixed seed in the suite; another one each time when it runs for long.
    let seed = if seconds > 5 { fastrand::u64(..) } else { 7 };
    let chosen =
        TARGETS.iter().filter(|t| named.is_empty() || named.iter().any(|n| t.name.contains(n)));
    let mut failed = 0;
    for target in chosen {
        failed += usize::from(!run(target, Duration::from_secs(seconds), seed));
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
