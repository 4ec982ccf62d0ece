//! Parts of the Swarm that the endpoint in use refuses to list.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::session::watch::usage::RequestKind;
use crate::{
    cluster::{Delta, Node, Part, Service},
    engine::{EngineError, Gaps, Listed},
};

/// A part that is refused is asked for again after this long: a proxy's rules may change.
const AGAIN: Duration = Duration::from_secs(60);
/// One whose list is too large, after this long.
const LARGE: Duration = Duration::from_secs(900);
/// The least time between two requests that are refused, however many events come.
const AT_MOST: Duration = Duration::from_secs(2);

/// The parts that are refused: they are asked for seldom.
#[derive(Debug, Default)]
pub(in crate::session) struct Refusals {
    /// Each with the time at which it was refused last, and that at which it is asked for again.
    parts: Vec<(Part, Instant, Instant)>,
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

    /// When this kind of request may be sent again, if it is refused.
    pub fn again(&self, kind: RequestKind) -> Option<Instant> {
        let of = Self::part(kind)?;
        self.parts.iter().find(|(part, ..)| *part == of).map(|(.., again)| *again)
    }

    /// Notes a refusal, or that its list is too large; true if it is news.
    pub fn add(&mut self, part: Part, is_forbidden: bool, now: Instant) -> bool {
        let before = self.parts.len();
        self.parts.retain(|(known, ..)| *known != part);
        let news = self.parts.len() == before;
        let wait = if is_forbidden { AGAIN } else { LARGE };
        self.parts.push((part, now, now + wait));
        news
    }

    /// Something happened to this part, or someone wants it: it may be asked for again soon.
    pub fn hurry(&mut self, kind: RequestKind) {
        for (part, refused, again) in &mut self.parts {
            if Self::part(kind) == Some(*part) {
                *again = (*again).min(*refused + AT_MOST);
            }
        }
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
        let before = self.failing.len() + self.parts.len();
        self.failing.retain(|failing| *failing != kind);
        self.parts.retain(|(part, ..)| Self::part(kind) != Some(*part));
        self.failing.len() + self.parts.len() < before
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
    fn what_is_refused_is_asked_for_again_now_and_then() {
        let (mut refusals, now) = (Refusals::default(), Instant::now());
        assert_eq!(refusals.again(RequestKind::Secrets), None);
        assert!(refusals.add(Part::Secrets, true, now), "it is news");
        assert_eq!(refusals.again(RequestKind::Secrets), Some(now + AGAIN));
        assert_eq!(refusals.again(RequestKind::Networks), None);
        refusals.hurry(RequestKind::Secrets);
        assert_eq!(refusals.again(RequestKind::Secrets), Some(now + AT_MOST));
        assert!(!refusals.add(Part::Secrets, true, now + AT_MOST), "it is told already");
        assert_eq!(refusals.again(RequestKind::Secrets), Some(now + AT_MOST + AGAIN));
        assert!(refusals.answers(RequestKind::Secrets));
        assert_eq!(refusals.again(RequestKind::Secrets), None);
        assert!(refusals.add(Part::Secrets, true, now));
        assert!(refusals.add(Part::Tasks, false, now));
        assert_eq!(refusals.again(RequestKind::Hot), Some(now + LARGE));
    }

    #[test]
    fn what_goes_on_failing_is_told_once() {
        let mut refusals = Refusals::default();
        assert!(!refusals.answers(RequestKind::Hot));
        assert!(refusals.fails(RequestKind::Hot) && refusals.fails(RequestKind::Sweep));
        assert!(!refusals.fails(RequestKind::Hot) && !refusals.fails(RequestKind::Hot));
        assert!(refusals.answers(RequestKind::Hot) && !refusals.answers(RequestKind::Hot));
        assert!(refusals.fails(RequestKind::Hot) && !refusals.fails(RequestKind::Sweep));
    }

    #[test]
    fn a_list_of_nothing_is_not_believed_where_there_must_be_something() {
        let gaps = |count| Gaps { count, ..Gaps::default() };
        let nodes = |gaps| told_nodes(Listed { items: Vec::new(), gaps });
        let none = nodes(gaps(0));
        assert!(matches!(none.as_slice(), [Delta::Gaps(Part::Nodes, _), Delta::Nodes(_)]));
        let unread = nodes(gaps(3));
        assert!(
            matches!(unread.as_slice(), [Delta::Gaps(Part::Nodes, _)]),
            "they stay as they were"
        );
    }
}
