//! Following a node until it is as it was asked to be.

use super::{Follow, Phase};
use crate::{
    action::plan::NodeChange,
    cluster::{Availability, Node, NodeId, Role, Store},
};

impl Follow {
    /// Looks at the store again.
    pub(super) fn update_node(&mut self, id: &NodeId, change: &NodeChange, store: &Store) {
        let Some(node) = store.node(id) else {
            self.phase = match change {
                NodeChange::Remove => Phase::Done,
                _ => Phase::Failed("the node was removed".into()),
            };
            return;
        };
        if self.version.is_none_or(|version| node.version < version) {
            return;
        }
        let is_so = match change {
            NodeChange::Availability(Availability::Drain) => self.is_empty(node, store),
            NodeChange::Availability(to) => node.availability == *to,
            // A manager counts once the others reach it, a worker once it is none any more.
            NodeChange::Role(Role::Manager) => store.quorum().keeps(id),
            NodeChange::Role(_) => node.manager.is_none(),
            NodeChange::Labels(_) => true,
            NodeChange::Remove => false,
        };
        self.phase = if is_so { Phase::Done } else { Phase::Converging };
    }

    /// Whether nothing runs there any more; counts what has left.
    fn is_empty(&mut self, node: &Node, store: &Store) -> bool {
        let left = store.tasks_on(&node.id).filter(|t| t.is_live() && node.is_up()).count() as u64;
        self.total = self.total.max(left);
        self.done = self.total - left;
        node.availability == Availability::Drain && left == 0
    }
}
