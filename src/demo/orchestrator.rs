//! Creates tasks, moves them through their states, restarts and removes them, as swarmkit does.

use std::sync::Arc;

use serde_json::Value;

use super::sim::{Fate, MS, Nanos, SECOND, Sim, SimService, SimState, SimTask};

/// Number of ended tasks that each slot keeps.
const HISTORY: usize = 5;

pub(super) fn mode_of(spec: &Value) -> &str {
    spec["Mode"].as_object().and_then(|m| m.keys().next()).map_or("Replicated", |k| k.as_str())
}

pub(super) fn replicas(spec: &Value) -> u64 {
    spec["Mode"]["Replicated"]["Replicas"].as_u64().unwrap_or(1)
}

/// The task template as tasks have it: without the runtime.
pub(super) fn template_text(spec: &Value) -> Arc<str> {
    let mut template = spec["TaskTemplate"].clone();
    if let Some(map) = template.as_object_mut() {
        map.shift_remove("Runtime");
    }
    template.to_string().into()
}

impl SimService {
    /// The image of the task.
    pub fn image(&self) -> &str {
        self.spec["TaskTemplate"]["ContainerSpec"]["Image"].as_str().unwrap_or("")
    }

    /// The name of the service.
    pub fn name(&self) -> &str {
        self.spec["Name"].as_str().unwrap_or("")
    }
}

impl SimTask {
    /// Whether the task is meant to run.
    pub fn is_wanted(&self) -> bool {
        self.desired <= SimState::Running
    }

    /// Whether the task has ended.
    pub fn is_over(&self) -> bool {
        self.state > SimState::Running
    }
}

impl Sim {
    /// Creates missing tasks and stops surplus ones, for services where something changed.
    pub fn reconcile(&mut self) {
        let dirty: Vec<String> = self.dirty.drain().collect();
        for id in dirty {
            let Some(service) = self.services.get(&id) else { continue };
            match mode_of(&service.spec) {
                "Replicated" => self.reconcile_replicated(&id),
                "Global" => self.reconcile_global(&id),
                "ReplicatedJob" => self.reconcile_job(&id),
                _ => {}
            }
            self.prune(&id);
        }
    }

    fn reconcile_replicated(&mut self, id: &str) {
        let service = &self.services[id];
        let wanted = replicas(&service.spec);
        // An update makes its slots' new tasks itself.
        let busy: Vec<u64> = service.update.as_ref().map(|u| u.slots()).unwrap_or_default();
        let mut have = std::collections::HashSet::new();
        let mut extra = Vec::new();
        for number in &service.tasks {
            let task = &self.tasks[number];
            if task.slot > wanted {
                if task.is_wanted() || task.is_over() {
                    extra.push(*number);
                }
            } else if task.is_wanted() {
                have.insert(task.slot);
            }
        }
        for number in extra {
            self.retire(number, SimState::Remove);
        }
        for slot in 1..=wanted {
            if !have.contains(&slot) && !busy.contains(&slot) && self.may_restart(id, slot) {
                self.create(id, slot, None, 0);
            }
        }
    }

    fn reconcile_global(&mut self, id: &str) {
        let nodes: Vec<String> = self
            .nodes
            .values()
            .filter(|n| self.fits(&self.services[id], n))
            .map(|n| n.id.clone())
            .collect();
        let service = &self.services[id];
        let busy = service.update.as_ref().is_some_and(|u| !u.slots().is_empty());
        let tasks: Vec<u64> = service.tasks.clone();
        let mut have = std::collections::HashSet::new();
        for number in tasks {
            let task = &self.tasks[&number];
            let Some(node) = task.node.clone() else { continue };
            if !task.is_wanted() {
                continue;
            }
            if nodes.contains(&node) {
                have.insert(node);
            } else {
                self.retire(number, SimState::Shutdown);
            }
        }
        for node in nodes {
            if !have.contains(&node) && !busy {
                self.create(id, 0, Some(node), 0);
            }
        }
    }

