//! A command in a container: created, started, resized, asked for its end.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::stream::ShellStream;
use crate::engine::{client::Engine, error::Result, gate::Limits, lists::encode_text};

/// The engine answers at once, or not at all.
const DEADLINE: Duration = Duration::from_secs(10);

/// Keys that make the engine let go of a command. It holds back each of them until the next key, so its own
/// (Ctrl-p, Ctrl-q) would break a shell's history; nobody types these.
const DETACH: &str = "ctrl-^,ctrl-^,q";

/// Columns and rows of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalSize {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// A command to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecSpec {
    /// The container.
    pub container: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Variables that it gets, as `NAME=value`.
    pub env: Vec<String>,
    /// The terminal that it has; none if it has none.
    pub size: Option<TerminalSize>,
    /// Whether it is told anything.
    pub stdin: bool,
}

/// A command that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    id: String,
    size: Option<TerminalSize>,
}

/// State of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExecState {
    /// Whether it runs.
    #[serde(default)]
    pub running: bool,
    /// Its exit code, once it ended.
    pub exit_code: Option<i64>,
    /// Its process on the node; 0 if the engine does not tell.
    #[serde(default)]
    pub pid: u64,
}

impl Exec {
    /// Its ID.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// An id that the engine gave to something new.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Created {
    pub id: String,
}

impl Engine {
    /// Has the engine make a command ready.
    ///
    /// # Errors
    /// The container is gone (404), paused or not running (409).
    pub async fn create_exec(&self, spec: &ExecSpec) -> Result<Exec> {
        let path = format!("/containers/{}/exec", encode_text(&spec.container));
        let tty = spec.size.is_some();
        let body = json!({
            "AttachStdin": spec.stdin,
            "AttachStdout": true,
            "AttachStderr": true,
            "Tty": tty,
            "DetachKeys": DETACH,
            "Env": spec.env,
            "Cmd": spec.command,
        });
        let answer = self.post(&path, Bytes::from(body.to_string()), DEADLINE).await?;
        let Created { id } =
            serde_json::from_slice(&answer).map_err(|e| self.garbage(&path, &e.to_string()))?;
        Ok(Exec { id, size: spec.size })
    }

    /// Starts a command. That there is no such program is said in its stream.
    ///
    /// # Errors
    /// What the engine says, or that something in between lets no such connection through.
    pub async fn start_exec(&self, exec: &Exec) -> Result<ShellStream> {
        let path = format!("/exec/{}/start", encode_text(&exec.id));
        let mut body = json!({ "Detach": false, "Tty": exec.size.is_some() });
        if let Some(TerminalSize { columns, rows }) = exec.size {
            body["ConsoleSize"] = json!([rows, columns]);
        }
        let upgraded = self.gate.upgrade(&path, Bytes::from(body.to_string()), DEADLINE).await?;
        let stream = ShellStream::new(upgraded, exec.size.is_some(), self.endpoint().to_string());
        if let Some(size) = exec.size.filter(|_| !self.takes_first_size()) {
            // It has none so far. A command that ended already needs none.
            let _ = self.resize_exec(exec, size).await;
        }
        Ok(stream)
    }

    /// Tells a command that its terminal has another size.
    ///
    /// # Errors
    /// What the engine says.
    pub async fn resize_exec(&self, exec: &Exec, size: TerminalSize) -> Result<()> {
        let TerminalSize { columns, rows } = size;
        let path = format!("/exec/{}/resize?h={rows}&w={columns}", encode_text(&exec.id));
        self.post(&path, Bytes::new(), DEADLINE).await.map(drop)
    }

    /// Asks for the state of a command.
    ///
    /// # Errors
    /// What the engine says: after its container was removed it knows nothing of it.
    pub async fn exec_state(&self, exec: &str) -> Result<ExecState> {
        let path = format!("/exec/{}/json", encode_text(exec));
        let body = self.get(&path, DEADLINE, Limits::OPTIONAL).await?.whole().await?;
        serde_json::from_slice(&body).map_err(|e| self.garbage(&path, &e.to_string()))
    }

    /// Whether a command's first size is taken with its start (API 1.42); others ignore it and have it
    /// told afterwards.
    fn takes_first_size(&self) -> bool {
        let (major, minor) = self.api().split_once('.').unwrap_or_default();
        let number = |text: &str| text.parse::<u32>().unwrap_or(0);
        (number(major), number(minor)) >= (1, 42)
    }
}
