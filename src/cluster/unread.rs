//! What an endpoint refuses to tell, or does not answer: unknown is neither zero nor empty.

use std::sync::Arc;

use super::Timestamp;

/// A part of the Swarm's state that a proxy before the engine may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Which Swarm and which manager it is.
    Info,
    /// All nodes.
    Nodes,
    /// All tasks; services then go by the engine's own counts.
    Tasks,
    /// Networks' names and subnets.
    Networks,
    /// Secrets' names.
    Secrets,
    /// Configs' names.
    Configs,
    /// The event stream; changes are then seen from list to list.
    Events,
}

impl Part {
    /// Its word, which is its path in the API as well.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Nodes => "nodes",
            Self::Tasks => "tasks",
            Self::Networks => "networks",
            Self::Secrets => "secrets",
            Self::Configs => "configs",
            Self::Events => "events",
        }
    }
}

/// The parts that can't be read through the endpoint in use, and why, in the order of their kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    why: Vec<(Part, Arc<str>)>,
    /// Those that were answered once and are not any more, and since when.
    silent: Vec<(Part, Timestamp)>,
}

impl Unread {
    pub(super) fn add(&mut self, part: Part, why: Arc<str>) {
        self.remove(part);
        self.why.push((part, why));
        self.why.sort();
    }

    pub(super) fn silent(&mut self, part: Part, since: Timestamp) {
        self.silent.push((part, since));
    }

    /// Since when a part is asked for in vain; `None` if it is read, or refused.
    pub fn silent_since(&self, part: Part) -> Option<Timestamp> {
        self.silent.iter().find(|(known, _)| *known == part).map(|(_, since)| *since)
    }

    /// Whether it was one of them.
    pub(super) fn remove(&mut self, part: Part) -> bool {
        let before = self.why.len();
        self.why.retain(|(known, _)| *known != part);
        self.silent.retain(|(known, _)| *known != part);
        self.why.len() < before
    }

    /// Why a part is unknown; `None` if it is not.
    pub fn why(&self, part: Part) -> Option<&str> {
        self.why.iter().find(|(known, _)| *known == part).map(|(_, why)| &**why)
    }

    /// `nodes and tasks`: what nothing else tells, and so can't be judged.
    pub fn unjudged(&self) -> Option<String> {
        let parts = [Part::Nodes, Part::Tasks].into_iter().filter(|part| self.why(*part).is_some());
        let words: Vec<&str> = parts.map(Part::word).collect();
        (!words.is_empty()).then(|| words.join(" and "))
    }

    /// All in one line, each with why: `nodes unknown: GET /nodes is refused (403 Forbidden)`.
    pub fn sentence(&self) -> Option<String> {
        let said: Vec<String> =
            self.iter().map(|(part, why)| format!("{} unknown: {why}", part.word())).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Part, &str)> {
        self.why.iter().map(|(part, why)| (*part, &**why))
    }
}
