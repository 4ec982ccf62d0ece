//! Signals: those that end skep, and those by which a shell stops it and lets it go on.

use std::io;

use rustix::process::{self, Pid};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a program, core dumps included.
pub(in crate::ui) struct Ends(Vec<Signal>);

impl Ends {
    /// Listens to them from now on.
    pub fn new() -> io::Result<Self> {
        let kinds = [
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::interrupt(),
            SignalKind::quit(),
            SignalKind::from_raw(process::Signal::ABORT.as_raw()),
        ];
        kinds.into_iter().map(signal).collect::<io::Result<_>>().map(Self)
    }

    /// Waits for one of them.
    pub async fn next(&mut self) {
        let signals = self.0.iter_mut().map(|signal| Box::pin(signal.recv()));
        futures_util::future::select_all(signals).await;
    }
}

/// A shell's job control.
pub(in crate::ui) struct JobControl {
    stop: Signal,
    go_on: Signal,
}

/// Order of a shell's job control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Job {
    /// Give the terminal back and stop.
    Stop,
    /// It went on: the terminal may be in any state.
    GoOn,
}

impl JobControl {
    /// Listens to its signals from now on.
    pub fn new() -> io::Result<Self> {
        let kind = |of: process::Signal| SignalKind::from_raw(of.as_raw());
        let (stop, go_on) = (kind(process::Signal::TSTP), kind(process::Signal::CONT));
        Ok(Self { stop: signal(stop)?, go_on: signal(go_on)? })
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) -> Job {
        tokio::select! {
            biased;
            _ = self.stop.recv() => Job::Stop,
            _ = self.go_on.recv() => Job::GoOn,
        }
    }

    /// Stops skep and what runs with it, until `fg`.
    pub async fn stop(&mut self) -> io::Result<()> {
        // Its own default is gone since it is listened to.
        process::kill_current_process_group(process::Signal::STOP)?;
        self.go_on.recv().await;
        Ok(())
    }
}

/// Whether anybody is there to let skep go on once it is stopped: a shell with job control, which is
/// in our session and not in our process group. The kernel's rule for what Ctrl-Z may stop; SIGSTOP
/// has none.
pub(in crate::ui) fn can_go_on() -> bool {
    let (group, session) = (process::getpgrp(), process::getsid(None).ok());
    let mut parent = process::getppid();
    // One of our own group, such as sudo, stops with us.
    while let Some(pid) = parent {
        if process::getsid(Some(pid)).ok() != session {
            return false;
        }
        match process::getpgid(Some(pid)) {
            Ok(of) if of == group => parent = parent_of(pid),
            found => return found.is_ok(),
        }
    }
    false
}

/// The parent of a process.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name before it may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    Pid::from_raw(fields.split_whitespace().nth(1)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_found_by_its_number() {
        assert_eq!(parent_of(process::getpid()), process::getppid());
        assert_eq!(parent_of(Pid::INIT), None);
    }
}
