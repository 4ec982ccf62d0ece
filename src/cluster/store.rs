//! The store: one Swarm as last heard, with the counters and indices the views need.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    ClusterInfo, Entry, Journal, ListId, Memory, Mode, Network, Node, NodeId, Scope, Service,
    ServiceId, Task, TaskId, TaskState,
};

/// One Swarm as last heard. Reading is free of side effects; [`Store::apply`] is the only writer.
#[derive(Clone, Debug, Default)]
pub struct Store {
    pub(super) info: ClusterInfo,
    pub(super) nodes: HashMap<NodeId, Node>,
    pub(super) services: HashMap<ServiceId, Service>,
    pub(super) tasks: HashMap<TaskId, Row>,
    pub(super) by_service: HashMap<ServiceId, HashSet<TaskId>>,
    pub(super) by_node: HashMap<NodeId, HashSet<TaskId>>,
    pub(super) service_tally: HashMap<ServiceId, Tally>,
    pub(super) node_tally: HashMap<NodeId, Tally>,
    pub(super) total: Tally,
    pub(super) lists: HashMap<ListId, Scope>,
    /// The newest list that spoke for a service, so that an older one still under way can't bring
    /// back a task that is gone.
    pub(super) listed: HashMap<ServiceId, ListId>,
    pub(super) tasks_known: bool,
    pub(super) networks: HashMap<Arc<str>, Network>,
    pub(super) touched: Touched,
    pub(super) memory: Memory,
    pub(super) journal: Journal,
    pub(super) revision: u64,
}

/// What changed since it was last asked.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// These services, or their tasks.
    pub services: HashSet<ServiceId>,
    /// These nodes.
    pub nodes: HashSet<NodeId>,
    /// The tasks of these nodes.
    pub loads: HashSet<NodeId>,
    /// What holds for all of the Swarm: nodes came, went, or may take tasks now that could not before.
    pub all: bool,
}

impl Touched {
    /// Whether nothing did.
    pub fn is_empty(&self) -> bool {
        !self.all && self.services.is_empty() && self.nodes.is_empty() && self.loads.is_empty()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub task: Task,
    pub seen: ListId,
}

/// Tasks counted, of a service, a node or the whole Swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// In state running on a node that is up.
    pub running: u64,
    /// Meant to be alive.
    pub wanted: u64,
    /// Ended well (jobs).
    pub complete: u64,
    /// Ended badly and still kept as history.
    pub failed: u64,
    /// All that the manager keeps.
    pub all: u64,
    /// CPU reserved by wanted tasks, billionths.
    pub nano_cpus: u64,
    /// Memory reserved by wanted tasks, bytes.
    pub memory: u64,
}

/// How far a service is from what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Tasks running on nodes that are up.
    pub running: u64,
    /// Tasks that should run.
    pub desired: u64,
    /// Of a job: tasks done, of how many.
    pub job: Option<(u64, u64)>,
}

impl Missing {
    /// Whether the service is as it should be.
    pub fn none(&self) -> bool {
        match self.job {
            Some((done, total)) => done >= total || self.running >= self.desired,
            None => self.running >= self.desired,
        }
    }
}

// === impl Store: reading ===

impl Store {
    /// The Swarm and the manager in use.
    pub fn info(&self) -> &ClusterInfo {
        &self.info
    }

    /// Grows with every change; equal revisions mean equal content.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether a whole task list has been read, so that counting tasks tells the truth.
    pub fn tasks_known(&self) -> bool {
        self.tasks_known
    }

