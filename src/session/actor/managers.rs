//! The managers of a session: those that a race found, those of another Swarm, and those that join.

use super::Actor;
use crate::session::{
    link::race::{Finish, Winner},
    protocol::Command,
    registrar::Join,
};

impl Actor {
    /// Records what a race found out about the managers. Returns the winner, or why there is none.
    pub(super) async fn note(&mut self, finish: Finish) -> Result<Box<Winner>, String> {
        // Before it was known which Swarm this is, any could answer.
        let mut others = Vec::new();
        for (at, engine, probe) in finish.answered {
            others.push((at, probe.info.id.to_string()));
            self.managers.answered(at, engine, &probe);
        }
        for (at, error) in &finish.failed {
            self.managers.failed(*at, error.to_string());
        }
        let ours = self.swarm.clone();
        let ours = ours.or_else(|| finish.winner.as_ref().map(|w| w.probe.info.id.to_string()));
        // If all of them say so, it is this one that was made anew.
        let anew = finish.winner.is_none() && finish.strangers.len() == self.managers.len();
        for (at, id) in finish.strangers.iter().chain(&others).filter(|_| !anew) {
            // One that does not tell which Swarm it is of is taken at its word.
            let tell = |ours: &&str| ours != id && !ours.is_empty() && !id.is_empty();
            if let Some(ours) = ours.as_deref().filter(tell) {
                self.stranger(*at, id, ours).await;
            }
        }
        self.tell_managers().await;
        if let Some(winner) = finish.winner {
            return Ok(winner);
        }
        let mut others: Vec<_> = finish.strangers.iter().map(|(_, id)| id).collect();
        others.dedup();
        if let [one] = others.as_slice()
            && anew
        {
            let said = format!("this is another Swarm now: {}", short(one));
            self.swarm = None;
            return Err(said);
        }
        if finish.failed.is_empty() {
            return Err("all its managers belong to another Swarm now".into());
        }
        Err(self.managers.trouble(&finish.failed))
    }

    /// Handles a manager of another Swarm. If the endpoints were only assumed to be managers of one
    /// Swarm, it gets a session of its own; otherwise it is reported as a mistake.
    pub(super) async fn stranger(&mut self, at: usize, id: &str, ours: &str) {
        if self.config.mixed
            && let Some(joiner) = self.registrar.home_of(id, self.out.no()).await
            && let Some(manager) = self.managers.part(at)
        {
            let join = Join { managers: vec![manager], read_only: self.config.grant.is_none() };
            let _ = joiner.send(join).await;
            return;
        }
        let why = format!("belongs to another Swarm ({}, not {})", short(id), short(ours));
        self.managers.failed(at, why);
    }

    /// Waits for managers if it has none. False if the session is no longer needed.
    pub(super) async fn has_managers(&mut self) -> bool {
        while self.managers.len() == 0 {
            tokio::select! {
                join = self.joins.recv() => {
                    let Some(join) = join else { return false };
                    self.take_in(join).await;
                    self.out.opened(self.managers.endpoint(0)).await;
                }
                command = self.inbox.recv() => match command {
                    None => return false,
                    Some(Command::Watch(services)) => self.watched = services,
                    Some(_) => {}
                }
            }
        }
        true
    }

    pub(super) async fn take_in(&mut self, join: Join) {
        self.managers.join(join.managers);
        if join.read_only {
            self.config.grant = None;
            self.config.shell = None;
        }
        self.tell_managers().await;
    }
}

/// The short form of an ID.
fn short(id: &str) -> String {
    id.chars().take(12).collect()
}
