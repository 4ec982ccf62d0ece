//! Counts of tasks: of a service, of a node and of the whole Swarm, kept up to date task by task.

use super::{Kind, Store};
use crate::cluster::{IdleSlots, Node, NodeId, NodeState, ServiceId, Task, TaskState};

/// The Swarm in a few figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwarmHealth {
    /// Nodes that are ready.
    pub ready: usize,
    /// Number of nodes in state `unknown`, as all are for seconds when the leader changes.
    pub unknown: usize,
    /// Managers.
    pub managers: usize,
    /// Managers that can be counted on.
    pub reachable: usize,
    /// The leader.
    pub leader: Option<NodeId>,
    /// Services that are as they should be.
    pub converged: usize,
    /// Tasks that run on nodes that are up.
    pub running: u64,
    /// Tasks that should run and do not.
    pub missing: u64,
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

    pub(super) fn swap(&mut self, was: Self, is: Self) {
        self.add(was, false);
        self.add(is, true);
    }
}

/// A node's part in how the tasks on it count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    is_up: bool,
    never_joined: bool,
}

impl Standing {
    /// One that is not known is up.
    pub(super) fn of(node: Option<&Node>) -> Self {
        Self {
            is_up: node.is_none_or(Node::is_up),
            never_joined: node.is_some_and(Node::never_joined),
        }
    }

    fn weigh(self, task: &Task) -> Tally {
        let reserved = &task.spec.reserved;
        let wanted = task.is_wanted() && !self.never_joined;
        let (nano_cpus, memory) =
            if wanted { (reserved.nano_cpus, reserved.memory) } else { (0, 0) };
        Tally {
            running: u64::from(task.state == TaskState::Running && self.is_up),
            wanted: u64::from(wanted),
            complete: u64::from(task.state == TaskState::Complete),
            failed: u64::from(task.state.is_failure()),
            all: 1,
            nano_cpus,
            memory,
        }
    }
}

/// Progress of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Tasks running on nodes that are up.
    pub running: u64,
    /// Tasks that should run, or have run and are done.
    pub desired: u64,
    /// For a job: tasks done and tasks wanted.
    pub job: Option<(u64, u64)>,
    /// Its idle slots; none for a job.
    pub rests: IdleSlots,
}

impl Missing {
    /// Whether the service is as it should be.
    pub fn none(&self) -> bool {
        match self.job {
            Some((done, total)) => done >= total || self.running >= self.desired,
            None => self.lacking() == 0,
        }
    }

    /// Tasks that should run now and do not.
    pub fn lacking(&self) -> u64 {
        let well = self.running + self.rests.done + self.rests.waiting;
        self.desired.saturating_sub(well)
    }
}

impl Store {
    pub(super) fn count_nodes(&mut self) {
        let mut health = SwarmHealth {
            converged: self.health.converged,
            running: self.health.running,
            missing: self.health.missing,
            ..SwarmHealth::default()
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

    /// A task's share of its service's counts.
    pub(super) fn weigh(&self, task: &Task) -> Tally {
        let node = task.node.as_ref().and_then(|id| self.nodes.get(id));
        Standing::of(node).weigh(task)
    }

    /// Whether a task is meant for a node that never joined, as global services have them: nothing will
    /// ever come of it.
    pub fn is_for_nobody(&self, task: &Task) -> bool {
        task.node.as_ref().and_then(|id| self.nodes.get(id)).is_some_and(Node::never_joined)
    }

    /// Marks the objects of a task as changed. Until all tasks are known, services use the engine's
    /// own counts; then everything is marked.
    pub(super) fn touch(&mut self, task: &Task) {
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

    /// Counts the tasks on a node anew that stands otherwise now.
    pub(super) fn recount_on(&mut self, node: &NodeId, was: Standing, is: Standing) {
        let Some(group) = self.by_node.get(node).filter(|_| was != is) else { return };
        let places = group.tasks.clone();
        self.moved(Kind::Tasks);
        for place in places {
            let Some(row) = self.tasks.row(place) else { continue };
            let (was, is) = (was.weigh(&row.task), is.weigh(&row.task));
            if was == is {
                continue;
            }
            let service = &row.task.service;
            self.total.swap(was, is);
            if let Some(group) = self.by_node.get_mut(node) {
                group.tally.swap(was, is);
            }
            if let Some(group) = self.by_service.get_mut(service) {
                group.tally.swap(was, is);
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
            wanted += u64::from(task.is_wanted() && !self.is_for_nobody(task));
        }
        self.by_service.entry_ref(id).or_default().last_run = (done, wanted);
    }

    /// Brings the parts of services in the Swarm's figures up to date.
    pub(super) fn reckon(&mut self) {
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
                let converged = usize::from(m.none() && !service.is_unread);
                SwarmHealth { converged, running: m.running, missing, ..SwarmHealth::default() }
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
