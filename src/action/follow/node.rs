//! Following a node until it is as it was asked to be.

use std::sync::Arc;

use super::{Follow, Phase, changed_by_another};
use crate::{
    action::plan::NodeChange,
    cluster::{
        Availability, Leaving, Node, NodeId, Role, ServiceId, Store, Task, TaskState,
        running_elsewhere,
    },
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
        if let Some(other) = other_setting(node, change) {
            self.phase = Phase::Failed(changed_by_another(&other));
            return;
        }
        let is_so = match change {
            NodeChange::Availability(Availability::Drain) => self.is_empty(node, store),
            NodeChange::Availability(_) | NodeChange::Labels(_) => true,
            // A manager counts once the others reach it, a worker once it is none any more.
            NodeChange::Role(Role::Manager) => store.quorum().keeps(id),
            NodeChange::Role(_) => node.manager.is_none(),
            NodeChange::Remove => false,
        };
        self.phase = if is_so { Phase::Done } else { Phase::Converging };
    }

    /// Whether the node is empty and the tasks that move run elsewhere; counts them.
    fn is_empty(&mut self, node: &Node, store: &Store) -> bool {
        let left = store.tasks_on(&node.id).filter(|t| node.is_up() && is_there(t)).count();
        let (mut done, mut homeless) = (0, Vec::new());
        for one in &self.leaving {
            let Some(service) = store.service(&one.service) else {
                done += one.moves();
                continue;
            };
            let missing = store.missing(service);
            let now = running_elsewhere(store, &one.service, &node.id);
            let come = now.saturating_sub(one.elsewhere).min(one.moves());
            let in_vain = self.in_vain(&one.service, &node.id, store);
            let is_short = !one.global && !missing.none();
            // Those that were counted on to move and found no place, or fail there, are not waited for.
            // While tasks stop there, none is missing yet.
            let over = left == 0 && (!is_short || in_vain.is_some());
            done += if over { one.moves() } else { come };
            if is_short && (one.homeless > 0 || in_vain.is_some()) {
                let why = in_vain.map_or("its task fits on no other node", |t| &*t.err);
                let (running, desired) = (missing.running, missing.desired);
                homeless.push(format!("{} {running}/{desired}: {why}", service.name));
            }
        }
        self.total = self.leaving.iter().map(Leaving::moves).sum();
        self.done = done;
        self.note = (!homeless.is_empty()).then(|| homeless.join("; "));
        node.availability == Availability::Drain && left == 0 && self.done >= self.total
    }

    /// The task that says why nothing starts elsewhere: it finds no node, or it was started since and fails.
    fn in_vain<'s>(
        &self,
        service: &ServiceId,
        left: &NodeId,
        store: &'s Store,
    ) -> Option<&'s Task> {
        let fails = |t: &&Task| {
            let is_new = t.created >= Some(self.begun) && t.node.as_ref() != Some(left);
            is_new && !t.err.is_empty() && (t.is_wanted() || t.state.is_failure())
        };
        let newest = store.tasks_of(service).filter(fails).max_by_key(|t| (t.created, &t.id));
        store.tasks_of(service).find(|t| has_no_place(t)).or(newest)
    }
}

/// The setting that is not as asked for: somebody wrote another over it.
fn other_setting(node: &Node, change: &NodeChange) -> Option<String> {
    match change {
        NodeChange::Availability(to) if node.availability != *to => {
            Some(format!("availability {to} → {}", node.availability))
        }
        NodeChange::Role(to) if node.role != *to => Some(format!("role {to} → {}", node.role)),
        NodeChange::Labels(to) => {
            let is_there = |(key, value): &(Arc<str>, Arc<str>)| {
                to.get(&**key).is_some_and(|asked| **asked == **value)
            };
            let same = node.labels.len() == to.len() && node.labels.iter().all(is_there);
            (!same).then(|| "other labels".into())
        }
        _ => None,
    }
}

/// Whether it runs, or may. One that waits for its restart delay does not, and stays until that is over. One that was called off before its node was told stays `pending` for ever.
fn is_there(task: &Task) -> bool {
    let never_sent = task.state.number() <= TaskState::Pending.number();
    task.is_live() && !task.waits_for_its_delay() && (task.is_wanted() || !never_sent)
}

/// The scheduler has found no node for it.
fn has_no_place(task: &Task) -> bool {
    task.is_wanted() && task.state == TaskState::Pending && !task.err.is_empty()
}
