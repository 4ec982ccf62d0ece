//! A command that runs: its bytes both ways, the size of its terminal, and its end.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::{
    ShellEnd, ShellInput, ShellLink, ShellOutput,
    open_shells::{ShellFact, Tracked},
    refused::in_stream,
    saying::Saying,
    sweep::Sweeper,
};
use crate::{
    action::{
        audit::{Audit, ShellRecord},
        plan::ShellPlan,
    },
    engine::{DebugContainer, Engine, EngineError, Exec, ExecState, ShellWriter, TerminalSize},
};

/// Pieces that wait for a slow terminal, or for a slow command.
const ROOM: usize = 4;
/// Between two looks whether the engine still answers: a cut cable says nothing.
const PULSE: Duration = Duration::from_secs(4);
/// Time for one of them.
const PATIENCE: Duration = Duration::from_secs(8);
/// Time for the engine to know of an end, and for the last words after it.
const SETTLES: Duration = Duration::from_secs(3);
const AGAIN: Duration = Duration::from_millis(40);

/// Kind of what was started.
pub(super) enum Started {
    /// A command in the task's container.
    Exec(Exec),
    /// A container beside it.
    Debug(DebugContainer),
}

impl Started {
    async fn resize(&self, engine: &Engine, size: TerminalSize) -> Result<(), EngineError> {
        match self {
            Self::Exec(exec) => engine.resize_exec(exec, size).await,
            Self::Debug(container) => engine.resize_debug(container, size).await,
        }
    }

    async fn state(&self, engine: &Engine) -> Result<ExecState, EngineError> {
        match self {
            Self::Exec(exec) => engine.exec_state(exec.id()).await,
            Self::Debug(container) => engine.debug_state(container).await,
        }
    }
}

/// A command that runs.
pub(super) struct Running {
    pub engine: Engine,
    pub started: Started,
    pub saying: Saying,
    pub writer: ShellWriter,
    pub tracked: Tracked,
    pub sweeper: Sweeper,
    pub audit: Audit,
    pub shell: ShellPlan,
    pub began: String,
}

impl Running {
    /// Carries its bytes until it ends, or nobody holds the link any more.
    pub fn link(self, size: Option<TerminalSize>) -> ShellLink {
        let (input, told) = mpsc::channel(ROOM);
        let (say, output) = mpsc::channel(ROOM);
        let (resize, sizes) = watch::channel(size);
        let name = self.shell.name.clone();
        tokio::spawn(self.run(told, say, sizes));
        ShellLink { input, output, size: resize, name }
    }

    async fn run(
        mut self,
        told: mpsc::Receiver<ShellInput>,
        say: mpsc::Sender<ShellOutput>,
        sizes: watch::Receiver<Option<TerminalSize>>,
    ) {
        let end = tokio::select! {
            biased;
            end = saying(&mut self.saying, &say) => end,
            end = telling(&mut self.writer, told) => end,
            () = sizing(&self.started, &self.engine, sizes) => Stopped::Left,
            end = silence(&self.started, &self.engine) => end,
        };
        let end = match end {
            Stopped::Over => self.over(&say).await,
            Stopped::Lost(why) => ShellEnd::Lost(why),
            Stopped::Left => ShellEnd::Left,
        };
        let swarm = self.tracked.note().swarm.clone();
        let record = match &end {
            ShellEnd::Exited(exit) => ("ended", *exit, String::new()),
            ShellEnd::NotStarted(why) => ("refused", None, why.clone()),
            ShellEnd::Lost(why) => ("lost", None, why.clone()),
            ShellEnd::Left => ("left", None, String::new()),
        };
        let (result, exit, detail) = record;
        let record = ShellRecord { result, exit, detail };
        if let Err(why) = self.audit.record_shell(&swarm, &self.shell, &self.began, Some(&record)) {
            tracing::error!(why, "the end of a shell is not recorded");
            self.tracked.open.tell(ShellFact::Unrecorded(why));
        }
        let is_over = matches!(end, ShellEnd::Exited(_) | ShellEnd::NotStarted(_));
        let is_beside = matches!(self.started, Started::Debug(_));
        let _ = say.send(ShellOutput::Ended(end)).await;
        if is_over && !is_beside {
            return self.tracked.forget();
        }
        // With its connection it goes: also one that waits for somebody to read what it says.
        drop((self.writer, self.saying, say));
        self.sweeper.end(self.tracked).await;
    }

