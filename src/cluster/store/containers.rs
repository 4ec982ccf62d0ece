//! The relation of a node's container to the Swarm.

use super::Store;
use crate::cluster::{Container, Membership, NodeId, Task};

impl Store {
    /// Relation of a container on this node to the Swarm. Anybody can write labels: the task must name the
    /// container, too.
    pub fn membership(&self, container: &Container, node: &NodeId) -> Membership {
        let Some(id) = &container.task else { return Membership::Outside };
        let is_of = |task: &Task| {
            task.node.as_ref() == Some(node)
                && task.container.as_deref().is_none_or(|own| own == container.id.as_str())
        };
        match self.task(id) {
            Some(task) if is_of(task) => Membership::Task(id.clone()),
            Some(_) => Membership::Outside,
            None if !self.is_loaded() || self.tasks_refused() => Membership::Unknown,
            None if container.node.as_ref() == Some(node) => Membership::Unlisted,
            None => Membership::OtherSwarm,
        }
    }
}
