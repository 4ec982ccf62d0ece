//! What ends or stops skep from outside: the terminal is given back, whatever it was, and taken again.

use std::{fs, time::Instant};

use rustix::process::{Pid, Signal, kill_process};

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

/// State and parent of a process.
fn stat(pid: i32) -> Option<(char, i32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn child_of(parent: i32) -> Option<i32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    let mut pids = all.filter_map(|dir| dir.file_name().to_str()?.parse().ok());
    pids.find(|pid| stat(*pid).is_some_and(|(_, of)| of == parent))
}

fn wait(what: &str, is_so: impl Fn() -> bool) {
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
