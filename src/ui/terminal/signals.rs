//! Signals: those that end skep, and those by which a shell stops it and lets it go on.

use std::io;

use rustix::process::{self, Pid};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end a program, core dumps included.
pub struct Ends(Vec<(Signal, u8)>);

impl Ends {
    /// Listens to them from now on: none ends skep by itself any more.
    ///
    /// # Errors
    /// The system lets no more be listened to.
    pub fn new() -> io::Result<Self> {
        let signals = [
            process::Signal::TERM,
            process::Signal::HUP,
            process::Signal::INT,
            process::Signal::QUIT,
            process::Signal::ABORT,
        ];
        let listen = |of: process::Signal| {
            let number = of.as_raw();
            // As a shell tells of a program that one has ended.
            let code = u8::try_from(128 + number).unwrap_or(u8::MAX);
            Ok((signal(SignalKind::from_raw(number))?, code))
        };
        signals.into_iter().map(listen).collect::<io::Result<_>>().map(Self)
    }

    /// Waits for one of them; the exit code that goes with it.
    pub async fn next(&mut self) -> u8 {
        let signals = self.0.iter_mut().map(|(signal, code)| {
            Box::pin(async move {
                signal.recv().await;
                *code
            })
        });
        futures_util::future::select_all(signals).await.0
    }
}

/// A shell's job control.
pub(in crate::ui) struct JobControl {
    stop: Signal,
    go_on: Signal,
}

/// Order of a shell's job control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum JobSignal {
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
    pub async fn next(&mut self) -> JobSignal {
        tokio::select! {
            biased;
            _ = self.stop.recv() => JobSignal::Stop,
            _ = self.go_on.recv() => JobSignal::GoOn,
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
    let Some(own) = ProcessIds::of(process::getpid()) else { return false };
    let mut parent = own.parent;
    // One of our own group, such as sudo, stops with us.
    while let Some(found) = parent.and_then(ProcessIds::of) {
        if found.session != own.session {
            return false;
        }
        if found.group != own.group {
            return true;
        }
        parent = found.parent;
    }
    false
}

/// The parent of a process, its process group and its session. The last two are 0 where their leaders
/// are outside of our PID namespace, as in what `docker exec` runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ProcessIds {
    parent: Option<Pid>,
    group: i32,
    session: i32,
}

impl ProcessIds {
    /// From procfs: rustix takes a 0 for impossible and panics.
    #[cfg(target_os = "linux")]
    fn of(pid: Pid) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?)
    }

    /// From the system, which tells the parent of nobody but ourselves and has no PID namespaces.
    #[cfg(not(target_os = "linux"))]
    fn of(pid: Pid) -> Option<Self> {
        let parent = if pid == process::getpid() { process::getppid() } else { None };
        let number = |of: Pid| of.as_raw_nonzero().get();
        let group = number(process::getpgid(Some(pid)).ok()?);
        Some(Self { parent, group, session: number(process::getsid(Some(pid)).ok()?) })
    }

    /// From a line of `/proc/PID/stat`: ID, name in brackets, state, parent, group, session, more.
    #[cfg(any(target_os = "linux", test))]
    fn parse(stat: &str) -> Option<Self> {
        // The name may hold anything.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut numbers = fields.split_whitespace().skip(1).map_while(|field| field.parse().ok());
        let parent = Pid::from_raw(numbers.next()?);
        Some(Self { parent, group: numbers.next()?, session: numbers.next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_read_whatever_the_name_and_wherever_its_leaders_are() {
        let read = ProcessIds::parse("73 (a) S 9 (b) S 12 0 0 34817 74 1077960704");
        assert_eq!(read, Some(ProcessIds { parent: Pid::from_raw(12), group: 0, session: 0 }));
        assert_eq!(
            ProcessIds::parse("1 (init) S 0 1 1").unwrap().parent,
            None,
            "of the first process"
        );
        assert_eq!(ProcessIds::parse("1 (init) S 0"), None);
        let own = ProcessIds::of(process::getpid()).unwrap();
        assert_eq!(own.parent, process::getppid());
    }
}
