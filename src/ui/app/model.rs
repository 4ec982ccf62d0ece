//! The model of a cluster as it is drawn: live, or paused with the live one kept up behind it.

use std::{collections::HashMap, sync::Arc};

use crate::{
    cluster::{
        Consequence, Kind, Node, NodeId, ServiceId, Store, Timestamp, consequences, usual_versions,
    },
    session::NodeSeen,
    text::age,
    triage::Severity,
    ui::{app::containers::NodeContainers, table::order::NameOrder},
};

/// The model, and the manager's time at this moment.
#[derive(Debug)]
pub struct Model {
    /// The Swarm that is drawn: as last heard, or as it was when the screen was paused.
    pub store: Store,
    /// Now, by the manager's clock: ages are told with it.
    pub now: Timestamp,
    /// The worst severity found for each service that needs a human.
    pub troubled: HashMap<ServiceId, Severity>,
    /// How nodes are reached, and what their machines say: of those that were looked at.
    seen: HashMap<NodeId, NodeSeen>,
    /// Containers of the node that is looked at.
    pub(super) containers: Option<NodeContainers>,
    /// Versions that more than half of the nodes have, and the state of things they are of.
    usual: [Option<Arc<str>>; 5],
    usual_of: u64,
    /// Counts changes of `troubled`, `seen` and `containers`.
    pub(super) judged: u64,
    /// Consequences of changes, by the number of the event.
    pub consequences: HashMap<u64, Consequence>,
    consequences_of: Option<(u64, usize)>,
    /// Services and nodes by name.
    pub(in crate::ui) order: NameOrder,
    shown: Shown,
}

/// Which moment is drawn.
#[derive(Debug, Default)]
enum Shown {
    /// This one.
    #[default]
    Live,
    /// An earlier one, while the live Swarm is kept up unseen.
    Paused { at: Timestamp, live: Box<Store> },
}

impl Model {
    /// A model of which nothing is known yet.
    pub(in crate::ui) fn at(now: Timestamp) -> Self {
        Self {
            store: Store::default(),
            now,
            troubled: HashMap::new(),
            seen: HashMap::new(),
            containers: None,
            usual: [const { None }; 5],
            usual_of: u64::MAX,
            judged: 0,
            consequences: HashMap::new(),
            consequences_of: None,
            order: NameOrder::default(),
            shown: Shown::default(),
        }
    }

    /// Age of something in the fewest letters; `?` where nothing tells since when it is.
    pub(in crate::ui) fn age(&self, at: Option<Timestamp>) -> String {
        at.map_or_else(|| "?".to_owned(), |at| age(at.age(self.now)))
    }

    /// The Swarm as last heard, whatever is drawn.
    pub(in crate::ui) fn live(&self) -> &Store {
        match &self.shown {
            Shown::Live => &self.store,
            Shown::Paused { live, .. } => live,
        }
    }

    /// As [`Model::live`], to be changed.
    pub(in crate::ui) fn live_mut(&mut self) -> &mut Store {
        match &mut self.shown {
            Shown::Live => &mut self.store,
            Shown::Paused { live, .. } => live,
        }
    }

    /// When the screen was paused, by our clock.
    pub(in crate::ui) fn paused_at(&self) -> Option<Timestamp> {
        match self.shown {
            Shown::Live => None,
            Shown::Paused { at, .. } => Some(at),
        }
    }

    /// Whether an earlier moment is drawn.
    pub(in crate::ui) fn is_paused(&self) -> bool {
        self.paused_at().is_some()
    }

    /// Keeps what is drawn as it is.
    pub(in crate::ui) fn pause(&mut self, at: Timestamp) {
        self.shown = Shown::Paused { at, live: Box::new(self.store.clone()) };
    }

    /// Draws the live Swarm again.
    pub(in crate::ui) fn resume(&mut self) {
        if let Shown::Paused { live, .. } = std::mem::take(&mut self.shown) {
            self.store = *live;
        }
    }

    /// Time goes on, unless an earlier moment is drawn.
    pub(in crate::ui) fn set_now(&mut self, now: Timestamp) {
        if !self.is_paused() {
            self.now = now;
        }
    }

    /// Sets the services that need a human.
    pub(in crate::ui) fn set_troubled(&mut self, troubled: HashMap<ServiceId, Severity>) {
        if self.troubled != troubled {
            self.troubled = troubled;
            self.judged += 1;
        }
    }

    /// How a node is reached and what its machine says, if it was looked at.
    pub fn seen(&self, node: &NodeId) -> Option<&NodeSeen> {
        self.seen.get(node)
    }

    /// Nodes whose engines can be used now, of those that were looked at.
    pub(in crate::ui) fn within_reach(&self) -> impl Iterator<Item = &NodeId> {
        self.seen.iter().filter(|(_, seen)| seen.reach.is_within()).map(|(node, _)| node)
    }

    /// Takes in what was heard of a node.
    pub(in crate::ui) fn heard_of(&mut self, node: NodeId, seen: NodeSeen) {
        if self.seen.get(&node) != Some(&seen) {
            self.seen.insert(node, seen);
            self.judged += 1;
        }
    }

    /// The versions of a node: engine, kernel, system, storage driver, control groups. The Swarm itself
    /// knows the engine's.
    pub(in crate::ui) fn versions<'a>(&'a self, node: &'a Node) -> [Option<&'a str>; 5] {
        let machine = self.seen.get(&node.id).and_then(|seen| seen.machine.as_deref());
        let mut versions = machine.map_or([None; 5], |machine| machine.versions());
        versions[0] = Some(&*node.engine).filter(|engine| !engine.is_empty()).or(versions[0]);
        versions
    }

    /// The version that more than half of the nodes have, where this node has another one.
    pub(in crate::ui) fn odd(&self, node: &Node, which: usize) -> Option<&str> {
        let usual = self.usual[which].as_deref()?;
        self.versions(node)[which].filter(|version| *version != usual).map(|_| usual)
    }

    /// Brings up to date which versions are usual.
    pub(in crate::ui) fn refresh_versions(&mut self) {
        let stamp = self.stamp(&[Kind::Nodes]);
        if self.usual_of == stamp {
            return;
        }
        let nodes = self.store.nodes().map(|node| self.versions(node));
        let usual = usual_versions(nodes).map(|version| version.map(Arc::from));
        (self.usual, self.usual_of) = (usual, stamp);
    }

    /// Stamp of some kinds, and of what was found of services and of nodes: another one with each change.
    pub(in crate::ui) fn stamp(&self, kinds: &[Kind]) -> u64 {
        (self.store.revision_of_all(kinds) << 16) ^ self.judged
    }

    /// Stamp of the journal.
    pub(in crate::ui) fn journal_stamp(&self) -> u64 {
        let journal = self.store.journal();
        // What is remembered later makes it longer at the other end.
        (journal.next_seq() << 16) ^ journal.iter().len() as u64
    }

    /// Brings the order of names up to date.
    pub(in crate::ui) fn refresh_order(&mut self) {
        self.order.refresh(&self.store);
    }

    /// Brings the consequences of changes up to date.
    pub(in crate::ui) fn refresh_consequences(&mut self) {
        let journal = self.store.journal();
        let stamp = Some((journal.next_seq(), journal.iter().len()));
        if self.consequences_of != stamp {
            self.consequences = consequences(journal);
            self.consequences_of = stamp;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_tells_has_no_age() {
        let model = Model::at(Timestamp::from_secs(100));
        assert_eq!(model.age(Some(Timestamp::from_secs(58))), "42s");
        assert_eq!(model.age(None), "?");
    }
}
