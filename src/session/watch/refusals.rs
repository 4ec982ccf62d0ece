//! Parts of the Swarm that the endpoint in use refuses to list.

use std::sync::Arc;

use crate::session::watch::usage::RequestKind;
use crate::{
    cluster::{Delta, Node, Part, Service},
    engine::{EngineError, Gaps, Listed},
};

/// The parts that are refused: they are not asked for again over this link.
#[derive(Debug, Default)]
pub(in crate::session) struct Refusals {
    parts: Vec<Part>,
    /// Kinds of requests whose last one failed.
    failing: Vec<RequestKind>,
}

impl Refusals {
    /// The part that a request of this kind reads, if there is something to watch without it.
    pub fn part(kind: RequestKind) -> Option<Part> {
        match kind {
            RequestKind::Nodes => Some(Part::Nodes),
            RequestKind::InView | RequestKind::Hot | RequestKind::Sweep => Some(Part::Tasks),
            RequestKind::Networks | RequestKind::Secrets | RequestKind::Configs => kind.objects(),
            RequestKind::Pulse | RequestKind::Roll => None,
        }
    }

    /// Whether this kind of request is refused.
    pub fn has(&self, kind: RequestKind) -> bool {
        Self::part(kind).is_some_and(|part| self.parts.contains(&part))
    }

    /// Notes a refusal; true if it is a new one.
    pub fn add(&mut self, part: Part) -> bool {
        let news = !self.parts.contains(&part);
        if news {
            self.parts.push(part);
        }
        news
    }
}

impl Refusals {
    /// Notes that a request of this kind failed; whether the one before it did not.
    pub fn fails(&mut self, kind: RequestKind) -> bool {
        let news = !self.failing.contains(&kind);
        if news {
            self.failing.push(kind);
        }
        news
    }

    /// Notes that a request of this kind was answered; whether the one before it failed.
    pub fn answers(&mut self, kind: RequestKind) -> bool {
        let before = self.failing.len();
        self.failing.retain(|failing| *failing != kind);
        self.failing.len() < before
    }
}

/// The answer, or the reason for the refusal.
pub(in crate::session) async fn or_refused<T>(
    what: impl Future<Output = Result<T, EngineError>>,
) -> Result<Result<T, String>, EngineError> {
    match what.await {
        Err(error) if error.costs_a_part() => Ok(Err(error.brief())),
        what => what.map(Ok),
    }
}

/// Reports that a part is unknown, and why.
pub(in crate::session) fn unread(part: Part, why: &str) -> Delta {
    Delta::Unread(part, why.into())
}

/// Reports which elements of a list can't be read, or that all can; `read` is the number that
/// could.
pub(in crate::session) fn told_gaps(part: Part, read: usize, gaps: &Gaps) -> Delta {
    match gap_words(read as u64, gaps) {
        Some(why) => Delta::Gaps(part, why.into()),
        // Not even the manager that answers is named.
        None if read == 0 && part == Part::Nodes => {
            Delta::Gaps(part, "GET /nodes names none, not even this manager".into())
        }
        None => Delta::Read(part),
    }
}

/// `1 of 3 can't be read (web: invalid type…)`, if any can't.
pub(in crate::session) fn gap_words(read: u64, gaps: &Gaps) -> Option<String> {
    let example = gaps.example.as_deref().unwrap_or("no reason given");
    let all = read + gaps.count;
    let more = gaps.count.saturating_sub(gaps.names.len() as u64);
    let names = match (gaps.names.as_slice(), more) {
        ([], _) => String::new(),
        (names, 0) => format!("{}: ", names.join(", ")),
        (names, more) => format!("{} and {more} more: ", names.join(", ")),
    };
    (gaps.count > 0).then(|| format!("{} of {all} can't be read ({names}{example})", gaps.count))
}

/// Delta for a list of nodes; a list that can't be read at all leaves the nodes unchanged.
pub(in crate::session) fn told_nodes(nodes: Listed<Node>) -> Vec<Delta> {
    let told = told_gaps(Part::Nodes, nodes.len(), &nodes.gaps);
    told_list(told, nodes, Delta::Nodes)
}

/// The same of services.
pub(in crate::session) fn told_services(services: Listed<Arc<Service>>) -> Vec<Delta> {
    let read = services.iter().filter(|service| !service.is_unread).count();
    let told = told_gaps(Part::Services, read, &services.gaps);
    told_list(told, services, Delta::Services)
}

/// Adds the list to what is told of it, unless none of it can be read.
pub(in crate::session) fn told_list<T>(
    told: Delta,
    list: Listed<T>,
    delta: fn(Vec<T>) -> Delta,
) -> Vec<Delta> {
    let is_readable = !list.is_empty() || list.gaps.count == 0;
    std::iter::once(told).chain(is_readable.then(|| delta(list.items))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_failing_is_told_once() {
        let mut refusals = Refusals::default();
        assert!(!refusals.answers(RequestKind::Hot));
        assert!(refusals.fails(RequestKind::Hot) && refusals.fails(RequestKind::Sweep));
        assert!(!refusals.fails(RequestKind::Hot) && !refusals.fails(RequestKind::Hot));
        assert!(refusals.answers(RequestKind::Hot) && !refusals.answers(RequestKind::Hot));
        assert!(refusals.fails(RequestKind::Hot) && !refusals.fails(RequestKind::Sweep));
    }
}
