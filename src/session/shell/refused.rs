//! The engine's words for a command that did not start, in plain ones.

use super::ShellFault;
use crate::{action::plan::ShellPlan, engine::EngineError, text::brief};

/// The beginning of what the engine writes in the place of a command's words.
pub(super) const OCI: &str = "OCI runtime exec failed";

/// Whether there is no such program.
pub(super) fn is_missing(said: &str) -> bool {
    said.contains("executable file not found") || said.contains("no such file or directory")
}

/// Why a command did not start, as the engine wrote it into its stream.
pub(super) fn in_stream(said: &str) -> String {
    let said = said.trim();
    // … exec: "bash": executable file not found in $PATH: unknown
    let reason = said.rsplit_once("container process: ").map_or(said, |(_, reason)| reason);
    let reason = reason.strip_suffix(": unknown").unwrap_or(reason);
    let program = reason.split('"').nth(1).filter(|_| is_missing(reason));
    match program {
        Some(program) => format!("there is no '{}' in the container", brief(program)),
        None => brief(reason).into_owned(),
    }
}

/// Why the engine did not take a command.
pub(super) fn by_engine(error: &EngineError, shell: &ShellPlan) -> ShellFault {
    let (name, host, id) = (&shell.name, &shell.host, shell.short_container());
    match error {
        EngineError::NotFound { .. } => ShellFault::NotStarted(format!(
            "{name}: its container {id} is gone from {host}; another task may have taken its place"
        )),
        EngineError::Refusal { status: 409, said, .. } if said.contains("is paused") => {
            ShellFault::NotStarted(format!(
                "{name}: its container is paused; on {host} run 'docker unpause {id}' first"
            ))
        }
        EngineError::Refusal { status: 409, said, .. } if said.contains("is not running") => {
            ShellFault::NotStarted(format!("{name}: its container {id} is not running any more"))
        }
        EngineError::Refusal { said, .. } => {
            ShellFault::NotStarted(format!("{name}: the engine of {host} says: {said}"))
        }
        error if error.is_connection() => ShellFault::NotReached(format!("{host}: {error}")),
        error => ShellFault::NotStarted(format!("{name}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_in_plain_words() {
        let said = format!(
            "{OCI}: exec failed: unable to start container process: exec: \"bash\": executable file not found in $PATH: unknown\r\n"
        );
        assert!(is_missing(&said));
        assert_eq!(in_stream(&said), "there is no 'bash' in the container");
        let said = format!(
            "{OCI}: exec failed: container_linux.go:380: starting container process caused: exec: \"sh\": executable file not found in $PATH: unknown"
        );
        assert_eq!(in_stream(&said), "there is no 'sh' in the container");
        let said = format!(
            "{OCI}: exec failed: unable to start container process: exec: \"/etc\": is a directory: permission denied: unknown"
        );
        assert_eq!(in_stream(&said), "exec: \"/etc\": is a directory: permission denied");
    }
}
