//! Start-first updates: whether a new task can start beside those that run.

use super::eligible;
use crate::cluster::{Node, PublishMode, Resources, Service, Store, Task, TaskState, Timestamp};

/// Why no new task of a service can start beside the old ones, on any node that would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// A host port, held by the task that is to go.
    Port(u32),
    /// A reservation that does not fit twice.
    Reservation,
    /// `--replicas-max-per-node`.
    MaxPerNode,
}

impl NoRoom {
    /// The same in few words.
    pub fn brief(self) -> String {
        match self {
            Self::Port(port) => format!("host port {port} is the old task's"),
            Self::Reservation => "no room for what it reserves twice".into(),
            Self::MaxPerNode => "replicas-max-per-node".into(),
        }
    }

    /// A clause that goes after the service.
    pub fn why(self) -> String {
        match self {
            Self::Port(port) => {
                format!("host port {port} stays with the old task until the new one runs")
            }
            Self::Reservation => {
                "what it reserves does not fit a second time beside the old task".into()
            }
            Self::MaxPerNode => "replicas-max-per-node allows no task beside the old one".into(),
        }
    }
}

/// Why an update of `service`, as it is to be, can never replace a task: the new task must run before
/// the old one is stopped, and there is no place for both. `None` if there is, or if it stops first.
/// Only what the old tasks hold themselves counts: what others hold may become free.
pub fn no_room_beside(service: &Service, store: &Store) -> Option<NoRoom> {
    if &*service.update_config.order != "start-first" || service.mode.is_job() {
        return None;
    }
    let own = |node: &Node| -> Vec<&Task> {
        let here = store.tasks_of(&service.id).filter(|t| t.node.as_ref() == Some(&node.id));
        here.filter(|t| store.is_running(t) && t.is_wanted()).collect()
    };
    let mut found = None;
    let mut nodes = store.nodes().filter(|n| eligible(service, n)).peekable();
    nodes.peek()?;
    for node in nodes {
        let own = own(node);
        // A global service's new task goes where its old one is; any other may go to a free node.
        if own.is_empty() && !service.mode.is_global() {
            return None;
        }
        match held(service, node, &own, store) {
            Some(why) => found = Some(why),
            None if service.mode.is_global() => {}
            None => return None,
        }
    }
    found
}

/// An update that stands still: the newest of its tasks that waits for a place beside the old ones.
#[derive(Clone, Copy, Debug)]
pub struct Stall<'s> {
    /// The task.
    pub task: &'s Task,
    /// The conflict with the old task, if that is the reason.
    pub why: Option<NoRoom>,
}

impl Stall<'_> {
    /// Its start.
    pub fn began(&self) -> Option<Timestamp> {
        self.task.created
    }

    /// Why, in a clause; the engine's own words where nothing better is known.
    pub fn words(&self) -> String {
        self.why
            .map_or_else(|| format!("the new task finds no node: {}", self.task.err), NoRoom::why)
    }
}

/// Whether an update that starts the new task first waits for a place for it while the old one runs on.
pub fn stalled<'s>(service: &Service, store: &'s Store) -> Option<Stall<'s>> {
    if !service.is_updating() || &*service.update_config.order != "start-first" {
        return None;
    }
    let tasks = || store.tasks_of(&service.id).filter(|t| t.is_wanted());
    let place = |t: &Task| (t.slot, t.node.clone().filter(|_| t.slot == 0));
    let new = |t: &&Task| t.spec.template == service.template && t.state == TaskState::Pending;
    let waits = tasks().filter(new).filter(|t| !t.err.is_empty()).max_by_key(|t| t.created)?;
    let old = |t: &Task| store.is_running(t) && place(t) == place(waits);
    tasks().any(old).then(|| Stall { task: waits, why: no_room_beside(service, store) })
}

/// Resources that the service's own tasks on a node deny to another one.
fn held(service: &Service, node: &Node, own: &[&Task], store: &Store) -> Option<NoRoom> {
    if own.is_empty() {
        return None;
    }
    let mut ports = service.ports.iter().filter(|p| p.mode == PublishMode::Host && p.published > 0);
    if let Some(port) = ports.next() {
        return Some(NoRoom::Port(port.published));
    }
    if service.max_per_node > 0 && own.len() as u64 >= service.max_per_node {
        return Some(NoRoom::MaxPerNode);
    }
    let free = store.free_on(node);
    let mut held = Resources::default();
    for task in own {
        held.add(&task.spec.reserved);
    }
    let short = service.reserved.parts().any(|(kind, want)| {
        let free = free.of(&kind);
        want > free && want <= free.saturating_add(held.of(&kind))
    });
    short.then_some(NoRoom::Reservation)
}