    fn reconcile_job(&mut self, id: &str) {
        let service = &self.services[id];
        let job = &service.spec["Mode"]["ReplicatedJob"];
        let total = job["TotalCompletions"].as_u64().unwrap_or(1);
        let at_once = job["MaxConcurrent"].as_u64().unwrap_or(1);
        let mine = || service.tasks.iter().map(|n| &self.tasks[n]);
        let done = mine().filter(|t| t.state == SimState::Complete).count() as u64;
        let running = mine().filter(|t| !t.is_over()).count() as u64;
        let used: std::collections::HashSet<u64> = mine()
            .filter(|t| !t.is_over() || t.state == SimState::Complete)
            .map(|t| t.slot)
            .collect();
        let want = at_once.saturating_sub(running).min(total.saturating_sub(done + running));
        let free: Vec<u64> = (1..=total)
            .filter(|s| !used.contains(s))
            .take(usize::try_from(want).unwrap_or(0))
            .collect();
        for slot in free {
            self.create(id, slot, None, 0);
        }
    }

    fn may_restart(&self, id: &str, slot: u64) -> bool {
        let service = &self.services[id];
        let policy = &service.spec["TaskTemplate"]["RestartPolicy"];
        let attempts = service.attempts.get(&slot).copied().unwrap_or(0);
        let max = policy["MaxAttempts"].as_u64().unwrap_or(0);
        (max == 0 || u64::from(attempts) <= max) && policy["Condition"] != "none" || attempts == 0
    }

    /// Creates a task. It stays at `ready` for `delay`, as after a restart.
    pub fn create(&mut self, service: &str, slot: u64, node: Option<String>, delay: Nanos) -> u64 {
        let (id, version, number) = (self.id(), self.bump(), self.next_task);
        self.next_task += 1;
        let addresses = self.attach(service);
        let of = &self.services[service];
        let task = SimTask {
            id: id.clone(),
            version,
            service: service.to_owned(),
            slot,
            node,
            state: SimState::New,
            desired: if delay > 0 { SimState::Ready } else { SimState::Running },
            created: self.now,
            updated: self.now,
            since: self.now,
            started: 0,
            message: "created",
            err: String::new(),
            exit: 0,
            container: None,
            template: Arc::clone(&of.template),
            addresses,
            image: of.image().to_owned(),
            start_at: self.now + delay,
        };
        self.tasks.insert(number, task);
        self.task_ids.insert(id, number);
        if let Some(of) = self.services.get_mut(service) {
            of.tasks.push(number);
        }
        self.timer(40 * MS, number);
        number
    }

    /// Moves every task on whose time has come.
    pub fn run_timers(&mut self) {
        while let Some(std::cmp::Reverse((at, number))) = self.timers.peek().copied() {
            if at > self.now {
                return;
            }
            self.timers.pop();
            self.step(number);
        }
    }

    /// Sets the state of a task.
    pub fn set_state(&mut self, number: u64, state: SimState, message: &'static str) {
        let (index, now) = (self.bump(), self.now);
        let Some(mut task) = self.tasks.remove(&number) else { return };
        let was_over = task.is_over();
        task.state = state;
        task.message = message;
        task.version = index;
        task.since = now;
        task.updated = now;
        if task.is_over() && !was_over {
            self.detach(&task.addresses);
        }
        self.tasks.insert(number, task);
    }

    fn set_desired(&mut self, number: u64, desired: SimState) {
        let (index, now) = (self.bump(), self.now);
        if let Some(task) = self.tasks.get_mut(&number) {
            task.desired = desired;
            task.version = index;
            task.updated = now;
        }
    }

