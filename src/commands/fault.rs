//! Errors for the user, and exit codes.

/// A bad command line or config file (sysexits.h EX_USAGE).
pub(super) const USAGE: u8 = 64;
/// The command failed.
pub(super) const FAILED: u8 = 1;
/// The monitoring plugins' word for what could not be found out.
pub(super) const UNKNOWN: u8 = 3;

/// An error for the user: a line, or one a cluster, and the exit code.
pub(super) struct Fault {
    pub lines: Vec<String>,
    pub code: u8,
}

pub(super) fn fault(code: u8) -> impl Fn(String) -> Fault {
    move |line| Fault { lines: vec![line], code }
}
