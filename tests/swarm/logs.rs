//! Logs on a real Swarm: every line has a number, and a checker proves that none is lost, none comes
//! twice, and each task's are in order.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use super::{
    lab::{Lab, wait},
    scenarios::open,
    tui::{LATER, SOON},
};

/// Writes `n=0`, `n=1`, …, a hundred a second, to both outputs by turns.
pub const TALK: &str =
    "i=0; while true; do echo n=$i; i=$((i+1)); [ $((i % 10)) = 0 ] && sleep 0.1; done";

pub fn talkers(lab: &Lab, name: &str, replicas: u32, script: &str, more: &[&str]) {
    let replicas_text = replicas.to_string();
    let mut args = vec![
        "service",
        "create",
        "--detach",
        "--no-resolve-image",
        "--name",
        name,
        "--replicas",
        &replicas_text,
        "--stop-grace-period",
        "1s",
        "--restart-delay",
        "1s",
        "--update-delay",
        "0s",
        "--update-monitor",
        "1s",
        "--update-parallelism",
        "0",
    ];
    args.extend(more);
    args.extend(["lab/app:1.0", "sh", "-c", script]);
    lab.docker(1, &args);
}

/// `skep logs --follow --json` in the background, its lines by task.
struct Reader {
    child: Child,
    lines: Arc<Mutex<BTreeMap<String, Vec<u64>>>>,
}

