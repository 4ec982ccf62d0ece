//! Taking changes into the store: the one way in.

use super::{
    ClusterInfo, Delta, Entry, Gravity, ListId, Meaning, Node, NodeState, Resources, Scope,
    Service, ServiceId, Subject, Tally, Task, TaskId, TaskState, Timestamp,
    journal::Line,
    store::{Row, Store},
};

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
