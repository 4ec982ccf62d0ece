//! A shell on a bad day: signals while it starts, stops, what is typed and not read. Its commands run on
//! this machine.

use std::{fs, path::Path, time::Duration};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{
    exec_engine::{ExecEngine, TASK},
    signals::{child_of, stat, wait},
    tui::{LATER, SOON, Tui},
};

/// Between keys of a person.
const TYPED: Duration = Duration::from_millis(300);

/// skep exec on a terminal, with a state directory of its own.
fn exec_in(engine: &ExecEngine, state: &Path, command: &[&str]) -> Tui {
    let host = engine.host();
    let args = [&["-H", &*host, "exec", TASK][..], command].concat();
    Tui::start_in(80, 24, &args, &in_state(state))
}

fn in_state(state: &Path) -> [(String, String); 1] {
    [("XDG_STATE_HOME".into(), state.display().to_string())]
}

fn send(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

fn is_gone(pid: u32) -> bool {
    test_kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()).is_err()
}

/// Nothing that was noted is left, and the audit file's last line has this result.
fn is_over(state: &Path, result: &str) {
    let notes = fs::read_dir(state.join("skep/shells")).map_or(0, Iterator::count);
    assert_eq!(notes, 0, "each note is removed");
    let audit = fs::read_to_string(state.join("skep/audit.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(audit.lines().last().unwrap()).unwrap();
    assert_eq!(last["result"], result, "{audit}");
}

/// Between its start on the node and the first byte that is carried nothing of it would be seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_while_a_shell_starts_ends_it() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let (engine, state) = (ExecEngine::start(), tempfile::tempdir().unwrap());
        engine.hold(true);
        let mut tui = exec_in(&engine, state.path(), &[]);
        wait("it runs on the node", || engine.pid().is_some());
        send(tui.pid(), signal);
        std::thread::sleep(Duration::from_millis(200));
        engine.hold(false);
        assert_eq!(tui.ended(LATER), code, "{}", tui.screen());
        let shell = engine.pid().unwrap();
        wait("the shell is ended", || is_gone(shell));
        is_over(state.path(), "left");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_at_the_question_starts_nothing() {
    let (engine, state) = (ExecEngine::start(), tempfile::tempdir().unwrap());
    let config = state.path().join("config.toml");
    let cluster = format!("[[cluster]]\nname = \"p\"\nendpoints = [\"{}\"]\n", engine.host());
    fs::write(&config, format!("{cluster}production = true\n")).unwrap();
    let args = ["--config", config.to_str().unwrap(), "-c", "p", "exec", TASK];
    let mut tui = Tui::start_in(80, 24, &args, &in_state(state.path()));
    tui.shows(SOON, "to confirm:");
    tui.keys("\x03");
    assert_eq!(tui.ended(SOON), 130, "{}", tui.screen());
    assert_eq!(engine.pid(), None);
}

/// The screen's shell, while it starts: a signal, a quit, and one that nobody waits for any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_ends_the_screen_while_a_shell_starts_ends_the_shell() {
    for keys in [None, Some("\x1b\x03y")] {
        let (engine, state) = (ExecEngine::start(), tempfile::tempdir().unwrap());
        engine.hold(true);
        let args = ["-H", &*engine.host()];
        let mut tui = Tui::start_in(100, 30, &args, &in_state(state.path()));
        tui.shows(SOON, "● live");
        tui.keys(&format!("4/\x15{TASK}\r"));
        tui.line(SOON, &["›", TASK]);
        tui.keys("!");
        tui.shows(SOON, &format!("Shell in {TASK}"));
        tui.keys("y");
        wait("it runs on the node", || engine.pid().is_some());
        match keys {
            Some(keys) => keys.chars().for_each(|key| tui.keys(&key.to_string())),
            None => send(tui.pid(), Signal::TERM),
        }
        wait("the screen is given back", || !tui.in_alternate_screen());
        engine.hold(false);
        tui.ended(LATER);
        let shell = engine.pid().unwrap();
        assert!(is_gone(shell), "{keys:?}");
        is_over(state.path(), "left");
    }
}

/// skep exec run by a shell with job control, at a prompt in the container, and its process ID.
fn in_a_shell(engine: &ExecEngine) -> (Tui, u32) {
    let mut tui = Tui::shell(80, 24);
    let (skep, host) = (env!("CARGO_BIN_EXE_skep"), engine.host());
    tui.keys(&format!("PS1='shell''> '; {skep} -H {host} exec {TASK} -- sh\r"));
    // Not the prompt of the shell around it.
    tui.until(SOON, "a prompt", |screen| screen.trim_end().lines().last() == Some("#"));
    let skep = child_of(i32::try_from(tui.pid()).unwrap()).expect("the shell runs it");
    (tui, skep.try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_from_outside_gives_the_terminal_back_until_it_goes_on() {
    let engine = ExecEngine::start();
    let (mut tui, skep) = in_a_shell(&engine);
    for signal in [Signal::TSTP, Signal::STOP] {
        tui.keys("printf '\\033[?1h\\033[?25l'; echo on-$((40+2))\r");
        tui.shows(SOON, "on-42");
        send(skep, signal);
        wait("it is stopped", || stat(skep.try_into().unwrap()).unwrap().0 == 'T');
        if signal == Signal::TSTP {
            wait("the modes are the shell's", || tui.modes()[2..4] == [false; 2]);
            tui.keys("clear; stty -a\r");
            tui.until(SOON, "lines are echoed", |s| s.contains(" echo ") && s.contains(" icanon"));
        }
        tui.resize(100, 30);
        tui.keys("clear; fg\r");
        wait("its size is told", || {
            engine.first(|exec| exec.sizes.last() == Some(&(30, 100))).unwrap()
        });
        // Keys go to the container again.
        tui.keys("sleep 1000\r");
        let shell = engine.pid().unwrap().try_into().unwrap();
        wait("it runs", || child_of(shell).is_some());
        tui.keys("\x03");
        tui.keys("echo raw-$((40+2))\r");
        tui.shows(SOON, "raw-42");
        tui.resize(80, 24);
        wait("its size is told", || {
            engine.first(|exec| exec.sizes.last() == Some(&(24, 80))).unwrap()
        });
        tui.keys("clear\r");
        tui.until(SOON, "a prompt", |screen| screen.trim() == "#");
    }
    tui.keys("exit 7\r");
    tui.shows(SOON, "shell>");
    tui.keys("echo code-$?; stty -a\r");
    tui.shows(SOON, "code-7");
    tui.until(SOON, "lines are echoed", |s| s.contains(" echo ") && s.contains(" icanon"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_that_is_stopped_under_a_shell_goes_on_under_it() {
    let engine = ExecEngine::start();
    let mut tui = Tui::shell(100, 30);
    let (skep, host) = (env!("CARGO_BIN_EXE_skep"), engine.host());
    tui.keys(&format!("PS1='shell''> '; {skep} -H {host}\r"));
    tui.shows(SOON, "● live");
    let skep = child_of(i32::try_from(tui.pid()).unwrap()).expect("the shell runs it");
    tui.keys(&format!("4/\x15{TASK}\r"));
    tui.line(SOON, &["›", TASK]);
    tui.keys("!");
    tui.shows(SOON, &format!("Shell in {TASK}"));
    tui.keys("y");
    tui.shows(SOON, "skep: a shell in");
    tui.keys("\rPS1='in''side '\r");
    tui.shows(SOON, "inside");
    send(skep.try_into().unwrap(), Signal::TSTP);
    wait("it is stopped", || stat(skep).unwrap().0 == 'T');
    tui.keys("clear; echo here-$((40+2))\r");
    tui.shows(SOON, "here-42");
    tui.keys("fg\r");
    wait("it goes on", || stat(skep).unwrap().0 != 'T');
    tui.keys("clear; echo there-$((40+2))\r");
    tui.shows(SOON, "there-42");
    tui.keys("exit 7\r");
    tui.shows(SOON, "exit code 7");
    assert!(tui.in_alternate_screen(), "it is not stopped once more");
}

/// A program that reads nothing: what is pasted fills every buffer on the way.
#[tokio::test(flavor = "multi_thread")]
async fn the_way_out_is_open_while_nobody_reads_what_is_typed() {
    let (engine, state) = (ExecEngine::start(), tempfile::tempdir().unwrap());
    for size in [1 << 20, 10 << 20] {
        let mut tui = exec_in(&engine, state.path(), &["--", "sh"]);
        tui.until(SOON, "a prompt", |screen| screen.trim_end().ends_with('#'));
        tui.keys("stty raw -echo; echo blind; sleep 1000\r");
        tui.shows(SOON, "\nblind");
        tui.keys(&"x".repeat(size));
        if size > 8 << 20 {
            tui.shows(LATER, "skep: the program reads nothing");
        }
        for key in ["\r", "~", "."] {
            // What comes together with a paste leads nowhere.
            std::thread::sleep(TYPED);
            tui.keys(key);
        }
        assert_eq!(tui.screen().matches("reads nothing").count(), usize::from(size > 8 << 20));
        assert_eq!(tui.ended(LATER), 129, "{}", tui.screen());
    }
}

/// Leaves a shell by hand.
fn leave(tui: &mut Tui) {
    for key in ["\r", "~", "."] {
        std::thread::sleep(TYPED);
        tui.keys(key);
    }
}

/// The process of a command that was typed into the shell, once it runs.
fn started(command: &str) -> u32 {
    let found = || {
        let all = fs::read_dir("/proc").unwrap().flatten();
        let mut pids = all.filter_map(|dir| dir.file_name().to_str()?.parse::<u32>().ok());
        pids.find(|pid| {
            let words = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            words.trim_end_matches('\0').replace('\0', " ") == command
        })
    };
    wait("it runs", || found().is_some());
    found().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_the_mark_is_ended_with_its_shell() {
    let sleep = format!("sleep {}", 1_000_000 + std::process::id());
    let child = format!("env -i {sleep} &");
    let orphan = format!("(env -i {sleep} &)");
    let session = format!("sh -c 'env -i setsid {sleep}; :' &");
    for command in [child, orphan, session] {
        let (engine, state) = (ExecEngine::start(), tempfile::tempdir().unwrap());
        let mut tui = exec_in(&engine, state.path(), &["--", "sh"]);
        tui.until(SOON, "a prompt", |screen| screen.trim_end().ends_with('#'));
        tui.keys(&format!("{command}\r"));
        let pid = started(&sleep);
        leave(&mut tui);
        assert_eq!(tui.ended(LATER), 129, "{}", tui.screen());
        wait(&command, || is_gone(pid) && is_gone(engine.pid().unwrap()));
        assert!(!tui.screen().contains("skep:"), "{}", tui.screen());
        is_over(state.path(), "left");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_of_a_shell_can_not_be_ended_is_told() {
    let (engine, state) = (ExecEngine::start(), tempfile::tempdir().unwrap());
    let mut tui = exec_in(&engine, state.path(), &["--", "sh"]);
    tui.until(SOON, "a prompt", |screen| screen.trim_end().ends_with('#'));
    let shell = engine.pid().unwrap();
    tui.keys("exec env -i sleep 4242\r");
    let is_replaced = || fs::read_to_string(format!("/proc/{shell}/comm")).unwrap() == "sleep\n";
    wait("nothing has the mark", is_replaced);
    leave(&mut tui);
    assert_eq!(tui.ended(LATER), 129, "{}", tui.screen());
    let told = tui.screen().replace('\n', "");
    let said = format!("1 process of the shell in {TASK} still runs on its node");
    assert!(told.contains(&said) && told.contains(&format!("sleep (PID {shell})")), "{told}");
    send(shell, Signal::KILL);
    is_over(state.path(), "left");
}

/// A note of an earlier skep about a shell on this node.
fn note(state: &Path, swarm: &str, node: &str) -> std::path::PathBuf {
    let path = state.join("skep/shells/mark.json");
    let note = serde_json::json!({
        "format": 1, "mark": "mark", "swarm": swarm, "node": node, "task": "old.1", "container": "c",
    });
    fs::write(&path, note.to_string()).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_of_a_node_that_is_gone_is_told_once_and_dropped() {
    let (engine, state) = (ExecEngine::start(), tempfile::tempdir().unwrap());
    let host = engine.host();
    fs::create_dir_all(state.path().join("skep")).unwrap();
    let nobody = "[nodes.node-4]\nendpoint = \"tcp://127.0.0.1:1\"\n";
    fs::write(state.path().join("skep/config.toml"), nobody).unwrap();
    let exec = || {
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_skep"))
            .args(["-H", &host, "exec", TASK, "--", "true"])
            .env("XDG_STATE_HOME", state.path())
            .env("XDG_CONFIG_HOME", state.path())
            .output()
            .unwrap();
        assert!(out.status.success());
        String::from_utf8(out.stderr).unwrap()
    };
    assert_eq!(exec(), "");
    let audit = fs::read_to_string(state.path().join("skep/audit.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_str(audit.lines().next().unwrap()).unwrap();
    let swarm = line["cluster"].as_str().unwrap();
    let (gone, of_another) = (note(state.path(), swarm, "nosuchnode"), "a-swarm-that-is-gone");
    let told = exec();
    assert!(
        told.contains("what ran in old.1 may still run: its node has left the Swarm"),
        "{told}"
    );
    assert!(!gone.exists());
    assert_eq!(exec(), "");
    let (_, state_now, _) = super::skep(&["-H", &host, "snapshot", "--json"]).await;
    let state_now: serde_json::Value = serde_json::from_str(&state_now).unwrap();
    let nodes = state_now["clusters"][0]["nodes"].as_array().unwrap();
    let other = nodes.iter().find(|node| node["hostname"] == "node-4").unwrap();
    let other = other["id"].as_str().unwrap();
    // One that can't be reached: worth a try for a month.
    let month = Duration::from_secs(31 * 24 * 3600);
    for (swarm, age, said, stays) in [
        (swarm, Duration::ZERO, "that an earlier skep left in old.1 may still run", true),
        (swarm, month, "and is given up after 30 days", false),
        (of_another, Duration::ZERO, "", true),
        (of_another, month, "", false),
    ] {
        let path = note(state.path(), swarm, other);
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(std::time::SystemTime::now() - age).unwrap();
        let told = exec();
        assert!(if said.is_empty() { told.is_empty() } else { told.contains(said) }, "{told}");
        assert_eq!(path.exists(), stays, "{said}");
    }
}