    /// All nodes, in no order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &Node> {
        self.nodes.values()
    }

    /// All services, in no order.
    pub fn services(&self) -> impl ExactSizeIterator<Item = &Service> {
        self.services.values()
    }

    /// All tasks, history included, in no order.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = &Task> {
        self.tasks.values().map(|row| &row.task)
    }

    /// One node.
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// One service.
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.get(id)
    }

    /// The service of that name.
    pub fn service_named(&self, name: &str) -> Option<&Service> {
        self.services.values().find(|s| &*s.name == name)
    }

    /// One task.
    pub fn task(&self, id: &TaskId) -> Option<&Task> {
        self.tasks.get(id).map(|row| &row.task)
    }

    /// A service's tasks, history included, in no order.
    pub fn tasks_of(&self, service: &ServiceId) -> impl Iterator<Item = &Task> {
        self.by_service.get(service).into_iter().flatten().filter_map(|id| self.task(id))
    }

    /// A node's tasks, history included, in no order.
    pub fn tasks_on(&self, node: &NodeId) -> impl Iterator<Item = &Task> {
        self.by_node.get(node).into_iter().flatten().filter_map(|id| self.task(id))
    }

    /// A service's tasks counted.
    pub fn tally(&self, service: &ServiceId) -> Tally {
        self.service_tally.get(service).copied().unwrap_or_default()
    }

    /// A node's tasks counted.
    pub fn node_tally(&self, node: &NodeId) -> Tally {
        self.node_tally.get(node).copied().unwrap_or_default()
    }

    /// All tasks counted.
    pub fn total(&self) -> Tally {
        self.total
    }

    /// What happened.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// What was seen and no list tells.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// A network that services join.
    pub fn network(&self, id: &str) -> Option<&Network> {
        self.networks.get(id)
    }

    /// What changed since this was last asked.
    pub fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }

    /// What the journal has that is not on disk yet.
    pub fn take_unkept(&mut self) -> Vec<Entry> {
        self.journal.take_unkept()
    }

    /// How far a service is: from its tasks once they are known, before that as the engine counts.
    pub fn missing(&self, service: &Service) -> Missing {
        let tally = self.tally(&service.id);
        let counts = service.counts.unwrap_or_default();
        let (running, complete) = if self.tasks_known {
            (tally.running, tally.complete)
        } else {
            (counts.running, counts.completed)
        };
        let global = if self.tasks_known { tally.wanted } else { counts.desired };
        let (desired, job) = match service.mode {
            Mode::Replicated(n) => (n, None),
            Mode::Global | Mode::Other(_) => (global, None),
            Mode::ReplicatedJob { concurrent, total } => {
                (concurrent.min(total.saturating_sub(complete)), Some((complete, total)))
            }
            Mode::GlobalJob => {
                let total = counts.desired.max(complete);
                (total.saturating_sub(complete), Some((complete, total)))
            }
        };
        Missing { running, desired, job }
    }

    /// A task's name as the docker CLI prints it, `web.2`; for a global service with the node's host
    /// name (`agent.node3`), where the CLI prints the node's id.
    pub fn task_name(&self, task: &Task) -> String {
        let service = self.services.get(&task.service).map_or(task.service.as_str(), |s| &*s.name);
        if task.slot > 0 {
            format!("{service}.{}", task.slot)
        } else if let Some(node) = &task.node {
            format!("{service}.{}", self.hostname(node))
        } else {
            format!("{service}.{}", task.id.short())
        }
    }

    /// A node's host name, or its short id while the node is not known.
    pub fn hostname<'s>(&'s self, id: &'s NodeId) -> &'s str {
        self.nodes.get(id).map_or(id.short(), |n| &*n.hostname)
    }

    /// Whether a task counts as running: its node must not be down.
    pub fn is_running(&self, task: &Task) -> bool {
        task.state == TaskState::Running && self.is_up(task.node.as_ref())
    }

    fn is_up(&self, node: Option<&NodeId>) -> bool {
        node.and_then(|id| self.nodes.get(id)).is_none_or(Node::is_up)
    }
}

// === impl Tally ===

impl Tally {
    pub(super) fn add(&mut self, one: Self, add: bool) {
        let pairs = [
            (&mut self.running, one.running),
            (&mut self.wanted, one.wanted),
            (&mut self.complete, one.complete),
            (&mut self.failed, one.failed),
            (&mut self.all, one.all),
            (&mut self.nano_cpus, one.nano_cpus),
            (&mut self.memory, one.memory),
        ];
        for (sum, n) in pairs {
            *sum = if add { *sum + n } else { sum.saturating_sub(n) };
        }
    }
}
