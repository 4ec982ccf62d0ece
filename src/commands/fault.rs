//! Errors for the user, and exit codes.

/// A bad command line or config file (sysexits.h EX_USAGE).
pub(super) const USAGE: u8 = 64;
/// The command failed.
pub(super) const FAILED: u8 = 1;
/// The monitoring plugins' word for what could not be found out.
pub(super) const UNKNOWN: u8 = 3;

/// It would write, and this is read-only.
pub(super) const READ_ONLY: u8 = 4;
/// The place of a command can't be reached; it was not started. Both as docker has them.
pub(super) const NOT_REACHED: u8 = 125;
pub(super) const NOT_STARTED: u8 = 126;

/// An error for the user: a line, or one a cluster, and the exit code.
pub(super) struct Fault {
    pub lines: Vec<String>,
    pub code: u8,
}

pub(super) fn fault(code: u8) -> impl Fn(String) -> Fault {
    move |line| Fault { lines: vec![line], code }
}
