//! Output beside the screen: stdout, stderr, files, the log. Text from a Swarm or a script
//! is cleaned on its way to each of them.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    io::{self, IsTerminal, Write},
    path::Path,
};

use clap::{Parser, error::ErrorKind};
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};

use super::{
    fault::{FAILED, Fault, USAGE, fault},
    read_swarms::now,
};
use crate::{
    cli::Cli,
    config::state_dir,
    keep::{LogFile, private_dir},
    text::{clean, clean_lines, within},
};

/// Prints an answer. One that could not be written is no answer.
pub(super) fn print(text: &str) -> Result<(), Fault> {
    let mut out = io::stdout();
    // The last door: reports have cleaned their cells already. A path in a pipe must stay what it is.
    let written = if out.is_terminal() {
        out.write_all(clean_lines(text).as_bytes())
    } else {
        out.write_all(text.as_bytes())
    };
    is_written(written.and_then(|()| out.flush()))
}

/// Result of writing to stdout. A closed pipe is no error: that is how head and grep -q end us.
pub(super) fn is_written(written: io::Result<()>) -> Result<(), Fault> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(fault(FAILED)(format!("stdout can't be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says what could not be used, a line each, beside what can.
pub(super) fn complain(notices: &[String]) {
    for notice in notices {
        let _ = writeln!(io::stderr(), "skep: {}", clean(notice));
    }
}

/// Says what is wrong with the command line, or prints the help that was asked for; the exit code.
pub fn print_usage(error: &clap::Error) -> u8 {
    let printed = print_clean(error);
    if !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return USAGE;
    }
    match is_written(printed.and_then(|()| io::stdout().flush())) {
        Ok(()) => 0,
        Err(Fault { lines, code }) => {
            complain(&lines);
            code
        }
    }
}

fn print_clean(error: &clap::Error) -> io::Result<()> {
    let args: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    if args.iter().all(|arg| clean(arg) == *arg) {
        return error.print();
    }
    // Errors quote arguments between colours of their own: the clean arguments have the same ones.
    match Cli::try_parse_from(args.iter().map(|arg| clean(arg).into_owned())) {
        Err(error) => error.print(),
        Ok(_) => write!(io::stderr(), "{}", clean_lines(&error.to_string())),
    }
}

/// Writes a file of the user's: for nobody else's eyes, never over another one.
pub(super) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// A panic may quote what a Swarm said.
pub(super) fn clean_panics() {
    std::panic::set_hook(Box::new(|info| {
        let thread = std::thread::current();
        let mut said = format!("thread '{}' {info}\n", thread.name().unwrap_or("unnamed"));
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            said += &format!("{trace}\n");
        }
        let _ = io::stderr().write_all(clean_lines(&said).as_bytes());
    }));
}

/// Diagnostics go to a file, never to the screen. bollard at debug level logs whole bodies, secrets
/// included (read in its source), so it never gets there.
pub(super) fn log_to_file(level: &str) -> Option<WorkerGuard> {
    let dir = state_dir();
    private_dir(&dir).ok()?;
    let (writer, guard) = tracing_appender::non_blocking(LogFile::new(dir, now));
    let filter = format!("{level},bollard=off,hyper=off,hyper_util=off");
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(move || CleanLog(writer.clone()))
        .with_ansi(false)
        .try_init()
        .ok()?;
    Some(guard)
}

/// An event of the log takes no more: who quotes an engine quotes a stranger.
const LONGEST_EVENT: usize = 4 << 10;

/// The log file: an event is one write and becomes one line, which is safe to look at.
struct CleanLog<W = NonBlocking>(W);

impl<W: Write> Write for CleanLog<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = within(text.strip_suffix('\n').unwrap_or(&text), LONGEST_EVENT);
        let line = clean(&line);
        self.0.write_all(format!("{line}\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_harmless_line_of_the_log() {
        let mut log = CleanLog(Vec::new());
        log.write_all("WARN it said \x1b]0;t\x07\u{9b}2J\u{202e}\nINFO forged\n".as_bytes())
            .unwrap();
        log.write_all(b"raw \x9b2J\n").unwrap();
        let text = String::from_utf8(log.0).unwrap();
        assert_eq!(text, "WARN it said ␛]0;t␇\u{fffd}2J␊INFO forged\nraw \u{fffd}2J\n");
    }

    #[test]
    fn an_event_takes_some_kilobytes_of_the_log_at_most() {
        let mut log = CleanLog(Vec::new());
        log.write_all(format!("WARN it said {}\n", "x\u{9b}".repeat(1 << 20)).as_bytes()).unwrap();
        assert!(log.0.len() < 2 * LONGEST_EVENT && log.0.ends_with(b"\n"), "{}", log.0.len());
        assert_eq!(log.0.iter().filter(|b| **b == b'\n').count(), 1);
    }
}
