//! Ending what a shell left: the engine lets a command go on for ever once its connection is gone.

use std::time::Duration;

use super::open_shells::{ShellFact, ShellTeller, Tracked};
use crate::{
    engine::{Engine, EngineError, ExecSpec, Process, family},
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

/// Asks all that has the mark to end, and all in a session of what has it, and what any of these started;
/// has those end that do not listen, and fails if any is left.
const SCRIPT: &str = r#"sessions=' '
has() {
  case "$1" in *" $2 "*) ;; *) return 1 ;; esac
}
grow() {
  more=
  for p in /proc/[0-9]*; do
    { read -r stat <"$p/stat"; } 2>/dev/null || continue
    pid=${p#/proc/}
    set -- ${stat##*) }
    case $1 in Z | X) continue ;; esac
    has "$all" "$pid" || {
      has "$all" "$2" || has "$sessions" "$4" || continue
      all="$all$pid " more=1
    }
    [ "$4" = 0 ] || has "$sessions" "$4" || { sessions="$sessions$4 " more=1; }
  done
}
find() {
  all=' '
  for p in /proc/[0-9]*; do
    case "$(cat "$p/environ" 2>/dev/null)" in *"$mark"*) all="$all${p#/proc/} " ;; esac
  done
  more=1
  while [ -n "$more" ]; do grow; done
}
each() {
  find
  for pid in $all; do kill "-$1" "$pid" 2>/dev/null; done
}
gone() {
  find
  [ "$all" = ' ' ]
}
each HUP
gone && exit 0
sleep 1
each KILL
gone && exit 0
sleep 1
gone"#;

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
    /// Ends a shell of a note, and all that it ran. Returns processes that are known to run on.
    async fn sweep(&self, note: &ShellNote) -> Result<Vec<Process>, Unswept> {
        let done = async {
            let engine = self.nodes.engine(&note.node.as_str().into()).await;
            let engine = engine.map_err(|no| match no.gone {
                true => Unswept::NodeGone,
                false => Unswept::Failed(no.why),
            })?;
            let engine = engine.for_shell(&self.grant);
            let Some(container) = &note.container else {
                let removed = engine.remove_debug(&note.mark).await;
                return removed.map(|()| Vec::new()).map_err(|e| Unswept::Failed(e.to_string()));
            };
            // Before: what it started can't be told from the container's own once it is gone.
            let before = its_processes(&engine, container, note).await;
            let ended = end_marked(&engine, container, &note.mark).await;
            let stays = match before {
                Some(before) if !before.is_empty() => still(&engine, container, &before).await,
                _ => Vec::new(),
            };
            if stays.is_empty() {
                ended.map(|()| stays).map_err(Unswept::Failed)
            } else {
                Ok(stays)
            }
        };
        let done = tokio::time::timeout(PATIENCE, done).await;
        done.unwrap_or_else(|_| Err(Unswept::Failed("no answer".into())))
    }

    /// Tries once to end a shell. Its note is dropped if it is gone, or nobody can end it any more, which is
    /// told; else it comes back with the reason.
    pub async fn try_once(
        &self,
        held: HeldNote,
        teller: &ShellTeller,
    ) -> Result<(), (HeldNote, String)> {
        match self.sweep(held.note()).await {
            Ok(stays) if stays.is_empty() => {}
            Ok(stays) => teller.tell(ShellFact::Stays(stays)),
            Err(Unswept::NodeGone) => teller.tell(ShellFact::NodeGone),
            Err(Unswept::Failed(why)) if held.is_old() => teller.tell(ShellFact::GivenUp(why)),
            Err(Unswept::Failed(why)) => return Err((held, why)),
        }
        held.forget();
        Ok(())
    }

    /// Ends a shell and what it ran. What can't be ended is told, and tried again where that may help.
    pub async fn end(self, Tracked { held, open }: Tracked) {
        if let Err((held, why)) = self.try_once(held, &open.teller()).await {
            open.tell(ShellFact::Left(why));
            let teller = open.teller();
            drop(open);
            self.until_done(held, teller).await;
        }
    }

    /// Tries until it is done, as long as skep runs. The next skep finds what is left then.
    pub async fn until_done(self, mut held: HeldNote, teller: ShellTeller) {
        let mut wait = AGAIN;
        while let Err((again, why)) = self.try_once(held, &teller).await {
            held = again;
            tracing::warn!(task = held.note().task, why, "a shell may be left");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST);
        }
    }
}

/// Why a shell could not be ended.
enum Unswept {
    /// Its node has left the Swarm.
    NodeGone,
    Failed(String),
}

/// The processes of a shell; none if that is not known.
async fn its_processes(engine: &Engine, container: &str, note: &ShellNote) -> Option<Vec<Process>> {
    let state = engine.exec_state(note.exec.as_ref()?).await.ok()?;
    let all = engine.processes(container).await.ok()?;
    // After its end another process may have its number.
    let is_its_own = state.running || all.iter().all(|process| process.pid != state.pid);
    (state.pid != 0 && is_its_own).then(|| family(&all, state.pid))
}

/// Those that are still there.
async fn still(engine: &Engine, container: &str, before: &[Process]) -> Vec<Process> {
    let Ok(mut all) = engine.processes(container).await else { return Vec::new() };
    all.retain(|one| before.iter().any(|other| other.pid == one.pid));
    all
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
    let mut state = engine.exec_state(exec.id()).await.map_err(|error| error.to_string())?;
    while state.running {
        tokio::time::sleep(Duration::from_millis(50)).await;
        state = engine.exec_state(exec.id()).await.map_err(|error| error.to_string())?;
    }
    match state.exit_code {
        Some(0) => Ok(()),
        Some(126 | 127) => Err(super::refused::in_stream(&String::from_utf8_lossy(&said))),
        _ => Err("something that it ran does not end".into()),
    }
}
