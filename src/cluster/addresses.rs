//! Addresses of a network that are in use, as far as a manager tells.
//!
//! Each task, each service's virtual IP and each node with a task on the network takes one; of the
//! routing mesh every node has one. Containers that somebody attached by hand take one each as well, of
//! which no list tells: the figures are the least that is in use. Where there are none of those they are
//! exact: on a /28, with 13 addresses to give, nine tasks on three nodes run and the tenth stays `new`
//! (measured on 20.10, 26.1 and 28.5).

use std::collections::HashSet;

use super::{Network, NodeId, Store, Task};

/// Addresses of a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressUse {
    /// Addresses of tasks.
    pub tasks: u64,
    /// Those of tasks that are on their way out.
    pub leaving: u64,
    /// Virtual IPs of services.
    pub vips: u64,
    /// Addresses of nodes, through which they reach the tasks, at most those that are left.
    pub nodes: u64,
    /// Addresses that there are to give; `None` of IPv6 alone, or where no subnet is named.
    pub capacity: Option<u64>,
}

impl AddressUse {
    /// The least that is in use.
    pub fn used(&self) -> u64 {
        self.tasks + self.vips + self.nodes
    }

    /// Percentage of the addresses that is in use.
    pub fn percent(&self) -> Option<u64> {
        self.capacity.map(|all| (self.used() * 100).checked_div(all).unwrap_or(100))
    }
}

impl Store {
    /// The addresses of a network that are in use.
    pub fn address_use(&self, network: &Network) -> AddressUse {
        let services = self.relations().on_network(&network.id);
        let mut found = AddressUse { capacity: network.addresses(), ..AddressUse::default() };
        let mut on: HashSet<&NodeId> = HashSet::new();
        let here = |task: &Task| {
            let mine = task.attachments.iter().filter(|a| a.network == network.id);
            mine.filter(|a| a.address.is_ipv4()).count() as u64
        };
        for id in services {
            let vips = self.service(id).into_iter().flat_map(|service| &service.vips);
            found.vips +=
                vips.filter(|(net, addr)| *net == network.id && is_v4(addr)).count() as u64;
            for task in self.tasks_of(id) {
                let addresses = here(task);
                found.tasks += addresses;
                found.leaving += if task.is_wanted() { 0 } else { addresses };
                if addresses > 0 {
                    on.extend(&task.node);
                }
            }
        }
        found.nodes = if network.ingress { self.nodes().len() } else { on.len() } as u64;
        // The last to be given: a node that comes too late has none, and its tasks are rejected.
        if let Some(all) = found.capacity {
            found.nodes = found.nodes.min(all.saturating_sub(found.tasks + found.vips));
        }
        found
    }

    /// The most addresses of a network that could be in use, found without looking at a task.
    pub fn address_use_at_most(&self, network: &Network) -> u64 {
        let services = self.relations().on_network(&network.id);
        let tasks: u64 = services.iter().map(|id| self.tally(id).all).sum();
        // A service may have several virtual IPs on one network only if it is told twice.
        tasks + services.len() as u64 * 2 + self.nodes().len() as u64
    }
}

/// Whether `10.0.1.2/24` is that of IPv4, which alone runs out.
fn is_v4(address: &str) -> bool {
    !address.contains(':')
}
