//! Spare replicas: what a service loses with any one node.

use std::collections::{BTreeSet, HashMap};

use crate::cluster::{Mode, NodeId, Service, ServiceId, Store};

/// Loss of a service with one node, until its tasks are started elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The node.
    pub node: NodeId,
    /// Tasks that run there.
    pub loses: u64,
    /// Tasks that run elsewhere.
    pub keeps: u64,
    /// Tasks that should run.
    pub desired: u64,
}

impl Loss {
    /// Whether nothing of it is left.
    pub fn is_whole(&self) -> bool {
        self.loses > 0 && self.keeps == 0
    }

    /// Whether less than half of it is left.
    pub fn is_half(&self) -> bool {
        self.loses > 0 && self.keeps * 2 < self.desired
    }
}

/// A service that should always run, and how often. Of a global one a node's loss takes what is meant for
/// that node alone.
fn replicas(service: &Service) -> Option<u64> {
    match service.mode {
        Mode::Replicated(n) if n > 0 => Some(n),
        _ => None,
    }
}

/// The running tasks of a service on each node.
fn by_node<'s>(store: &'s Store, service: &Service) -> HashMap<&'s NodeId, u64> {
    let mut on = HashMap::new();
    for task in store.tasks_of(&service.id).filter(|t| store.is_running(t) && t.is_wanted()) {
        if let Some(node) = &task.node {
            *on.entry(node).or_default() += 1;
        }
    }
    on
}

/// The worst that the loss of any one node does to a service: its last replica, or more than half of them.
/// `None` if it can spare each.
pub fn without_spare(store: &Store, service: &Service) -> Option<Loss> {
    let desired = replicas(service)?;
    let on = by_node(store, service);
    let all: u64 = on.values().sum();
    let worst = on.into_iter().max_by_key(|(node, n)| (*n, std::cmp::Reverse(*node)));
    let (node, loses) = worst?;
    let loss = Loss { node: node.clone(), loses, keeps: all - loses, desired };
    loss.is_half().then_some(loss)
}

/// The services that lose their last replica, or fall below half, with this node, by name.
pub fn not_spared(store: &Store, node: &NodeId) -> Vec<(ServiceId, Loss)> {
    let here: BTreeSet<&ServiceId> = store.tasks_on(node).map(|task| &task.service).collect();
    let loss = |id: &ServiceId| {
        let service = store.service(id)?;
        let desired = replicas(service)?;
        let on = by_node(store, service);
        let loses = on.get(node).copied().unwrap_or_default();
        let keeps = on.values().sum::<u64>() - loses;
        let loss = Loss { node: node.clone(), loses, keeps, desired };
        loss.is_half().then(|| (&*service.name, id.clone(), loss))
    };
    let mut all: Vec<(&str, ServiceId, Loss)> = here.into_iter().filter_map(loss).collect();
    all.sort_by(|a, b| a.0.cmp(b.0).then_with(|| a.1.cmp(&b.1)));
    all.into_iter().map(|(_, id, loss)| (id, loss)).collect()
}

/// The services that have none to spare, each with the node that it can spare least, by name.
pub fn all_without_spare(store: &Store) -> Vec<(ServiceId, Loss)> {
    let mut services: Vec<&Service> = store.services().collect();
    services.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    let one = |service: &Service| Some((service.id.clone(), without_spare(store, service)?));
    services.into_iter().filter_map(one).collect()
}
