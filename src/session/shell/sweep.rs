//! Ending what a shell left: the engine lets a command go on for ever once its connection is gone.

use std::time::Duration;

use super::open_shells::{ShellFact, Tracked};
use crate::{
    engine::{Engine, EngineError, ExecSpec},
    grant::ShellGrant,
    keep::{HeldNote, ShellNote},
    session::nodes::NodeEngines,
};

/// Time for one try.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two tries, at first and at most.
const AGAIN: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(60);

/// A sweep says nothing but why it can't be done.
const WORDS: usize = 64 << 10;

/// The variable that all that a shell runs has.
pub(super) const MARK: &str = "SKEP_EXEC";

/// Asks all that has the mark to end, has those end that do not listen, and fails if any is left.
const SCRIPT: &str = r#"each() {
  left=
  for p in /proc/[0-9]*; do
    case "$(cat "$p/environ" 2>/dev/null)" in
      *"$mark"*) kill "-$1" "${p#/proc/}" 2>/dev/null && left=1 ;;
    esac
  done
}
each HUP
each 0; [ -z "$left" ] && exit 0
sleep 1
each KILL
each 0; [ -z "$left" ] && exit 0
sleep 1
each 0; [ -z "$left" ]"#;

/// A new mark: nobody guesses it.
pub(super) fn new_mark() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(16).collect()
}

/// Ends what shells left, on whatever node.
#[derive(Clone, Debug)]
pub(super) struct Sweeper {
    pub nodes: NodeEngines,
    pub grant: ShellGrant,
}

impl Sweeper {
    /// Ends what has the mark of a note.
    pub async fn sweep(&self, note: &ShellNote) -> Result<(), String> {
        let done = async {
            let engine = self.nodes.engine(&note.node.as_str().into()).await;
            let engine = engine.map_err(|no| no.why)?.for_shell(&self.grant);
            match &note.container {
                None => engine.remove_debug(&note.mark).await.map_err(|error| error.to_string()),
                Some(container) => end_marked(&engine, container, &note.mark).await,
            }
        };
        let done = tokio::time::timeout(PATIENCE, done).await;
        done.unwrap_or_else(|_| Err("no answer".into()))
    }

    /// Ends what a shell left. What can't be ended now is told, and tried again.
    pub async fn end(self, shell: Tracked) {
        match self.sweep(shell.note()).await {
            Ok(()) => shell.forget(),
            Err(why) => {
                shell.open.tell(ShellFact::Left(why));
                drop(shell.open);
                self.until_done(shell.held).await;
            }
        }
    }

    /// Tries until it is done, as long as skep runs. The next skep finds what is left then.
    pub async fn until_done(self, held: HeldNote) {
        let mut wait = AGAIN;
        while let Err(why) = self.sweep(held.note()).await {
            tracing::warn!(task = held.note().task, why, "a shell may be left");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST);
        }
        held.forget();
    }
}

async fn end_marked(engine: &Engine, container: &str, mark: &str) -> Result<(), String> {
    // In two words, so that the sweep does not find itself.
    let script = format!("mark={MARK}'='{mark}; {SCRIPT}");
    let spec = ExecSpec {
        container: container.into(),
        command: vec!["sh".into(), "-c".into(), script],
        env: Vec::new(),
        size: None,
        stdin: false,
    };
    let exec = match engine.create_exec(&spec).await {
        Ok(exec) => exec,
        // With its container it is gone as well.
        Err(EngineError::NotFound { .. }) => return Ok(()),
        Err(EngineError::Refusal { status: 409, said, .. }) if said.contains("not running") => {
            return Ok(());
        }
        Err(error) => return Err(error.to_string()),
    };
    let mut stream = engine.start_exec(&exec).await.map_err(|error| error.to_string())?;
    let mut said = Vec::new();
    while let Some(pieces) = stream.reader.next().await.map_err(|error| error.to_string())? {
        said.extend(pieces.into_iter().flat_map(|(_, bytes)| bytes));
        if said.len() > WORDS {
            return Err("its sh says more than one that ends commands".into());
        }
    }
    let mut state = engine.exec_state(&exec).await.map_err(|error| error.to_string())?;
    while state.running {
        tokio::time::sleep(Duration::from_millis(50)).await;
        state = engine.exec_state(&exec).await.map_err(|error| error.to_string())?;
    }
    match state.exit_code {
        Some(0) => Ok(()),
        Some(126 | 127) => Err(super::refused::in_stream(&String::from_utf8_lossy(&said))),
        _ => Err("something that it ran does not end".into()),
    }
}
