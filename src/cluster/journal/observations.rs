//! Observations that no list contains: since when a node is in its state, how often it was lost,
//! when the leader changed. Bounded.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Entry, Meaning, Subject};
use crate::cluster::{NodeId, Timestamp};

/// Number of instants kept of each kind.
const KEPT: usize = 16;

/// Observations of one node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeObservations {
    /// Time since which it is in its state; none if it was so when first seen.
    pub state_since: Option<Timestamp>,
    /// Time since which the other managers reach it, or do not.
    pub reach_since: Option<Timestamp>,
    /// When it was lost, the newest last.
    pub losses: VecDeque<Timestamp>,
    /// When it came back last, if it did.
    pub back: Option<Timestamp>,
}

/// Observations of the whole Swarm.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    nodes: HashMap<NodeId, NodeObservations>,
    leaders: VecDeque<Timestamp>,
    changes: HashMap<Subject, VecDeque<PastChange>>,
    beginnings: Option<HashMap<String, Beginning>>,
}

/// Beginning of a problem, as skep saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// Key of the problem.
    #[serde(rename = "key")]
    pub key: String,
    /// When it began.
    #[serde(rename = "since")]
    pub since: Timestamp,
    /// Whether it began then; if not, it may have begun earlier.
    #[serde(rename = "exactly")]
    pub exactly: bool,
    /// When it was last seen.
    #[serde(rename = "seen")]
    pub seen: Timestamp,
}

/// Something that was changed, and may be why something fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastChange {
    /// When.
    pub at: Timestamp,
    /// A spec, by anyone; or an action, through skep.
    pub meaning: Meaning,
    /// Description.
    pub text: Arc<str>,
    /// The user who did it, if known.
    pub who: Option<Arc<str>>,
}

fn keep(list: &mut VecDeque<Timestamp>, at: Timestamp) {
    let place = list.partition_point(|t| *t < at);
    if list.get(place) != Some(&at) {
        list.insert(place, at);
    }
    if list.len() > KEPT {
        list.pop_front();
    }
}

impl Observations {
    /// Observations of a node.
    pub fn node(&self, id: &NodeId) -> Option<&NodeObservations> {
        self.nodes.get(id)
    }

    /// Beginning of a problem, as an earlier skep saw it.
    pub fn beginning(&self, key: &str) -> Option<&Beginning> {
        self.beginnings.as_ref()?.get(key)
    }

    /// Whether it is known what an earlier skep saw, be it nothing.
    pub fn is_recalled(&self) -> bool {
        self.beginnings.is_some()
    }

    pub(in crate::cluster) fn recall_beginnings(&mut self, all: Vec<Beginning>) {
        self.beginnings
            .get_or_insert_default()
            .extend(all.into_iter().map(|one| (one.key.clone(), one)));
    }

    /// When another manager began to lead, the newest last.
    pub fn leaders(&self) -> &VecDeque<Timestamp> {
        &self.leaders
    }

    pub(in crate::cluster) fn state_changed(&mut self, id: &NodeId, at: Timestamp) {
        self.nodes.entry(id.clone()).or_default().state_since = Some(at);
    }

    pub(in crate::cluster) fn reach_changed(&mut self, id: &NodeId, at: Timestamp) {
        self.nodes.entry(id.clone()).or_default().reach_since = Some(at);
    }

    /// The last changes of a service or node, the newest last.
    pub fn changes(&self, subject: &Subject) -> impl DoubleEndedIterator<Item = &PastChange> {
        self.changes.get(subject).into_iter().flatten()
    }

    pub(in crate::cluster) fn forget(&mut self, subject: &Subject) {
        self.changes.remove(subject);
        if let Subject::Node(id) = subject {
            self.nodes.remove(id);
        }
    }

    /// Reads an entry of the journal, live or from before.
    pub(in crate::cluster) fn read(&mut self, entry: &Entry) {
        let Entry { at, meaning, ref subject, .. } = *entry;
        match (meaning, subject) {
            (Meaning::NodeLost, Subject::Node(id)) => {
                keep(&mut self.nodes.entry(id.clone()).or_default().losses, at);
            }
            (Meaning::NodeBack, Subject::Node(id)) => {
                let node = self.nodes.entry(id.clone()).or_default();
                node.back = node.back.max(Some(at));
            }
            (Meaning::Leader, _) => keep(&mut self.leaders, at),
            (Meaning::Change | Meaning::Action, _) => {
                let changes = self.changes.entry(subject.clone()).or_default();
                let place = changes.partition_point(|c| c.at <= at);
                let (text, who) = (Arc::clone(&entry.text), entry.who.clone());
                changes.insert(place, PastChange { at, meaning, text, who });
                if changes.len() > KEPT {
                    changes.pop_front();
                }
            }
            _ => {}
        }
    }
}
