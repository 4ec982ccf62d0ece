//! Taking changes into the store: the one way in.

use std::sync::Arc;

use super::{
    Beginning, ClusterInfo, Delta, Entry, Gravity, Leaderless, ListId, Meaning, Node, NodeId,
    NodeState, Part, Scope, Service, ServiceId, Subject, Tally, Task, TaskState, Timestamp, Unread,
    journal::Line,
    store::{Health, OpenList, Store},
};

impl Store {
    /// Takes a change in. `at` is the manager's time, for the journal.
    pub fn apply(&mut self, delta: Delta, at: Timestamp) {
        match delta {
            Delta::Cluster(info) => self.cluster(info, at),
            Delta::Nodes(nodes) => {
                // A list comes from a leader.
                self.set_leaderless(None);
                self.replace_nodes(nodes, at);
            }
            Delta::Leaderless(told) => self.set_leaderless(Some(told)),
            Delta::Services(services) => self.replace_services(services, at),
            Delta::Networks(networks) => {
                self.networks = networks.into_iter().map(|n| (n.id.clone(), n)).collect();
            }
            Delta::Unread(part, why) => self.cannot_read(part, why),
            Delta::Silent(part, why, since) => {
                self.cannot_read(part, why.clone());
                self.unread.add_silent(part, why, since);
            }
            Delta::Gaps(part, why) => self.has_gaps(part, why, true),
            Delta::Read(part) => self.is_read(part),
            Delta::TasksBegin(list, scope) => {
                self.lists.insert(list, OpenList { scope, has_gaps: false });
            }
            Delta::Tasks(list, tasks) => {
                if self.lists.contains_key(&list) {
                    let fresh = self.journal.next_seq();
                    for task in tasks {
                        self.upsert_task(list, task, at);
                    }
                    self.journal.order_since(fresh);
                }
                self.bound_tasks();
            }
            Delta::TasksGaps(list, why) => self.list_has_gaps(list, why),
            Delta::TasksEnd(list) => self.end_list(list, at),
            Delta::TasksAbort(list) => {
                self.lists.remove(&list);
            }
            Delta::Event(event) => self.note_event(event),
        }
        self.reckon();
    }

    fn set_leaderless(&mut self, mut told: Option<Leaderless>) {
        if let (Some(new), Some(old)) = (&mut told, &self.leaderless) {
            new.since = old.since;
        }
        if self.leaderless != told {
            self.leaderless = told;
            self.revision += 1;
            self.touched.swarm = true;
        }
    }

    /// A line of skep's own in the journal: the connection.
    pub fn note(&mut self, at: Timestamp, name: &str, text: String, gravity: Gravity) {
        let (subject, meaning) = (Subject::Other, Meaning::Other);
        self.tell(at, Line { kind: "skep", name, text, subject, gravity, meaning, who: None });
    }

    /// Notes an action done through skep: its object with its name, a description, and the user.
    pub fn note_action(
        &mut self,
        at: Timestamp,
        (subject, name): (Subject, &str),
        text: String,
        who: &str,
    ) {
        let (gravity, meaning, who) = (Gravity::Note, Meaning::Action, Some(who));
        self.tell(at, Line { kind: "action", name, text, subject, gravity, meaning, who });
    }

    pub(super) fn tell(&mut self, at: Timestamp, line: Line<'_>) {
        self.revision += 1;
        self.journal.push(at, line);
        if let Some(entry) = self.journal.iter().next_back() {
            self.memory.read(entry);
        }
    }

    /// Adds beginnings of problems that an earlier skep saw.
    pub fn recall_beginnings(&mut self, past: Vec<Beginning>) {
        self.memory.recall_beginnings(past);
        self.touched.all = true;
    }

    /// Adds entries from before this store was made.
    pub fn recall(&mut self, past: Vec<Entry>) {
        for entry in &past {
            self.memory.read(entry);
        }
        if self.journal.recall(past) {
            self.revision += 1;
            self.touched.all = true;
        }
    }

