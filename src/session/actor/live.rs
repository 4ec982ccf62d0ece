//! Watching through one manager, while the others are probed and stand ready to take over.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{Actor, LinkEnd};
use crate::{
    engine::{Engine, EngineError, Probe},
    session::{
        clock::wall,
        jobs::caught,
        link::race::{Finish, Winner, race},
        protocol::Link,
    },
};

/// After this long without an answer a manager is suspected, and others are asked.
const SUSPECT: Duration = Duration::from_secs(2);
/// Minimum time between two moves that are made because a manager is slow.
const SETTLED: Duration = Duration::from_secs(15);
/// Interval for probing managers that are not in use; keeps their connections warm.
const ROUND: Duration = Duration::from_secs(20);
const FIRST_ROUND: Duration = Duration::from_millis(500);

impl Actor {
    /// Watches through one manager until that fails or another is better.
    pub(super) async fn live(&mut self, winner: Box<Winner>) -> LinkEnd {
        let Winner { at, engine, probe, mut watch } = *winner;
        let here = engine.endpoint().to_string();
        let writes = self.writes(&engine, &probe);
        self.nodes.use_manager(engine.clone(), (&*probe.info.manager_id).into());
        let starter = self.shells(&engine, &probe);
        self.clean_up(starter.as_ref());
        watch.open(self.generation).await;
        let (skew, round_trip) = (probe.skew, probe.round_trip);
        self.link(Link::Live { endpoint: here.clone(), skew, round_trip }).await;
        self.tell_managers().await;
        self.recall();
        watch.watch(self.watched.clone());
        self.tails.set(&self.log_reader(&engine), &self.out, self.logs.0, &self.logs.1);
        let began = Instant::now();
        // Soon for the first time: the race was over before all had answered.
        let mut round = tokio::time::interval_at((began + FIRST_ROUND).into(), ROUND);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut looks = JoinSet::new();
        // Others are asked to take over: this manager owes an answer, or is slow.
        let mut rescue = JoinSet::new();
        let mut for_speed = false;
        loop {
            let suspect_at = watch.owes_since().map(|since| since + SUSPECT);
            // Another manager is tried once for tasks that do not come: they may come through none.
            self.left_silent &= !watch.had_tasks();
            let is_silent = watch.has_silent_tasks() && !self.left_silent;
            let suspect_at = suspect_at.or(is_silent.then_some(began));
            if suspect_at.is_none() && !for_speed && !rescue.is_empty() {
                rescue = JoinSet::new();
            }
            let may_suspect = self.managers.len() > 1 && rescue.is_empty() && suspect_at.is_some();
            let suspicion = suspect_at.unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                command = self.inbox.recv() => {
                    let Some(command) = command else { return LinkEnd::Gone };
                    self.command(command, &engine, &mut watch, (writes.as_ref(), starter.as_ref()));
                }
                Some(join) = self.joins.recv() => self.take_in(join).await,
                happening = watch.next() => {
                    if let Err(error) = watch.take(happening).await {
                        self.managers.failed(at, error.to_string());
                        return LinkEnd::Lost(error);
                    }
                }
                Some(Ok(finish)) = rescue.join_next() => {
                    if let Ok(winner) = self.note(finish).await {
                        if for_speed {
                            return LinkEnd::Moved(format!("{here} is slower than another manager"), winner);
                        }
                        let why = match watch.owes_since() {
                            None => {
                                self.left_silent = true;
                                format!("{here}: no answer to GET /tasks")
                            }
                            Some(at) => {
                                let owed = at.elapsed().as_secs_f64();
                                format!("{here}: no answer for {owed:.1} s")
                            }
                        };
                        self.managers.failed(at, why.clone());
                        return LinkEnd::Moved(why, winner);
                    }
                    for_speed = false;
                }
                () = tokio::time::sleep_until(suspicion.into()), if may_suspect => {
                    for_speed = false;
                    rescue.spawn(self.rescue(at));
                }
                _ = round.tick() => {
                    for (at, mut engine) in self.managers.candidates(None) {
                        looks.spawn(async move {
                            let endpoint = engine.endpoint().to_string();
                            let probe = caught(&endpoint, engine.probe(wall)).await;
                            (at, engine, probe.and_then(|probe| probe))
                        });
                    }
                }
                Some(Ok((of, engine, probe))) = looks.join_next() => {
                    self.looked(at, of, engine, probe).await;
                    if rescue.is_empty() && began.elapsed() > SETTLED && self.managers.has_faster() {
                        for_speed = true;
                        rescue.spawn(self.rescue(at));
                    }
                }
            }
        }
    }

    /// Starts a race among all other managers.
    fn rescue(&self, but: usize) -> impl Future<Output = Finish> + Send + use<> {
        let others = self.managers.candidates(Some(but));
        race(others, self.swarm.clone(), self.generation, self.config.budget, self.out.clone())
    }

    /// Handles the result of probing a manager.
    async fn looked(
        &mut self,
        in_use: usize,
        of: usize,
        engine: Engine,
        probe: Result<Probe, EngineError>,
    ) {
        match probe {
            Ok(probe) => match self.swarm.clone() {
                Some(ours) if !probe.info.id.is_empty() && *ours != *probe.info.id => {
                    self.stranger(of, &probe.info.id, &ours).await;
                }
                // One that does not tell which Swarm it is of is taken at the user's word, and so are
                // the others if it is the one in use.
                _ => self.managers.answered(of, engine, &probe),
            },
            // Watching tells of the one in use.
            Err(_) if of == in_use => {}
            Err(error) => self.managers.failed(of, error.to_string()),
        }
        self.tell_managers().await;
    }
}