    /// Moves a task to its next state when it is due.
    fn step(&mut self, number: u64) {
        let Some(task) = self.tasks.get(&number) else { return };
        let reachable = task.node.as_ref().is_none_or(|n| self.nodes[n].up);
        if task.is_over() {
            if task.desired == SimState::Remove {
                self.forget(number);
            }
            return;
        }
        if !task.is_wanted() {
            if reachable {
                let was_running = task.state == SimState::Running;
                self.set_state(number, SimState::Shutdown, "shutdown");
                if let Some(task) = self.tasks.get_mut(&number)
                    && was_running
                {
                    task.exit = 143;
                }
                if self.tasks[&number].desired == SimState::Remove {
                    self.timer(200 * MS, number);
                }
                self.touch(number);
            }
            return;
        }
        if !reachable {
            return;
        }
        match task.state {
            SimState::New | SimState::Pending => self.place(number),
            SimState::Assigned => {
                self.set_state(number, SimState::Accepted, "accepted");
                self.timer(30 * MS, number);
            }
            SimState::Accepted => self.prepare(number),
            SimState::Preparing => self.prepared(number),
            SimState::Ready => {
                let wait = task.start_at - self.now;
                if wait > 0 {
                    self.timer(wait, number);
                } else {
                    self.set_desired(number, SimState::Running);
                    self.set_state(number, SimState::Starting, "starting");
                    self.timer(250 * MS, number);
                }
            }
            SimState::Starting => {
                self.set_state(number, SimState::Running, "started");
                let container = self.hex();
                let now = self.now;
                let fate = self.fate(number);
                if let Some(task) = self.tasks.get_mut(&number) {
                    task.container = Some(container);
                    task.started = now;
                }
                if let Fate::Exit(after, _) = fate {
                    self.timer(after, number);
                }
                self.touch(number);
            }
            SimState::Running => {
                if let Fate::Exit(after, code) = self.fate(number)
                    && self.now - self.tasks[&number].started >= after
                {
                    if code == 0 {
                        self.set_state(number, SimState::Complete, "finished");
                        self.set_desired(number, SimState::Shutdown);
                        self.touch(number);
                    } else {
                        let err = format!("task: non-zero exit ({code})");
                        self.fail(number, SimState::Failed, code, &err);
                    }
                }
            }
            _ => {}
        }
    }

    fn fate(&self, number: u64) -> Fate {
        let image = self.tasks[&number].image.split('@').next().unwrap_or("");
        if let Some(fate) = self.fates.get(image) {
            return fate.clone();
        }
        let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
        if ["missing", "broken", "nope", "doesnotexist"].contains(&tag) {
            return Fate::NoImage;
        }
        Fate::Fine
    }

    /// Assigns a task to a node.
    pub fn assign(&mut self, number: u64, node: String) {
        if let Some(task) = self.tasks.get_mut(&number) {
            task.node = Some(node);
            task.err.clear();
        }
        self.set_state(number, SimState::Assigned, "scheduler assigned task to node");
        self.timer(40 * MS, number);
    }

    fn prepare(&mut self, number: u64) {
        self.set_state(number, SimState::Preparing, "preparing");
        let task = &self.tasks[&number];
        let image = task.image.clone();
        let node = task.node.clone().unwrap_or_default();
        let pulled = self.nodes.get_mut(&node).is_none_or(|n| !n.images.insert(image));
        self.timer(if pulled { 150 * MS } else { 900 * MS }, number);
    }

    fn prepared(&mut self, number: u64) {
        if let Fate::NoImage = self.fate(number) {
            let err = format!("No such image: {}", self.tasks[&number].image);
            return self.fail(number, SimState::Rejected, 0, &err);
        }
        self.set_state(number, SimState::Ready, "prepared");
        self.timer(40 * MS, number);
    }

    /// Fails a task; its replacement waits for the restart delay.
    pub fn fail(&mut self, number: u64, state: SimState, exit: i64, err: &str) {
        self.set_state(
            number,
            state,
            if state == SimState::Rejected { "preparing" } else { "started" },
        );
        self.set_desired(number, SimState::Shutdown);
        let Some(task) = self.tasks.get_mut(&number) else { return };
        task.err = err.to_owned();
        task.exit = exit;
        let (service, slot, node) = (task.service.clone(), task.slot, task.node.clone());
        let of_update =
            self.services[&service].update.as_ref().is_some_and(|u| u.slots().contains(&slot));
        if let Some(of) = self.services.get_mut(&service) {
            *of.attempts.entry(slot).or_default() += 1;
        }
        let spec = &self.services[&service].spec;
        let delay = spec["TaskTemplate"]["RestartPolicy"]["Delay"].as_i64().unwrap_or(5 * SECOND);
        let mode = mode_of(spec);
        let still_wanted = mode != "Replicated" || slot <= replicas(spec);
        if still_wanted && mode != "ReplicatedJob" && self.may_restart(&service, slot) && !of_update
        {
            let node = if slot == 0 { node } else { None };
            self.create(&service, slot, node, delay.max(1));
        }
        self.dirty.insert(service);
    }

