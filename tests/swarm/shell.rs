//! A shell in a task's container, on each engine: its size, its end, and that none is left.

use std::{
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::Duration,
};

use super::{
    lab::{Lab, wait},
    node_reach,
    reach::Ssh,
    tui::{LATER, SOON, Tui},
};

/// What a shell is told to run, to be found or not.
const BUSY: &str = "sleep 424242";

/// A task on each node: `shells.node1` and so on.
fn everywhere(lab: &Lab) {
    let args = ["service", "create", "--detach", "--no-resolve-image", "--name", "shells"];
    let more = ["--mode", "global", "--stop-grace-period", "1s", "lab/app:1.0", "sleep", "100000"];
    lab.docker(1, &[&args[..], &more].concat());
    lab.converged("shells", "5");
}

fn over(lab: &Lab) {
    lab.docker(1, &["service", "rm", "shells"]);
    for node in 1..=3 {
        let filter = "name=shells";
        wait(LATER, "its containers are gone", || {
            lab.docker(node, &["ps", "--quiet", "--filter", filter]).is_empty()
        });
    }
}

fn exec(lab: &Lab, node: u32, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skep"));
    command
        .env("XDG_STATE_HOME", crate::state_home())
        .env("XDG_CONFIG_HOME", crate::state_home())
        .env_remove("DOCKER_HOST")
        .args(["-H", &lab.endpoint(node), "exec"])
        .args(args);
    command
}

fn run(mut command: Command, input: &[u8]) -> Output {
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("skep runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let typing = std::thread::spawn(move || {
        // One that does not read it is done before.
        let _ = stdin.write_all(&input);
    });
    let out = child.wait_with_output().expect("skep ends");
    typing.join().unwrap();
    out
}

/// What runs in the task's container on a node.
fn running(lab: &Lab, node: u32) -> String {
    let id = lab.docker(node, &["ps", "--quiet", "--filter", "name=shells"]);
    lab.docker(node, &["top", id.lines().next().expect("its container")])
}

fn nothing_left(lab: &Lab, node: u32) {
    wait(Duration::from_secs(20), "no shell is left", || {
        let all = running(lab, node);
        !all.contains(BUSY) && all.lines().count() == 2
    });
    let notes = std::fs::read_dir(notes()).map_or(0, Iterator::count);
    assert_eq!(notes, 0, "each note is removed");
}

fn notes() -> PathBuf {
    crate::state_home().join("skep/shells")
}

/// skep exec, alone on a terminal, with a shell in the node's task.
fn shell_on(lab: &Lab, node: u32, cols: u16, rows: u16) -> Tui {
    let (host, task) = (lab.endpoint(node), format!("shells.node{node}"));
    let tui = Tui::start(cols, rows, &["-H", &host, "exec", &task]);
    tui.until(SOON, "a prompt", |screen| screen.trim_end().ends_with('#'));
    tui
}

pub fn on_each_engine(lab: &Lab) {
    everywhere(lab);
    for node in 1..=3 {
        let mut tui = shell_on(lab, node, 91, 27);
        tui.keys("stty size\r");
        tui.shows(SOON, "27 91");
        tui.resize(103, 33);
        // The engine is told beside the bytes.
        tui.until(SOON, "the new size", |screen| {
            screen.contains("33 103") || screen.trim_end().ends_with('#')
        });
        tui.keys("until [ \"$(stty size)\" = '33 103' ]; do :; done; echo size-$((1+1))\r");
        tui.shows(SOON, "size-2");
        tui.keys("echo äö✓-$((40+2))\r");
        tui.shows(SOON, "äö✓-42");
        // Ctrl-p is the shell's own, at once.
        tui.keys("\x10\r");
        tui.until(SOON, "the line before", |screen| screen.matches("äö✓-42").count() == 2);
        tui.keys(&format!("{BUSY}\r"));
        wait(SOON, "it runs", || running(lab, node).contains(BUSY));
        tui.keys("\x03");
        tui.keys("echo ended-$((40+3))\r");
        tui.shows(SOON, "ended-43");
        let line = format!("{}\r", "x".repeat(99));
        tui.keys("stty -echo; wc -c; stty echo\r");
        tui.keys(&line.repeat(10_000));
        tui.keys("\x04");
        tui.shows(LATER, "1000000");
        tui.keys("exit 7\r");
        assert_eq!(tui.ended(SOON), 7, "node{node}: its exit code");
        nothing_left(lab, node);
    }
}