    /// How it ended, after the last of what it says.
    async fn over(&mut self, say: &mpsc::Sender<ShellOutput>) -> ShellEnd {
        // A command may say what the engine says where there is none: its exit code tells.
        let mut end = None;
        if let Some(words) = self.saying.words() {
            match ended(&self.started, &self.engine).await {
                ShellEnd::Exited(Some(126 | 127)) => {
                    return ShellEnd::NotStarted(in_stream(&words));
                }
                other => end = Some(other),
            }
        }
        for (output, bytes) in self.saying.rest() {
            let _ = say.send(ShellOutput::Said(output, bytes)).await;
        }
        match end {
            Some(end) => end,
            None => ended(&self.started, &self.engine).await,
        }
    }
}

/// Waits until the engine knows how a command ended.
async fn ended(started: &Started, engine: &Engine) -> ShellEnd {
    let until = tokio::time::Instant::now() + SETTLES;
    loop {
        let state = tokio::time::timeout(PATIENCE, started.state(engine)).await;
        match state {
            Ok(Ok(ExecState { running: false, exit_code, .. })) => {
                return ShellEnd::Exited(exit_code);
            }
            // It went with its container.
            Ok(Err(EngineError::NotFound { .. })) => return ShellEnd::Exited(None),
            Ok(Err(error)) => return ShellEnd::Lost(error.to_string()),
            Err(_) => return ShellEnd::Lost("the engine does not answer any more".into()),
            Ok(Ok(_)) if tokio::time::Instant::now() > until => {
                return ShellEnd::Lost("the connection was closed".into());
            }
            Ok(Ok(_)) => tokio::time::sleep(AGAIN).await,
        }
    }
}

/// Why nothing is carried any more.
enum Stopped {
    /// The stream ended.
    Over,
    Lost(String),
    Left,
}

/// Passes on what it says.
async fn saying(saying: &mut Saying, say: &mpsc::Sender<ShellOutput>) -> Stopped {
    loop {
        let pieces = match saying.next().await {
            Ok(Some(pieces)) => pieces,
            Ok(None) => return Stopped::Over,
            Err(error) => return Stopped::Lost(error.to_string()),
        };
        for (output, bytes) in pieces {
            if say.send(ShellOutput::Said(output, bytes)).await.is_err() {
                return Stopped::Left;
            }
        }
    }
}

/// Passes on what it is told.
async fn telling(writer: &mut ShellWriter, mut told: mpsc::Receiver<ShellInput>) -> Stopped {
    loop {
        match told.recv().await {
            Some(ShellInput::Bytes(bytes)) => {
                if writer.send(&bytes).await.is_err() {
                    // What it still says tells why.
                    return std::future::pending().await;
                }
            }
            Some(ShellInput::End) => writer.finish().await,
            Some(ShellInput::Leave) | None => return Stopped::Left,
        }
    }
}

/// Passes on each size of the terminal. Ends with the link.
async fn sizing(
    started: &Started,
    engine: &Engine,
    mut sizes: watch::Receiver<Option<TerminalSize>>,
) {
    while sizes.changed().await.is_ok() {
        let size = *sizes.borrow_and_update();
        if let Some(size) = size
            && let Err(error) = started.resize(engine, size).await
        {
            tracing::debug!(%error, "a shell keeps its size");
        }
    }
}

/// Waits until the engine does not answer any more, or the command is over and its stream is not: what it
/// left running holds it open.
async fn silence(started: &Started, engine: &Engine) -> Stopped {
    loop {
        tokio::time::sleep(PULSE).await;
        match tokio::time::timeout(PATIENCE, started.state(engine)).await {
            Ok(Ok(ExecState { running: true, .. })) => {}
            Ok(Ok(_)) | Ok(Err(EngineError::NotFound { .. })) => {
                tokio::time::sleep(SETTLES).await;
                return Stopped::Over;
            }
            Ok(Err(error)) if error.is_connection() => return Stopped::Lost(error.to_string()),
            Ok(Err(_)) => {}
            Err(_) => return Stopped::Lost("the engine does not answer any more".into()),
        }
    }
}