    /// Stops a task; `desired` is shutdown or remove.
    pub fn retire(&mut self, number: u64, desired: SimState) {
        if self.tasks[&number].desired == desired {
            return;
        }
        self.set_desired(number, desired);
        self.timer(200 * MS, number);
    }

    fn forget(&mut self, number: u64) {
        if let Some(task) = self.tasks.remove(&number) {
            self.task_ids.remove(&task.id);
            if let Some(service) = self.services.get_mut(&task.service) {
                service.tasks.retain(|n| *n != number);
            }
        }
    }

    /// Removes a service and its tasks; its addresses are free again.
    pub fn remove_service(&mut self, id: &str) {
        let tasks = self.services.get(id).map(|s| s.tasks.clone()).unwrap_or_default();
        for number in tasks {
            let running = self.tasks.get_mut(&number).filter(|task| !task.is_over());
            let addresses = running.map(|task| std::mem::take(&mut task.addresses));
            self.detach(&addresses.unwrap_or_default());
            self.forget(number);
        }
        self.services.remove(id);
        self.dirty.remove(id);
    }

    /// Notes that something about the service of a task changed.
    pub fn touch(&mut self, number: u64) {
        let service = self.tasks[&number].service.clone();
        self.dirty.insert(service);
    }

    /// Removes all but the newest ended tasks of each slot.
    fn prune(&mut self, id: &str) {
        let service = &self.services[id];
        type SlotKey<'a> = (u64, Option<&'a str>);
        let mut dead: std::collections::HashMap<SlotKey<'_>, Vec<(Nanos, u64)>> =
            std::collections::HashMap::new();
        for number in &service.tasks {
            let task = &self.tasks[number];
            if task.is_over() && task.state != SimState::Complete {
                let node = if task.slot == 0 { task.node.as_deref() } else { None };
                dead.entry((task.slot, node)).or_default().push((task.created, *number));
            }
        }
        let mut gone = Vec::new();
        for mut slot in dead.into_values().filter(|s| s.len() > HISTORY) {
            slot.sort_unstable();
            gone.extend(slot[..slot.len() - HISTORY].iter().map(|(_, n)| *n));
        }
        for number in gone {
            self.forget(number);
        }
    }

    /// Moves tasks after a node went down, came back, or changed its availability.
    fn unfinished_on(&self, node: &str) -> Vec<u64> {
        let here = self.tasks.iter();
        here.filter(|(_, t)| t.node.as_deref() == Some(node) && !t.is_over())
            .map(|(n, _)| *n)
            .collect()
    }

    /// Removes a node and its tasks from the Swarm.
    pub fn remove_node(&mut self, id: &str) {
        for number in self.unfinished_on(id) {
            self.fail(number, SimState::Orphaned, 0, "");
        }
        self.nodes.remove(id);
        let all: Vec<String> = self.services.keys().cloned().collect();
        self.dirty.extend(all);
    }

    /// Applies a changed node: who leads, and which tasks must leave it.
    pub fn node_changed(&mut self, id: &str) {
        // A role takes effect at once here; a real one takes a second or two.
        if let Some(node) = self.nodes.get_mut(id) {
            node.manager = node.spec["Role"] == "manager";
            node.leader &= node.manager;
        }
        if !self.nodes.values().any(|n| n.leader)
            && let Some(next) = self.nodes.values_mut().find(|n| n.manager && n.up)
        {
            next.leader = true;
        }
        let node = &self.nodes[id];
        let usable = node.up && node.spec["Availability"] != "drain";
        for number in self.unfinished_on(id) {
            if !usable && self.tasks[&number].is_wanted() {
                self.retire(number, SimState::Shutdown);
            }
            // A node that is back reports what became of its tasks.
            self.timer(300 * MS, number);
        }
        let all: Vec<String> = self.services.keys().cloned().collect();
        self.dirty.extend(all);
    }
}