impl Reader {
    fn start(lab: &Lab, node: u32, services: &[String]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_skep"))
            .env("XDG_STATE_HOME", crate::state_home())
            .env("XDG_CONFIG_HOME", crate::state_home())
            .args(["-H", &lab.endpoint(node), "logs", "--follow", "--json", "--tail", "all"])
            .args(services)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("skep runs");
        let lines: Arc<Mutex<BTreeMap<String, Vec<u64>>>> = Arc::default();
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let into = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
                let text = line["text"].as_str().unwrap_or("");
                let Some(n) = text.strip_prefix("n=").and_then(|n| n.parse().ok()) else {
                    continue;
                };
                let id = line["task_id"].as_str().unwrap_or("").to_owned();
                into.lock().unwrap().entry(id).or_default().push(n);
            }
        });
        Self { child, lines }
    }

    fn total(&self) -> usize {
        self.lines.lock().unwrap().values().map(Vec::len).sum()
    }

    fn tasks(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    /// Every task's lines are 0, 1, 2, …; the number of lines.
    fn check(&self) -> usize {
        let lines = self.lines.lock().unwrap();
        for (task, numbers) in lines.iter() {
            for (i, n) in numbers.iter().enumerate() {
                assert_eq!(*n, i as u64, "task {task}: line {i} of {} is n={n}", numbers.len());
            }
        }
        lines.values().map(Vec::len).sum()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn none_lost(lab: &Lab) {
    talkers(lab, "talk", 6, TALK, &[]);
    lab.converged("talk", "6");
    let reader = Reader::start(lab, 1, &["talk".into()]);
    wait(LATER, "all tasks are read", || reader.tasks() == 6);
    std::thread::sleep(Duration::from_secs(5));
    println!("        {} lines of 6 tasks, none lost, none twice", reader.check());
    // Tasks replaced while followed.
    lab.docker(1, &["service", "update", "--detach", "--force", "talk"]);
    wait(LATER, "the new tasks are read", || reader.tasks() == 12);
    std::thread::sleep(Duration::from_secs(3));
    println!("        {} lines over an update", reader.check());
    // A node gone and back: the others go on.
    let before = reader.total();
    lab.crash(5);
    std::thread::sleep(Duration::from_secs(4));
    assert!(reader.total() > before, "the others go on");
    lab.start(5);
    lab.converged("talk", "6");
    std::thread::sleep(Duration::from_secs(3));
    println!("        {} lines over a node's power-off", reader.check());
    // The manager that is read through, gone and back.
    let before = reader.total();
    lab.crash(1);
    lab.start(1);
    let live = Instant::now();
    wait(LATER, "it goes on after the manager is back", || reader.total() > before + 500);
    println!("        goes on {:.1} s after the manager is back", live.elapsed().as_secs_f64());
    std::thread::sleep(Duration::from_secs(8));
    println!("        {} lines over its manager's power-off", reader.check());
    drop(reader);
    lab.docker(2, &["service", "rm", "talk"]);
}

pub fn many_and_fast(lab: &Lab) {
    let names: Vec<String> = (0..20).map(|i| format!("many{i:02}")).collect();
    for name in &names {
        talkers(lab, name, 3, TALK, &[]);
    }
    for name in &names {
        lab.converged(name, "3");
    }
    let reader = Reader::start(lab, 1, &names);
    wait(LATER, "all 60 tasks are read", || reader.tasks() == 60);
    std::thread::sleep(Duration::from_secs(5));
    let lines = reader.check();
    println!("        {lines} lines of 60 tasks, none lost, none twice");
    drop(reader);
    for name in &names {
        lab.docker(1, &["service", "rm", name]);
    }
    // One at full speed, and an end: all of it is read.
    talkers(
        lab,
        "flood",
        1,
        "i=0; while [ $i -lt 200000 ]; do echo n=$i; i=$((i+1)); done; sleep 1000",
        &[],
    );
    lab.converged("flood", "1");
    let reader = Reader::start(lab, 1, &["flood".into()]);
    let begun = Instant::now();
    wait(LATER, "all of the flood is read", || reader.total() >= 200_000);
    println!("        200000 lines of one task in {:.1} s", begun.elapsed().as_secs_f64());
    assert_eq!(reader.check(), 200_000);
    drop(reader);
    // As fast as docker reads the same, and a closed pipe ends it.
    let time = |program: &str, args: &[&str]| {
        let begun = Instant::now();
        let done = Command::new(program)
            .env("DOCKER_HOST", lab.endpoint(1))
            .env("XDG_STATE_HOME", crate::state_home())
            .args(args)
            .stdout(Stdio::null())
            .status()
            .expect("it runs");
        assert!(done.success());
        begun.elapsed()
    };
    let docker = time("docker", &["service", "logs", "flood"]);
    let skep = time(env!("CARGO_BIN_EXE_skep"), &["logs", "--tail", "all", "flood"]);
    println!(
        "        200000 lines: skep logs {} ms, docker service logs {} ms: {:.2}x",
        skep.as_millis(),
        docker.as_millis(),
        skep.as_secs_f64() / docker.as_secs_f64()
    );
    let out = Command::new("sh")
        .env("DOCKER_HOST", lab.endpoint(1))
        .args(["-c", &format!("{} logs --tail all flood | head -n 3", env!("CARGO_BIN_EXE_skep"))])
        .output()
        .expect("sh runs");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(text.lines().count() == 3 && out.stderr.is_empty(), "{text}{:?}", out.stderr);
    lab.docker(1, &["service", "rm", "flood"]);
}

pub fn on_screen(lab: &Lab) {
    // Fails after a while, again and again; says why first.
    let script = "echo starting; sleep 1; echo 'level=error msg=\"no such table\"' >&2; exit 3";
    talkers(lab, "broken", 1, script, &[]);
    wait(LATER, "it has failed twice", || {
        let list = lab.docker(1, &["service", "ps", "broken", "--format", "{{.CurrentState}}"]);
        list.lines().filter(|l| l.starts_with("Failed")).count() >= 2
    });
    let mut tui = open(lab, 2);
    tui.on_service("broken");
    tui.keys("l");
    // The dead tasks' last words, and how they ended.
    tui.line(SOON, &["── broken.1 failed", "exit 3"]);
    tui.shows(SOON, "no such table");
    tui.keys("E");
    tui.line(SOON, &["›", "no such table"]);
    tui.keys("E");
    tui.line(SOON, &["›", "no such table"]);
    tui.keys("G");
    tui.keys("\x1b");
    tui.keys("\x1b");
    tui.keys("2/\r");
    lab.docker(1, &["service", "rm", "broken"]);
    // A node that is away costs its own lines only, and is named.
    talkers(lab, "spread", 4, TALK, &["--constraint", "node.role==worker"]);
    lab.converged("spread", "4");
    tui.on_service("spread");
    tui.keys("l");
    tui.shows(SOON, "n=");
    lab.crash(4);
    tui.shows(LATER, "can't be read");
    let last = || tui.screen().lines().rfind(|l| l.contains("n=")).map(str::to_owned);
    let before = last();
    wait(LATER, "the other node's lines go on", || last() != before);
    lab.start(4);
    tui.quit();
    lab.docker(1, &["service", "rm", "spread"]);
    lab.converged("web", "3");
}