    fn cluster(&mut self, mut info: ClusterInfo, at: Timestamp) {
        self.unread = Unread::default();
        if info.id.is_empty() {
            // Not told through this link: nothing says that it is another one.
            info.id = self.info.id.clone();
        }
        if !self.info.id.is_empty() && self.info.id != info.id {
            let journal = std::mem::take(&mut self.journal);
            let mut tasks = std::mem::take(&mut self.tasks);
            tasks.clear();
            let (revision, roll) = (self.revision, self.roll + 1);
            *self = Self { journal, tasks, revision, roll, ..Self::default() };
            self.touched.all = true;
            self.note(at, "cluster", format!("now another Swarm: {}", info.id), Gravity::Bad);
        }
        // Ids of lists restart with a new connection: nothing may be left of the old one.
        self.lists.clear();
        for group in self.by_service.values_mut() {
            group.listed = ListId(0);
        }
        for row in self.tasks.rows_mut() {
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
        self.nodes.reserve(nodes.len());
        // Whose tasks count otherwise now, and whether they count. One that is not known is up.
        let mut flipped = Vec::new();
        let mut same_roll = true;
        for node in nodes {
            match old.remove(&node.id) {
                Some(before) => {
                    same_roll &= before.hostname == node.hostname;
                    if before.is_up() != node.is_up() {
                        flipped.push((node.id.clone(), node.is_up()));
                    }
                    self.node_changed(&before, &node, at);
                    self.journal_node(&before, &node, at);
                }
                None => {
                    same_roll = false;
                    flipped.push((node.id.clone(), node.is_up()));
                    if was_known {
                        let text = format!("joined as {}", node.role);
                        self.tell_node(&node, text, at);
                    }
                }
            }
            self.nodes.insert(node.id.clone(), node);
        }
        for (id, gone) in old {
            self.tell_node(&gone, "left the Swarm".to_owned(), at);
            self.memory.forget(&Subject::Node(id.clone()));
            flipped.push((id, true));
            same_roll = false;
        }
        self.roll += u64::from(!same_roll);
        self.touched.all |= !flipped.is_empty();
        for (id, up) in flipped {
            self.recount_on(&id, up);
        }
        self.count_nodes();
    }

    pub(super) fn count_nodes(&mut self) {
        let mut health = Health {
            converged: self.health.converged,
            running: self.health.running,
            missing: self.health.missing,
            ..Health::default()
        };
        for node in self.nodes.values() {
            health.ready += usize::from(node.state == NodeState::Ready);
            health.unknown += usize::from(node.state == NodeState::Unknown);
            if node.is_leader() {
                health.leader = Some(node.id.clone());
            }
        }
        let quorum = self.quorum();
        (health.managers, health.reachable) = (quorum.total(), quorum.kept());
        self.health = health;
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
            let room = n.capacity();
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
            who: None,
        };
        self.tell(at, line);
    }