pub fn in_pipes(lab: &Lab) {
    for node in 1..=3 {
        let task = format!("shells.node{node}");
        let all: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        let out = run(exec(lab, node, &[&task, "--", "cat"]), &all);
        assert!(out.status.success() && out.stdout == all, "node{node}: all bytes come back");
        let script = "echo out; echo err >&2; exit 7";
        let out = run(exec(lab, node, &[&task, "--", "sh", "-c", script]), b"");
        assert_eq!(out.status.code(), Some(7));
        assert_eq!((&*out.stdout, &*out.stderr), (&b"out\n"[..], &b"err\n"[..]), "node{node}");
        let out = run(exec(lab, node, &[&task, "--", "nosuch"]), b"");
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(126), "node{node}: {said}");
        assert_eq!(said, "skep: there is no 'nosuch' in the container\n", "node{node}");
        // A command may say what the engine says where there is none.
        let like_it = "echo OCI runtime exec failed; sleep 1; echo more; exit 3";
        let out = run(exec(lab, node, &[&task, "--", "sh", "-c", like_it]), b"");
        assert_eq!(out.status.code(), Some(3), "node{node}");
        assert_eq!(out.stdout, b"OCI runtime exec failed\nmore\n", "node{node}");
        // Nobody reads it any more: its connection goes, or the engine would wait for somebody.
        let mut command = exec(lab, node, &[&task, "--", "sh", "-c", "yes"]);
        let pipes = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("skep runs");
        let mut first = [0; 10];
        child.stdout.take().expect("a pipe").read_exact(&mut first).expect("it says something");
        let out = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(129) && said.is_empty(), "node{node}: {said}");
        // What can't be written is not lost without a word.
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let mut command = exec(lab, node, &[&task, "--", "echo", "hi"]);
        let out = command.stdin(Stdio::null()).stdout(full).output().expect("skep runs");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(1) && said.contains("No space left"), "{said}");
        nothing_left(lab, node);
    }
    let out = run(exec(lab, 1, &["shells", "--", "true"]), b"");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(126) && said.contains("shells.node2 ("), "{said}");
    let read_only = run(exec(lab, 1, &["--read-only", "shells.node1"]), b"");
    assert_eq!(read_only.status.code(), Some(4));
    let id = lab.docker(1, &["ps", "--quiet", "--filter", "name=shells"]);
    lab.docker(1, &["pause", &id]);
    let out = run(exec(lab, 1, &["shells.node1", "--", "true"]), b"");
    lab.docker(1, &["unpause", &id]);
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.code() == Some(126) && said.contains("docker unpause"), "{said}");
}

pub fn none_left(lab: &Lab) {
    for node in 1..=3 {
        // Left by the user.
        let mut tui = shell_on(lab, node, 80, 24);
        tui.keys(&format!("{BUSY} &\r"));
        wait(SOON, "it runs", || running(lab, node).contains(BUSY));
        tui.keys("~");
        tui.keys(".");
        assert_eq!(tui.ended(LATER), 129);
        nothing_left(lab, node);
        // Without the mark, and of another user.
        let mut tui = shell_on(lab, node, 80, 24);
        tui.keys(&format!("env -i {BUSY} &\r"));
        wait(SOON, "it runs", || running(lab, node).contains(BUSY));
        tui.keys("echo 'bob:x:7:7::/:/bin/sh' >/etc/passwd; su bob -c 'sleep 434343' &\r");
        wait(SOON, "it runs", || running(lab, node).contains("sleep 434343"));
        tui.keys("\r");
        tui.keys("~");
        tui.keys(".");
        assert_eq!(tui.ended(LATER), 129);
        assert!(!tui.screen().contains("skep:"), "{}", tui.screen());
        nothing_left(lab, node);
        // Nothing of it has the mark any more.
        let mut tui = shell_on(lab, node, 80, 24);
        tui.keys(&format!("exec env -i {BUSY}\r"));
        wait(SOON, "it runs", || running(lab, node).contains(BUSY));
        tui.keys("\r");
        tui.keys("~");
        tui.keys(".");
        assert_eq!(tui.ended(LATER), 129);
        let told = tui.screen().replace('\n', "");
        let begun =
            told.split("still runs on its node and can be ended only there: sleep (PID ").nth(1);
        let pid = begun.and_then(|rest| rest.split(')').next()).unwrap_or_else(|| panic!("{told}"));
        let is_its = running(lab, node).lines().any(|l| l.contains(BUSY) && l.contains(pid));
        assert!(is_its, "node{node}: {pid}, {}", running(lab, node));
        // The container's own is its first process, and takes no signal from within.
        let id = lab.docker(node, &["ps", "--quiet", "--filter", "name=shells"]);
        lab.docker(node, &["exec", &id, "busybox", "killall", "sleep"]);
        nothing_left(lab, node);
        // Ended from outside, with its terminal.
        for signal in ["-TERM", "-HUP"] {
            let mut tui = shell_on(lab, node, 80, 24);
            tui.keys(&format!("{BUSY}\r"));
            wait(SOON, "it runs", || running(lab, node).contains(BUSY));
            let pid = tui.pid().to_string();
            Command::new("kill").args([signal, &pid]).status().expect("kill runs");
            tui.ended(LATER);
            nothing_left(lab, node);
        }
        // Killed: the next one ends it.
        let mut tui = shell_on(lab, node, 80, 24);
        tui.keys(&format!("{BUSY}\r"));
        wait(SOON, "it runs", || running(lab, node).contains(BUSY));
        let pid = tui.pid().to_string();
        Command::new("kill").args(["-KILL", &pid]).status().expect("kill runs");
        tui.ended(SOON);
        assert!(running(lab, node).contains(BUSY), "node{node}: the engine lets it go on");
        let task = format!("shells.node{node}");
        let out = run(exec(lab, node, &[&task, "--", "true"]), b"");
        assert!(out.status.success());
        nothing_left(lab, node);
    }
}

