//! A command of the user's at a new critical finding: run without a shell, and never waited for.

use std::{process::Stdio, time::Duration};

use tokio::process::Command;

use crate::text::within;

/// Time limit of the command.
const PATIENCE: Duration = Duration::from_secs(10);

/// A value takes no more: names may be of any length.
const LONGEST_VALUE: usize = 1 << 10;

/// Runs it beside everything else; what becomes of it is in the log.
pub(in crate::ui) fn run(command: &[String], env: Vec<(&'static str, String)>) {
    let Some((program, args)) = command.split_first() else { return };
    let child = Command::new(program)
        .args(args)
        // A value of more than 128 KiB starts no program on Linux.
        .envs(env.iter().map(|(name, value)| (name, within(value, LONGEST_VALUE).into_owned())))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // What it starts goes with it, and the terminal's signals are not for it.
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let program = program.clone();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return tracing::error!(%program, %error, "on_critical can't be run"),
    };
    tokio::spawn(async move {
        match tokio::time::timeout(PATIENCE, child.wait()).await {
            Ok(Ok(status)) if status.success() => {}
            Ok(Ok(status)) => tracing::warn!(%program, %status, "on_critical failed"),
            Ok(Err(error)) => tracing::warn!(%program, %error, "on_critical is gone"),
            Err(_) => {
                tracing::warn!(%program, "on_critical took too long and was ended");
                let group = child.id().and_then(|id| i32::try_from(id).ok());
                if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
                    let kill = rustix::process::Signal::KILL;
                    let _ = rustix::process::kill_process_group(group, kill);
                }
                let _ = child.wait().await;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_runs_however_long_the_names_are() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("called");
        let script = r#"printf '%s' "$SKEP_OBJECT" > "$0.new" && mv "$0.new" "$0""#;
        let command = ["sh", "-c", script, file.to_str().unwrap()].map(str::to_owned);
        run(&command, vec![("SKEP_OBJECT", format!("shop_{}_web", "x".repeat(3 << 20)))]);
        let begun = std::time::Instant::now();
        while !file.exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "it was not run");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let said = std::fs::read_to_string(&file).unwrap();
        assert!(said.len() < 2 * LONGEST_VALUE, "{}", said.len());
        assert!(said.starts_with("shop_xx") && said.ends_with("xx_web"), "{said}");
    }
}
