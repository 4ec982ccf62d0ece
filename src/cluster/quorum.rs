//! The voters among the managers, and which of them are lost: everything that counts managers asks here.
//!
//! Quorum of N voters is N/2+1. `ManagerStatus` alone does not tell who is lost: a manager that left by
//! force and joined again at its old address stays a voter, listed as `Down … Reachable`, since the new
//! node answers at that address (measured on 20.10 to 28.5).

use std::sync::Arc;

use super::{Leaderless, Node, NodeId, NodeState, Reachability, Store, needed};

/// Why a voter can't be counted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The leader does not reach it.
    Unreachable,
    /// Sends no heartbeat.
    Down,
    /// Its host joined the Swarm again, as this node.
    Replaced(NodeId),
}

/// A manager with a vote.
#[derive(Clone, Debug)]
pub struct Voter<'s> {
    /// Its node.
    pub node: &'s Node,
    /// Why its vote is lost, if it is.
    pub lost: Option<Lost>,
}

/// All voters of a Swarm.
#[derive(Clone, Debug, Default)]
pub struct Quorum<'s> {
    voters: Vec<Voter<'s>>,
}

impl<'s> Quorum<'s> {
    /// Number of managers.
    pub fn total(&self) -> usize {
        self.voters.len()
    }

    /// Number of managers that are reachable.
    pub fn kept(&self) -> usize {
        self.voters.iter().filter(|v| v.lost.is_none()).count()
    }

    /// Number of votes needed.
    pub fn needed(&self) -> usize {
        needed(self.total())
    }

    /// Further losses it tolerates; `None` if it is lost already.
    pub fn spare(&self) -> Option<usize> {
        self.kept().checked_sub(self.needed())
    }

    /// The lost ones, by name.
    pub fn lost(&self) -> Vec<&Voter<'s>> {
        let mut lost: Vec<_> = self.voters.iter().filter(|v| v.lost.is_some()).collect();
        lost.sort_by(|a, b| (&a.node.hostname, &a.node.id).cmp(&(&b.node.hostname, &b.node.id)));
        lost
    }

    /// A node's vote, if it has one.
    pub fn voter(&self, id: &NodeId) -> Option<&Voter<'s>> {
        self.voters.iter().find(|v| v.node.id == *id)
    }

    /// Whether a node has a vote that counts.
    pub fn keeps(&self, id: &NodeId) -> bool {
        self.voter(id).is_some_and(|v| v.lost.is_none())
    }

    /// The quorum once a node has no vote any more.
    pub fn without(mut self, id: &NodeId) -> Self {
        self.voters.retain(|v| v.node.id != *id);
        self
    }

    /// The quorum if a node were lost.
    pub fn losing(mut self, id: &NodeId) -> Self {
        for voter in self.voters.iter_mut().filter(|v| v.node.id == *id) {
            voter.lost.get_or_insert(Lost::Down);
        }
        self
    }

    /// Counts lost voters that `is_leaving` as still there: one that gives up its vote is no loss.
    pub fn pardon(mut self, is_leaving: impl Fn(&Node) -> bool) -> Self {
        for voter in self.voters.iter_mut().filter(|v| v.lost.is_some()) {
            if is_leaving(voter.node) {
                voter.lost = None;
            }
        }
        self
    }
}

impl Store {
    /// The voters, and which of them are lost. While a leader is being chosen every manager's
    /// reachability is `unknown` for seconds: that is no loss.
    pub fn quorum(&self) -> Quorum<'_> {
        let voters = self.nodes().filter(|n| n.manager.is_some());
        Quorum { voters: voters.map(|node| Voter { node, lost: self.lost_vote(node) }).collect() }
    }

    fn lost_vote(&self, node: &Node) -> Option<Lost> {
        let manager = node.manager.as_ref()?;
        if let Some(new) = self.successor(node) {
            return Some(Lost::Replaced(new.id.clone()));
        }
        if manager.reachability == Reachability::Unreachable {
            return Some(Lost::Unreachable);
        }
        (node.state == NodeState::Down).then_some(Lost::Down)
    }

    /// The node as which the same host joined again, the newest: this one is only its old entry. A host
    /// is known by its name and address, since another machine may be given either of them; two
    /// managers at one raft address are one host for certain.
    pub fn successor(&self, node: &Node) -> Option<&Node> {
        let raft = node.manager.as_ref().map(|m| &*m.addr);
        let may_be_old = node.state != NodeState::Ready && !node.addr.is_empty();
        // Nearly every node: with thousands of them each must not look at all others.
        if raft.is_none() && !may_be_old {
            return None;
        }
        let again = |other: &&Node| {
            let same_raft = raft.is_some() && raft == other.manager.as_ref().map(|m| &*m.addr);
            let same_host =
                may_be_old && other.addr == node.addr && other.hostname == node.hostname;
            (same_raft || same_host) && other.created > node.created
        };
        self.nodes().filter(again).max_by_key(|n| (n.created, n.id.clone()))
    }
}

impl Leaderless {
    /// Managers that do not answer, or that skep has no endpoint of: by host name if `store` knows
    /// them, else by address.
    pub fn others(&self, store: &Store) -> Vec<String> {
        let answers = |id: &str| self.answering.iter().any(|a| &*a.id == id);
        let taken: Vec<&str> =
            self.known().iter().filter(|(id, _)| answers(id)).map(|(_, addr)| &**addr).collect();
        let name = |(id, addr): &(Arc<str>, Arc<str>)| {
            let node: Option<&Node> = store.node(&NodeId::from(&**id));
            let host = addr.rsplit_once(':').map_or(&**addr, |(host, _)| host);
            node.map_or(host, |n| &n.hostname).to_owned()
        };
        let others = self.known().iter().filter(|(_, addr)| !taken.contains(&&**addr));
        let mut names: Vec<String> = others.map(name).collect();
        names.sort();
        names.dedup();
        names
    }
}
