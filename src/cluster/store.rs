//! The store: one Swarm as last heard, with the counters and indices the views need.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    ClusterInfo, Delta, Entry, Gravity, Journal, ListId, Meaning, Memory, Mode, Network, Node,
    NodeId, NodeState, Resources, Scope, Service, ServiceId, Subject, Task, TaskId, TaskState,
    Timestamp, journal::Line,
};

/// One Swarm as last heard. Reading is free of side effects; [`Store::apply`] is the only writer.
#[derive(Clone, Debug, Default)]
pub struct Store {
    info: ClusterInfo,
    nodes: HashMap<NodeId, Node>,
    services: HashMap<ServiceId, Service>,
    tasks: HashMap<TaskId, Row>,
    by_service: HashMap<ServiceId, HashSet<TaskId>>,
    by_node: HashMap<NodeId, HashSet<TaskId>>,
    service_tally: HashMap<ServiceId, Tally>,
    node_tally: HashMap<NodeId, Tally>,
    total: Tally,
    lists: HashMap<ListId, Scope>,
    /// The newest list that spoke for a service, so that an older one still under way can't bring
    /// back a task that is gone.
    listed: HashMap<ServiceId, ListId>,
    tasks_known: bool,
    networks: HashMap<Arc<str>, Network>,
    touched: Touched,
    memory: Memory,
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
struct Row {
    task: Task,
    seen: ListId,
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

// === impl Store: applying ===

impl Store {
    /// Takes a change in. `at` is the manager's time, for the journal.
    pub fn apply(&mut self, delta: Delta, at: Timestamp) {
        match delta {
            Delta::Cluster(info) => self.cluster(info, at),
            Delta::Nodes(nodes) => self.replace_nodes(nodes, at),
            Delta::Services(services) => self.replace_services(services, at),
            Delta::Networks(networks) => {
                self.networks = networks.into_iter().map(|n| (n.id.clone(), n)).collect();
            }
            Delta::TasksBegin(list, scope) => {
                self.lists.insert(list, scope);
            }
            Delta::Tasks(list, tasks) => {
                if self.lists.contains_key(&list) {
                    let fresh = self.journal.next_seq();
                    for task in tasks {
                        self.upsert_task(list, task, at);
                    }
                    self.journal.order_since(fresh);
                }
            }
            Delta::TasksEnd(list) => self.end_list(list, at),
            Delta::TasksAbort(list) => {
                self.lists.remove(&list);
            }
            Delta::Event(event) => self.note_event(event),
        }
    }

    /// A line of skep's own in the journal: the connection.
    pub fn note(&mut self, at: Timestamp, name: &str, text: String, gravity: Gravity) {
        let (subject, meaning) = (Subject::Other, Meaning::Other);
        self.tell(at, Line { kind: "skep", name, text, subject, gravity, meaning });
    }

    /// What someone does through skep.
    pub fn note_action(&mut self, at: Timestamp, service: &ServiceId, name: &str, text: String) {
        let (subject, gravity) = (Subject::Service(service.clone()), Gravity::Note);
        let line = Line { kind: "action", name, text, subject, gravity, meaning: Meaning::Action };
        self.tell(at, line);
    }

    pub(super) fn tell(&mut self, at: Timestamp, line: Line<'_>) {
        self.revision += 1;
        self.memory.read(at, line.meaning, &line.subject, &line.text);
        self.journal.push(at, line);
    }

    /// Takes in what is remembered from before this store was made.
    pub fn recall(&mut self, past: Vec<Entry>) {
        for entry in &past {
            self.memory.read(entry.at, entry.meaning, &entry.subject, &entry.text);
        }
        if self.journal.recall(past) {
            self.revision += 1;
            self.touched.all = true;
        }
    }

    fn cluster(&mut self, info: ClusterInfo, at: Timestamp) {
        if !self.info.id.is_empty() && self.info.id != info.id {
            let journal = std::mem::take(&mut self.journal);
            *self = Self { journal, revision: self.revision, ..Self::default() };
            self.touched.all = true;
            self.note(at, "cluster", format!("now another Swarm: {}", info.id), Gravity::Bad);
        }
        // Ids of lists restart with a new connection: nothing may be left of the old one.
        self.lists.clear();
        self.listed.clear();
        for row in self.tasks.values_mut() {
            row.seen = ListId(0);
        }
        self.revision += 1;
        self.info = info;
    }

