//! The store: one Swarm as last heard, with the counters and indices the views need.

mod apply;
mod containers;
mod counts;
mod forget;
mod nodes;
mod objects;
mod revisions;
mod services;
mod task_slab;
mod tasks;

use std::sync::{Arc, OnceLock};

use hashbrown::{HashMap, HashSet};

use task_slab::TaskSlab;

use super::{
    ClusterInfo, Config, ConfigId, ContainerEnd, Entry, IdleSlots, Journal, Leaderless, ListId,
    Meaning, Mode, Network, NetworkId, Node, NodeId, Observations, Part, Relations, Resources,
    Scope, Secret, SecretId, Service, ServiceId, Subject, Task, TaskId, TaskState, Timestamp,
    Unread,
};

pub use counts::{Missing, SwarmHealth, Tally};
pub use objects::StackProgress;
pub use revisions::Kind;
pub use task_slab::TaskRef;

/// One Swarm as last heard. Reading is free of side effects; [`Store::apply`] is the only writer.
#[derive(Clone, Debug, Default)]
pub struct Store {
    pub(super) info: ClusterInfo,
    pub(super) leaderless: Option<Leaderless>,
    pub(super) nodes: HashMap<NodeId, Node>,
    pub(super) services: HashMap<ServiceId, Arc<Service>>,
    pub(super) tasks: TaskSlab,
    pub(super) by_service: HashMap<ServiceId, Group>,
    pub(super) by_node: HashMap<NodeId, Group>,
    pub(super) total: Tally,
    pub(super) health: SwarmHealth,
    /// Services whose part of `health` is to be reckoned anew.
    pub(super) unreckoned: HashSet<ServiceId>,
    /// Grows when services or nodes come, go or are renamed.
    pub(super) roll: u64,
    pub(super) lists: HashMap<ListId, OpenList>,
    pub(super) tasks_known: bool,
    pub(super) unread: Unread,
    pub(super) networks: HashMap<NetworkId, Network>,
    /// Networks that services join and no list has.
    pub(super) unlisted: HashMap<NetworkId, Network>,
    pub(super) secrets: HashMap<SecretId, Secret>,
    pub(super) configs: HashMap<ConfigId, Config>,
    /// Those of networks, secrets and configs that were listed.
    pub(super) listed: HashSet<Part>,
    /// Objects that services name and that do not exist, and since when that is known.
    pub(super) absent: HashMap<(Part, Arc<str>), Timestamp>,
    /// Made of the services when somebody asks for it.
    pub(super) relations: OnceLock<Relations>,
    /// Ends of tasks' containers, of those whose nodes were asked.
    pub(super) ends: HashMap<TaskId, ContainerEnd>,
    pub(super) touched: Touched,
    pub(super) memory: Observations,
    pub(super) journal: Journal,
    revision: u64,
    revisions: revisions::Revisions,
}

/// Changes since the last call.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    /// These services, or their tasks.
    pub services: HashSet<ServiceId>,
    /// These nodes.
    pub nodes: HashSet<NodeId>,
    /// The tasks of these nodes.
    pub loads: HashSet<NodeId>,
    /// Whether rules about the whole Swarm need to run again.
    pub swarm: bool,
    /// Something changed for the whole Swarm: nodes came, went, or can take tasks again.
    pub all: bool,
}

impl Touched {
    /// Whether nothing did.
    pub fn is_empty(&self) -> bool {
        !self.all
            && !self.swarm
            && self.services.is_empty()
            && self.nodes.is_empty()
            && self.loads.is_empty()
    }
}

/// A list of tasks whose end has not come.
#[derive(Clone, Debug)]
pub(super) struct OpenList {
    pub scope: Scope,
    /// Some of it can't be read.
    pub has_gaps: bool,
}

/// The tasks of a service or on a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    /// The places of the tasks, in no order.
    pub tasks: Vec<u32>,
    pub tally: Tally,
    /// The newest list that spoke for the service, so that an older one still under way can't bring
    /// back a task that is gone.
    pub listed: ListId,
    /// The store's revision when a task of it last changed.
    pub revision: u64,
    /// Its share of the store's totals.
    pub health: SwarmHealth,
    /// For a job's last iteration: tasks done, and tasks wanted.
    pub last_run: (u64, u64),
    /// Its idle slots.
    pub rests: IdleSlots,
}

impl Store {
    /// The Swarm and the manager in use.
    pub fn info(&self) -> &ClusterInfo {
        &self.info
    }

    /// State of the managers while the Swarm has no leader; everything else is as it was before.
    pub fn leaderless(&self) -> Option<&Leaderless> {
        self.leaderless.as_ref()
    }

