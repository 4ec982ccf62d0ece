//! The largest Swarm, embedded, and skep on a terminal: from outside, as a user has it.

use std::time::{Duration, Instant};

use super::{
    ms,
    process::{Served, Skep, cpu, curl, memory},
    ratio, row,
};

const MB: f64 = 1_048_576.0;
/// Loads that are compared with curl.
const PAIRS: usize = 15;
const LARGEST: &[&str] = &["--nodes", "5000", "--services", "2000", "--tasks", "100000"];

/// 100,000 tasks: loading them, what they take, and keys while 500 change a second.
pub fn largest() {
    let served = Served::start(LARGEST);
    let lists = ["/nodes", "/services?status=true", "/tasks"];
    let mut loads = Vec::new();
    let mut resident = 0;
    for _ in 0..PAIRS {
        // Side by side: what else the machine does then bears on both.
        let plain = curl(&served.socket, &lists);
        let skep = Skep::start(&served.socket, &["--view", "tasks"]);
        let first = skep.until(skep.begun, "the first frame", |s| s.contains("skep"));
        let took = skep.until(skep.begun, "all counted", |s| s.contains("tasks 100000 "));
        std::thread::sleep(Duration::from_secs(2));
        resident = resident.max(memory(skep.pid(), "VmHWM"));
        loads.push((ratio(took, plain), took, plain, first));
    }
    loads.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (least, most) = (loads[0].0, loads[PAIRS - 1].0);
    let (middle, took, plain, first) = loads[PAIRS / 2];
    let detail = format!(
        "{:.0} ms / {:.0} ms, the median of {PAIRS} pairs from {least:.2} to {most:.2}; the first frame \
         after {:.0} ms",
        ms(took),
        ms(plain),
        ms(first)
    );
    row("load 100,000 tasks: start to all counted / curl of the lists", middle, &detail);
    let detail = format!("{:.0} MiB at most", resident as f64 / MB);
    row("resident memory then / 150 MiB", resident as f64 / MB / 150.0, &detail);
    drop(served);

    let mut args = LARGEST.to_vec();
    args.extend(["--churn", "500"]);
    let served = Served::start(&args);
    let mut skep = Skep::start(&served.socket, &["--view", "tasks"]);
    skep.until(skep.begun, "all counted", |s| {
        s.lines().next().is_some_and(|l| l.contains("tasks ") && !l.contains('…'))
    });
    // The engine's and skep's first excitement.
    std::thread::sleep(Duration::from_secs(5));
    let (ours, theirs, begun) = (cpu(skep.pid()), cpu(served.pid()), Instant::now());
    std::thread::sleep(Duration::from_secs(20));
    let used = (cpu(skep.pid()) - ours).as_secs_f64() / begun.elapsed().as_secs_f64();
    let engine = (cpu(served.pid()) - theirs).as_secs_f64() / begun.elapsed().as_secs_f64();
    let detail =
        format!("{:.1} % of a core (the embedded Swarm {:.0} %)", used * 100.0, engine * 100.0);
    row("CPU while 500 tasks change a second / 25 %", used / 0.25, &detail);

    let at = |s: &str| s.lines().position(|l| l.contains('›'));
    let mut times = Vec::new();
    for i in 0..400 {
        let before = at(&skep.screen());
        let begun = Instant::now();
        skep.keys(if i % 20 < 10 { "j" } else { "k" });
        times.push(skep.until(begun, "the cursor moved", |s| at(s) != before));
        // Not in step with anything.
        std::thread::sleep(Duration::from_millis(17 + (i * 7) % 23));
    }
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    let worst = times[times.len() - 1];
    let detail = format!("p99 {:.1} ms; median {:.1}, at worst {:.1}", ms(p99), ms(p50), ms(worst));
    row("key to drawn frame then, p99 / 16 ms", ratio(p99, Duration::from_millis(16)), &detail);
    let bytes = skep.written();
    std::thread::sleep(Duration::from_secs(5));
    let busy = (skep.written() - bytes) as f64 / 5.0;
    println!("| bytes to the terminal then, a second | | {busy:.0} |");
}