    fn replace_nodes(&mut self, nodes: Vec<Node>, at: Timestamp) {
        let was_known = !self.nodes.is_empty();
        let same = nodes.len() == self.nodes.len()
            && nodes.iter().all(|n| self.nodes.get(&n.id) == Some(n));
        if same {
            return;
        }
        self.revision += 1;
        let mut old = std::mem::take(&mut self.nodes);
        let mut flipped = Vec::new();
        for node in nodes {
            match old.remove(&node.id) {
                Some(before) => {
                    if before.is_up() != node.is_up() {
                        flipped.push(node.id.clone());
                    }
                    self.node_changed(&before, &node, at);
                    self.journal_node(&before, &node, at);
                }
                None if was_known => {
                    flipped.push(node.id.clone());
                    let text = format!("joined as {}", node.role);
                    self.tell_node(&node, text, at);
                }
                None => flipped.push(node.id.clone()),
            }
            self.nodes.insert(node.id.clone(), node);
        }
        for (id, gone) in old {
            self.tell_node(&gone, "left the Swarm".to_owned(), at);
            self.memory.forget(&Subject::Node(id.clone()));
            flipped.push(id);
        }
        if !flipped.is_empty() {
            self.touched.all = true;
            if !self.tasks.is_empty() {
                self.recount();
            }
        }
    }

    /// Notes since when, and for whom it matters.
    fn node_changed(&mut self, before: &Node, after: &Node, at: Timestamp) {
        if before == after {
            return;
        }
        self.touched.nodes.insert(after.id.clone());
        if before.state != after.state {
            self.memory.state_changed(&after.id, at);
        }
        let reach = |n: &Node| n.manager.as_ref().map(|m| m.reachability.clone());
        if reach(before) != reach(after) {
            self.memory.reach_changed(&after.id, at);
        }
        let placing = |n: &Node| {
            let room = (n.nano_cpus, n.memory);
            (
                n.availability.clone(),
                n.role.clone(),
                n.labels.clone(),
                n.engine_labels.clone(),
                room,
            )
        };
        // `unknown` passes in seconds: after a leader change every node is.
        let settled = after.state != NodeState::Unknown && before.state != NodeState::Unknown;
        if placing(before) != placing(after) || (settled && before.state != after.state) {
            self.touched.all = true;
        }
    }

    fn tell_node(&mut self, node: &Node, text: String, at: Timestamp) {
        let line = Line {
            kind: "node",
            name: &node.hostname,
            text,
            subject: Subject::Node(node.id.clone()),
            gravity: Gravity::Note,
            meaning: Meaning::Other,
        };
        self.tell(at, line);
    }

    fn replace_services(&mut self, services: Vec<Service>, at: Timestamp) {
        let same = services.len() == self.services.len()
            && services.iter().all(|s| self.services.get(&s.id) == Some(s));
        if same {
            return;
        }
        self.revision += 1;
        let mut old = std::mem::take(&mut self.services);
        self.services.reserve(services.len());
        for mut service in services {
            // Lists come from several requests; an older answer must not undo a newer one.
            match old.remove(&service.id) {
                Some(known) if known.version > service.version => service = known,
                Some(known) if known == service => {}
                Some(known) => {
                    if known.spec != service.spec {
                        self.journal_service(&known, &service, at);
                    }
                    self.touched.services.insert(service.id.clone());
                }
                None => {
                    self.touched.services.insert(service.id.clone());
                }
            }
            self.services.insert(service.id.clone(), service);
        }
        for id in old.into_keys() {
            self.touched.services.insert(id.clone());
            let tasks: Vec<_> = self.by_service.get(&id).into_iter().flatten().cloned().collect();
            for task in tasks {
                self.remove_task(&task);
            }
            self.listed.remove(&id);
            self.memory.forget(&Subject::Service(id));
        }
    }

