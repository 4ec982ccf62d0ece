//! Places tasks as swarmkit's scheduler does: on a node that fits, with the fewest tasks of the
//! service and then the fewest tasks at all.

use std::collections::HashMap;

use serde_json::Value;

use super::sim::{SECOND, Sim, SimNode, SimService, SimState};

/// With more nodes than this only a sample is compared: its best node is good enough, and a Swarm
/// of thousands of nodes must not load the machine that serves it.
const SAMPLE: usize = 64;

impl Sim {
    /// Chooses a node for a task, or says why there is none.
    pub fn place(&mut self, number: u64) {
        let task = &self.tasks[&number];
        if let Some(node) = task.node.clone() {
            return self.assign(number, node);
        }
        let service = &self.services[&task.service];
        let mut load: HashMap<&str, u64> = HashMap::new();
        for other in service.tasks.iter().map(|n| &self.tasks[n]).filter(|t| t.is_wanted()) {
            if let Some(node) = &other.node {
                *load.entry(node).or_default() += 1;
            }
        }
        let per_node =
            service.spec["TaskTemplate"]["Placement"]["MaxReplicas"].as_u64().unwrap_or(0);
        let here = |n: &SimNode| load.get(n.id.as_str()).copied().unwrap_or(0);
        let may = |n: &&SimNode| self.fits(service, n) && (per_node == 0 || here(n) < per_node);
        let best = |nodes: &mut dyn Iterator<Item = &SimNode>| {
            nodes
                .min_by(|a, b| {
                    let key = |n: &SimNode| (here(n), n.images.len());
                    key(a).cmp(&key(b)).then_with(|| a.hostname.cmp(&b.hostname))
                })
                .map(|n| n.id.clone())
        };
        let sample = if self.nodes.len() > SAMPLE {
            let mut rng = fastrand::Rng::with_seed(self.index);
            let picked = (0..SAMPLE).filter_map(|_| {
                self.node_ids.get(rng.usize(..self.node_ids.len())).map(|id| &self.nodes[id])
            });
            best(&mut picked.filter(may))
        } else {
            None
        };
        match sample.or_else(|| best(&mut self.nodes.values().filter(may))) {
            Some(node) => self.assign(number, node),
            None => self.leave_pending(number, per_node > 0),
        }
    }

    fn leave_pending(&mut self, number: u64, limited: bool) {
        let nodes = self.nodes.len();
        let err = if limited {
            "no suitable node (max replicas per node limit exceed)".to_owned()
        } else {
            format!("no suitable node (scheduling constraints not satisfied on {nodes} nodes)")
        };
        if self.tasks[&number].state != SimState::Pending {
            self.set_state(number, SimState::Pending, "pending task scheduling");
            if let Some(task) = self.tasks.get_mut(&number) {
                task.err = err;
            }
            self.touch(number);
        }
        self.timer(SECOND, number);
    }

    /// Whether the scheduler may place a task of the service on a node.
    pub fn fits(&self, service: &SimService, node: &SimNode) -> bool {
        if !node.up || node.spec["Availability"] != "active" {
            return false;
        }
        let constraints = &service.spec["TaskTemplate"]["Placement"]["Constraints"];
        constraints.as_array().into_iter().flatten().filter_map(Value::as_str).all(|c| {
            let (key, value, equal) = match c.split_once("!=") {
                Some((k, v)) => (k.trim(), v.trim(), false),
                None => match c.split_once("==") {
                    Some((k, v)) => (k.trim(), v.trim(), true),
                    None => return true,
                },
            };
            let have = match key {
                "node.hostname" => node.hostname.as_str(),
                "node.id" => node.id.as_str(),
                "node.role" => node.spec["Role"].as_str().unwrap_or(""),
                _ => key
                    .strip_prefix("node.labels.")
                    .and_then(|l| node.spec["Labels"][l].as_str())
                    .unwrap_or(""),
            };
            (have == value) == equal
        })
    }
}