    fn replace_services(&mut self, services: Vec<Arc<Service>>, at: Timestamp) {
        // What did not change is handed on, not read anew: most need no comparing.
        let is_same = |a: &Arc<Service>, b: &Arc<Service>| Arc::ptr_eq(a, b) || a == b;
        let same = services.len() == self.services.len()
            && services.iter().all(|s| self.services.get(&s.id).is_some_and(|k| is_same(k, s)));
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
                Some(known) if is_same(&known, &service) => {}
                Some(known) => {
                    if known.spec != service.spec {
                        self.journal_service(&known, &service, at);
                    }
                    self.roll += u64::from(known.name != service.name);
                    self.service_changed(&service.id);
                }
                None => {
                    self.roll += 1;
                    self.service_changed(&service.id);
                }
            }
            self.services.insert(service.id.clone(), service);
        }
        for id in old.into_keys() {
            self.roll += 1;
            self.service_changed(&id);
            let tasks = self.by_service.get(&id).map(|g| g.tasks.clone()).unwrap_or_default();
            for task in tasks {
                self.remove_task(task);
            }
            self.memory.forget(&Subject::Service(id));
        }
    }

    fn service_changed(&mut self, id: &ServiceId) {
        self.touched.services.insert(id.clone());
        self.unreckoned.insert(id.clone());
    }

    fn upsert_task(&mut self, list: ListId, task: Task, at: Timestamp) {
        let Some(place) = self.tasks.find(&task.id) else { return self.new_task(list, task, at) };
        let Some(row) = self.tasks.row_mut(place) else { return };
        row.seen = row.seen.max(list);
        if task.version < row.task.version || task == row.task {
            return;
        }
        self.revision += 1;
        let before = std::mem::replace(&mut row.task, task.clone());
        let (in_service, in_node) = (row.in_service, row.in_node);
        let (was, is) = (self.weigh(&before), self.weigh(&task));
        self.total.swap(was, is);
        if before.service == task.service {
            let group = self.by_service.entry_ref(&task.service).or_default();
            group.tally.swap(was, is);
            group.revision = self.revision;
        } else {
            self.leave_service(&before.service, in_service, was);
            self.join_service(&task.service, place, is);
        }
        if before.node == task.node {
            if let Some(node) = &task.node {
                self.by_node.entry_ref(node).or_default().tally.swap(was, is);
            }
        } else {
            self.leave_node(before.node.as_ref(), in_node, was);
            self.join_node(task.node.as_ref(), place, is);
        }
        self.touch(&before);
        self.touch(&task);
        if before.state != task.state {
            self.journal_task(Some(&before.state), &task, at);
        }
    }

    fn new_task(&mut self, list: ListId, task: Task, at: Timestamp) {
        if self.by_service.get(&task.service).is_some_and(|group| group.listed > list) {
            return;
        }
        self.revision += 1;
        if self.tasks_known {
            self.journal_task(None, &task, at);
        }
        self.touch(&task);
        let (service, node, one) = (task.service.clone(), task.node.clone(), self.weigh(&task));
        self.total.add(one, true);
        let place = self.tasks.insert(task, list);
        self.join_service(&service, place, one);
        self.join_node(node.as_ref(), place, one);
    }

    fn end_list(&mut self, list: ListId, _at: Timestamp) {
        let Some(OpenList { scope, has_gaps }) = self.lists.remove(&list) else { return };
        let gone: Vec<u32> = match &scope {
            Scope::All => {
                if !self.tasks_known && !has_gaps {
                    self.revision += 1;
                    self.unread.remove(Part::Tasks);
                    self.tasks_known = true;
                    self.touched.all = true;
                    self.unreckoned.extend(self.services.keys().cloned());
                    self.remember();
                }
                self.tasks.rows().filter(|(_, row)| row.seen < list).map(|(at, _)| at).collect()
            }
            Scope::Services(services) => {
                let mut gone = Vec::new();
                for service in services {
                    let Some(group) = self.by_service.get_mut(service) else { continue };
                    group.listed = list;
                    let unseen = |at: &&u32| self.tasks.row(**at).is_some_and(|r| r.seen < list);
                    gone.extend(group.tasks.iter().filter(unseen).copied());
                }
                gone
            }
        };
        for place in gone {
            self.remove_task(place);
        }
    }

    pub(super) fn remove_task(&mut self, place: u32) {
        let Some(row) = self.tasks.row(place) else { return };
        let (task, in_service, in_node) = (row.task.clone(), row.in_service, row.in_node);
        self.revision += 1;
        let one = self.weigh(&task);
        self.total.add(one, false);
        self.leave_service(&task.service, in_service, one);
        self.leave_node(task.node.as_ref(), in_node, one);
        self.touch(&task);
        self.tasks.remove(place);
    }

    // --- indices: who belongs where, and what they come to ---

    fn join_service(&mut self, service: &ServiceId, place: u32, one: Tally) {
        let group = self.by_service.entry_ref(service).or_default();
        group.revision = self.revision;
        group.tally.add(one, true);
        group.tasks.push(place);
        if let Some(row) = self.tasks.row_mut(place) {
            row.in_service = group.tasks.len() as u32 - 1;
        }
    }

    fn leave_service(&mut self, service: &ServiceId, at: u32, one: Tally) {
        let Some(group) = self.by_service.get_mut(service) else { return };
        group.revision = self.revision;
        group.tally.add(one, false);
        group.tasks.swap_remove(at as usize);
        if let Some(moved) = group.tasks.get(at as usize)
            && let Some(row) = self.tasks.row_mut(*moved)
        {
            row.in_service = at;
        }
    }

    fn join_node(&mut self, node: Option<&NodeId>, place: u32, one: Tally) {
        let Some(node) = node else { return };
        let group = self.by_node.entry_ref(node).or_default();
        group.tally.add(one, true);
        group.tasks.push(place);
        if let Some(row) = self.tasks.row_mut(place) {
            row.in_node = group.tasks.len() as u32 - 1;
        }
    }

    fn leave_node(&mut self, node: Option<&NodeId>, at: u32, one: Tally) {
        let Some(node) = node else { return };
        let Some(group) = self.by_node.get_mut(node) else { return };
        group.tally.add(one, false);
        group.tasks.swap_remove(at as usize);
        if let Some(moved) = group.tasks.get(at as usize)
            && let Some(row) = self.tasks.row_mut(*moved)
        {
            row.in_node = at;
        }
        if group.tasks.is_empty() {
            self.by_node.remove(node);
        }
    }

    // --- counting ---

    /// A task's share of its service's counts.
    fn weigh(&self, task: &Task) -> Tally {
        let reserved = &task.spec.reserved;
        let (nano_cpus, memory) =
            if task.is_wanted() { (reserved.nano_cpus, reserved.memory) } else { (0, 0) };
        Tally {
            running: u64::from(self.is_running(task)),
            wanted: u64::from(task.is_wanted()),
            complete: u64::from(task.state == TaskState::Complete),
            failed: u64::from(task.state.is_failure()),
            all: 1,
            nano_cpus,
            memory,
        }
    }

    /// Marks the objects of a task as changed. Until all tasks are known, services use the engine's
    /// own counts; then everything is marked.
    fn touch(&mut self, task: &Task) {
        if !self.tasks_known {
            return;
        }
        if let Some(node) = &task.node
            && !self.touched.loads.contains(node)
        {
            self.touched.loads.insert(node.clone());
        }
        if !self.unreckoned.contains(&task.service) {
            self.unreckoned.insert(task.service.clone());
        }
        if !self.touched.services.contains(&task.service) {
            self.touched.services.insert(task.service.clone());
        }
    }

    /// A node came, went, or changed between up and down: its running tasks count otherwise.
    pub(super) fn recount_on(&mut self, node: &NodeId, up: bool) {
        let Some(group) = self.by_node.get_mut(node) else { return };
        let running = |at: &&u32| {
            self.tasks.row(**at).is_some_and(|row| row.task.state == TaskState::Running)
        };
        let running: Vec<u32> = group.tasks.iter().filter(running).copied().collect();
        let before = group.tally.running;
        group.tally.running = if up { running.len() as u64 } else { 0 };
        if before == group.tally.running {
            return;
        }
        let one = Tally { running: 1, ..Tally::default() };
        for place in running {
            let Some(row) = self.tasks.row(place) else { continue };
            let service = &row.task.service;
            self.total.add(one, up);
            if let Some(group) = self.by_service.get_mut(service) {
                group.tally.add(one, up);
                group.revision = self.revision;
            }
            self.unreckoned.insert(service.clone());
            self.touched.services.insert(service.clone());
        }
    }

    /// Counts the tasks of a job's last run: those of earlier ones are kept as well.
    fn reckon_job(&mut self, id: &ServiceId) {
        let Some(service) = self.services.get(id).filter(|s| s.mode.is_job()) else { return };
        let (mut done, mut wanted) = (0, 0);
        for task in self.tasks_of(id).filter(|t| service.is_of_this_run(t)) {
            done += u64::from(task.state == TaskState::Complete);
            wanted += u64::from(task.is_wanted());
        }
        self.by_service.entry_ref(id).or_default().last_run = (done, wanted);
    }

    /// Brings the parts of services in the Swarm's figures up to date.
    fn reckon(&mut self) {
        if self.unreckoned.is_empty() {
            return;
        }
        for id in std::mem::take(&mut self.unreckoned) {
            self.reckon_job(&id);
            if !self.reckon_rests(&id) {
                self.unreckoned.insert(id.clone());
            }
            let fresh = self.services.get(&id).map(|service| {
                let m = self.missing(service);
                let missing = if m.none() { 0 } else { m.lacking() };
                let converged = usize::from(m.none());
                Health { converged, running: m.running, missing, ..Health::default() }
            });
            let is_gone = fresh.is_none();
            let group = self.by_service.entry_ref(&id).or_default();
            let before = std::mem::replace(&mut group.health, fresh.unwrap_or_default());
            let (after, sum) = (&group.health, &mut self.health);
            sum.converged = sum.converged + after.converged - before.converged;
            sum.running = sum.running + after.running - before.running;
            sum.missing = sum.missing + after.missing - before.missing;
            if is_gone && group.tasks.is_empty() {
                self.by_service.remove(&id);
            }
        }
    }
}
