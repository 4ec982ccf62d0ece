//! What happened, newest last: the engine's events and the task transitions skep derived.

use std::collections::VecDeque;

use super::{NodeId, ServiceId, TaskId, Timestamp};

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A node.
    Node(NodeId),
    /// A service.
    Service(ServiceId),
    /// A task of a service.
    Task(TaskId, ServiceId),
    /// Anything else: a network, a secret, the connection.
    Other,
}

/// How much a human should care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gravity {
    /// Passing states.
    Quiet,
    /// A change.
    Note,
    /// Something came good.
    Good,
    /// Something went wrong.
    Bad,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts up from 1 for ever; a view's selection follows it.
    pub seq: u64,
    /// When, by the manager's clock.
    pub at: Timestamp,
    /// `task`, `service`, `node`, … as the engine calls it.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// What happened to it.
    pub text: String,
    /// The object.
    pub subject: Subject,
    /// How bad.
    pub gravity: Gravity,
}

/// A bounded list of entries.
#[derive(Clone, Debug)]
pub struct Journal {
    entries: VecDeque<Entry>,
    next: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self { entries: VecDeque::new(), next: 1 }
    }
}

impl Journal {
    /// How many entries are kept.
    pub const LIMIT: usize = 5_000;

    /// Adds one; the oldest goes when the journal is full.
    pub fn push(
        &mut self,
        at: Timestamp,
        kind: &str,
        name: &str,
        text: String,
        subject: Subject,
        gravity: Gravity,
    ) {
        if self.entries.len() == Self::LIMIT {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            seq: self.next,
            at,
            kind: kind.into(),
            name: name.into(),
            text,
            subject,
            gravity,
        });
        self.next += 1;
    }

    /// Puts the entries from `seq` on in the order of their time: a list names tasks in none.
    pub fn order_since(&mut self, seq: u64) {
        let Some(first) = self.entries.front().map(|e| e.seq) else { return };
        let at = usize::try_from(seq.saturating_sub(first)).unwrap_or(usize::MAX);
        let at = at.min(self.entries.len());
        let fresh = &mut self.entries.make_contiguous()[at..];
        fresh.sort_by_key(|e| e.at);
        for (entry, seq) in fresh.iter_mut().zip(seq.max(first)..) {
            entry.seq = seq;
        }
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The entry of that number, while it is kept.
    pub fn get(&self, seq: u64) -> Option<&Entry> {
        let first = self.entries.front()?.seq;
        self.entries.get(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    /// The number the next entry will get.
    pub fn next_seq(&self) -> u64 {
        self.next
    }
}
