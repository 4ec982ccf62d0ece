//! Parts that an endpoint refuses or does not answer: unknown is neither zero nor empty.

use std::sync::Arc;

use super::Timestamp;

/// A part of the Swarm's state that a proxy before the engine may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The Swarm's ID and the manager's.
    Info,
    /// All nodes.
    Nodes,
    /// All services.
    Services,
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
    /// Its name, which is also its path in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Nodes => "nodes",
            Self::Services => "services",
            Self::Tasks => "tasks",
            Self::Networks => "networks",
            Self::Secrets => "secrets",
            Self::Configs => "configs",
            Self::Events => "events",
        }
    }
}

/// Why a part is unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// Refused, or too large.
    Refused,
    /// Answered before, but not since this time.
    Silent(Timestamp),
    /// Some of it can be read, and some can't.
    Gaps,
}

/// The parts that can't be read through the endpoint in use, and why, in the order of their kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread(Vec<(Part, Cause, Arc<str>)>);

impl Unread {
    /// Adds one that is refused.
    pub(super) fn add(&mut self, part: Part, why: Arc<str>) {
        self.put(part, Cause::Refused, why);
    }

    /// Adds one that is asked for in vain since then.
    pub(super) fn add_silent(&mut self, part: Part, why: Arc<str>, since: Timestamp) {
        self.put(part, Cause::Silent(since), why);
    }

    /// Adds one of which some can be read.
    pub(super) fn add_gaps(&mut self, part: Part, why: Arc<str>) {
        self.put(part, Cause::Gaps, why);
    }

    fn put(&mut self, part: Part, cause: Cause, why: Arc<str>) {
        self.remove(part);
        self.0.push((part, cause, why));
        self.0.sort();
    }

    /// Time since which a part is not answered; `None` if it is read, or refused.
    pub fn silent_since(&self, part: Part) -> Option<Timestamp> {
        self.0.iter().find_map(|(known, cause, _)| match cause {
            Cause::Silent(since) if *known == part => Some(*since),
            _ => None,
        })
    }

    /// Whether some of a part can be read.
    pub fn is_partly_read(&self, part: Part) -> bool {
        self.0.iter().any(|(known, cause, _)| *known == part && *cause == Cause::Gaps)
    }

    /// Whether the engine names elements that can't be read; a refusal is not such a fault.
    pub fn has_gaps(&self) -> bool {
        self.0.iter().any(|(_, cause, _)| *cause == Cause::Gaps)
    }

    /// Whether it was one of them.
    pub(super) fn remove(&mut self, part: Part) -> bool {
        let before = self.0.len();
        self.0.retain(|(known, ..)| *known != part);
        self.0.len() < before
    }

    /// Why a part is unknown; `None` if it is not.
    pub fn why(&self, part: Part) -> Option<&str> {
        self.iter().find(|(known, _)| *known == part).map(|(_, why)| why)
    }

    /// `nodes, services and tasks`: the parts that are unknown, so that no conclusions can be
    /// drawn.
    pub fn unjudged(&self) -> Option<String> {
        let parts = [Part::Nodes, Part::Services, Part::Tasks];
        let words: Vec<&str> =
            parts.into_iter().filter(|p| self.why(*p).is_some()).map(Part::word).collect();
        let (last, others) = words.split_last()?;
        Some(match others {
            [] => (*last).to_owned(),
            _ => format!("{} and {last}", others.join(", ")),
        })
    }

    /// All in one line, each with why: `nodes unknown: GET /nodes is refused (403 Forbidden)`.
    pub fn sentence(&self) -> Option<String> {
        let said: Vec<String> =
            self.iter().map(|(part, why)| format!("{} unknown: {why}", part.word())).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Part, &str)> {
        self.0.iter().map(|(part, _, why)| (*part, &**why))
    }
}