    fn upsert_task(&mut self, list: ListId, task: Task, at: Timestamp) {
        if let Some(row) = self.tasks.get_mut(&task.id) {
            row.seen = row.seen.max(list);
            if task.version < row.task.version || task == row.task {
                return;
            }
            self.revision += 1;
            let before = std::mem::replace(&mut row.task, task.clone());
            self.touch(&before);
            self.touch(&task);
            self.count(&before, false);
            self.count(&task, true);
            if before.node != task.node {
                self.unindex_node(&before);
                self.index_node(&task);
            }
            if before.service != task.service {
                if let Some(set) = self.by_service.get_mut(&before.service) {
                    set.remove(&before.id);
                }
                self.by_service.entry(task.service.clone()).or_default().insert(task.id.clone());
            }
            if before.state != task.state {
                self.journal_task(Some(&before.state), &task, at);
            }
            return;
        }
        if self.listed.get(&task.service).is_some_and(|newer| *newer > list) {
            return;
        }
        self.revision += 1;
        self.touch(&task);
        self.by_service.entry(task.service.clone()).or_default().insert(task.id.clone());
        self.index_node(&task);
        self.count(&task, true);
        if self.tasks_known {
            self.journal_task(None, &task, at);
        }
        self.tasks.insert(task.id.clone(), Row { task, seen: list });
    }

    fn end_list(&mut self, list: ListId, _at: Timestamp) {
        let Some(scope) = self.lists.remove(&list) else { return };
        let gone: Vec<TaskId> = match &scope {
            Scope::All => {
                if !self.tasks_known {
                    self.revision += 1;
                    self.tasks_known = true;
                    self.touched.all = true;
                    self.remember();
                }
                let unseen = self.tasks.values().filter(|row| row.seen < list);
                unseen.map(|row| row.task.id.clone()).collect()
            }
            Scope::Services(services) => {
                for service in services {
                    self.listed.insert(service.clone(), list);
                }
                let ids = services.iter().filter_map(|s| self.by_service.get(s)).flatten();
                ids.filter(|id| self.tasks.get(*id).is_some_and(|r| r.seen < list))
                    .cloned()
                    .collect()
            }
        };
        for id in gone {
            self.remove_task(&id);
        }
    }

    fn remove_task(&mut self, id: &TaskId) {
        let Some(row) = self.tasks.remove(id) else { return };
        self.revision += 1;
        self.touch(&row.task);
        self.count(&row.task, false);
        self.unindex_node(&row.task);
        if let Some(set) = self.by_service.get_mut(&row.task.service) {
            set.remove(id);
            if set.is_empty() {
                self.by_service.remove(&row.task.service);
                self.service_tally.remove(&row.task.service);
            }
        }
    }

    fn touch(&mut self, task: &Task) {
        if !self.touched.services.contains(&task.service) {
            self.touched.services.insert(task.service.clone());
        }
        if let Some(node) = &task.node
            && !self.touched.loads.contains(node)
        {
            self.touched.loads.insert(node.clone());
        }
    }

    fn index_node(&mut self, task: &Task) {
        if let Some(node) = &task.node {
            self.by_node.entry(node.clone()).or_default().insert(task.id.clone());
        }
    }

    fn unindex_node(&mut self, task: &Task) {
        if let Some(node) = &task.node
            && let Some(set) = self.by_node.get_mut(node)
        {
            set.remove(&task.id);
            if set.is_empty() {
                self.by_node.remove(node);
                self.node_tally.remove(node);
            }
        }
    }

    fn count(&mut self, task: &Task, add: bool) {
        let reserved = if task.is_wanted() { task.reserved } else { Resources::default() };
        let one = Tally {
            running: u64::from(self.is_running(task)),
            wanted: u64::from(task.is_wanted()),
            complete: u64::from(task.state == TaskState::Complete),
            failed: u64::from(task.state.is_failure()),
            all: 1,
            nano_cpus: reserved.nano_cpus,
            memory: reserved.memory,
        };
        self.total.add(one, add);
        self.service_tally.entry(task.service.clone()).or_default().add(one, add);
        if let Some(node) = &task.node {
            self.node_tally.entry(node.clone()).or_default().add(one, add);
        }
    }

    /// Counts everything anew; only when a node came, went, or changed between up and down.
    fn recount(&mut self) {
        self.total = Tally::default();
        self.service_tally.clear();
        self.node_tally.clear();
        let rows = std::mem::take(&mut self.tasks);
        for row in rows.values() {
            self.count(&row.task, true);
        }
        self.tasks = rows;
    }
}

// === impl Tally ===

impl Tally {
    fn add(&mut self, one: Self, add: bool) {
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