/// Whether what a shell was told to run still runs, on whatever node.
fn is_busy() -> bool {
    let found = Command::new("pgrep").args(["-f", &format!("^{BUSY}")]).output();
    found.expect("pgrep runs").status.success()
}

pub fn across(lab: &Lab) {
    let ssh = Ssh::new(&[lab]);
    let config = node_reach::config(&ssh, lab, "ssh = \"root@{addr}\"", &[]);
    let manager = lab.endpoint(1);
    let args = |task: &'static str| ["--config", &config, "-H", &manager, "exec", task];
    for task in ["shells.node2", "shells.node3", "shells.node4", "shells.node5"] {
        let command = ["--", "sh", "-c", "echo $((40+2)); exit 7"];
        assert_eq!(ssh.skep(&[&args(task)[..], &command].concat()), (7, "42\n".into()), "{task}");
    }
    let mut tui = ssh.open(&args("shells.node5"));
    tui.until(SOON, "a prompt", |screen| screen.trim_end().ends_with('#'));
    tui.keys("stty size\r");
    tui.shows(SOON, "40 120");
    tui.keys(&format!("{BUSY}\r"));
    wait(SOON, "it runs", is_busy);
    lab.run(&["cut", "5"]);
    tui.shows(Duration::from_secs(15), "connection lost");
    assert_eq!(tui.ended(LATER), 125);
    assert!(is_busy(), "the engine lets it go on");
    lab.run(&["heal", "5"]);
    wait(LATER, "the next skep ends it", || {
        ssh.skep(&[&args("shells.node1")[..], &["--", "true"]].concat());
        !is_busy() && std::fs::read_dir(notes()).is_ok_and(|mut all| all.next().is_none())
    });
    lab.converged("shells", "5");
}

