//! What watching costs an engine, against the command people run: `watch -n2 docker service ls`.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    process::{Relay, Served, Skep, cpu, cpu_of_all, memory},
    row,
};

/// What is looked at closely after the start calms down.
const SETTLE: Duration = Duration::from_secs(45);
const MINUTE: Duration = Duration::from_secs(60);
/// `watch -n2` begins one every two seconds and what it takes.
const RUNS: u32 = 6;

/// A small embedded Swarm where nothing happens.
pub fn quiet() {
    let served = Served::start(&["--nodes", "5", "--services", "20", "--tasks", "60"]);
    idle("embedded", &served.socket);
}

/// A real one, which has to be there: `tests/bench/real` raises it.
pub fn quiet_real() {
    if let Some(socket) = real_engine() {
        idle("real", &socket);
    }
}

/// The socket of a real manager, if one is named.
fn real_engine() -> Option<std::path::PathBuf> {
    let named = std::env::var_os("SKEP_BENCH_SOCKET").map(Into::into);
    if named.is_none() {
        println!("| real engine | | skipped: SKEP_BENCH_SOCKET names no manager's socket |");
    }
    named
}

fn docker_service_ls(socket: &Path) -> bool {
    let host = format!("unix://{}", socket.display());
    let args = ["-H", &host, "service", "ls"];
    Command::new("docker").args(args).stdout(Stdio::null()).status().is_ok_and(|s| s.success())
}

fn idle(which: &str, socket: &Path) {
    let relay = Relay::to(socket, "idle.sock");
    let skep = Skep::start(&relay.socket, &[]);
    skep.until(skep.begun, "live", |s| s.contains("● live"));
    std::thread::sleep(SETTLE);
    let (used, before, begun, drawn) =
        (cpu(skep.pid()), relay.passed(), Instant::now(), skep.written());
    std::thread::sleep(MINUTE);
    let share = (cpu(skep.pid()) - used).as_secs_f64() / begun.elapsed().as_secs_f64();
    let after = relay.passed();
    let drawn = (skep.written() - drawn) as f64 / MINUTE.as_secs_f64();
    drop(skep);
    let other = Relay::to(socket, "watch.sock");
    if !(0..RUNS).all(|_| docker_service_ls(&other.socket)) {
        return println!("| idle against docker service ls | | no docker CLI here |");
    }
    let theirs = other.passed();
    let a_minute = |n: u64| n as f64 * 30.0 / f64::from(RUNS);
    let (a, b) = ((after.requests - before.requests) as f64, a_minute(theirs.requests));
    row(
        &format!("{which}, idle: requests / `watch -n2 docker service ls`"),
        a / b,
        &format!("{a:.0} / {b:.0} a minute"),
    );
    let (a, b) = ((after.bytes - before.bytes) as f64, a_minute(theirs.bytes));
    row(
        &format!("{which}, idle: bytes of answers / `watch -n2 docker service ls`"),
        a / b,
        &format!("{:.0} KB / {:.0} KB a minute", a / 1e3, b / 1e3),
    );
    let percent = share * 100.0;
    row(
        &format!("{which}, idle: CPU / 0.5 %"),
        share / 0.005,
        &format!("{percent:.2} % of a core"),
    );
    row(
        &format!("{which}, idle: bytes to the terminal a second / 300"),
        drawn / 300.0,
        &format!("{drawn:.0}"),
    );
}

/// 100,000 pending tasks on a real manager: the CPU of all its engines, with `web` in view.
pub fn pending() {
    let Some(socket) = real_engine() else { return };
    let engines = |over: Duration| {
        let (before, begun) = (cpu_of_all("dockerd"), Instant::now());
        std::thread::sleep(over);
        (cpu_of_all("dockerd").saturating_sub(before)).as_secs_f64() / begun.elapsed().as_secs_f64()
    };
    // 100,000 tasks take their managers a while to get used to.
    let mut alone = engines(MINUTE);
    while alone > 0.1 {
        println!("# the managers still use {:.0} % of a core by themselves", alone * 100.0);
        alone = engines(MINUTE);
    }
    let relay = Relay::to(&socket, "pending.sock");
    let mut skep = Skep::start(&relay.socket, &["--view", "services"]);
    skep.until(skep.begun, "all counted", |s| {
        s.lines().next().is_some_and(|l| l.contains("tasks ") && !l.contains('…'))
    });
    skep.keys("/web\r");
    std::thread::sleep(SETTLE);
    let before = relay.passed();
    // Someone is at the keyboard all the time.
    let typing = std::thread::scope(|scope| {
        let measured = scope.spawn(|| engines(MINUTE));
        while !measured.is_finished() {
            skep.keys("j");
            std::thread::sleep(Duration::from_secs(5));
        }
        measured.join().unwrap()
    });
    let with_skep = typing;
    let passed = relay.passed();
    let resident = memory(skep.pid(), "VmHWM") as f64 / 1_048_576.0;
    let of_web = passed.of_tasks - before.of_tasks;
    drop(skep);
    std::thread::sleep(Duration::from_secs(5));
    let host = format!("unix://{}", socket.display());
    let mut watch = Command::new("sh")
        .args(["-c", "while :; do docker -H \"$0\" service ls >/dev/null; sleep 2; done", &host])
        .spawn()
        .expect("sh starts");
    let with_watch = engines(MINUTE);
    let _ = watch.kill();
    let _ = watch.wait();
    let (ours, theirs) = (with_skep - alone, with_watch - alone);
    let detail = format!(
        "{:.1} % / {:.1} % of a core (without either {:.1} %); tasks in view asked {of_web} times a \
         minute; skep at most {resident:.0} MiB",
        ours * 100.0,
        theirs * 100.0,
        alone * 100.0
    );
    row(
        "real, 100,000 pending tasks: managers' CPU / `watch -n2 docker service ls`",
        ours / theirs,
        &detail,
    );
}

/// A real Swarm with churn, watched for an hour: whether memory grows.
pub fn hour() {
    let Some(socket) = real_engine() else { return };
    let minutes: u64 =
        std::env::var("SKEP_BENCH_MINUTES").ok().and_then(|m| m.parse().ok()).unwrap_or(65);
    let mut skep = Skep::start(&socket, &[]);
    skep.until(skep.begun, "live", |s| s.contains("● live"));
    let mut samples = Vec::new();
    let views = ["1", "2", "4", "7", "3", "5"];
    for minute in 0..minutes {
        for part in 0..6 {
            skep.keys(views[(minute as usize + part) % views.len()]);
            skep.keys("jjk");
            std::thread::sleep(Duration::from_secs(10));
        }
        samples.push(memory(skep.pid(), "VmRSS") as f64 / 1_048_576.0);
        println!("# minute {}: {:.1} MiB", minute + 1, samples[minute as usize]);
    }
    let at = 5.min(samples.len() - 1);
    let most = samples[at..].iter().copied().fold(0.0, f64::max);
    let used = cpu(skep.pid()).as_secs_f64() / skep.begun.elapsed().as_secs_f64();
    let detail = format!(
        "{:.1} MiB after 5 minutes, {:.1} at the end, at most {most:.1}; {:.1} % of a core",
        samples[at],
        samples[samples.len() - 1],
        used * 100.0
    );
    row(
        "real, an hour of churn: memory at the end / after 5 minutes",
        samples[samples.len() - 1] / samples[at],
        &detail,
    );
}
