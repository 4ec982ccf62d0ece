//! Effect of a drain on a node's tasks: which move, and which have no place.

use std::collections::{BTreeMap, HashMap};

use super::eligible;
use crate::cluster::{
    Availability, Node, NodeId, NodeState, PublishMode, Service, ServiceId, Store, Task,
};

/// Effect on the tasks of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The service.
    pub service: ServiceId,
    /// Tasks that are meant to run there now.
    pub tasks: u64,
    /// Tasks that wait for their restart delay: they stay until it is over, and then start elsewhere.
    pub waiting: u64,
    /// Number of those that run.
    pub running: u64,
    /// Number of wanted tasks that fit on no other node.
    pub homeless: u64,
    /// Some of all those, waiting ones too, fit on no other node.
    pub is_bound: bool,
    /// One a node: they end with it, and are not missed.
    pub global: bool,
    /// Its tasks that run on other nodes.
    pub elsewhere: u64,
}

impl Leaving {
    /// Number of tasks that start elsewhere.
    pub fn moves(&self) -> u64 {
        if self.global { 0 } else { self.tasks.saturating_sub(self.homeless) }
    }
}

/// A node that could take tasks, and its free resources.
struct FreeNode<'s> {
    node: &'s Node,
    cpu: u64,
    memory: u64,
    /// Host ports that are held.
    ports: Vec<u32>,
    /// Tasks of services that have a limit for each node.
    limited: HashMap<&'s ServiceId, u64>,
}

/// Effect on the tasks of a node, by service: each is placed, the largest first, on the node with
/// the most free memory that the scheduler's rules allow; those that move later after the others.
pub fn leaving(store: &Store, node: &Node) -> Vec<Leaving> {
    let mut places: Vec<FreeNode<'_>> =
        store.nodes().filter(|n| n.id != node.id).filter_map(|n| place(store, n)).collect();
    let wanted = |t: &&Task| t.is_wanted() && !t.state.is_terminal();
    let mut tasks: Vec<&Task> = store.tasks_on(&node.id).filter(wanted).collect();
    tasks.sort_by_key(|t| {
        let size = (t.spec.reserved.memory, t.spec.reserved.nano_cpus);
        (t.waits_for_its_delay(), std::cmp::Reverse(size), &t.id)
    });
    let mut found: BTreeMap<&ServiceId, Leaving> = BTreeMap::new();
    for task in tasks {
        let Some(service) = store.service(&task.service) else { continue };
        let one = found.entry(&task.service).or_insert_with(|| Leaving {
            service: service.id.clone(),
            tasks: 0,
            waiting: 0,
            running: 0,
            homeless: 0,
            is_bound: false,
            global: service.mode.is_global(),
            elsewhere: running_elsewhere(store, &service.id, &node.id),
        });
        let is_homeless = !one.global && !takes(&mut places, service, task);
        one.is_bound |= is_homeless;
        if task.waits_for_its_delay() {
            one.waiting += 1;
            continue;
        }
        one.tasks += 1;
        one.running += u64::from(store.is_running(task));
        one.homeless += u64::from(is_homeless);
    }
    found.into_values().collect()
}

/// A service's tasks that run on other nodes.
pub fn running_elsewhere(store: &Store, service: &ServiceId, node: &NodeId) -> u64 {
    let running = store.tasks_of(service).filter(|t| store.is_running(t) && t.is_wanted());
    running.filter(|t| t.node.as_ref() != Some(node)).count() as u64
}

fn place<'s>(store: &'s Store, node: &'s Node) -> Option<FreeNode<'s>> {
    if node.state != NodeState::Ready || node.availability != Availability::Active {
        return None;
    }
    let tally = store.node_tally(&node.id);
    let mut place = FreeNode {
        node,
        cpu: node.nano_cpus.saturating_sub(tally.nano_cpus),
        memory: node.memory.saturating_sub(tally.memory),
        ports: Vec::new(),
        limited: HashMap::new(),
    };
    for task in store.tasks_on(&node.id).filter(|t| t.is_wanted()) {
        if let Some(service) = store.service(&task.service) {
            place.note(service);
        }
    }
    Some(place)
}

fn host_ports(service: &Service) -> impl Iterator<Item = u32> {
    let host = service.ports.iter().filter(|p| p.mode == PublishMode::Host && p.published > 0);
    host.map(|p| p.published)
}

impl<'s> FreeNode<'s> {
    fn note(&mut self, service: &'s Service) {
        self.ports.extend(host_ports(service));
        if service.max_per_node > 0 {
            *self.limited.entry(&service.id).or_default() += 1;
        }
    }

    fn fits(&self, service: &Service, task: &Task) -> bool {
        let here = self.limited.get(&service.id).copied().unwrap_or(0);
        task.spec.reserved.nano_cpus <= self.cpu
            && task.spec.reserved.memory <= self.memory
            && (service.max_per_node == 0 || here < service.max_per_node)
            && host_ports(service).all(|port| !self.ports.contains(&port))
            && eligible(service, self.node)
    }
}

/// Puts a task where it fits; false if it fits nowhere.
fn takes<'s>(places: &mut [FreeNode<'s>], service: &'s Service, task: &Task) -> bool {
    let fitting = places.iter_mut().filter(|place| place.fits(service, task));
    let Some(place) = fitting.max_by_key(|place| place.memory) else { return false };
    place.cpu = place.cpu.saturating_sub(task.spec.reserved.nano_cpus);
    place.memory = place.memory.saturating_sub(task.spec.reserved.memory);
    place.note(service);
    true
}
