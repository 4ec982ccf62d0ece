//! Applies a list of nodes.

use super::{Kind, Store, counts::Standing};
use crate::cluster::{Gravity, Meaning, Node, NodeState, Subject, Timestamp, journal::NewEntry};

impl Store {
    pub(super) fn replace_nodes(&mut self, nodes: Vec<Node>, at: Timestamp) {
        let was_known = !self.nodes.is_empty();
        let same = nodes.len() == self.nodes.len()
            && nodes.iter().all(|n| self.nodes.get(&n.id) == Some(n));
        if same {
            return;
        }
        self.moved(Kind::Nodes);
        let mut old = std::mem::take(&mut self.nodes);
        self.nodes.reserve(nodes.len());
        // Services whose counts may change with these nodes.
        let mut flipped = Vec::new();
        let mut same_roll = true;
        for node in nodes {
            match old.remove(&node.id) {
                Some(before) => {
                    same_roll &= before.hostname == node.hostname;
                    let (was, is) = (Standing::of(Some(&before)), Standing::of(Some(&node)));
                    if was != is {
                        flipped.push((node.id.clone(), was, is));
                    }
                    self.node_changed(&before, &node, at);
                    self.journal_node(&before, &node, at);
                }
                None => {
                    same_roll = false;
                    let is = Standing::of(Some(&node));
                    flipped.push((node.id.clone(), Standing::of(None), is));
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
            flipped.push((id, Standing::of(Some(&gone)), Standing::of(None)));
            same_roll = false;
        }
        self.roll += u64::from(!same_roll);
        self.touched.all |= !flipped.is_empty();
        for (id, was, is) in flipped {
            self.recount_on(&id, was, is);
        }
        self.count_nodes();
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
        let line = NewEntry {
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
}
