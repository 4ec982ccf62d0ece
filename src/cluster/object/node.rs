//! A node: a machine of the Swarm, as its manager knows it.

use std::sync::Arc;

use super::{Resources, open_enum::words};
use crate::cluster::{NodeId, Timestamp};

words! {
    /// Manager or worker.
    Role { Manager = "manager", Worker = "worker" }
}
words! {
    /// Whether the scheduler may use the node.
    Availability { Active = "active", Pause = "pause", Drain = "drain" }
}
words! {
    /// State of a node according to the manager's dispatcher.
    NodeState { Unknown = "unknown", Down = "down", Ready = "ready", Disconnected = "disconnected" }
}
words! {
    /// Whether the other managers reach this one.
    Reachability { Reachable = "reachable", Unreachable = "unreachable", Unknown = "unknown" }
}

/// The manager half of a manager node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manager {
    /// Raft leader.
    pub leader: bool,
    /// Reachability as the leader sees it.
    pub reachability: Reachability,
    /// `host:port` of its raft listener.
    pub addr: Arc<str>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// Raft index of its last change.
    pub version: u64,
    /// The machine's host name; not unique by law.
    pub hostname: Arc<str>,
    /// The desired role.
    pub role: Role,
    /// Its availability to the scheduler.
    pub availability: Availability,
    /// Its heartbeat.
    pub state: NodeState,
    /// Why it is in that state (`heartbeat failure`).
    pub message: Arc<str>,
    /// IP address; never `0.0.0.0` (then it is the manager address).
    pub addr: Arc<str>,
    /// Set on managers.
    pub manager: Option<Manager>,
    /// Engine version.
    pub engine: Arc<str>,
    /// `linux`, `windows`.
    pub os: Arc<str>,
    /// `x86_64`, `aarch64`.
    pub arch: Arc<str>,
    /// Capacity in billionths of a CPU.
    pub nano_cpus: u64,
    /// Capacity in bytes.
    pub memory: u64,
    /// Generic resources it has, by kind: each kind once, by name.
    pub generic: Vec<(Arc<str>, u64)>,
    /// Node labels, by key.
    pub labels: Vec<(Arc<str>, Arc<str>)>,
    /// Engine labels, by key.
    pub engine_labels: Vec<(Arc<str>, Arc<str>)>,
    /// Fingerprint of the root certificate it trusts; 0 while it has not told.
    pub trust: u64,
    /// When it joined.
    pub created: Option<Timestamp>,
    /// When the manager last wrote it.
    pub updated: Option<Timestamp>,
}

impl Node {
    /// All it has to give.
    pub fn capacity(&self) -> Resources {
        let generic = self.generic.clone();
        Resources { nano_cpus: self.nano_cpus, memory: self.memory, generic }
    }

    /// Whether tasks on it count as running: the docker CLI's rule, every state but `down`.
    pub fn is_up(&self) -> bool {
        self.state != NodeState::Down
    }

    /// Whether it was given a certificate and has never reported: a join that broke off. Nothing can run
    /// there, and no heartbeat is missed, so that it stays `unknown` for ever (measured).
    pub fn never_joined(&self) -> bool {
        self.state == NodeState::Unknown && self.engine.is_empty()
    }

    /// Whether it leads the managers.
    pub fn is_leader(&self) -> bool {
        self.manager.as_ref().is_some_and(|m| m.leader)
    }
}
