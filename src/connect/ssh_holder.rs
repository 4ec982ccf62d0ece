//! The process that holds an ssh master for skep: it ends the master and removes its directory when
//! skep lets go of the pipe between them, which happens also when skep is killed.

use std::{ffi::OsString, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::AsyncReadExt,
    process::Command,
    signal::unix::{SignalKind, signal},
};

/// Time limit for ssh to end by itself.
const GRACE: Duration = Duration::from_millis(500);

/// Runs `ssh` with these arguments until it ends or skep is gone. Returns ssh's exit code.
pub async fn hold(dir: &Path, terminal: bool, args: &[OsString]) -> u8 {
    let mut command = Command::new("ssh");
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    if !terminal {
        // Without a terminal of its own neither ssh nor a jump host's ssh can ask on the screen.
        let _ = rustix::process::setsid();
        command.env("SSH_ASKPASS_REQUIRE", "never");
    }
    let code = match command.spawn() {
        Ok(child) => held(child).await,
        Err(error) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "ssh can't be started: {error}");
            127
        }
    };
    let _ = std::fs::remove_dir_all(dir);
    code
}

async fn held(mut child: tokio::process::Child) -> u8 {
    let mut leash = tokio::io::stdin();
    let gone = async {
        let mut byte = [0; 16];
        while matches!(leash.read(&mut byte).await, Ok(n) if n > 0) {}
    };
    let signalled = async {
        let signals = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
        let [Ok(mut term), Ok(mut hup), Ok(mut int)] = signals.map(signal) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = term.recv() => (),
            _ = hup.recv() => (),
            _ = int.recv() => (),
        }
    };
    tokio::select! {
        status = child.wait() => {
            return status.ok().and_then(|s| s.code()).and_then(|c| u8::try_from(c).ok()).unwrap_or(255);
        }
        () = gone => {}
        () = signalled => {}
    }
    if let Some(pid) =
        child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw)
    {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
    0
}
