//! The state of one node in the registry.

use std::sync::Arc;

use tokio::{sync::oneshot, time::Instant};

use super::{NoReach, NodeReach, NodeSeen};
use crate::{
    cluster::Machine,
    engine::{Engine, NodeInfo},
    session::link::backoff::Backoff,
};

/// An engine that was reached and checked.
#[derive(Clone, Debug)]
pub(super) struct WithinReach {
    pub engine: Engine,
    pub info: NodeInfo,
    pub reach: NodeReach,
}

/// Somebody who waits until a node's state is known.
pub(super) enum Waiter {
    Engine(oneshot::Sender<Result<Engine, NoReach>>),
    Look(oneshot::Sender<NodeSeen>),
}

/// State of a node's reach.
#[derive(Default)]
pub(super) enum ReachState {
    #[default]
    Untried,
    Reaching,
    Within(Arc<WithinReach>),
    Out(NoReach),
}

/// A node that somebody needed.
pub(super) struct KnownNode {
    pub state: ReachState,
    pub machine: Option<Arc<Machine>>,
    pub waiters: Vec<Waiter>,
    /// When it was needed last.
    pub used: Instant,
    /// When its state was found out.
    pub since: Instant,
    /// When the last round began, and the last one that read the facts.
    pub round: Option<Instant>,
    pub facts: Option<Instant>,
    pub is_asked: bool,
    pub backoff: Backoff,
    pub retry: Instant,
    /// Counts changes: what was asked before one is discarded.
    pub generation: u64,
}

impl KnownNode {
    /// One that nobody has reached yet.
    pub fn new() -> Self {
        let now = Instant::now();
        Self {
            state: ReachState::Untried,
            machine: None,
            waiters: Vec::new(),
            used: now,
            since: now,
            round: None,
            facts: None,
            is_asked: false,
            backoff: Backoff::default(),
            retry: now,
            generation: 0,
        }
    }

    /// Its state, as it is told.
    pub fn seen(&self) -> NodeSeen {
        let reach = match &self.state {
            ReachState::Untried => NodeReach::Untried,
            ReachState::Reaching => NodeReach::Reaching,
            ReachState::Within(within) => within.reach.clone(),
            ReachState::Out(no) => no.clone().into(),
        };
        NodeSeen { reach, machine: self.machine.clone() }
    }

    /// Its state changes.
    pub fn becomes(&mut self, state: ReachState) {
        self.generation += 1;
        self.since = Instant::now();
        (self.round, self.facts, self.is_asked) = (None, None, false);
        self.state = state;
        if !matches!(self.state, ReachState::Within(_)) {
            self.machine = None;
        }
    }
}