    /// Whether a whole task list has been read, so that tasks can be counted.
    pub fn tasks_known(&self) -> bool {
        self.tasks_known
    }

    /// Parts that can't be read through the link in use.
    pub fn unread(&self) -> &Unread {
        &self.unread
    }

    /// Whether nodes are listed: if not, the store has none, which means nothing.
    pub fn nodes_known(&self) -> bool {
        self.unread.why(Part::Nodes).is_none()
    }

    /// Whether all services are listed.
    pub fn services_known(&self) -> bool {
        self.unread.why(Part::Services).is_none()
    }

    /// Whether tasks are not listed, or not all, so that only the engine's own counts are reliable.
    pub fn tasks_refused(&self) -> bool {
        self.unread.why(Part::Tasks).is_some()
    }

    /// Whether everything that is listed has been read, so that conclusions can be drawn.
    pub fn is_loaded(&self) -> bool {
        self.tasks_known || self.tasks_refused()
    }

    /// Tasks that run: as the engine counts them until they are known.
    pub fn running(&self) -> u64 {
        if self.tasks_known { self.total.running } else { self.health.running }
    }

    /// All nodes, in no order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &Node> {
        self.nodes.values()
    }

    /// All services, in no order.
    pub fn services(&self) -> impl ExactSizeIterator<Item = &Service> {
        self.services.values().map(|s| &**s)
    }

    /// All tasks, history included, in no order.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.rows().map(|(_, row)| &row.task)
    }

    /// Number of all tasks.
    pub fn task_count(&self) -> usize {
        self.tasks.len()
    }

    /// One node.
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// One service.
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.get(id).map(|s| &**s)
    }

    /// The service of that name.
    pub fn service_named(&self, name: &str) -> Option<&Service> {
        self.services().find(|s| &*s.name == name)
    }

    /// One task.
    pub fn task(&self, id: &TaskId) -> Option<&Task> {
        self.tasks.row(self.tasks.find(id)?).map(|row| &row.task)
    }

    /// The task of that place, while it lives.
    pub fn task_at(&self, place: TaskRef) -> Option<&Task> {
        self.tasks.at(place)
    }

    /// A task's place.
    pub fn place_of(&self, id: &TaskId) -> Option<TaskRef> {
        self.tasks.place(self.tasks.find(id)?)
    }

    /// A service's tasks, history included, in no order.
    pub fn tasks_of(&self, service: &ServiceId) -> impl Iterator<Item = &Task> {
        self.placed_of(service).map(|(_, task)| task)
    }

    /// The same with their places.
    pub fn placed_of(&self, service: &ServiceId) -> impl Iterator<Item = (TaskRef, &Task)> {
        self.placed(self.by_service.get(service))
    }

    /// A node's tasks, history included, in no order.
    pub fn tasks_on(&self, node: &NodeId) -> impl Iterator<Item = &Task> {
        self.placed_on(node).map(|(_, task)| task)
    }

    /// The same with their places.
    pub fn placed_on(&self, node: &NodeId) -> impl Iterator<Item = (TaskRef, &Task)> {
        self.placed(self.by_node.get(node))
    }

    fn placed<'s>(&'s self, group: Option<&'s Group>) -> impl Iterator<Item = (TaskRef, &'s Task)> {
        let places = group.map_or(&[][..], |g| &g.tasks);
        places.iter().filter_map(|at| Some((self.tasks.place(*at)?, &self.tasks.row(*at)?.task)))
    }

    /// Services that have tasks, also those that are gone themselves, in no order.
    pub fn services_with_tasks(&self) -> impl Iterator<Item = &ServiceId> {
        self.by_service.iter().filter(|(_, g)| !g.tasks.is_empty()).map(|(id, _)| id)
    }

    /// Changes whenever a task of the service does.
    pub fn tasks_revision(&self, service: &ServiceId) -> u64 {
        self.by_service.get(service).map_or(0, |g| g.revision)
    }

    /// Changes when services or nodes come, go or are renamed.
    pub fn roll(&self) -> u64 {
        self.roll
    }

    /// A service's tasks counted.
    pub fn tally(&self, service: &ServiceId) -> Tally {
        self.by_service.get(service).map(|g| g.tally).unwrap_or_default()
    }

    /// A node's tasks counted.
    pub fn node_tally(&self, node: &NodeId) -> Tally {
        self.by_node.get(node).map(|g| g.tally).unwrap_or_default()
    }

    /// When a service's spec changed: as its object tells it, or else as it was seen; none if neither.
    pub fn changed(&self, service: &Service) -> Option<Timestamp> {
        let is_told = service.update.is_some() || service.previous.is_none();
        let about = Subject::Service(service.id.clone());
        let mut seen = self.memory.changes(&about).rev().filter(|c| c.meaning == Meaning::Change);
        match seen.next() {
            Some(change) if !is_told => Some(change.at),
            _ => service.changed(),
        }
    }

    /// The newest failed task of the spec a rollback would return to, if that is one a rollback left.
    pub fn failed_before_rollback(&self, service: &Service) -> Option<&Task> {
        let template = service.previous_template.filter(|t| *t != service.template)?;
        let failed = self
            .tasks_of(&service.id)
            .filter(|t| t.state.is_failure() && t.spec.template == template);
        failed.filter(|_| service.was_rolled_back()).max_by_key(|t| t.since)
    }

    /// Resources that the tasks on a node reserve, of the kinds it has.
    pub fn reserved_on(&self, node: &Node) -> Resources {
        let tally = self.node_tally(&node.id);
        let (nano_cpus, memory) = (tally.nano_cpus, tally.memory);
        let mut sum = Resources { nano_cpus, memory, generic: Vec::new() };
        // Few nodes have any.
        if !node.generic.is_empty() {
            for (kind, n) in self
                .tasks_on(&node.id)
                .filter(|t| t.is_wanted())
                .flat_map(|t| &t.spec.reserved.generic)
            {
                sum.add_generic(kind, *n);
            }
        }
        sum
    }

    /// Resources of a node that are not reserved.
    pub fn free_on(&self, node: &Node) -> Resources {
        node.capacity().less(&self.reserved_on(node))
    }

    /// The Swarm in a few figures.
    pub fn health(&self) -> &SwarmHealth {
        &self.health
    }

    /// All tasks counted.
    pub fn total(&self) -> Tally {
        self.total
    }

    /// The journal.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Observations that no list contains.
    pub fn memory(&self) -> &Observations {
        &self.memory
    }

    /// Changes since the last call.
    pub fn take_touched(&mut self) -> Touched {
        std::mem::take(&mut self.touched)
    }

    /// Entries of the journal that are not on disk yet.
    pub fn take_unkept(&mut self) -> Vec<Entry> {
        self.journal.take_unkept()
    }

    /// Progress of a service: from its tasks once they are known, before that as the engine counts.
    pub fn missing(&self, service: &Service) -> Missing {
        let tally = self.tally(&service.id);
        let counts = service.counts.unwrap_or_default();
        let (done, wanted) = match self.by_service.get(&service.id) {
            Some(group) if self.tasks_known => group.last_run,
            None if self.tasks_known => (0, 0),
            _ => (counts.completed, counts.desired),
        };
        let rests = self.by_service.get(&service.id).map(|g| g.rests).unwrap_or_default();
        let rests = if service.mode.is_job() { IdleSlots::default() } else { rests };
        // What ended on its node for good is not wanted any more, but was.
        let stay = tally.wanted + rests.done + rests.given_up;
        let global = if self.tasks_known { stay } else { counts.desired };
        let running = if self.tasks_known { tally.running } else { counts.running };
        let (desired, job) = match service.mode {
            Mode::Replicated(n) => (n, None),
            Mode::Global | Mode::Other(_) => (global, None),
            Mode::ReplicatedJob { concurrent, total } => {
                (concurrent.min(total.saturating_sub(done)), Some((done, total)))
            }
            Mode::GlobalJob => (wanted, Some((done, done + wanted))),
        };
        Missing { running, desired, job, rests }
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

    /// Whether another node has the same host name: then only its id says which is meant.
    pub fn shares_name(&self, node: &Node) -> bool {
        self.nodes().any(|other| other.id != node.id && other.hostname == node.hostname)
    }

    /// Unambiguous name of a node: its host name, with its short ID if another node has the same.
    pub fn node_label(&self, id: &NodeId) -> String {
        match self.nodes.get(id) {
            Some(node) if self.shares_name(node) => format!("{} ({})", node.hostname, id.short()),
            _ => self.hostname(id).to_owned(),
        }
    }

    /// Whether a task counts as running: its node must not be down.
    pub fn is_running(&self, task: &Task) -> bool {
        task.state == TaskState::Running && self.is_up(task.node.as_ref())
    }

    pub(super) fn is_up(&self, node: Option<&NodeId>) -> bool {
        node.and_then(|id| self.nodes.get(id)).is_none_or(Node::is_up)
    }
}
