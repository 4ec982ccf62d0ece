//! Revisions of the store by kind, so that a view can tell whether what it is made of has moved.

use super::Store;
use crate::cluster::Part;

/// A kind of what the store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The Swarm itself: its manager in use, its leader, and which parts can't be read.
    Swarm,
    /// Nodes.
    Nodes,
    /// Services; their progress moves with nodes and tasks.
    Services,
    /// Tasks, and what they come to: of a service, on a node, in all.
    Tasks,
    /// Networks.
    Networks,
    /// Secrets.
    Secrets,
    /// Configs.
    Configs,
    /// The journal.
    Journal,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Swarm,
        Self::Nodes,
        Self::Services,
        Self::Tasks,
        Self::Networks,
        Self::Secrets,
        Self::Configs,
        Self::Journal,
    ];

    /// The kind that a part of the API lists.
    pub(super) fn of(part: Part) -> Self {
        match part {
            Part::Info | Part::Events => Self::Swarm,
            Part::Nodes => Self::Nodes,
            Part::Services => Self::Services,
            Part::Tasks => Self::Tasks,
            Part::Networks => Self::Networks,
            Part::Secrets => Self::Secrets,
            Part::Configs => Self::Configs,
        }
    }
}

/// The revision of the store at which each kind last moved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Revisions([u64; Kind::ALL.len()]);

impl Store {
    /// Grows with every change; equal revisions mean equal content.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Grows with every change of a kind: equal revisions mean that nothing of it has changed.
    pub fn revision_of(&self, kind: Kind) -> u64 {
        self.revisions.0[kind as usize]
    }

    /// The newest revision of several kinds.
    pub fn revision_of_all(&self, kinds: &[Kind]) -> u64 {
        kinds.iter().map(|kind| self.revision_of(*kind)).max().unwrap_or_default()
    }

    /// Notes that something of a kind changes.
    pub(super) fn moved(&mut self, kind: Kind) {
        self.revision += 1;
        self.revisions.0[kind as usize] = self.revision;
    }

    /// Notes that whether a part can be read, and with it what is known of its kind, changes.
    pub(super) fn moved_part(&mut self, part: Part) {
        self.moved(Kind::Swarm);
        self.moved(Kind::of(part));
    }

    /// Notes that everything changes.
    pub(super) fn moved_all(&mut self) {
        self.revision += 1;
        self.revisions = Revisions([self.revision; Kind::ALL.len()]);
    }
}
