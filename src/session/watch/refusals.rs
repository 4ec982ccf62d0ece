//! What the endpoint in use refuses to tell.

use crate::session::watch::usage::Kind;
use crate::{
    cluster::{Delta, Part},
    engine::EngineError,
};

/// The parts that are refused: they are not asked for again over this link.
#[derive(Debug, Default)]
pub(in crate::session) struct Refusals(Vec<Part>);

impl Refusals {
    /// The part that a request of this kind reads, if there is something to watch without it.
    pub fn part(kind: Kind) -> Option<Part> {
        match kind {
            Kind::Nodes => Some(Part::Nodes),
            Kind::InView | Kind::Hot | Kind::Sweep => Some(Part::Tasks),
            Kind::Pulse | Kind::Roll => None,
        }
    }

    /// Whether what is asked for so is refused.
    pub fn has(&self, kind: Kind) -> bool {
        Self::part(kind).is_some_and(|part| self.0.contains(&part))
    }

    /// Notes a refusal; whether it is news.
    pub fn add(&mut self, part: Part) -> bool {
        let news = !self.0.contains(&part);
        if news {
            self.0.push(part);
        }
        news
    }
}

/// What came, or why it is refused.
pub(in crate::session) async fn or_refused<T>(
    what: impl Future<Output = Result<T, EngineError>>,
) -> Result<Result<T, String>, EngineError> {
    match what.await {
        Err(error) if error.is_forbidden() => Ok(Err(error.brief())),
        what => what.map(Ok),
    }
}

/// Tells that a part is unknown, and why.
pub(in crate::session) fn unread(part: Part, why: &str) -> Delta {
    Delta::Unread(part, why.into())
}
