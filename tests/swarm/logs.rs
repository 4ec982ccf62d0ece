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

/// Lines as skep writes them to a file: each task's numbers follow each other. How many lines, of how
/// many tasks.
pub fn numbered(text: &str) -> (usize, usize) {
    let mut by_task: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split(' ').skip(1);
        let (Some(task), Some(n)) = (words.next(), words.next()) else { continue };
        if let Some(n) = n.strip_prefix("n=").and_then(|n| n.parse().ok()) {
            by_task.entry(task).or_default().push(n);
        }
    }
    for (task, numbers) in &by_task {
        let wanted: Vec<u64> = (numbers[0]..numbers[0] + numbers.len() as u64).collect();
        assert_eq!(*numbers, wanted, "{task}");
    }
    (by_task.values().map(Vec::len).sum(), by_task.len())
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
    // An engine restarted under its streams.
    lab.restart_engine(4);
    lab.converged("talk", "6");
    std::thread::sleep(Duration::from_secs(3));
    println!("        {} lines over an engine's restart", reader.check());
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
    // The same on the screen: all marked, written to a file as they come.
    let file = std::env::temp_dir().join(format!("skep-tee-{}.log", std::process::id()));
    let mut tui = open(lab, 2);
    tui.on_service("many");
    for _ in &names {
        tui.keys(" ");
    }
    tui.shows(SOON, "20 marked");
    tui.keys("l");
    tui.shows(LATER, "60 tasks");
    tui.keys(&format!(":tee {}\r", file.display()));
    tui.shows(SOON, "writing to a file");
    std::thread::sleep(Duration::from_secs(8));
    let begun = Instant::now();
    tui.keys("?");
    tui.shows(SOON, "any other key closes");
    println!("        a key is answered after {} ms meanwhile", begun.elapsed().as_millis());
    tui.keys("?");
    tui.quit();
    let text = std::fs::read_to_string(&file).expect("it was written");
    let _ = std::fs::remove_file(&file);
    assert_eq!(numbered(&text).1, 60);
    println!(
        "        {} lines of 60 tasks on the screen, none lost, none twice",
        text.lines().count()
    );
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
    tui.line(SOON, &["── .1 failed", "exit 3"]);
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

pub fn the_rest(lab: &Lab) {
    // A driver that can't be read says so.
    talkers(lab, "mute", 1, "sleep 1000", &["--log-driver", "none"]);
    lab.converged("mute", "1");
    let mut tui = open(lab, 2);
    tui.on_service("mute");
    tui.keys("l");
    tui.line(SOON, &["mute.1 can't be read", "'none' keeps nothing"]);
    // Lines from before those that were read first.
    talkers(
        lab,
        "past",
        1,
        "i=0; while [ $i -lt 3000 ]; do echo n=$i; i=$((i+1)); done; sleep 1000",
        &[],
    );
    lab.converged("past", "1");
    tui.on_service("past");
    tui.keys("l");
    tui.shows(SOON, "n=2999");
    tui.keys("g");
    tui.line(SOON, &["›", "n=2500"]);
    for _ in 0..6 {
        tui.keys("gk");
        std::thread::sleep(Duration::from_millis(700));
    }
    tui.keys("g");
    tui.until(SOON, "the first line of all", |s| {
        s.lines().any(|l| l.contains('›') && l.trim_end_matches(['│', ' ']).ends_with("n=0"))
    });
    // Whatever a container writes, the terminal's own state stays as it was.
    let evil = concat!(
        r"printf '\033[2J\033[Hx\n\033]0;pwned\007\n\033]52;c;aGk=\033\\\n\033P1$r0m\033\\\n\033[?1049l\n\033[?2004l\n",
        r"\033[?1000h\n\033[?25h\n\302\2332J\n\342\200\256drow\n\000\001\010\377\376\n\033[41;1mred\n'; ",
        r"head -c 3000000 /dev/zero | busybox tr '\0' 'x'; echo; echo the end; sleep 1000"
    );
    talkers(lab, "evil", 1, evil, &[]);
    lab.converged("evil", "1");
    let before = (tui.modes(), tui.raw().len());
    tui.on_service("evil");
    tui.keys("l");
    tui.shows(SOON, "the end");
    tui.keys("WWgG");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(tui.modes(), before.0);
    let raw = tui.raw()[before.1..].to_vec();
    for bad in [
        &b"pwned\x07"[..],
        b"\x1b]52",
        b"\x1bP",
        b"\x1b[?1049l",
        b"\x1b[?2004l",
        b"\x1b[?1000h",
        b"\xc2\x9b",
    ] {
        assert!(!raw.windows(bad.len()).any(|w| w == bad), "{}", String::from_utf8_lossy(bad));
    }
    tui.quit();
    for name in ["mute", "past", "evil"] {
        lab.docker(1, &["service", "rm", name]);
    }
}
