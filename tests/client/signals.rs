//! What ends or stops skep from outside: the terminal is given back, whatever it was, and taken again.

use std::{fs, path::PathBuf, time::Instant};

use rustix::process::{Pid, Signal, kill_process};
use skep::{
    connect::{Connector, Endpoint, NodeSettings},
    demo::{Demo, Faults, Options},
    keep::History,
    session::{Budget, SessionConfig, Sessions},
    ui::{App, Means, OpenCluster, Opening, run},
};

use super::tui::{SOON, Tui};

const GIVEN_BACK: [bool; 5] = [false; 5];

fn send(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

#[test]
fn whatever_ends_it_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT, Signal::ABORT] {
        let mut tui = Tui::start(100, 30, &["--demo"]);
        tui.shows(SOON, "● live");
        assert!(tui.modes()[0]);
        send(i32::try_from(tui.pid()).unwrap(), signal);
        tui.ended(SOON);
        assert_eq!(tui.modes(), GIVEN_BACK, "{signal:?}");
    }
}

/// Set where a process of this test is to take the terminal and abort: how, and the file that it waits for.
const ABORTS: [&str; 2] = ["SKEP_TEST_ABORTS", "SKEP_TEST_ABORTS_ONCE"];

#[inline(never)]
fn endless(depth: u64) -> u64 {
    if std::hint::black_box(depth) == u64::MAX { depth } else { endless(depth + 1) + 1 }
}

/// Panics while it is dropped.
struct Panics;

impl Drop for Panics {
    fn drop(&mut self) {
        panic!("in a panic");
    }
}

fn abort(how: &str) {
    match how {
        "a stack that overflows" => drop(endless(0)),
        "memory that runs out" => {
            std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u64; 1 << 20]>())
        }
        "a panic in a panic" => {
            let _panics = Panics;
            panic!("the first");
        }
        _ => std::process::abort(),
    }
}

