//! What ends skep from outside: the terminal is given back, whatever it was.

use rustix::process::{Pid, Signal, kill_process};

use super::tui::{SOON, Tui};

#[test]
fn whatever_ends_it_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT, Signal::ABORT] {
        let mut tui = Tui::start(100, 30, &["--demo"]);
        tui.shows(SOON, "● live");
        assert!(tui.modes()[0]);
        let pid = Pid::from_raw(i32::try_from(tui.pid()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        tui.ended(SOON);
        assert_eq!(tui.modes(), [false; 5], "{signal:?}");
    }
}