pub fn on_the_screen(lab: &Lab) {
    let mut tui = Tui::start(100, 30, &["-H", &lab.endpoint(1)]);
    tui.shows(SOON, "● live");
    let modes = tui.modes();
    tui.keys("4");
    tui.keys("/\x15shells.node1\r");
    tui.until(SOON, "the cursor is on it", |screen| {
        screen.lines().any(|line| line.contains('›') && line.contains("shells.node1"))
    });
    tui.keys("!");
    tui.shows(SOON, "Shell in shells.node1");
    tui.keys("y");
    tui.until(SOON, "a prompt", |screen| screen.trim_end().ends_with('#'));
    assert!(!tui.in_alternate_screen(), "the shell has the terminal");
    tui.keys("stty size\r");
    tui.shows(SOON, "30 100");
    // What a program may leave of the terminal is undone.
    tui.keys("printf '\\033[?1049h\\033[?25l\\033[?1000h\\033[?1h\\033[2;5r\\033[31m'; exit 5\r");
    tui.shows(SOON, "exit code 5");
    assert_eq!(tui.modes(), modes);
    tui.keys("?");
    tui.shows(SOON, "a shell in the task's container");
    tui.keys("\x1b");
    nothing_left(lab, 1);
    // The container goes under it.
    tui.keys("!");
    tui.shows(SOON, "Shell in shells.node1");
    tui.keys("y");
    tui.until(SOON, "a prompt", |screen| screen.trim_end().ends_with('#'));
    let id = lab.docker(1, &["ps", "--quiet", "--filter", "name=shells"]);
    lab.docker(1, &["kill", &id]);
    wait(SOON, "the screen is back", || tui.in_alternate_screen());
    tui.shows(SOON, "shells.node1: the shell ");
    lab.converged("shells", "5");
    wait(LATER, "it runs again", || {
        !lab.docker(1, &["ps", "--quiet", "--filter", "name=shells"]).is_empty()
    });
    // skep is ended under one.
    tui.keys("\x1b");
    tui.keys("4/\x15shells.node1\r");
    // Its state, beside the one that is wanted.
    tui.until(LATER, "it runs", |screen| {
        screen.lines().any(|line| line.contains('›') && line.matches("running").count() == 2)
    });
    tui.keys("!");
    tui.shows(SOON, "Shell in shells.node1");
    tui.keys("y");
    tui.until(SOON, "a prompt", |screen| screen.trim_end().ends_with('#'));
    tui.keys(&format!("{BUSY}\r"));
    wait(SOON, "it runs", || running(lab, 1).contains(BUSY));
    let pid = tui.pid().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
    tui.ended(LATER);
    assert!(!tui.in_alternate_screen());
    nothing_left(lab, 1);
    let audit = std::fs::read_to_string(crate::state_home().join("skep/audit.jsonl")).unwrap();
    let is_it = |line: &&str| line.contains(r#""action":"shell""#) && line.contains(r#""exit":5"#);
    assert_eq!(audit.lines().filter(is_it).count(), 1);
    assert!(!audit.contains("stty"), "what is typed is not in the audit file");
    let mut tui = Tui::start(100, 30, &["-H", &lab.endpoint(1), "--read-only"]);
    tui.shows(SOON, "● live");
    tui.keys("4/\x15shells.node1\r");
    tui.line(LATER, &["›", "shells.node1"]);
    tui.keys("!");
    tui.shows(SOON, "read-only: nothing can be changed from here");
    tui.quit();
    over(lab);
}

/// An image with one program, which is no shell by its name.
fn bare(lab: &Lab, node: u32) {
    let dir = lab.path("bare");
    std::fs::create_dir_all(&dir).unwrap();
    let found = Command::new("sh").args(["-c", "command -v busybox"]).output().unwrap();
    let busybox = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    std::fs::copy(busybox, dir.join("busybox")).expect("a static busybox");
    let import = format!(
        "tar -C {} -c busybox | DOCKER_HOST={} docker import - lab/bare:1.0",
        dir.display(),
        lab.endpoint(node)
    );
    assert!(Command::new("sh").args(["-c", &import]).status().unwrap().success());
}

pub fn beside(lab: &Lab) {
    for node in 1..=3 {
        bare(lab, node);
        let (name, place) = (format!("bare{node}"), format!("node.hostname==node{node}"));
        let args = ["service", "create", "--detach", "--no-resolve-image", "--name", &name];
        let more = ["--constraint", &place, "--stop-grace-period", "1s", "lab/bare:1.0"];
        lab.docker(1, &[&args[..], &more, &["/busybox", "sleep", "100000"]].concat());
        lab.converged(&name, "1");
        let out = run(exec(lab, node, &[&name]), b"");
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.code() == Some(126) && said.contains("no 'sh'"), "{said}");
        let host = lab.endpoint(node);
        let all = || lab.docker(node, &["ps", "--all", "--quiet", "--filter", "label=skep.debug"]);
        // The newest image is the one without a shell: the next one has it.
        let open = || {
            let mut tui = Tui::start(100, 30, &["-H", &host, "exec", &name]);
            tui.shows(LATER, "y carries it out");
            assert!(all().is_empty(), "nothing is made before it is confirmed");
            tui.keys("y\r");
            tui.until(LATER, "a prompt", |screen| screen.trim_end().ends_with('#'));
            tui
        };
        let mut tui = open();
        tui.keys("stty size; ls /proc/1/root/; exit 3\r");
        assert_eq!(tui.ended(LATER), 3, "{}", tui.screen());
        let screen = tui.screen();
        assert!(screen.contains("30 100") && screen.contains("busybox"), "{screen}");
        assert!(all().is_empty(), "it is removed");
        let tui = open();
        let pid = tui.pid().to_string();
        Command::new("kill").args(["-KILL", &pid]).status().expect("kill runs");
        drop(tui);
        assert_eq!(all().lines().count(), 1);
        run(exec(lab, node, &["web", "--", "true"]), b"");
        wait(SOON, "the next skep removes it", || all().is_empty());
        lab.docker(1, &["service", "rm", &name]);
    }
}
