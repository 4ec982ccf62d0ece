//! Chooses a manager: all are asked at once, and the first that answers in full is used. So the fastest
//! healthy one wins, and a dead one costs no waiting.

use std::{collections::VecDeque, time::Duration};

use futures_util::{StreamExt, stream::FuturesUnordered};

use crate::engine::{Engine, EngineError, Probe};
use crate::session::{
    clock::wall, jobs::caught, outbox::Out, protocol::Generation, watch::Watch,
    watch::budget::Budget,
};

/// Time for the fastest manager to send its lists before the next one is asked as well.
const LEAD: Duration = Duration::from_millis(800);

/// A manager that answered in full.
pub(in crate::session) struct Winner {
    pub at: usize,
    pub engine: Engine,
    pub probe: Probe,
    pub watch: Watch,
}

/// Result of a race.
#[derive(Default)]
pub(in crate::session) struct Finish {
    pub winner: Option<Box<Winner>>,
    /// Managers that answered the greeting.
    pub answered: Vec<(usize, Engine, Probe)>,
    /// Managers that can't be used.
    pub failed: Vec<(usize, EngineError)>,
    /// Managers that belong to another Swarm, with its ID.
    pub strangers: Vec<(usize, String)>,
}

/// Runs a race. `swarm` is the Swarm they must belong to, if that is known.
pub(in crate::session) async fn race(
    candidates: Vec<(usize, Engine)>,
    swarm: Option<String>,
    generation: Generation,
    budget: Budget,
    out: Out,
) -> Finish {
    let mut finish = Finish::default();
    let mut probing: FuturesUnordered<_> = candidates
        .into_iter()
        .map(|(at, mut engine)| async move {
            let endpoint = engine.endpoint().to_string();
            let probe = caught(&endpoint, engine.probe(wall)).await.and_then(|probe| probe);
            (at, engine, probe)
        })
        .collect();
    let mut ready = VecDeque::new();
    let mut beginning = FuturesUnordered::new();
    let mut next_at = tokio::time::Instant::now();
    loop {
        let may_begin = beginning.is_empty() || tokio::time::Instant::now() >= next_at;
        if may_begin && let Some((at, engine, probe)) = ready.pop_front() {
            let out = out.clone();
            beginning.push(async move {
                let engine: Engine = engine;
                let probe: Probe = probe;
                let endpoint = engine.endpoint().to_string();
                let begin = Watch::begin(engine.clone(), &probe, generation, budget, out);
                let watch = caught(&endpoint, begin).await.and_then(|watch| watch);
                (at, engine, probe, watch)
            });
            next_at = tokio::time::Instant::now() + LEAD;
        }
        tokio::select! {
            Some((at, engine, probe)) = probing.next() => match probe {
                Ok(probe) => {
                    let id = probe.info.id.to_string();
                    // One that does not say where it belongs is taken at the user's word.
                    if !id.is_empty() && swarm.as_ref().is_some_and(|ours| *ours != id) {
                        finish.strangers.push((at, id));
                    } else {
                        finish.answered.push((at, engine.clone(), probe.clone()));
                        ready.push_back((at, engine, probe));
                    }
                }
                Err(error) => finish.failed.push((at, error)),
            },
            Some((at, engine, probe, watch)) = beginning.next() => match watch {
                Ok(watch) => {
                    finish.winner = Some(Box::new(Winner { at, engine, probe, watch }));
                    return finish;
                }
                Err(error) => finish.failed.push((at, error)),
            },
            () = tokio::time::sleep_until(next_at), if !ready.is_empty() => {}
            else => return finish,
        }
    }
}
