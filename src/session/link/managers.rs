//! The managers of one cluster that skep may use, and the state of each.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use crate::session::protocol::{ManagerLine, Reach};
use crate::{
    connect::Connector,
    engine::{Engine, EngineError, Probe},
};

/// Number of round trips remembered for each manager.
const REMEMBERED: usize = 3;
/// Another manager is worth a move if a round trip to it is this much shorter, and a third at most.
const WORTHWHILE: Duration = Duration::from_millis(30);

/// A manager.
#[derive(Debug)]
pub(in crate::session) struct KnownManager {
    /// The client; clones share its connections.
    pub engine: Engine,
    node: Option<Arc<str>>,
    reach: Reach,
    round_trips: VecDeque<Duration>,
    /// Taken by another session: it belongs to another Swarm.
    parted: bool,
}

impl KnownManager {
    fn new(connector: Connector) -> Self {
        Self {
            engine: Engine::new(connector),
            node: None,
            reach: Reach::Untried,
            round_trips: VecDeque::new(),
            parted: false,
        }
    }

    fn round_trip(&self) -> Option<Duration> {
        let mut sorted: Vec<_> = self.round_trips.iter().copied().collect();
        sorted.sort();
        (sorted.len() == REMEMBERED).then(|| sorted[REMEMBERED / 2])
    }
}

/// All managers of one cluster.
#[derive(Debug)]
pub(in crate::session) struct Managers {
    managers: Vec<KnownManager>,
    in_use: Option<usize>,
    told: Vec<ManagerLine>,
}

impl Managers {
    /// Managers that were not asked yet.
    pub fn new(connectors: Vec<Connector>) -> Self {
        let managers = connectors.into_iter().map(KnownManager::new).collect();
        Self { managers, in_use: None, told: Vec::new() }
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.managers.iter().filter(|m| !m.parted).count()
    }

    /// Hands a manager to another session; its index stays unused.
    pub fn part(&mut self, at: usize) -> Option<KnownManager> {
        let manager = self.managers.get_mut(at).filter(|m| !m.parted)?;
        manager.parted = true;
        Some(KnownManager {
            engine: manager.engine.clone(),
            node: manager.node.clone(),
            reach: Reach::Untried,
            round_trips: VecDeque::new(),
            parted: false,
        })
    }

    /// Hands all managers to another session.
    pub fn give_up(&mut self) -> Vec<KnownManager> {
        std::mem::take(&mut self.managers)
    }

    /// Adds managers, with the state they had.
    pub fn join(&mut self, managers: Vec<KnownManager>) {
        for mut manager in managers {
            let endpoint = manager.engine.endpoint();
            let known = self.managers.iter().position(|m| m.engine.endpoint() == endpoint);
            if let Some(at) = known {
                self.managers[at].parted = false;
            } else if !manager.parted {
                if let Reach::InUse { round_trip } = manager.reach {
                    manager.reach = Reach::Ready { round_trip };
                }
                self.managers.push(manager);
            }
        }
    }

    /// All managers that may be tried, except one.
    pub fn candidates(&self, but: Option<usize>) -> Vec<(usize, Engine)> {
        let all = self.managers.iter().enumerate();
        let usable = all.filter(|(at, m)| Some(*at) != but && !m.parted);
        usable.map(|(at, m)| (at, m.engine.clone())).collect()
    }

    /// The endpoint of a manager.
    pub fn endpoint(&self, at: usize) -> String {
        self.managers.get(at).map_or(String::new(), |m| m.engine.endpoint().to_string())
    }

    /// A manager answered.
    pub fn answered(&mut self, at: usize, engine: Engine, probe: &Probe) {
        let in_use = self.in_use == Some(at);
        let Some(manager) = self.managers.get_mut(at) else { return };
        let round_trip = probe.round_trip;
        manager.engine = engine;
        manager.node = Some(probe.info.manager_id.clone());
        manager.round_trips.truncate(REMEMBERED - 1);
        manager.round_trips.push_front(round_trip);
        manager.reach =
            if in_use { Reach::InUse { round_trip } } else { Reach::Ready { round_trip } };
    }

    /// Marks a manager as unusable, with the reason.
    pub fn failed(&mut self, at: usize, why: String) {
        if let Some(manager) = self.managers.get_mut(at) {
            manager.reach = Reach::Out { why };
            manager.round_trips.clear();
        }
    }

    /// Marks the manager that is watched from now on, if any.
    pub fn uses(&mut self, at: Option<usize>) {
        if let Some(old) = self.in_use.and_then(|old| self.managers.get_mut(old))
            && let Reach::InUse { round_trip } = old.reach
        {
            old.reach = Reach::Ready { round_trip };
        }
        self.in_use = at;
        if let Some(new) = at.and_then(|at| self.managers.get_mut(at)) {
            let round_trip = new.round_trips.front().copied().unwrap_or_default();
            new.reach = Reach::InUse { round_trip };
        }
    }

    /// Whether another manager has been much faster for a while.
    pub fn has_faster(&self) -> bool {
        let Some(ours) = self.in_use.and_then(|at| self.managers[at].round_trip()) else {
            return false;
        };
        let others = self.managers.iter().filter(|m| matches!(m.reach, Reach::Ready { .. }));
        others.filter_map(KnownManager::round_trip).any(|t| t * 3 < ours && t + WORTHWHILE < ours)
    }

    /// The managers for the screen, if anything changed.
    pub fn news(&mut self) -> Option<Vec<ManagerLine>> {
        let lines: Vec<_> = self
            .managers
            .iter()
            .filter(|m| !m.parted)
            .map(|m| ManagerLine {
                endpoint: m.engine.endpoint().to_string(),
                way: m.engine.way(),
                node: m.node.clone(),
                reach: m.reach.clone(),
            })
            .collect();
        (lines != self.told).then(|| {
            self.told.clone_from(&lines);
            lines
        })
    }

    /// One line that says why no manager can be used.
    pub fn trouble(&self, errors: &[(usize, EngineError)]) -> String {
        // One that answers and says why tells more than those that say nothing.
        let leaderless = errors.iter().filter(|(_, e)| e.is_leaderless()).count();
        if leaderless > 0 {
            let answer = if leaderless == 1 { "answers" } else { "answer" };
            return format!(
                "the Swarm has no leader; of the managers given {leaderless} of {} {answer}",
                errors.len()
            );
        }
        // The one in use failed first, and its reason says most.
        let first = errors.iter().find(|(at, _)| Some(*at) == self.in_use).or(errors.first());
        let Some((_, error)) = first else { return "there is no manager to try".into() };
        match errors.len() {
            1 => error.to_string(),
            n => format!("none of {n} managers can be used; {error}"),
        }
    }
}