/// What the test below runs in processes of their own.
#[test]
fn a_program_that_aborts() {
    let [Some(how), Some(once)] = ABORTS.map(|name| std::env::var(name).ok()) else { return };
    let socket = format!("{once}.sock");
    std::thread::spawn(move || {
        while !fs::exists(&once).unwrap() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        abort(&how);
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _ = runtime.block_on(async {
        let options =
            Options { scenario: "calm".into(), size: None, seed: 7, faults: Faults::default() };
        let demo = Demo::start(&PathBuf::from(socket), options).unwrap();
        let config = SessionConfig {
            budget: Budget::default(),
            nodes: NodeSettings::default(),
            managers: vec![Connector::new(Endpoint::Unix(demo.socket().to_owned()))],
            mixed: false,
            shell: None,
            grant: None,
            history: History { timeline: None, audit: "/dev/null".into() },
            who: "tester".into(),
        };
        let open = |now| App::new(Opening::default(), vec![OpenCluster::default()], now);
        run(open, &mut Sessions::start(vec![config], Vec::new()), Means::default()).await
    });
}

/// No destructor runs then.
#[test]
fn an_abort_from_within_gives_the_terminal_back() {
    for how in ["a call", "a stack that overflows", "memory that runs out", "a panic in a panic"] {
        let dir = tempfile::tempdir().unwrap();
        let once = dir.path().join("now");
        let env =
            ABORTS.map(str::to_owned).into_iter().zip([how.to_owned(), once.display().to_string()]);
        let args = ["--exact", "signals::a_program_that_aborts", "--nocapture"];
        let itself = std::env::current_exe().unwrap();
        let mut tui =
            Tui::spawn(100, 30, itself.to_str().unwrap(), &args, &env.collect::<Vec<_>>());
        tui.shows(SOON, "● live");
        assert!(tui.modes()[0]);
        fs::write(&once, "").unwrap();
        tui.ended(SOON);
        assert_eq!(tui.modes(), GIVEN_BACK, "{how}");
    }
}

/// State and parent of a process.
pub fn stat(pid: i32) -> Option<(char, i32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

pub fn child_of(parent: i32) -> Option<i32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let mut pids = all.filter_map(|dir| dir.file_name().to_str()?.parse().ok());
    pids.find(|pid| stat(*pid).is_some_and(|(_, of)| of == parent))
}

pub fn wait(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < SOON, "not: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// skep run by a shell with job control, and its process ID.
fn in_a_shell() -> (Tui, i32) {
    let mut tui = Tui::shell(100, 30);
    tui.keys(&format!("PS1='shell''> '; {} --demo\r", env!("CARGO_BIN_EXE_skep")));
    tui.shows(SOON, "● live");
    let skep = child_of(i32::try_from(tui.pid()).unwrap()).expect("the shell runs it");
    (tui, skep)
}

/// Whether what skep changes of a terminal and a shell does not is as it was.
fn is_the_shells(tui: &Tui) -> bool {
    let [alternate, _, no_cursor, ..] = tui.modes();
    !alternate && !no_cursor
}

/// Quits, and the shell has a terminal that works.
fn the_shell_goes_on(tui: &mut Tui) {
    tui.keys("q");
    tui.shows(SOON, "shell> ");
    assert!(is_the_shells(tui));
    tui.keys("echo still-$((40+2))\r");
    tui.shows(SOON, "still-42");
    tui.keys("stty -a\r");
    tui.until(SOON, "the terminal echoes lines", |s| s.contains(" echo ") && s.contains(" icanon"));
}

#[test]
fn what_stops_it_gives_the_terminal_back_until_it_goes_on() {
    let (mut tui, skep) = in_a_shell();
    for by_key in [true, false, true] {
        if by_key {
            tui.keys("\x1a");
        } else {
            send(skep, Signal::TSTP);
        }
        tui.shows(SOON, "Stopped");
        assert!(!tui.modes()[0], "by key: {by_key}");
        assert_eq!(stat(skep).unwrap().0, 'T');
        tui.keys("clear; echo the-shell-$((40+2))\r");
        tui.shows(SOON, "the-shell-42");
        tui.keys("fg\r");
        tui.shows(SOON, "● live");
        assert!(!tui.screen().contains("the-shell-42"), "it is drawn anew");
        assert!(tui.modes()[0] && tui.modes()[1] && tui.modes()[2]);
        // Keys are its own again.
        tui.keys("?");
        tui.shows(SOON, "any other key closes");
        tui.keys("\x1b");
        tui.until(SOON, "the help is gone", |s| !s.contains("any other key closes"));
    }
    the_shell_goes_on(&mut tui);
}

/// SIGSTOP tells nobody. Whatever the terminal is like when skep goes on, it is drawn anew, and is given
/// back in the end as it was before skep.
#[test]
fn it_draws_anew_after_a_stop_that_it_could_not_see() {
    let (mut tui, skep) = in_a_shell();
    send(skep, Signal::STOP);
    wait("it is stopped", || stat(skep).is_some_and(|(state, _)| state == 'T'));
    tui.keys("\rprintf '\\033[?1049l\\033[?2004l\\033[?25h\\033[2J'; stty sane\r");
    wait("the terminal is the shell's", || is_the_shells(&tui));
    tui.keys("fg\r");
    tui.shows(SOON, "● live");
    wait("the terminal is skep's", || tui.modes()[..3] == [true; 3]);
    tui.keys("?");
    tui.shows(SOON, "any other key closes");
    tui.keys("\x1b");
    tui.until(SOON, "the help is gone", |s| !s.contains("any other key closes"));
    the_shell_goes_on(&mut tui);
}

/// Where nobody can let it go on, it does not stop: as ssh runs a command, or a container its first.
#[test]
fn without_a_shell_it_does_not_stop() {
    let mut tui = Tui::start(100, 30, &["--demo"]);
    tui.shows(SOON, "● live");
    let skep = i32::try_from(tui.pid()).unwrap();
    for by_key in [true, false] {
        if by_key {
            tui.keys("\x1a");
        } else {
            send(skep, Signal::TSTP);
        }
        tui.keys("?");
        tui.shows(SOON, "any other key closes");
        tui.keys("\x1b");
        tui.until(SOON, "the help is gone", |s| !s.contains("any other key closes"));
        assert_ne!(stat(skep).unwrap().0, 'T');
    }
    tui.quit();
}
